"""What may wait: how many responses, and for how long."""

from __future__ import annotations

from heliograph import errors
from heliograph.engine._ending import Ending
from heliograph.engine._limits import Limits
from heliograph.engine._observer import Observer
from heliograph.engine._tiers import TIERS
from heliograph.journal import Journal, Lease

__all__ = ["admit", "claim_within", "waited_too_long"]

_AGAIN_SECONDS = 5.0
"""When a refused client is told to come back."""

_FLEX_PART = 2
"""``flex`` responses may fill the queue to one part in so many of each limit."""

_TIME = {False: "max_queued_seconds", True: "max_queued_background_seconds"}
"""The limit's name, by ``background``."""


async def admit(
    journal: Journal,
    limits: Limits,
    observer: Observer,
    tenant: str,
    *,
    background: bool,
    priority: int,
) -> None:
    """Raise ``RateLimited`` where one more response of ``tenant`` must not be queued.

    The least urgent tier is refused first: its limits are half of the others'.
    """
    flex = TIERS[priority] == "flex"
    kind = "max_queued_background" if background else "max_queued"
    queued = await journal.queued(tenant)
    for name, count, whose in (
        (f"{kind}_per_tenant", queued.own, " of this tenant"),
        (kind, queued.total, ""),
    ):
        limit: int = getattr(limits, name)
        most = limit // _FLEX_PART if flex else limit
        if limit and count >= most:
            observer.refused(name)
            raise errors.RateLimited(
                f"{count} responses{whose} wait in the queue, the limit {name} is {limit}"
                f"{f', for flex {most}' if flex else ''}; try "
                "again later (the server's [limits] can raise it)",
                code="queue_full",
                retry_after=_AGAIN_SECONDS,
            )


def claim_within(limits: Limits, *, background: bool) -> float | None:
    """Seconds for which a response may wait, None for any number."""
    return getattr(limits, _TIME[background]) or None


def waited_too_long(lease: Lease, now: float) -> Ending | None:
    """How a response ends that nobody has begun, where it is too late for that."""
    if lease.claim_by is None or now < lease.claim_by:
        return None
    return Ending(
        status="failed",
        message=f"nobody began it for {lease.claim_by - lease.created_at:g} s, "
        f"the limit {_TIME[lease.background]}",
    )

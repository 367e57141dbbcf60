"""The way to a `Course`: what only streams need (lifecycle) is imported with the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from heliograph.client._core._config import Config
from heliograph.client._core._retries import Server
from heliograph.client._transport import Call

if TYPE_CHECKING:
    from heliograph.client._core._course import Course

Invalid = Literal["raise", "give"]


def course(
    config: Config,
    server: Server,
    call: Call,
    *,
    invalid: Invalid,
    stored: bool,
    include: Sequence[str] | None = None,
    starting_after: int | None = None,
) -> Course:
    """A new stream's state."""
    from heliograph.client._core._assembly import Assembly
    from heliograph.client._core._course import Course

    policy = config.retries
    assembly = Assembly(
        max_frame=config.max_frame,
        invalid=invalid,
        stored=stored,
        starting_after=starting_after,
        stall=(policy.heartbeats if policy.attempts else 0.0, policy.stall_least),
        fill=policy.attempts > 0,
    )
    return Course(policy, server, call, assembly, base_url=config.base_url, include=include or ())

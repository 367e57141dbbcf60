"""Service tiers: what a request asks for, what it gets, and how urgent that makes it.

A tier is a place among others in the queue, and nothing else: what is begun runs alike.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from heliograph.journal import DEFAULT_PRIORITY, RAISE_SECONDS

__all__ = ["ASKED", "EVERYBODY", "TIERS", "as_granted", "granted", "raise_after"]

TIERS = ("priority", "default", "flex")
"""By the journal's priority: what a response says of itself."""

_PRIORITY, _FLEX = TIERS.index("priority"), TIERS.index("flex")

ASKED = {
    "auto": DEFAULT_PRIORITY,
    "default": DEFAULT_PRIORITY,
    "flex": _FLEX,
    # OpenRouter's alias; and what is faster or surer elsewhere is no more than this here.
    "priority": _PRIORITY,
    "fast": _PRIORITY,
    "ultrafast": _PRIORITY,
    "scale": _PRIORITY,
}
"""What a request may say, and the priority that it means."""

EVERYBODY = "*"
"""Among the tenants that may ask for ``priority``."""


def granted(asked: str | None, tenant: str, hurried: Collection[str]) -> int:
    """The priority of a request; ``hurried`` are the tenants that may ask for ``priority``."""
    wanted = DEFAULT_PRIORITY if asked is None else ASKED[asked]
    if wanted == _PRIORITY and tenant not in hurried and EVERYBODY not in hurried:
        return DEFAULT_PRIORITY
    return wanted


def as_granted(body: dict[str, Any], priority: int) -> dict[str, Any]:
    """The request's fields, without a tier that it did not get: no upstream is asked for it."""
    asked = body.get("service_tier")
    if asked is not None and ASKED[asked] < priority:
        return body | {"service_tier": TIERS[priority]}
    return body


def raise_after(within: float | None) -> float:
    """Seconds of waiting after which a response that may wait ``within`` counts one tier higher.

    So the least urgent stands in the first tier for the last third of its time.
    """
    return RAISE_SECONDS if within is None else within / len(TIERS)

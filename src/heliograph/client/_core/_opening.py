"""The way to an `Assembly`: what only streams need (lifecycle) is imported with the first one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from heliograph.client._core._assembly import Assembly

Invalid = Literal["raise", "give"]


def assembly(
    headers: Mapping[str, str], *, max_frame: int, invalid: Invalid, stored: bool
) -> Assembly:
    """A new stream's state."""
    from heliograph.client._core._assembly import Assembly

    return Assembly(headers, max_frame=max_frame, invalid=invalid, stored=stored)

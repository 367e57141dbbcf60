"""What both journals ask of a frame before they take it, and how a reader's part is cut out."""

from __future__ import annotations

from collections.abc import Sequence

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import Entry, Frame, NewResponse

__all__ = ["check_entries", "check_request", "part_after"]


def check_entries(entries: Sequence[Entry], *, least: int = 1) -> int:
    """The entries' size in bytes; raises ``JournalError`` for too few, too many or too large."""
    if not least <= len(entries) <= _limits.MAX_FRAME_ENTRIES:
        raise errors.JournalError(
            f"a frame of {len(entries)} entries: MAX_FRAME_ENTRIES is "
            f"{_limits.MAX_FRAME_ENTRIES}, the least is {least}; send a longer burst as several"
        )
    size = 0
    for entry in entries:
        size += len(entry.data)
    if size > _limits.MAX_FRAME_BYTES:
        raise errors.JournalError(
            f"a frame of {size} bytes: MAX_FRAME_BYTES is {_limits.MAX_FRAME_BYTES}; "
            "send fewer entries at once, and pictures as blobs"
        )
    return size


def check_request(new: NewResponse) -> None:
    """Raises ``JournalError`` where the request is larger than a frame may be."""
    if len(new.request) > _limits.MAX_FRAME_BYTES:
        raise errors.JournalError(
            f"a request of {len(new.request)} bytes: MAX_FRAME_BYTES is {_limits.MAX_FRAME_BYTES}"
        )


def part_after(frame: Frame, after: int) -> Frame:
    """The frame without what comes at or before sequence number ``after``."""
    skip = after + 1 - frame.first
    if skip <= 0:
        return frame
    return Frame(after + 1, frame.epoch, frame.entries[skip:])

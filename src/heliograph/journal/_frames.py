"""Frames: what a journal asks of one before it takes it, how it is stored, how it is cut."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import PRIORITIES, Entry, Frame, NewResponse

__all__ = [
    "check_entries",
    "check_request",
    "pack_entries",
    "pack_entry",
    "part_after",
    "unpack_entries",
    "unpack_entry",
]


def check_entries(entries: Sequence[Entry], *, least: int = 1) -> int:
    """The entries' size in bytes; raises ``JournalError`` for too few, too many or too large."""
    if not least <= len(entries) <= _limits.MAX_FRAME_ENTRIES:
        raise errors.JournalError(
            f"a frame of {len(entries)} entries: MAX_FRAME_ENTRIES is "
            f"{_limits.MAX_FRAME_ENTRIES}, the least is {least}; send a longer burst as several"
        )
    size = 0
    for entry in entries:
        size += len(entry.data) + len(entry.note)
    if size > _limits.MAX_FRAME_BYTES:
        raise errors.JournalError(
            f"a frame of {size} bytes: MAX_FRAME_BYTES is {_limits.MAX_FRAME_BYTES}; "
            "send fewer entries at once, and pictures as blobs"
        )
    return size


def check_request(new: NewResponse) -> int:
    """The size of what is to be stored, in bytes.

    Raises ``JournalError`` where a part of it is larger than a frame may be, and for a priority
    that there is not.
    """
    if not 0 <= new.priority < PRIORITIES or new.raise_after <= 0:
        raise errors.JournalError(
            f"priority {new.priority}, raise_after {new.raise_after:g}: 0 to {PRIORITIES - 1}, "
            "and more than 0 seconds"
        )
    context = b"" if new.context is None else new.context.data
    for what, data in (("a request", new.request), ("a context", context)):
        if len(data) > _limits.MAX_FRAME_BYTES:
            raise errors.JournalError(
                f"{what} of {len(data)} bytes: MAX_FRAME_BYTES is {_limits.MAX_FRAME_BYTES}"
            )
    return len(new.request) + len(context) + check_entries(new.opening, least=0)


def part_after(frame: Frame, after: int) -> Frame:
    """The frame without what comes at or before sequence number ``after``."""
    skip = after + 1 - frame.first
    if skip <= 0:
        return frame
    return Frame(after + 1, frame.epoch, frame.entries[skip:])


_encoder = msgspec.msgpack.Encoder()
_entries_decoder = msgspec.msgpack.Decoder(tuple[Entry, ...])
_entry_decoder = msgspec.msgpack.Decoder(Entry)


def pack_entries(entries: Sequence[Entry]) -> bytes:
    """Entries as they are stored: msgpack, an array of ``[data, blobs, note]``."""
    return _encoder.encode(entries)


def unpack_entries(data: bytes) -> tuple[Entry, ...]:
    """Raises ``JournalError`` where the bytes are not what ``pack_entries`` made."""
    try:
        return _entries_decoder.decode(data)
    except msgspec.MsgspecError as exc:
        raise errors.JournalError(f"a stored frame is damaged: {exc}") from exc


def pack_entry(entry: Entry) -> bytes:
    """One entry (a snapshot) as it is stored."""
    return _encoder.encode(entry)


def unpack_entry(data: bytes) -> Entry:
    """Raises ``JournalError`` where the bytes are not what ``pack_entry`` made."""
    try:
        return _entry_decoder.decode(data)
    except msgspec.MsgspecError as exc:
        raise errors.JournalError(f"a stored snapshot is damaged: {exc}") from exc

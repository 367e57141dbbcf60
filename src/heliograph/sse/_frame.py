"""What the decoder gives: one dispatched event of the stream."""

from __future__ import annotations

import msgspec


class Frame(msgspec.Struct, gc=False):
    """One dispatched event.

    ``data`` is the text as it came, in bytes (UTF-8 is not checked here), its lines joined by LF.
    ``event`` is the event's name, ``"message"`` where the block named none. ``id`` is the last id
    that the stream had set when this frame was dispatched. ``retry`` is the reconnection time in
    milliseconds where this block set one.
    """

    data: bytes
    event: str = "message"
    id: str = ""
    retry: int | None = None

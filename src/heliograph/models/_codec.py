"""Bytes to typed objects and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from heliograph.errors import InvalidBody, InvalidEvent

from ._base import Unknown, UnknownEvent
from ._registry import EVENTS, StreamEvent

__all__ = ["decode", "decode_event", "encode"]

M = TypeVar("M")

_decoder: Any = None
_encoder = msgspec.json.Encoder(
    enc_hook=lambda o: msgspec.Raw(o.raw) if isinstance(o, Unknown) else o
)


def decode_event(data: bytes, index: int = 0) -> StreamEvent:
    """One event from its JSON text."""
    global _decoder
    if _decoder is None:
        _decoder = msgspec.json.Decoder(StreamEvent)
    try:
        event = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as e:
        try:
            type_ = msgspec.json.decode(data)["type"]
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError, KeyError):
            raise InvalidEvent(bytes(data), "$", str(e), index) from None
        if isinstance(type_, str) and type_ not in EVENTS:
            event = UnknownEvent(type_, bytes(data))
        else:
            raise InvalidEvent(bytes(data), "$", str(e), index, str(type_)) from None
    event._wire = data
    return event  # type: ignore[no-any-return]


def decode(cls: type[M], data: bytes) -> M:
    """A model from its JSON text."""
    try:
        obj = msgspec.json.decode(data, type=cls)
    except (msgspec.MsgspecError, UnicodeDecodeError) as e:
        raise InvalidBody("$", str(e)) from None
    obj._wire = data  # type: ignore[attr-defined]
    return obj


def encode(obj: object) -> bytes:
    """The JSON text of ``obj``."""
    return _encoder.encode(obj)

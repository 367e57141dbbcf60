"""Bytes to typed objects.

The fast path is one msgspec decode over the union of all events, then the bytes into their slot.
Whatever msgspec refuses goes through the tolerant reader, which either understands it (something
unknown, a lone surrogate, a number out of range) or says where it is wrong. Large frames take one
look more: for pictures to cut out, and for nesting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import msgspec

from heliograph.errors import InvalidBody, InvalidEvent

from . import _pictures
from ._json import MAX_NESTING, JSONError, scan, too_deep
from ._plan import TypePlan, type_plan
from ._registry import ImageStreamEvent, StreamEvent
from ._tolerant import Misfit, build

__all__ = [
    "MAX_NESTING",
    "decode",
    "decode_event",
    "decode_events",
    "decode_image_event",
    "decode_like",
    "is_object",
]

M = TypeVar("M")
_Buffer = bytes | bytearray | memoryview

_REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_LARGE = 2 * MAX_NESTING  # bytes; a text below this cannot nest deeper than MAX_NESTING


def decode_event(data: _Buffer, index: int = 0) -> StreamEvent:
    """The event that ``data``, one JSON text, holds.

    ``index`` is its position in the stream, from 0; it is only used to say which event was wrong.
    An unknown type comes as ``UnknownEvent``, unknown things inside as ``Unknown...``. Raises
    ``InvalidEvent`` (and nothing else, whatever the bytes) for a known type with a wrong or missing
    field and for what is no JSON object with a ``type``.
    """
    if type(data) is bytes and len(data) < _LARGE:
        try:
            event = _decode_any_event(data)
            if not data.isascii():
                data.decode()  # msgspec does not look into what it skips
        except _REFUSED:
            return cast(StreamEvent, _event(_EVENT, data, index))
        event._wire = data
        return event  # type: ignore[no-any-return]
    return cast(StreamEvent, _event(_EVENT, bytes(data), index))


def decode_events(frames: Iterable[bytes], index: int = 0) -> list[StreamEvent]:
    """``decode_event`` over several payloads, the first of which has position ``index``."""
    decode_one, large = _decode_any_event, _LARGE
    events: list[StreamEvent] = []
    append = events.append
    for data in frames:
        if len(data) < large:
            try:
                event = decode_one(data)
                if not data.isascii():
                    data.decode()
            except _REFUSED:
                event = _event(_EVENT, data, index + len(events))
            else:
                event._wire = data
            append(event)
        else:
            append(_event(_EVENT, data, index + len(events)))
    return events


def decode_image_event(data: _Buffer, index: int = 0) -> ImageStreamEvent:
    """The like of ``decode_event`` for the streams of the Images APIs."""
    return cast(ImageStreamEvent, _event(_IMAGE_EVENT, bytes(data), index))


def decode(cls: type[M], data: _Buffer) -> M:
    """The object of class ``cls`` that a JSON text holds; raises ``InvalidBody``.

    The object keeps ``data``, as an event does.
    """
    data = bytes(data)
    try:
        return cast(M, reader_of(cls).read(data))
    except Misfit as misfit:
        raise InvalidBody(misfit.field, misfit.reason) from None


def is_object(data: bytes) -> bool:
    """Whether ``data`` is one whole JSON object, which nothing that was cut short is."""
    if not (data.startswith(b"{") and data.endswith(b"}")):
        return False
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except _REFUSED:
        return False
    return True


def decode_like(obj: object, data: bytes) -> Any:
    """``data`` decoded as what ``obj`` is, without keeping it; raises ``Misfit``."""
    return reader_of(type(obj)).read(data, keep=False)


_MAKING = threading.Lock()
"""msgspec 0.22 crashes where two threads make decoders of classes that they share."""


class _Reader:
    """Reads one class, or one union of classes, in the cheapest way that works.

    Its decoder and its plan are made when first needed: over all events that takes a while.
    """

    __slots__ = ("_decode", "_plan", "type")

    def __init__(self, type_: Any) -> None:
        self.type = type_
        self._decode: Callable[[bytes], Any] | None = None
        self._plan: TypePlan | None = None

    @property
    def decode(self) -> Callable[[bytes], Any]:
        """msgspec's decoder of the type."""
        if self._decode is None:
            with _MAKING:
                self._decode = self._decode or msgspec.json.Decoder(self.type).decode
        return self._decode

    def read(self, data: bytes, keep: bool = True) -> Any:
        """The typed value of a JSON text, its bytes kept with it; raises ``Misfit``."""
        obj = None
        if len(data) >= _pictures.CUT_MIN:
            obj = self._read_cut(data)
        if obj is None:
            obj = self._read_whole(data)
        if obj is None:
            obj = self._read_tolerantly(data)
        if keep:
            obj._wire = data
        return obj

    def _read_whole(self, data: bytes) -> Any:
        try:
            obj = self.decode(data)
            if not data.isascii():
                data.decode()
        except _REFUSED:
            return None
        return None if len(data) >= _LARGE and too_deep(data) else obj

    def _read_cut(self, data: bytes) -> Any:
        """With the pictures left in the frame; None where that does not work out."""
        found = _pictures.cut(data)
        if found is None:
            return None
        rest, texts = found
        obj = self._read_whole(rest)
        return obj if obj is not None and _pictures.place(obj, texts) else None

    def _read_tolerantly(self, data: bytes) -> Any:
        if self._plan is None:
            self._plan = type_plan(self.type)
        try:
            node = scan(data)
            if node.kind != "object":
                raise Misfit("$", f"expected an object, found {node.kind}")
            return build(self._plan, node)
        except JSONError as error:
            raise Misfit("$", str(error)) from None
        except RecursionError:
            raise Misfit("$", "nested too deep for the stack that is left") from None


_EVENT = _Reader(StreamEvent)
_IMAGE_EVENT = _Reader(ImageStreamEvent)


_readers: dict[Any, _Reader] = {}


def reader_of(cls: Any) -> _Reader:
    """The reader of a class, or of a union of classes."""
    reader = _readers.get(cls)
    if reader is None:
        reader = _readers[cls] = _Reader(cls)
    return reader


def _first(data: bytes) -> Any:
    """Takes the place of the decoder of all events until one comes."""
    global _decode_any_event
    _decode_any_event = _EVENT.decode
    return _decode_any_event(data)


_decode_any_event: Callable[[bytes], Any] = _first


def _event(reader: _Reader, data: bytes, index: int) -> Any:
    try:
        return reader.read(data)
    except Misfit as misfit:
        raise InvalidEvent(data, misfit.field, misfit.reason, index, _type_of(data)) from None


def _type_of(data: bytes) -> str | None:
    """The ``type`` of a refused event, where one can be read."""
    try:
        node = scan(data).get("type")
    except JSONError:
        return None
    return str(node.value()) if node is not None and node.kind == "string" else None

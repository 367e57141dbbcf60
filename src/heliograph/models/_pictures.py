"""Pictures in events: base64 that is left in the frame until someone asks for it.

A picture event is a few hundred bytes of JSON around megabytes of base64. ``cut`` takes the long
strings of known picture fields out of the frame, by searches for single bytes, and leaves a random
placeholder; the small rest is decoded; ``place`` checks that each placeholder came back in exactly
such a field and puts a ``Base64Text`` there, which only points into the frame. Where anything does
not fit (the key is written twice, or stands somewhere else), the caller decodes the frame whole.

What the string between the quotes holds is looked at when it is asked for, not before.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, ClassVar

import msgspec
import pybase64

from heliograph.errors import PictureError
from heliograph.pictures import Picture, decode_data_url

from ._json import JSONError, parse

__all__ = ["Base64Text", "HasPicture", "LazyText", "cut", "pictures_of", "place", "raw_field"]

CUT_MIN = 32 * 1024
"""Frames under this many bytes are decoded whole."""
_STRIDE = 8 * 1024  # a string of twice this is always found, one of less than this never cut

_KEYS = {b"partial_image_b64", b"result", b"b64_json", b"imageB64", b"screenshotB64"}
_BLANK = b" \t\n\r"
_TOKEN = f"picture {secrets.token_hex(16)} "


class Base64Text:
    """A string of a frame, not yet decoded: ``frame[start:end]`` stands between its quotes."""

    __slots__ = ("end", "frame", "start")

    def __init__(self, frame: bytes, start: int, end: int) -> None:
        self.frame = frame
        self.start = start
        self.end = end

    @property
    def view(self) -> memoryview:
        """The text as it stands in the frame, without a copy."""
        return memoryview(self.frame)[self.start : self.end]

    @property
    def quoted(self) -> memoryview:
        """The same with its quotes: a JSON string."""
        return memoryview(self.frame)[self.start - 1 : self.end + 1]

    def __str__(self) -> str:
        try:
            return msgspec.json.decode(self.quoted, type=str)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        try:
            return str(parse(bytes(self.quoted)))
        except JSONError as error:
            raise PictureError(f"not a JSON string: {error}") from None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Base64Text):
            if other.end - other.start != self.end - self.start:
                return False
            if other.frame is self.frame and other.start == self.start:
                return True
            return self.frame.startswith(other.view, self.start)  # views compare byte by byte
        return isinstance(other, str) and str(self) == other

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"<{self.end - self.start} characters of base64>"


class LazyText:
    """The attribute of a picture field: reads a ``Base64Text`` as the string it stands for."""

    __slots__ = ("slot",)

    def __init__(self, slot: Any) -> None:
        self.slot = slot

    def __get__(self, obj: Any, owner: type) -> Any:
        if obj is None:
            return self
        value = self.slot.__get__(obj, owner)
        return str(value) if type(value) is Base64Text else value

    def __set__(self, obj: Any, value: Any) -> None:
        self.slot.__set__(obj, value)


_RAW = "_raw_"  # before a field's name: the slot behind a `LazyText`


class HasPicture:
    """Adds ``image_bytes()`` and ``picture()`` to a wire type whose ``PICTURES`` fields hold base64
    or an address, in the order in which they are looked at."""

    __slots__ = ()

    PICTURES: ClassVar[tuple[str, ...]] = ()
    _kept: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        # the Struct's own slots stay where they are: msgspec reaches them by offset, not by name
        for name in cls.__dict__.get("PICTURES", ()):
            setattr(cls, _RAW + name, cls.__dict__[name])
            setattr(cls, name, LazyText(cls.__dict__[name]))
        cls._kept = tuple(_RAW + name for name in cls.PICTURES)

    def has_picture(self) -> bool:
        """Whether a picture, or where one is, stands in it. Nothing is decoded."""
        for name in self._kept:  # noqa: SIM110 - half the time of any()
            if getattr(self, name):
                return True
        return False

    def image_bytes(self) -> bytes:
        """The picture, decoded now and not kept; raises ``PictureError`` where there is none."""
        for name in self.PICTURES:
            value = raw_field(self, name)
            if value and not _address(value):
                return _decode(value, name)  # a picture's other facts are not asked for here
        picture = self.picture()
        if picture is None:
            raise PictureError(f"{type(self).__name__} holds no picture")
        return picture.bytes

    def picture(self, output_index: int | None = None) -> Picture | None:
        """The picture, not decoded yet; None where there is none.

        ``output_index`` is for what does not know its own.
        """
        for name in self.PICTURES:
            value = raw_field(self, name)
            if value:
                return Picture(
                    partial(_decode, value, name),
                    url=_address(value),
                    declared=_declared(self),
                    item_id=_said(self, "item_id") or _said(self, "id"),
                    output_index=getattr(self, "output_index", output_index),
                    index=getattr(self, "partial_image_index", None),
                    revised_prompt=_said(self, "revised_prompt"),
                )
        return None

    def let_go(self) -> None:
        """Forget the picture, so that its bytes can be freed; an address stays."""
        for name in self.PICTURES:
            value = raw_field(self, name)
            if value and not _address(value):
                setattr(self, name, "")


def pictures_of(holders: Iterable[HasPicture]) -> list[Picture]:
    """The pictures of those that have one, in order."""
    found = (holder.picture(index) for index, holder in enumerate(holders))
    return [picture for picture in found if picture is not None]


def raw_field(obj: object, name: str) -> Any:
    """What a field holds, a ``Base64Text`` as such."""
    return getattr(obj, raw_name(type(obj), name))


def raw_name(cls: type, name: str) -> str:
    """The attribute that has what a field holds."""
    return _RAW + name if hasattr(cls, _RAW + name) else name


def _decode(value: str | Base64Text, name: str) -> bytes:
    try:
        return pybase64.b64decode(value if isinstance(value, str) else value.view, validate=True)
    except ValueError:
        text = str(value)
    if text.startswith("data:"):
        return decode_data_url(text)
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise PictureError(f"{name}: {error}") from None


def _address(value: str | Base64Text) -> str | None:
    """The value, where it is a picture's address on the net."""
    if isinstance(value, str) and value[:8].lower().startswith(("http://", "https://")):
        return value
    return None


def _said(holder: object, name: str) -> str | None:
    value = getattr(holder, name, None)
    return value if isinstance(value, str) and value else None


def _declared(holder: object) -> str | None:
    """The format that a holder names, in either API's words."""
    kind = (_said(holder, "media_type") or "").removeprefix("image/").partition("+")[0]
    return _said(holder, "output_format") or kind or None


def cut(frame: bytes) -> tuple[bytes, list[Base64Text]] | None:
    """The frame without its long picture strings, and those; None where there are none.

    Looks at one place in every ``_STRIDE`` bytes and asks how far the next quote is: the price of a
    frame without pictures is a search per stride, of a picture one pass at the speed of memchr.
    """
    find, rfind = frame.find, frame.rfind
    pieces: list[bytes] = []
    texts: list[Base64Text] = []
    done, at, size = 0, _STRIDE, len(frame)
    while at < size:
        end = find(b'"', at)
        if end < 0:
            break
        if end - at < _STRIDE:
            at += _STRIDE
            continue
        start = rfind(b'"', done, at) + 1
        if start and frame[end - 1] != 0x5C and _is_picture_key(frame, start - 1):
            pieces += (frame[done:start], f"{_TOKEN}{len(texts)}".encode())
            texts.append(Base64Text(frame, start, end))
            done = end
        at = end + _STRIDE
    if not texts:
        return None
    pieces.append(frame[done:])
    return b"".join(pieces), texts


def _is_picture_key(frame: bytes, quote: int) -> bool:
    """Whether the string whose quote is at ``quote`` is the value of a picture field's key."""
    before = frame[max(0, quote - 64) : quote].rstrip(_BLANK)
    if not before.endswith(b":"):
        return False
    key = before[:-1].rstrip(_BLANK)
    return key.endswith(b'"') and key[key.rfind(b'"', 0, -1) + 1 : -1] in _KEYS


def place(obj: object, texts: list[Base64Text]) -> bool:
    """Put the cut strings where their placeholders came back; False unless all did."""
    left = {f"{_TOKEN}{i}": text for i, text in enumerate(texts)}
    for holder in _holders(obj):
        for name in holder.PICTURES:
            value = raw_field(holder, name)
            text = left.pop(value, None) if isinstance(value, str) else None
            if text is not None:
                setattr(holder, name, text)
    return not left


def _holders(obj: object) -> Iterator[HasPicture]:
    """Everything in an event or a body that may hold a picture."""
    if isinstance(obj, HasPicture):
        yield obj
    for name in ("item", "response"):
        inner = getattr(obj, name, None)
        if inner is not None:
            yield from _holders(inner)
    for name in ("output", "data", "input"):
        for inner in _as_list(getattr(obj, name, None)):
            if isinstance(inner, HasPicture):
                yield inner


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

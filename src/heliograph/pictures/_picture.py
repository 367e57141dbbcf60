"""One picture, finished or on its way, whatever it came in."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from heliograph.errors import MissingExtra, PictureError, UsageError
from heliograph.pictures._formats import SUFFIXES, format_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Picture"]

_FORMAT_OF = {suffix: name for name, suffixes in SUFFIXES.items() for suffix in suffixes}
_Bytes = bytes  # a property of the class hides the name


class Picture:
    """A picture that a server made: finished (``final``), or an early stage of one.

    ``item_id`` and ``output_index`` say which output it is (of an Images API: None, and the
    picture's place in the answer), ``index`` which stage, from 0 (None of a finished one).
    ``revised_prompt`` is what the model drew from, where it says so. ``url`` is set where the
    server sent an address and no picture.

    The bytes are decoded when asked for and not kept: a picture only points into the event or the
    body that it came in.
    """

    __slots__ = (
        "_declared",
        "_format",
        "_read",
        "final",
        "index",
        "item_id",
        "output_index",
        "revised_prompt",
        "url",
    )

    def __init__(
        self,
        read: _Bytes | Callable[[], _Bytes],
        *,
        url: str | None = None,
        declared: str | None = None,
        item_id: str | None = None,
        output_index: int | None = None,
        index: int | None = None,
        revised_prompt: str | None = None,
    ) -> None:
        """``read`` gives the bytes; ``declared`` is what the server says that the format is."""
        self._read = read
        self._declared = declared
        self._format: str | None = None
        self.url = url
        self.item_id = item_id
        self.output_index = output_index
        self.index = index
        self.final = index is None
        self.revised_prompt = revised_prompt

    def __repr__(self) -> str:
        which = "" if self.item_id is None else f" of {self.item_id}"
        where = "" if self.url is None else f" at {self.url}"
        return f"<picture{which}, {'final' if self.final else f'stage {self.index}'}{where}>"

    @property
    def bytes(self) -> _Bytes:
        """The encoded picture (PNG, JPEG, ...), decoded from base64 at each call.

        Raises `PictureError` where the server sent an address instead, which is not fetched
        unasked, and for what is no base64.
        """
        if self.url is not None:
            raise PictureError(
                f"the server sent an address, and it was not fetched: {self.url}; "
                "client.images.fetch(picture) gets it"
            )
        return self._read if isinstance(self._read, _Bytes) else self._read()

    @property
    def format(self) -> str | None:
        """``png``, ``jpeg``, ``webp``, ``gif`` or ``svg``: what the bytes say, or else what the
        server said of them; None where neither is known."""
        if self._format is None:
            found = None if self.url is not None else format_of(self.bytes)  # not kept, either
            self._format = found or self._declared
        return self._format

    def filled(self, data: _Bytes) -> Picture:
        """The same picture with the bytes that were found at its address."""
        return Picture(
            data,
            declared=self._declared,
            item_id=self.item_id,
            output_index=self.output_index,
            index=self.index,
            revised_prompt=self.revised_prompt,
        )

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture to a file, over what is there; the path written.

        A path without a suffix gets the format's. Raises `UsageError` where the suffix is
        another format's, `PictureError` as ``bytes`` does, and `OSError`.
        """
        target = Path(path)
        suffixes = SUFFIXES.get(self.format or "", ())
        meant = _FORMAT_OF.get(target.suffix.lower())
        if meant is not None and suffixes and meant != self.format:
            raise UsageError(
                f"path: {target} ends in {target.suffix}, but the picture is {self.format}; "
                f"save it as {suffixes[0]}, or ask for output_format={meant!r}"
            )
        if not target.suffix and suffixes:
            target = target.with_suffix(suffixes[0])
        target.write_bytes(self.bytes)
        return target

    def to_pil(self) -> Image:
        """The picture decoded to pixels, a ``PIL.Image.Image``. Raises `MissingExtra` without
        Pillow, and `PictureError` for what Pillow cannot read."""
        try:
            from PIL import Image as pillow  # noqa: N813 - a module, named as one
        except ModuleNotFoundError:
            raise MissingExtra("Picture.to_pil", "local") from None
        try:
            image = pillow.open(BytesIO(self.bytes))
            image.load()
        except (OSError, SyntaxError) as error:
            raise PictureError(f"Pillow cannot read the picture: {error}") from error
        return image

"""Files on their way in and out: pictures to start from, and streams of pictures to a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TypeAlias

from heliograph import errors, pictures
from heliograph.client._core import File
from heliograph.pictures import Picture

PictureInput: TypeAlias = bytes | str | PathLike[str] | BinaryIO | Picture | tuple[str, bytes, str]
"""A picture to start from: its bytes, its file's path, an open file, a data URL, a `Picture`, or
name, bytes and media type as a form has them."""


def read_files(
    images: PictureInput | Sequence[PictureInput], mask: PictureInput | None
) -> tuple[list[File], File | None]:
    """Pictures and mask, read. Raises `UsageError` for what is none, and `OSError`."""
    given = list(images) if isinstance(images, list) else [images]
    files = [
        _file(value, "image" if len(given) == 1 else f"image[{index}]")
        for index, value in enumerate(given)
    ]
    return files, None if mask is None else _file(mask, "mask")


def _file(value: object, field: str) -> File:
    if isinstance(value, tuple):
        return _named(value, field)
    data = _read(value, field)
    kind = pictures.format_of(data)
    if kind is None:
        raise errors.UsageError(
            f"{field}: its bytes begin like no PNG, JPEG, WebP, GIF or SVG; pass (name, bytes, "
            "media type) to send it all the same"
        )
    suffix = pictures.SUFFIXES[kind][0]
    return File(f"{field.partition('[')[0]}{suffix}", data, pictures.media_type_of(data))


def _named(value: tuple[object, ...], field: str) -> File:
    match value:
        case (str() as name, bytes() as data, str() as media_type):
            return File(name, data, media_type)
    raise errors.UsageError(f"{field}: a tuple must be (name, bytes, media type)")


def _read(value: object, field: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Picture):
        return value.bytes
    if isinstance(value, str) and value[:5].lower() == "data:":
        return pictures.decode_data_url(value)
    if isinstance(value, str) and re.match(r"https?://", value, re.IGNORECASE):
        raise errors.UsageError(f"{field}: an address is not fetched unasked; send the bytes")
    if isinstance(value, str | PathLike):
        return Path(value).read_bytes()
    data = value.read() if hasattr(value, "read") else None
    if not isinstance(data, bytes):
        raise errors.UsageError(
            f"{field}: {type(value).__name__} is neither bytes nor a path nor a binary file"
        )
    return data


class Shelf:
    """A folder that takes the pictures of one stream, each under a name that follows from it.

    ``stem`` begins the names; without one, an item's id does. Ids come from servers: only letters,
    digits, ``_``, ``-`` and ``.`` within are kept of them.
    """

    def __init__(self, folder: str | PathLike[str], stem: str | None, *, previews: bool) -> None:
        self._folder = Path(folder)
        if not self._folder.is_dir():
            raise errors.UsageError(f"folder: there is no folder {self._folder}")
        self._stem = stem
        self._previews = previews
        self._random = os.urandom(4).hex()
        self.paths: list[Path] = []

    def put(self, picture: Picture) -> None:
        """Save it, if it is one of those that are wanted. Raises as `Picture.save` does."""
        if picture.final or self._previews:
            self.paths.append(picture.save(self._folder / self._name(picture)))

    def _name(self, picture: Picture) -> str:
        known = re.sub(r"[^A-Za-z0-9_-]+", "_", picture.item_id or "")[:100].strip("_")
        name = known
        if self._stem is not None or not known:
            name = f"{self._stem or self._random}-{picture.output_index or 0}"
        stage = "" if picture.final else f"-stage-{picture.index}"
        suffix = pictures.SUFFIXES.get(picture.format or "", ("",))[0]
        return f"{name}{stage}{suffix}"

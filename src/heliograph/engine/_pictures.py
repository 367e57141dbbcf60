"""Pictures inside the engine: a marker stands for each, and the bytes are in the blob store.

Events are built and folded with a *marker* where the wire has base64. When an event becomes an
``Entry`` its markers are cut out of the JSON, and a ``BlobRef`` remembers each place. A marker
begins with a secret of this process that is never shown to anybody, so no text from a user or a
model can be taken for one; and it is text that JSON does not escape, so it can be found by bytes.
"""

from __future__ import annotations

import secrets

from heliograph import errors
from heliograph.engine._observer import UNSEEN, Observer
from heliograph.journal import BlobRef, BlobStore, Entry

__all__ = ["Pictures", "base64_size"]

_DIGEST = 64


def base64_size(size: int) -> int:
    """Characters of base64 that ``size`` bytes become."""
    return (size + 2) // 3 * 4


class Pictures:
    """The pictures of one response: stores them, and turns JSON into entries and back."""

    def __init__(self, blobs: BlobStore, observer: Observer = UNSEEN) -> None:
        self._blobs = blobs
        self._observer = observer
        self._prefix = f"hg{secrets.token_hex(15)}"
        self._bytes = self._prefix.encode()
        self._sizes: dict[str, int] = {}

    async def put(self, data: bytes) -> str:
        """Store a picture, durably; returns the marker that stands for it."""
        sha256 = await self._blobs.put(data)
        self._sizes[sha256] = len(data)
        self._observer.stored(len(data))
        return self._prefix + sha256

    async def get(self, marker: str) -> bytes:
        """The bytes of a picture, by its marker. Raises ``JournalError``."""
        if not marker.startswith(self._prefix):
            raise errors.JournalError("this string stands for no picture")
        return await self._blobs.get(marker[len(self._prefix) :])

    def is_marker(self, text: object) -> bool:
        """Whether a string stands for a picture."""
        return isinstance(text, str) and text.startswith(self._prefix)

    def size_of(self, marker: str) -> int:
        """Bytes of the picture that a marker stands for."""
        return self._sizes[marker[len(self._prefix) :]]

    def cut(self, data: bytes, note: bytes = b"") -> Entry:
        """JSON with markers to an entry with references."""
        prefix = self._bytes
        at = data.find(prefix)
        if at < 0:
            return Entry(data, (), note)
        pieces: list[bytes] = []
        refs: list[BlobRef] = []
        start = offset = 0
        while at >= 0:
            pieces.append(data[start:at])
            offset += at - start
            start = at + len(prefix) + _DIGEST
            sha256 = data[at + len(prefix) : start].decode()
            refs.append(BlobRef(offset, sha256, self._sizes[sha256]))
            at = data.find(prefix, start)
        pieces.append(data[start:])
        return Entry(b"".join(pieces), tuple(refs), note)

    def cut_each(self, texts: list[bytes]) -> list[Entry]:
        """``cut`` for many, of which hardly one holds a picture."""
        prefix = self._bytes
        return [self.cut(text) if prefix in text else Entry(text) for text in texts]

    def mend(self, entry: Entry) -> bytes:
        """An entry to JSON with markers (the reverse of ``cut``)."""
        pieces: list[bytes] = []
        at = 0
        for ref in entry.blobs:
            self._sizes[ref.sha256] = ref.size
            pieces += (entry.data[at : ref.offset], self._bytes, ref.sha256.encode())
            at = ref.offset
        pieces.append(entry.data[at:])
        return b"".join(pieces)

"""Entries to wire JSON: the base64 is made here, at the edge, and nowhere else."""

from __future__ import annotations

import pybase64

from heliograph.journal import BlobStore, Entry

__all__ = ["render", "wire_size"]


async def render(entry: Entry, blobs: BlobStore) -> list[bytes | memoryview]:
    """The pieces of an entry's JSON, in order, its pictures in base64.

    Write them one after the other; joined they are the event (or the final response). Raises
    ``JournalError`` where a picture is missing.
    """
    if not entry.blobs:
        return [entry.data]
    view = memoryview(entry.data)
    pieces: list[bytes | memoryview] = []
    at = 0
    for ref in entry.blobs:
        pieces.append(view[at : ref.offset])
        pieces.append(pybase64.b64encode(await blobs.get(ref.sha256)))
        at = ref.offset
    pieces.append(view[at:])
    return pieces


def wire_size(entry: Entry) -> int:
    """How many bytes ``render`` will give, without reading a picture."""
    if not entry.blobs:
        return len(entry.data)
    return len(entry.data) + sum((ref.size + 2) // 3 * 4 for ref in entry.blobs)

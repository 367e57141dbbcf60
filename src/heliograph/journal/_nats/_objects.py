"""Putting an object into an object store of the servers', by content: its name is its hash.

The layout is NATS's own: chunks under a subject of their own for each attempt, then a record that
names them. nats-py's ``put`` erases an attempt's chunks where the record's acknowledgement does not
come; a record that was only late is then the newest, and names nothing. Here it is written by
compare-and-set: once another is there, none of an earlier attempt is accepted any more, and only
then are that attempt's chunks erased. Of an attempt that never came to a verdict they stay.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime

import msgspec

from heliograph.journal._nats import _limits
from heliograph.journal._nats._wire import Conflict, Stored, Wire

__all__ = ["put_object"]


class _Info(msgspec.Struct):
    nuid: str = ""
    deleted: bool = False


_infos = msgspec.json.Decoder(_Info)


async def put_object(wire: Wire, bucket: str, name: str, data: bytes) -> None:
    """Return once it is there whole, put by this or by another. Raises ``JournalError``."""
    stream = f"OBJ_{bucket}"
    record = f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"
    while True:
        last = await wire.last(stream, record)
        if last is not None and not _infos.decode(last.data).deleted:
            return
        nuid = secrets.token_hex(11)
        chunks = await _put_chunks(wire, f"$O.{bucket}.C.{nuid}", nuid, data)
        info = _info(bucket, name, nuid, data, chunks)
        try:
            await wire.put(stream, record, info, 0 if last is None else last.seq, only=True)
        except Conflict:
            if not _is_of(await wire.last(stream, record), nuid):
                await wire.purge(stream, f"$O.{bucket}.C.{nuid}")


async def _put_chunks(wire: Wire, subject: str, nuid: str, data: bytes) -> int:
    size = _limits.BLOB_CHUNK_BYTES
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    for number, chunk in enumerate(chunks):
        await wire.add(subject, chunk, f"{nuid}-{number}")
    return len(chunks)


def _is_of(last: Stored | None, nuid: str) -> bool:
    return last is not None and _infos.decode(last.data).nuid == nuid


def _info(bucket: str, name: str, nuid: str, data: bytes, chunks: int) -> bytes:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
    return msgspec.json.encode(
        {
            "name": name,
            "bucket": bucket,
            "nuid": nuid,
            "size": len(data),
            "chunks": chunks,
            "digest": f"SHA-256={digest}",
            "mtime": datetime.now(UTC).isoformat(),
            "options": {"max_chunk_size": _limits.BLOB_CHUNK_BYTES},
        }
    )

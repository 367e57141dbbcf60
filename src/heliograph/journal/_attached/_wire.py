"""The protocol without I/O: messages, what can be called, how errors pass, framing.

A message is four bytes of length, big-endian, and that many bytes of msgpack. The first of each
side is ``Hello`` and ``Welcome``; whoever does not speak the other's version is ``Refused``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import msgspec

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._base import (
    Created,
    Entry,
    Frame,
    Lease,
    LeaseState,
    Load,
    NewResponse,
    Queued,
    Record,
)
from heliograph.journal._places import Share

__all__ = [
    "MAGIC",
    "METHODS",
    "VERSION",
    "Call",
    "Cancel",
    "Failed",
    "Framer",
    "Held",
    "Hello",
    "More",
    "Part",
    "Refused",
    "Result",
    "ToClient",
    "ToHost",
    "Took",
    "Welcome",
    "decode",
    "encode",
    "error_of",
    "failed",
    "lease_in",
    "pack",
]

MAGIC = "heliograph journal"
VERSION = 3
"""Raised with every change of a message, a method or a struct that passes."""

_HEAD = 4


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A lease as its holder names it: what the journal's fence asks for."""

    response_id: str
    tenant: str
    worker: str
    epoch: int

    @classmethod
    def of(cls, lease: Lease) -> Held:
        """The name of a lease."""
        return cls(lease.response_id, lease.tenant, lease.worker, lease.epoch)

    def lease(self) -> Lease:
        """As the journal takes it; what it does not look at is left empty."""
        return Lease(
            response_id=self.response_id,
            tenant=self.tenant,
            worker=self.worker,
            epoch=self.epoch,
            takeovers=0,
            expires_at=0.0,
            last_seq=-1,
            request=b"",
            created_at=0.0,
            background=False,
        )


# -- messages


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """``worker`` is what the client calls itself, for the host's log."""

    magic: str
    version: int
    worker: str


class Call(msgspec.Struct, frozen=True, array_like=True, tag="call"):
    """``id`` is new on this connection; ``args`` is as ``METHODS`` says."""

    id: int
    method: str
    args: msgspec.Raw


class Cancel(msgspec.Struct, frozen=True, array_like=True, tag="cancel"):
    """The call's answer is not wanted any more; a lease that it was granted neither."""

    id: int


class Took(msgspec.Struct, frozen=True, array_like=True, tag="took"):
    """The lease that call ``id`` was granted is held now."""

    id: int


class More(msgspec.Struct, frozen=True, array_like=True, tag="more"):
    """The next part of stream ``id`` is wanted: there is never more than one on its way."""

    id: int


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag="welcome"):
    """The host speaks ``version``."""

    version: int


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """The last message of a connection, and why."""

    reason: str


class Result(msgspec.Struct, frozen=True, array_like=True, tag="result"):
    """The answer to a call; of a stream, its end."""

    id: int
    value: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The call raised: a key of the table of errors, and the text that its class is made with."""

    id: int
    error: str
    text: str


class Part(msgspec.Struct, frozen=True, array_like=True, tag="part"):
    """One item of a stream."""

    id: int
    value: msgspec.Raw


ToHost: TypeAlias = Hello | Call | Cancel | Took | More
ToClient: TypeAlias = Welcome | Refused | Result | Failed | Part


# -- what can be called


class Method(NamedTuple):
    """A method of ``Journal``: its arguments as a tuple, the last ``named`` of them by keyword.

    One that ``waits`` for something is cancelled with its caller; others come to their end.
    """

    args: Any
    result: Any
    named: tuple[str, ...] = ()
    waits: bool = False


_None = type(None)

METHODS: dict[str, Method] = {
    "create": Method(tuple[NewResponse], Created),
    "keyed": Method(tuple[str, str, str], str | None),
    "claim": Method(
        tuple[str, tuple[str, ...], float, float, bool],
        Lease | None,
        ("lease", "wait", "begun"),
        True,
    ),
    "claim_overdue": Method(tuple[str, float], Lease | None, ("lease",)),
    "renew": Method(tuple[Held, float], LeaseState, ("seconds",)),
    "release": Method(tuple[Held], _None),
    "append": Method(tuple[Held, int, tuple[Entry, ...]], int),
    "finish": Method(tuple[Held, int, tuple[Entry, ...], Entry], int),
    "read": Method(tuple[str, str, int], Frame, (), True),
    "get": Method(tuple[str, str], Record),
    "delete": Method(tuple[str, str], _None),
    "cancel": Method(tuple[str, str], _None),
    "cancelled": Method(tuple[Held], _None, (), True),
    "attach": Method(tuple[str, str, str, float], _None, ("seconds",)),
    "detach": Method(tuple[str, str, str], _None),
    "load": Method(tuple[()], Load),
    "queued": Method(tuple[str], Queued),
    "oldest": Method(tuple[()], float | None),
    "expire": Method(tuple[()], int),
    "places.share": Method(tuple[str, str, Share, int, float], int, ("most", "seconds")),
    "places.moved": Method(tuple[str, str, int], int, (), True),
}

_encoder = msgspec.msgpack.Encoder()
_args = {name: msgspec.msgpack.Decoder(method.args) for name, method in METHODS.items()}
_results = {name: msgspec.msgpack.Decoder(method.result) for name, method in METHODS.items()}


def encode(value: object) -> msgspec.Raw:
    """Arguments or a result, as a message bears them."""
    return msgspec.Raw(_encoder.encode(value))


def decode(method: str, data: msgspec.Raw, *, result: bool) -> Any:
    """Arguments of a call, or its ``result``. Raises ``ProtocolError``."""
    decoders = _results if result else _args
    if method not in decoders:
        raise errors.ProtocolError(f"no method {method!r}")
    try:
        return decoders[method].decode(data)
    except msgspec.MsgspecError as error:
        raise errors.ProtocolError(f"{method}: {error}") from None


def lease_in(value: object) -> Lease | None:
    """The lease that a result grants."""
    if isinstance(value, Created):
        return value.lease
    return value if isinstance(value, Lease) else None


# -- errors, one to one

_ERRORS: dict[str, type[errors.JournalError]] = {
    "fenced": errors.Fenced,
    "unknown_response": errors.UnknownResponse,
    "idempotency_conflict": errors.IdempotencyConflict,
    "journal": errors.JournalError,
}
_NAMES = {kind: name for name, kind in _ERRORS.items()}


def failed(call: int, error: errors.JournalError) -> Failed:
    """The message that an error passes as."""
    name = _NAMES.get(type(error), "journal")
    if isinstance(error, errors.UnknownResponse):
        return Failed(call, name, error.response_id)
    if isinstance(error, errors.IdempotencyConflict):
        return Failed(call, name, error.key)
    return Failed(call, name, str(error))


def error_of(message: Failed) -> errors.JournalError:
    """The error that ``failed`` was made from."""
    return _ERRORS.get(message.error, errors.JournalError)(message.text)


# -- framing


def pack(message: ToHost | ToClient) -> bytearray:
    """A message as bytes. Raises ``JournalError`` where it is over ``MAX_MESSAGE_BYTES``."""
    data = bytearray(_HEAD)
    _encoder.encode_into(message, data, _HEAD)
    size = len(data) - _HEAD
    if size > _limits.MAX_MESSAGE_BYTES:
        raise errors.JournalError(
            f"a message of {size} bytes: MAX_MESSAGE_BYTES is {_limits.MAX_MESSAGE_BYTES}"
        )
    data[:_HEAD] = size.to_bytes(_HEAD, "big")
    return data


class Framer:
    """Bytes in, messages out. ``kind`` is ``ToHost`` or ``ToClient``."""

    def __init__(self, kind: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Any, int]]:
        """The messages that are whole now, with their bytes. Raises ``ProtocolError``."""
        buffer = self._buffer
        buffer += data
        found = []
        at = 0
        with memoryview(buffer) as view:
            while len(buffer) - at >= _HEAD:
                size = int.from_bytes(view[at : at + _HEAD], "big")
                if size > _limits.MAX_MESSAGE_BYTES:
                    raise errors.ProtocolError(
                        f"a message of {size} bytes: MAX_MESSAGE_BYTES is "
                        f"{_limits.MAX_MESSAGE_BYTES}"
                    )
                end = at + _HEAD + size
                if end > len(buffer):
                    break
                found.append((self._message(bytes(view[at + _HEAD : end])), size))
                at = end
        del buffer[:at]
        return found

    def _message(self, data: bytes) -> Any:
        try:
            return self._decoder.decode(data)
        except msgspec.MsgspecError as error:
            raise errors.ProtocolError(f"not a message: {error}") from None

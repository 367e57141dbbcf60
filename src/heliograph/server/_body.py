"""Request bodies: read piece by piece, never held beyond the limit."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from heliograph import errors
from heliograph.server._exchange import exchange_of

__all__ = ["bounded", "header", "read_body", "too_large"]


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of header ``name`` (lower case), or None."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def too_large(limit: int) -> errors.PayloadTooLarge:
    """The refusal of a body over ``limit`` bytes."""
    return errors.PayloadTooLarge(
        f"the body is over max_body_bytes ({limit} bytes); the server's [limits] can raise it"
    )


def _check_head(scope: Scope, limit: int) -> None:
    """A declared length over the limit is refused before a byte is read."""
    coding = header(scope, b"content-encoding")
    if coding not in (None, b"", b"identity"):
        raise errors.BadRequest(
            "bodies are read as they are: send no content-encoding",
            param="content-encoding",
            code="unsupported_content_encoding",
        )
    declared = header(scope, b"content-length")
    if declared is not None and declared.isdigit() and int(declared) > limit:
        raise too_large(limit)


def bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """``receive``, which raises ``PayloadTooLarge`` where the body passes ``limit`` bytes.

    Raises what ``read_body`` raises for a request's head.
    """
    _check_head(scope, limit)
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large(limit)
        return message

    return counted


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes.

    Raises ``PayloadTooLarge``, ``BadRequest`` for a content coding, and starlette's
    ``ClientDisconnect``.
    """
    counted = bounded(scope, receive, limit)
    body = bytearray()
    while True:
        message = await counted()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if not message.get("more_body", False):
            exchange_of(scope).body(body)
            return bytes(body)

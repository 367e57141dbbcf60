"""Request bodies: read piece by piece, never held beyond the limit."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from heliograph import errors

__all__ = ["header", "read_body", "too_large"]


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


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes.

    A declared length over the limit is refused before a byte is read. Raises ``PayloadTooLarge``,
    ``BadRequest`` for a content coding, and starlette's ``ClientDisconnect``.
    """
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
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)

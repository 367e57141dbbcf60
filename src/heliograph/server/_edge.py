"""The outermost layer: request ids, who may ask from where, errors as answers, one exchange.

Nothing gets past it: whatever a handler raises leaves as an error in the API's shape, and what
nobody foresaw is logged with the request id and answered as ``server_error``.
"""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph import errors
from heliograph.server._body import header
from heliograph.server._errors import as_api_error, error_body, error_headers
from heliograph.server._log import words
from heliograph.server._seen import Seen

__all__ = ["Edge", "answer_error", "is_loopback"]

_log = logging.getLogger("heliograph.server")


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address, no port) means this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_of(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _check_local(scope: Scope) -> None:
    """A page of another site must not post to a server on this machine.

    ``Host`` tells a name that an attacker made to resolve to this machine (DNS rebinding),
    ``Origin`` a page from elsewhere.
    """
    host = (header(scope, b"host") or b"").decode("latin-1")
    if host and not is_loopback(_host_of(host)):
        raise errors.PermissionDenied(
            f"this server answers on loopback names only, not {host!r}", param="Host", code="host"
        )
    origin = (header(scope, b"origin") or b"").decode("latin-1")
    if origin:
        scheme, _, netloc = origin.partition("://")
        if scheme not in ("http", "https") or not is_loopback(_host_of(netloc)):
            raise errors.PermissionDenied(
                f"pages from {origin!r} may not use this server", param="Origin", code="origin"
            )


_HONOURED = (b"x-idempotency", b"honoured")
"""On this path an ``Idempotency-Key`` works: a client may repeat a POST that was cut."""

_BEGINS = ("http.response.start", "websocket.http.response.start", "websocket.accept")


async def _abandon(scope: Scope, send: Send) -> None:
    """End what has begun and cannot go on: an answer stays unfinished, a WebSocket is closed."""
    if scope["type"] == "websocket":
        with suppress(OSError):
            await send({"type": "websocket.close", "code": 1011, "reason": "the server failed"})


class Edge:
    """ASGI middleware; ``local`` turns the checks of ``Host`` and ``Origin`` on."""

    def __init__(self, app: ASGIApp, *, local: bool, seen: Seen) -> None:
        self._app = app
        self._seen = seen
        self._bodies = seen.bodies
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with self._seen.exchange(scope, f"req_{secrets.token_hex(12)}") as exchange:
            request_id = exchange.request_id

            async def stamped(message: Message) -> None:
                kind = message["type"]
                if kind == "http.response.body":
                    exchange.bytes += len(message["body"])
                elif kind in _BEGINS:
                    exchange.status = message.get("status", 101)
                    headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                    if scope["path"].endswith("/responses"):
                        headers.append(_HONOURED)
                    for name, value in headers:
                        if name == b"x-response-id":
                            exchange.response_id = value.decode()
                    more = scope["state"].get("headers", ())
                    message = {**message, "headers": [*headers, *more]}
                await send(message)

            try:
                if self._local:
                    _check_local(scope)
                await self._app(scope, receive, stamped)
                # Given here and not by the route: a stream that is open for long does not keep all
                # that found its route waiting beneath it.
                give: ASGIApp | None = scope["state"].pop("answer", None)
                if give is not None:
                    await give(scope, receive, stamped)
            except ClientDisconnect:
                exchange.status = 499
            except errors.HeliographError as error:
                answer = as_api_error(error)
                if answer is error and answer.status == 503:
                    # Stopping or full: there is no place to look for.
                    _log.warning("%s %s", request_id, error)
                elif isinstance(error, errors.ProviderError):
                    _log.warning("%s %s", request_id, words(error, bodies=self._bodies))
                elif answer.status >= 500:
                    _log.error(
                        "%s %s", request_id, words(error, bodies=self._bodies), exc_info=error
                    )
                if exchange.status:
                    return  # the answer had begun: it stays unfinished, so clients can tell
                await answer_error(answer, scope, stamped)
            except Exception as error:  # noqa: BLE001 - the server's one edge
                _log.error("%s failed", request_id, exc_info=error)
                if exchange.status:
                    await _abandon(scope, send)
                    return
                bug = errors.ServerError(f"the server failed on this request ({request_id})")
                await answer_error(bug, scope, stamped)


async def answer_error(
    error: errors.APIError, scope: Scope, send: Send, extra: Mapping[str, str] | None = None
) -> None:
    """Send ``error`` as the whole answer, ``extra`` headers with it.

    To a WebSocket's handshake it is a refusal.
    """
    prefix = "websocket." if scope["type"] == "websocket" else ""
    body = error_body(error, scope["path"])
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **error_headers(error),
        **(extra or {}),
    }
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    start = f"{prefix}http.response.start"
    await send({"type": start, "status": error.status, "headers": raw})
    await send({"type": f"{prefix}http.response.body", "body": body, "more_body": False})

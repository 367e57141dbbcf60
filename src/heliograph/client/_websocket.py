"""The WebSocket driver: the library websockets (extra ``ws``), its errors translated.

The halves are in ``_websocket_async`` and ``_websocket_sync``.
"""

from __future__ import annotations

import ssl as tls
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import httpx2

from heliograph import errors
from heliograph.client._core import error_from
from heliograph.client._transport import Call

try:
    from websockets.exceptions import (
        ConnectionClosed,
        InvalidHandshake,
        InvalidStatus,
        InvalidURI,
        WebSocketException,
    )
except ModuleNotFoundError as error:
    raise errors.MissingExtra("a WebSocket", "ws") from error

Proxy: TypeAlias = str | Literal[True] | None
"""A proxy's URL; True asks the environment; None goes straight."""

_PING_SECONDS = 20.0
_PONG_SECONDS = 120.0  # a pong waits behind the picture under way
CLOSE_SECONDS = 2.0
_TOO_BIG = 1009


def settings(
    call: Call, max_frame: int, ssl: tls.SSLContext | None, proxy: Proxy
) -> dict[str, Any]:
    """What both halves tell the library. Nothing is compressed: pictures are already.

    Without a context of the caller's, the certificates are those that HTTP trusts.
    """
    headers = dict(call.headers)
    if ssl is None and call.url.startswith("wss:"):
        ssl = httpx2.create_ssl_context()
    return {
        "additional_headers": headers,
        "user_agent_header": headers.pop("user-agent", None),
        "compression": None,
        "ssl": ssl,
        "proxy": proxy,
        "open_timeout": call.timeout.connect,
        "ping_interval": _PING_SECONDS,
        "ping_timeout": _PONG_SECONDS,
        "close_timeout": CLOSE_SECONDS,
        "max_size": max_frame,
    }


@contextmanager
def opening() -> Iterator[None]:
    """Nothing of the library's errors leaves this block: the connection was not made."""
    try:
        yield
    except InvalidStatus as error:
        answer = error.response
        raise error_from(answer.status_code, answer.headers, bytes(answer.body)) from error
    except InvalidURI as error:
        raise errors.UsageError(f"base_url: {error}") from error
    except InvalidHandshake as error:
        raise errors.TransportError(f"no WebSocket: {error}", sent=False) from error
    except TimeoutError as error:
        raise errors.TransportTimeout("no WebSocket in time", sent=False) from error
    except tls.SSLCertVerificationError as error:
        raise errors.TransportError(
            f"no WebSocket: {error}; connect(ssl=...) takes certificates of your own (those of an "
            "http_client are its own)",
            sent=False,
        ) from error
    except (WebSocketException, OSError, ValueError) as error:
        raise errors.TransportError(f"no WebSocket: {error}", sent=False) from error


@contextmanager
def talking(max_frame: int) -> Iterator[None]:
    """The same for a connection that was made."""
    try:
        yield
    except ConnectionClosed as error:
        if error.sent is not None and error.sent.code == _TOO_BIG:
            raise errors.FrameTooLarge(max_frame, max_frame + 1) from error
        raise errors.TransportError(f"the WebSocket was closed: {error}") from error
    except TimeoutError as error:
        raise errors.TransportTimeout("no message in time") from error
    except (WebSocketException, OSError) as error:
        raise errors.TransportError(f"the WebSocket broke: {error}") from error

"""An ASGI app on a socket, in the current event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from heliograph import errors

__all__ = ["Listener", "listen", "url_of"]

_BACKLOG = 2048
_IDLE_CONNECTION_SECONDS = 75


def listen(host: str, port: int) -> socket.socket:
    """Raises ``ConfigError`` where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle off only for sockets that say they are TCP: 40 ms before a first event.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host.strip("[]"), port))
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise errors.ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror or error}"
        ) from None
    return sock


def url_of(host: str, port: int) -> str:
    """``http://127.0.0.1:8080``."""
    host = host.strip("[]")
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class _Uvicorn(uvicorn.Server):
    """Signals are ours: a library call must not take the process's handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Serves ``app`` on ``sock``; ``more`` are uvicorn's settings beside those that are common."""

    def __init__(self, app: ASGIApp, sock: socket.socket, **more: Any) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_IDLE_CONNECTION_SECONDS,
            **more,
        )
        self._sock = sock
        self._uvicorn = _Uvicorn(config)

    async def start(self) -> None:
        """A request is answered once this returns."""
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._sock]))
        while not self._uvicorn.started:
            await asyncio.sleep(0)
            if self._serving.done():
                self._serving.result()

    def close(self) -> None:
        """Accept no more."""
        self._uvicorn.should_exit = True

    async def ended(self) -> None:
        """Wait until all that was accepted is answered."""
        await self._serving

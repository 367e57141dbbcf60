"""The other driver: aiohttp, for those whose programs have a session of it (the extra ``fast``).

Async only. Its compiled parser is good at large chunks; for small ones ours is cheaper.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeGuard

import aiohttp

from heliograph import errors
from heliograph.client._transport import Call

_LARGE = 1024 * 1024
_READ_BUFFER = 256 * 1024  # bytes that may wait unread; a fuller buffer makes fewer, larger chunks


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise errors.TransportTimeout(_say(error), sent=False) from error
    except TimeoutError as error:  # aiohttp's timeouts are TimeoutErrors, whatever else they are
        raise errors.TransportTimeout(_say(error)) from error
    except aiohttp.InvalidURL as error:
        raise errors.UsageError(f"base_url: {error}") from error
    except aiohttp.ClientConnectorError as error:
        raise errors.TransportError(_say(error), sent=False) from error
    except (aiohttp.ClientError, OSError) as error:
        raise errors.TransportError(_say(error)) from error


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _body(body: bytes | None) -> bytes | io.BytesIO | None:
    """Large bytes are wrapped: aiohttp warns of them, since it would write them in one go."""
    return io.BytesIO(body) if body is not None and len(body) > _LARGE else body


def is_session(value: object) -> TypeGuard[aiohttp.ClientSession]:
    """Whether ``value`` is one of aiohttp's sessions."""
    return isinstance(value, aiohttp.ClientSession)


class AiohttpReply:
    """A reply of ``aiohttp.ClientSession``."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        with _translated():
            try:
                return await self._response.read()
            finally:
                self._response.release()

    async def chunks(self) -> AsyncIterator[bytes]:
        read = self._response.content.readany
        with _translated():
            while chunk := await read():
                yield chunk

    async def close(self) -> None:
        # Waits for nothing: a body that was not read to its end takes its connection with it.
        self._response.close()


class AiohttpTransport:
    """Sends through an ``aiohttp.ClientSession``; makes one in the first call's event loop."""

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        self._own = session is None
        self._session = session

    async def send(self, call: Call) -> AiohttpReply:
        session = self._session
        if session is None:
            session = self._session = aiohttp.ClientSession(trust_env=True)
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=call.timeout.connect, sock_read=call.timeout.read
        )
        with _translated():
            return AiohttpReply(
                await session.request(
                    call.method,
                    call.url,
                    headers=call.headers,
                    data=_body(call.body),
                    timeout=timeout,
                    read_bufsize=_READ_BUFFER,
                )
            )

    async def close(self) -> None:
        if self._own and self._session is not None:
            await self._session.close()
            self._session = None

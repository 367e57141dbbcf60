"""The default driver: httpx2, sync and async. A caller's own client is used as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from urllib.request import getproxies

import httpcore2
import httpx2

from heliograph import errors
from heliograph.client._direct import AsyncDirectTransport, DirectTransport
from heliograph.client._transport import Call, Timeout

# What our own transports let through; a caller's client raises httpx2's.
_CORE_ERRORS = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx2.TimeoutException, httpcore2.TimeoutException) as error:
        raise errors.TransportTimeout(_say(error)) from error
    except httpx2.InvalidURL as error:
        raise errors.UsageError(f"base_url: {error}") from error
    except (httpx2.HTTPError, httpx2.StreamError, *_CORE_ERRORS) as error:
        raise errors.TransportError(_say(error)) from error


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _proxied() -> bool:
    """Whether the environment names a proxy; httpx2's own transports know what to do then."""
    return not getproxies().keys().isdisjoint(("http", "https", "all"))


def _timeout(timeout: Timeout) -> httpx2.Timeout:
    return httpx2.Timeout(timeout.read, connect=timeout.connect)


class HttpxReply:
    """A reply of ``httpx2.Client``."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def read(self) -> bytes:
        with _translated():
            try:
                return self._response.read()
            finally:
                self._response.close()

    def chunks(self) -> Iterator[bytes]:
        response = self._response
        plain = "content-encoding" not in response.headers
        with _translated():
            yield from response.iter_raw() if plain else response.iter_bytes()

    def close(self) -> None:
        self._response.close()


class HttpxTransport:
    """Sends through an ``httpx2.Client``; closes it only if it made it."""

    def __init__(self, client: httpx2.Client | None = None) -> None:
        self._own = client is None
        if client is None:
            transport = None if _proxied() else DirectTransport()
            client = httpx2.Client(follow_redirects=True, transport=transport)
        self._client = client

    def send(self, call: Call) -> HttpxReply:
        client = self._client
        with _translated():
            request = client.build_request(
                call.method,
                call.url,
                headers=call.headers,
                content=call.body,
                timeout=_timeout(call.timeout),
            )
            return HttpxReply(client.send(request, stream=True))

    def close(self) -> None:
        if self._own:
            self._client.close()


class AsyncHttpxReply:
    """A reply of ``httpx2.AsyncClient``."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        with _translated():
            try:
                return await self._response.aread()
            finally:
                await self._response.aclose()

    async def chunks(self) -> AsyncIterator[bytes]:
        response = self._response
        plain = "content-encoding" not in response.headers
        with _translated():
            async for chunk in response.aiter_raw() if plain else response.aiter_bytes():
                yield chunk

    async def close(self) -> None:
        await self._response.aclose()


class AsyncHttpxTransport:
    """Sends through an ``httpx2.AsyncClient``; closes it only if it made it."""

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._own = client is None
        if client is None:
            transport = None if _proxied() else AsyncDirectTransport()
            client = httpx2.AsyncClient(follow_redirects=True, transport=transport)
        self._client = client

    async def send(self, call: Call) -> AsyncHttpxReply:
        client = self._client
        with _translated():
            request = client.build_request(
                call.method,
                call.url,
                headers=call.headers,
                content=call.body,
                timeout=_timeout(call.timeout),
            )
            return AsyncHttpxReply(await client.send(request, stream=True))

    async def close(self) -> None:
        if self._own:
            await self._client.aclose()

"""The asynchronous half of the default driver; see ``_httpx``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx2

from heliograph.client._httpx import translated, waits
from heliograph.client._transport import Call
from heliograph.http import AsyncDirectTransport, proxied


class AsyncHttpxReply:
    """A reply of ``httpx2.AsyncClient``."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        with translated():
            try:
                return await self._response.aread()
            finally:
                await self._response.aclose()

    async def chunks(self) -> AsyncIterator[bytes]:
        response = self._response
        plain = "content-encoding" not in response.headers
        with translated():
            async for chunk in response.aiter_raw() if plain else response.aiter_bytes():
                yield chunk

    async def close(self) -> None:
        await self._response.aclose()


class AsyncHttpxTransport:
    """Sends through an ``httpx2.AsyncClient``; closes it only if it made it."""

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._own = client is None
        if client is None:
            transport = None if proxied() else AsyncDirectTransport()
            client = httpx2.AsyncClient(follow_redirects=True, transport=transport)
        self._client = client

    async def send(self, call: Call) -> AsyncHttpxReply:
        client = self._client
        with translated():
            request = client.build_request(
                call.method,
                call.url,
                headers=call.headers,
                content=call.body,
                timeout=waits(call.timeout),
            )
        with translated(request.url):
            return AsyncHttpxReply(await client.send(request, stream=True))

    async def close(self) -> None:
        if self._own:
            await self._client.aclose()

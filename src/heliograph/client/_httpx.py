"""The default driver: httpx2. A caller's own client is used as it is.

The asynchronous half is in ``_httpx_async``, so that synchronous programs need not import asyncio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx2

from heliograph import errors
from heliograph.client._transport import Call, Timeout
from heliograph.http import DirectTransport, Patient, proxied


@contextmanager
def translated(to: httpx2.URL | None = None) -> Iterator[None]:
    """Nothing of httpx2's errors leaves this block, which sends ``to`` an address."""
    try:
        yield
    except httpx2.ConnectError as error:
        raise errors.TransportError(_at(to) + _say(error), sent=False) from error
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise errors.TransportTimeout(_at(to) + _say(error), sent=False) from error
    except httpx2.TimeoutException as error:
        raise errors.TransportTimeout(_say(error)) from error
    except httpx2.InvalidURL as error:
        raise errors.UsageError(f"base_url: {error}") from error
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise errors.TransportError(_say(error)) from error


def _at(url: httpx2.URL | None) -> str:
    return "" if url is None else f"{url.scheme}://{url.netloc.decode()}: "


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def waits(timeout: Timeout) -> httpx2.Timeout:
    """The timeout in httpx2's words."""
    return httpx2.Timeout(timeout.read, connect=timeout.connect)


class HttpxReply:
    """A reply of ``httpx2.Client``."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def read(self) -> bytes:
        with translated():
            try:
                return self._response.read()
            finally:
                self._response.close()

    def chunks(self) -> Iterator[bytes]:
        response = self._response
        plain = "content-encoding" not in response.headers
        with translated():
            yield from response.iter_raw() if plain else response.iter_bytes()

    def limit(self, seconds: float | None) -> None:
        stream = self._response.extensions.get("network_stream")
        if isinstance(stream, Patient):
            stream.patience = seconds

    def close(self) -> None:
        self._response.close()


class HttpxTransport:
    """Sends through an ``httpx2.Client``; closes it only if it made it."""

    def __init__(self, client: httpx2.Client | None = None) -> None:
        self._own = client is None
        if client is None:
            transport = None if proxied() else DirectTransport()
            client = httpx2.Client(follow_redirects=True, transport=transport)
        self._client = client

    def send(self, call: Call) -> HttpxReply:
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
            return HttpxReply(client.send(request, stream=True))

    def close(self) -> None:
        if self._own:
            self._client.close()

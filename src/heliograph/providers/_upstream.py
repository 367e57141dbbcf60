"""Asking an upstream over HTTP: one client per provider, and every failure a ``ProviderError``.

Messages name the upstream by the model's label, never by its address. Redirects are not followed: a
request holds a key and somebody's words.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from types import TracebackType
from typing import Annotated, Literal
from urllib.parse import urlsplit

import httpx2
import msgspec

from heliograph import errors, models, sse
from heliograph.http import BODY, AsyncDirectTransport, proxied
from heliograph.providers._failures import failure
from heliograph.providers._observer import OBSERVER, Watched
from heliograph.providers._places import Places, PlacesOf, Row, alone

__all__ = [
    "Answer",
    "Part",
    "Timeouts",
    "Upstream",
    "checked",
    "read_key",
]

MAX_ERROR_BODY = 64 * 1024
"""Bytes of an error's body that are looked at."""

MAX_LIST = 16 * 1024 * 1024
"""Bytes of a list of models."""

Part = tuple[str, tuple[str | None, bytes, str]]
"""A part of a form: the field's name, then file name (None for plain fields), bytes, type."""

_NO_QUEUE = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
"""Whoever runs the work bounds it; a queue in here would count as the upstream's silence."""

_SENT = httpx2.Request("POST", "http://upstream")
"""What answers know of their requests: a body can be large, and an answer take long."""

Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an upstream may be silent, in seconds.

    ``connect_seconds``: until the connection stands. ``first_byte_seconds``: from the request to
    the first byte of the answer's body, which is the whole work where nothing is streamed.
    ``silence_seconds``: between two pieces of the answer.
    """

    connect_seconds: Seconds = 10.0
    first_byte_seconds: Seconds = 300.0
    silence_seconds: Seconds = 120.0


def read_key(name: str | None) -> str | None:
    """The key in the environment variable ``name``; None where no variable is named.

    Raises ``ConfigError`` where it is not set.
    """
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise errors.ConfigError(f"api_key_env: the environment variable {name} is not set")
    return key


class Answer:
    """An upstream's answer, its head read and its body not."""

    def __init__(
        self, response: httpx2.Response, label: str, timeouts: Timeouts, watched: Watched
    ) -> None:
        self._response = response
        self._watched = watched
        self._label = label
        self._timeouts = timeouts
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.content_type = response.headers.get("content-type", "").partition(";")[0].lower()
        self._first_until = 0.0

    async def aclose(self) -> None:
        """Close the connection, or give it back where all was read."""
        await self._response.aclose()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises ``ProviderError`` (``timeout``, ``unavailable``)."""
        response, label = self._response, self._label
        plain = "content-encoding" not in response.headers
        if plain and BODY in response.extensions:
            pieces: AsyncIterator[bytes] = aiter(response.extensions[BODY])
        else:
            pieces = response.aiter_raw() if plain else response.aiter_bytes()
        loop = asyncio.get_running_loop()
        until = max(self._first_until, loop.time() + self._timeouts.silence_seconds)
        first = True
        try:
            while True:
                async with asyncio.timeout_at(until):
                    chunk = await anext(pieces, None)
                if chunk is None:
                    return
                if first:
                    first = False
                    self._watched.first()
                yield chunk
                until = loop.time() + self._timeouts.silence_seconds
        except TimeoutError:
            raise _timed_out(label, "went silent in the middle of its answer") from None
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise _broken(label, "cut its answer short", error) from error

    async def body(self, limit: int) -> bytes:
        """The whole body, at most ``limit`` bytes. Raises ``ProviderError``."""
        chunks: list[bytes] = []
        size = 0
        async with aclosing(self.chunks()) as pieces:
            async for chunk in pieces:
                size += len(chunk)
                if size > limit:
                    raise errors.ProviderError(
                        f"{self._label}: the answer is over {limit} bytes", kind="protocol"
                    )
                chunks.append(chunk)
        return b"".join(chunks)

    async def events(self, max_frame: int = sse.MAX_FRAME) -> AsyncGenerator[bytes, None]:
        """The ``data`` of each event of a stream, ``[DONE]`` included.

        Raises ``ProviderError``; also where the stream was cut in the middle of an event.
        """
        decoder = sse.Decoder(max_frame)
        try:
            async with aclosing(self.chunks()) as pieces:
                async for chunk in pieces:
                    for data in decoder.feed_data(chunk):
                        yield data
            last = decoder.close()
        except errors.FrameTooLarge as error:
            raise errors.ProviderError(f"{self._label}: {error}", kind="protocol") from None
        if last == b"[DONE]" or models.is_object(last):  # only the blank line behind it is missing
            yield last
        elif decoder.pending:
            raise errors.ProviderError(
                f"{self._label}: the stream was cut in the middle of an event",
                kind="unavailable",
                retryable=True,
            )


def checked(base_url: str) -> str:
    """``base_url``, where an API's paths can be put behind it; it may hold a password, so it is
    not repeated."""
    try:
        parts = urlsplit(base_url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "?" in base_url or "#" in base_url:
        raise errors.ConfigError(
            "base_url: not an address that paths can be put behind; it must begin with http:// or "
            "https://, name a host, and have no '?' or '#', as http://127.0.0.1:8000/v1 does"
        )
    return base_url


class _Model(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Model]


class Upstream:
    """The HTTP side of one provider.

    ``base_url`` is where the API's paths begin; ``ConfigError`` where it is no such address.
    ``http`` is a client to use instead of an own one; whoever gave it closes it. ``headers`` win
    over those set here. ``name`` is the provider's in the configuration, ``kind`` what its models
    make: an observer is told both. ``max_concurrent`` posts are open at once among all who have
    these ``places``, and ``max_concurrent_per_process`` from here; others wait in the order in
    which they came; 0 for any number.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        http: httpx2.AsyncClient | None = None,
        name: str = "",
        kind: Literal["chat", "image"] = "chat",
        max_concurrent: int = 0,
        max_concurrent_per_process: int = 0,
        places: PlacesOf = alone,
    ) -> None:
        self._name = name
        self._kind = kind
        self._base = checked(base_url).rstrip("/")
        self._urls: dict[str, httpx2.URL] = {}
        self._key = key
        self._timeouts = timeouts if timeouts is not None else Timeouts()
        # Who waits for its own process holds no place of the others.
        own = [asyncio.Semaphore(n) for n in (max_concurrent_per_process,) if n]
        shared = [places(name, n) for n in (max_concurrent,) if n]
        self._places = Row(*own, *shared) if own or shared else None
        self._own = http is None
        self._http = http if http is not None else _client()
        self._headers = {"accept-encoding": "identity"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"
        self._headers |= {name.lower(): value for name, value in (headers or {}).items()}

    async def aclose(self) -> None:
        """Close the connections."""
        if self._own:
            await self._http.aclose()

    def post(
        self,
        path: str,
        label: str,
        *,
        json: bytes | None = None,
        form: Sequence[Part] | None = None,
        accept: str = "application/json",
    ) -> AbstractAsyncContextManager[Answer]:
        """Post a JSON body or a form; the answer is open inside the block.

        Leaving the block early closes the connection, which is how an upstream learns that nobody
        waits any more. ``label`` names the upstream in messages. Raises ``ProviderError``: for an
        answer with an error status too.
        """
        headers = {**self._headers, "accept": accept}
        if json is not None:
            headers["content-type"] = "application/json"
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx2.URL(self._base + path)
        request = self._http.build_request(
            "POST",
            url,
            headers=headers,
            content=json,
            files=None if form is None else list(form),
        )
        return self._sent(request, label, self._places)

    def get(self, url: str, label: str) -> AbstractAsyncContextManager[Answer]:
        """Get an address of anyone's, without the key. Raises ``ProviderError``.

        Not counted: a picture may be fetched while the post that named it is open.
        """
        headers = {"accept-encoding": "identity"}
        return self._sent(self._http.build_request("GET", url, headers=headers), label)

    async def listed(self) -> tuple[str, ...]:
        """The ids of the models that it lists, with the key. Raises ``ProviderError``."""
        headers = {**self._headers, "accept": "application/json"}
        request = self._http.build_request("GET", f"{self._base}/models", headers=headers)
        async with self._sent(request, self._name) as answer:
            body = await answer.body(MAX_LIST)
        try:
            return tuple(one.id for one in msgspec.json.decode(body, type=_List).data)
        except msgspec.MsgspecError:
            raise errors.ProviderError(
                f"{self._name}: /models is no list of models", kind="protocol"
            ) from None

    def _sent(
        self, request: httpx2.Request, label: str, places: Places | None = None
    ) -> AbstractAsyncContextManager[Answer]:
        watching = OBSERVER.get().watch(
            "upstream",
            provider=self._name,
            kind=self._kind,
            model=label,
            method=request.method,
            url=str(request.url),
        )
        return _Sent(self, request, label, watching, places)

    async def send(self, request: httpx2.Request, label: str, watched: Watched) -> Answer:
        """The answer, whose status is that of a success. Raises ``ProviderError``."""
        request.headers.update(watched.headers)
        answer = await self._answer(request, label, watched)
        try:
            if not 200 <= answer.status < 300:
                beginning = await _beginning(answer)
                raise failure(answer.status, answer.headers, beginning, label, secret=self._key)
        except BaseException:
            await answer.aclose()
            raise
        return answer

    async def _answer(self, request: httpx2.Request, label: str, watched: Watched) -> Answer:
        times = self._timeouts
        whole = httpx2.Timeout(None, connect=times.connect_seconds)
        request.extensions["timeout"] = whole.as_dict()
        until = asyncio.get_running_loop().time() + times.first_byte_seconds
        try:
            async with asyncio.timeout_at(until):
                response = await self._http.send(request, stream=True, follow_redirects=False)
        except TimeoutError:
            seconds = f"{times.first_byte_seconds:g} s"
            raise _timed_out(label, f"sent nothing within {seconds}") from None
        except httpx2.TimeoutException:
            raise _timed_out(label, "could not be connected to in time") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _broken(label, "cannot be reached", error) from error
        response.request = _SENT
        watched.tell(status=response.status_code)
        answer = Answer(response, label, times, watched)
        answer._first_until = until
        return answer


class _Sent:
    """Around an answer that is open. A generator would keep 900 bytes more for as long."""

    __slots__ = ("_answer", "_label", "_places", "_request", "_upstream", "_watching")

    def __init__(
        self,
        upstream: Upstream,
        request: httpx2.Request,
        label: str,
        watching: Watched,
        places: Places | None,
    ) -> None:
        self._places = places
        self._upstream = upstream
        self._request: httpx2.Request | None = request
        self._label = label
        self._watching = watching

    async def __aenter__(self) -> Answer:
        request, self._request = self._request, None  # its body is not kept while the answer comes
        if request is None:
            raise RuntimeError("a request is sent once")
        if self._places is not None:
            await self._places.acquire()
        watched = self._watching.__enter__()
        try:
            self._answer = await self._upstream.send(request, self._label, watched)
        except BaseException as error:
            self._leave(type(error), error, error.__traceback__)
            raise
        return self._answer

    def _leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._places is not None:
            self._places.release()
        self._watching.__exit__(kind, error, trace)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._answer.aclose()
        except BaseException as failed:
            self._leave(type(failed), failed, failed.__traceback__)
            raise
        self._leave(kind, error, trace)


async def _beginning(answer: Answer) -> bytes:
    """As much of an error's body as is looked at; none where it does not come."""
    head = b""
    try:
        async with aclosing(answer.chunks()) as pieces:
            async for chunk in pieces:
                head += chunk
                if len(head) >= MAX_ERROR_BODY:
                    break
    except errors.ProviderError:
        pass  # its status says enough
    return head[:MAX_ERROR_BODY]


def _client() -> httpx2.AsyncClient:
    if proxied():
        return httpx2.AsyncClient(limits=_NO_QUEUE)
    return httpx2.AsyncClient(transport=AsyncDirectTransport(bounded=False))


def _timed_out(label: str, what: str) -> errors.ProviderError:
    return errors.ProviderError(f"{label}: the upstream {what}", kind="timeout", retryable=True)


def _broken(label: str, what: str, error: Exception) -> errors.ProviderError:
    return errors.ProviderError(
        f"{label}: the upstream {what} ({type(error).__name__})",
        kind="unavailable",
        retryable=True,
    )

# ruff: noqa: ASYNC109 - the timeout is the transport's, and the twins agree
"""The asynchronous shell. Its twin is ``_sync``; a test holds their signatures together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, Unpack, overload

import httpx2
from msgspec import UNSET

from heliograph import errors, models, sse
from heliograph.client import _core
from heliograph.client._core import Invalid, ResponseParams
from heliograph.client._httpx_async import AsyncHttpxTransport
from heliograph.client._transport import AsyncReply, AsyncTransport, Call, Timeout, Wait

if TYPE_CHECKING:
    import aiohttp

    from heliograph.client._core._assembly import Assembly

E = TypeVar("E", covariant=True)

_LINGER = 0.25  # seconds


class AsyncResponseStream(Generic[E]):
    """A response's events as they come. Iterate it; it is a context manager, too.

    Each event is one of `models.StreamEvent`; types that no spec names come as
    `models.UnknownEvent`. The loop ends after the terminal event. Where there was none it raises:
    `StreamInterrupted` (with the response so far) if the stream was cut, an `APIError` if the
    server sent an ``error`` event. `InvalidEvent` is raised for a known type that does not fit,
    unless the stream was opened with ``invalid="give"``; `FrameTooLarge` past ``max_frame``.
    """

    def __init__(self, reply: AsyncReply, assembly: Assembly) -> None:
        self._reply = reply
        self._assembly = assembly
        self._events = self._run()

    def __aiter__(self) -> AsyncIterator[E]:
        return self._events

    async def __anext__(self) -> E:
        return await anext(self._events)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.response_id or 'no response yet'}>"

    @property
    def snapshot(self) -> models.OpenResponsesResult | None:
        """The response up to the last event given; None before the first."""
        return self._assembly.snapshot

    @property
    def response_id(self) -> str | None:
        """The response's id, once it is known."""
        return self._assembly.response_id

    @property
    def last_sequence(self) -> int | None:
        """The sequence number of the last event given: where to resume from."""
        return self._assembly.last_sequence

    @property
    def request_id(self) -> str | None:
        """The server's name for this request, for its logs (``x-request-id``)."""
        return self._reply.headers.get("x-request-id")

    async def get_final_response(self) -> models.OpenResponsesResult:
        """Read on to the end; the terminal event's response. Raises as the loop does."""
        async for _ in self._events:
            pass
        return self._assembly.final

    async def close(self) -> None:
        """Stop reading. The connection is kept if the stream had come to its end."""
        await self._events.aclose()
        await self._reply.close()

    async def _run(self) -> AsyncGenerator[E, None]:
        assembly = self._assembly
        try:
            chunks = self._reply.chunks()
            async for chunk in chunks:
                for event in assembly.take(chunk):
                    yield event
                assembly.settle()
                if assembly.done:
                    await _linger(chunks)
                    break
        except errors.TransportError as error:
            if not assembly.ended:
                raise assembly.interruption(str(error)) from error
        finally:
            await self._reply.close()
        assembly.end()


class AsyncStreamManager(Generic[E]):
    """What ``responses.stream`` gives: enter it to send the request and get the stream."""

    def __init__(
        self, responses: AsyncResponses, call: Call, stored: bool, invalid: Invalid
    ) -> None:
        self._responses = responses
        self._call = call
        self._stored = stored
        self._invalid: Invalid = invalid
        self._stream: AsyncResponseStream[E] | None = None

    async def __aenter__(self) -> AsyncResponseStream[E]:
        self._stream = await self._responses._open(self._call, self._stored, self._invalid)
        return self._stream

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            await self._stream.close()


class AsyncResponses:
    """``client.responses``."""

    def __init__(self, client: AsyncHeliograph) -> None:
        self._client = client

    @overload
    async def create(
        self,
        *,
        stream: Literal[False] = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult: ...

    @overload
    async def create(
        self,
        *,
        stream: Literal[True],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncResponseStream[models.StreamEvent]: ...

    async def create(
        self,
        *,
        stream: bool = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult | AsyncResponseStream[models.StreamEvent]:
        """Make a response: whole, or with ``stream=True`` as it is made.

        The fields are those of `ResponseParams`; others go through ``extra_body``. A stream must be
        read to its end or closed. Raises `APIError` and its children, `TransportError`,
        `InvalidBody` for an answer that is no response, `UsageError` for a field it does not know.
        """
        call = _core.create_call(
            self._client._config,
            params,
            stream=stream,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        if stream:
            return await self._open(call, _core.is_stored(params, extra_body), "raise")
        return _core.response_from(*(await self._client._ask(call)))

    @overload
    def stream(
        self,
        *,
        invalid: Literal["raise"] = "raise",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncStreamManager[models.StreamEvent]: ...

    @overload
    def stream(
        self,
        *,
        invalid: Literal["give"],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncStreamManager[models.StreamEvent | errors.InvalidEvent]: ...

    def stream(
        self,
        *,
        invalid: Invalid = "raise",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> AsyncStreamManager[Any]:
        """``async with client.responses.stream(...) as stream``: like ``create``, closed for you.

        ``invalid="give"`` hands an event that does not decode over as the `InvalidEvent` that would
        have been raised, and goes on.
        """
        call = _core.create_call(
            self._client._config,
            params,
            stream=True,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        return AsyncStreamManager(self, call, _core.is_stored(params, extra_body), invalid)

    @overload
    async def retrieve(
        self,
        response_id: str,
        *,
        stream: Literal[False] = False,
        starting_after: None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> models.OpenResponsesResult: ...

    @overload
    async def retrieve(
        self,
        response_id: str,
        *,
        stream: Literal[True],
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> AsyncResponseStream[models.StreamEvent]: ...

    async def retrieve(
        self,
        response_id: str,
        *,
        stream: bool = False,
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> models.OpenResponsesResult | AsyncResponseStream[models.StreamEvent]:
        """A stored response as it stands, or with ``stream=True`` its events.

        ``starting_after`` gives those after that sequence number: what was missed, then what is
        still to come. Raises `NotFound`, and otherwise as ``create`` does.
        """
        call = _core.retrieve_call(
            self._client._config,
            response_id,
            stream=stream,
            starting_after=starting_after,
            include=include,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        if stream:
            return await self._open(call, True, "raise")
        return _core.response_from(*(await self._client._ask(call)))

    async def delete(
        self,
        response_id: str,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> None:
        """Delete a stored response and its stream. Raises `NotFound`."""
        call = _core.delete_call(
            self._client._config, response_id, extra_headers=extra_headers, timeout=timeout
        )
        await self._client._ask(call)

    async def _open(self, call: Call, stored: bool, invalid: Invalid) -> AsyncResponseStream[Any]:
        reply = await self._client._transport.send(call)
        if not _core.is_stream(reply.status, reply.headers):
            raise _core.no_stream(reply.status, reply.headers, await reply.read())
        assembly = _core.assembly(
            reply.headers,
            max_frame=self._client._config.max_frame,
            invalid=invalid,
            stored=stored,
        )
        return AsyncResponseStream(reply, assembly)


class AsyncModels:
    """``client.models``."""

    def __init__(self, client: AsyncHeliograph) -> None:
        self._client = client

    async def list(
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> Sequence[_core.ModelInfo]:
        """The models that the server offers to this key."""
        call = _core.models_call(self._client._config, extra_headers=extra_headers, timeout=timeout)
        _, _, body = await self._client._ask(call)
        return _core.model_list(body)


class AsyncHeliograph:
    """A client of a Responses API: OpenRouter's, OpenAI's, ours, or any other's.

    ``base_url`` and ``api_key`` come from the arguments, then from ``HELIOGRAPH_BASE_URL`` and
    ``HELIOGRAPH_API_KEY``, then from ``OPENROUTER_API_KEY`` or ``OPENAI_API_KEY`` (each goes to
    its own provider only). ``timeout`` is seconds or a `Timeout`; ``headers`` go with every
    request; ``max_frame`` bounds one event in bytes. ``http_client`` brings your own connection
    pool, proxies and certificates, and is left open; ``transport`` picks the HTTP library (httpx2;
    aiohttp for `AsyncHeliograph`, with the extra ``fast``).
    Raises `UsageError` where it cannot tell where to send.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: float | Timeout | None = Timeout(),  # noqa: B008 - frozen
        headers: Mapping[str, str] | None = None,
        max_frame: int = sse.MAX_FRAME,
        transport: Literal["httpx2", "aiohttp"] | None = None,
        http_client: httpx2.AsyncClient | aiohttp.ClientSession | None = None,
    ) -> None:
        self._config = _core.resolve(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            headers=headers,
            max_frame=max_frame,
            environ=os.environ,
        )
        self._transport = _transport(transport, http_client)
        self.responses = AsyncResponses(self)
        self.models = AsyncModels(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless they are a caller's ``http_client``."""
        await self._transport.close()

    async def _ask(self, call: Call) -> tuple[int, Mapping[str, str], bytes]:
        """Send and read all. Raises `APIError` for an error status."""
        reply = await self._transport.send(call)
        body = await reply.read()
        if reply.status >= 300:
            raise _core.error_from(reply.status, reply.headers, body)
        return reply.status, reply.headers, body


def _transport(
    name: Literal["httpx2", "aiohttp"] | None,
    http_client: httpx2.AsyncClient | aiohttp.ClientSession | None,
) -> AsyncTransport:
    """The caller's client, else the library asked for: httpx2 unless it is aiohttp."""
    if isinstance(http_client, httpx2.AsyncClient):
        return AsyncHttpxTransport(http_client)
    if http_client is None and name != "aiohttp":
        return AsyncHttpxTransport()
    try:
        from heliograph.client._aiohttp import AiohttpTransport, is_session
    except ModuleNotFoundError as error:
        if name == "aiohttp":
            raise errors.MissingExtra('transport="aiohttp"', "fast") from error
    else:
        if http_client is None or is_session(http_client):
            return AiohttpTransport(http_client)
    raise errors.UsageError(
        "http_client: is neither an httpx2.AsyncClient nor an aiohttp.ClientSession"
    )


async def _linger(chunks: AsyncIterator[bytes]) -> None:
    """Wait a moment for the body's end behind ``[DONE]``, so that the connection can be kept."""
    try:
        async with asyncio.timeout(_LINGER):
            async for _ in chunks:
                return
    except (TimeoutError, errors.TransportError):
        return

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
from heliograph.client._core import Invalid, ResponseParams, Retries
from heliograph.client._httpx_async import AsyncHttpxTransport
from heliograph.client._transport import AsyncReply, AsyncTransport, Call, Timeout, Wait

if TYPE_CHECKING:
    import aiohttp

    from heliograph.client._core._course import Course

E = TypeVar("E", covariant=True)

_LINGER = 0.25  # seconds


class AsyncResponseStream(Generic[E]):
    """A response's events as they come. Iterate it; it is a context manager, too.

    Each event is one of `models.StreamEvent`; types that no spec names come as
    `models.UnknownEvent`. The loop ends after the terminal event. Where there was none it raises:
    `StreamInterrupted` (with the response so far) if the stream was cut, an `APIError` if the
    server sent an ``error`` event. A connection that breaks is made anew, and the stream resumed,
    where `Retries` and the server allow it. `InvalidEvent` is raised for a known type that does
    not fit, unless the stream was opened with ``invalid="give"``; `FrameTooLarge` past
    ``max_frame``.
    """

    def __init__(self, client: AsyncHeliograph, course: Course, reply: AsyncReply) -> None:
        self._client = client
        self._course = course
        self._reply = reply
        self._assembly = course.assembly
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
            while True:
                cut = None
                chunks = aiter(self._reply.chunks())
                try:
                    while not assembly.done:
                        limit = assembly.silence
                        chunk = await (anext(chunks) if limit is None else _soon(chunks, limit))
                        for event in assembly.take(chunk):
                            yield event
                        assembly.settle()
                    if assembly.ended:
                        await _linger(chunks)
                except StopAsyncIteration:
                    pass
                except errors.TransportError as error:
                    cut = error
                await self._reply.close()
                assembly.check()
                if assembly.ended:
                    return
                await asyncio.sleep(self._course.cut(cut))
                self._reply = await self._client._connect(self._course)
        finally:
            await self._reply.close()


class AsyncStreamManager(Generic[E]):
    """What ``responses.stream`` gives: enter it to send the request and get the stream."""

    def __init__(self, client: AsyncHeliograph, course: Course) -> None:
        self._client = client
        self._course = course
        self._stream: AsyncResponseStream[E] | None = None

    async def __aenter__(self) -> AsyncResponseStream[E]:
        self._stream = await self._client._open(self._course)
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
        stored = _core.is_stored(params, extra_body)
        if stream:
            course = self._client._course(call, stored=stored, include=params.get("include"))
            return await self._client._open(course)
        return _core.response_from(*(await self._client._ask(call, made=stored)))

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
        course = self._client._course(
            call,
            stored=_core.is_stored(params, extra_body),
            invalid=invalid,
            include=params.get("include"),
        )
        return AsyncStreamManager(self._client, course)

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
            course = self._client._course(call, include=include, starting_after=starting_after)
            return await self._client._open(course)
        return _core.response_from(*(await self._client._ask(call)))

    async def resume(
        self,
        response_id: str,
        *,
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> AsyncResponseStream[models.StreamEvent]:
        """A stored response's events after ``starting_after``, or all; those to come, too.

        The same as ``retrieve(..., stream=True)``.
        """
        return await self.retrieve(
            response_id,
            stream=True,
            starting_after=starting_after,
            include=include,
            extra_headers=extra_headers,
            timeout=timeout,
        )

    async def cancel(
        self,
        response_id: str,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> models.OpenResponsesResult:
        """Stop a response that is being made; the response as it stands. Raises `NotFound`."""
        call = _core.cancel_call(
            self._client._config, response_id, extra_headers=extra_headers, timeout=timeout
        )
        return _core.response_from(*(await self._client._ask(call)))

    async def input_items(
        self,
        response_id: str,
        *,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        after: str | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> models.InputItemList:
        """One page of what a stored response was given; ``after`` is the id of the item before.

        ``limit`` is the page's length, 1 to 100. Raises `NotFound`, and otherwise as ``create``.
        """
        call = _core.input_items_call(
            self._client._config,
            response_id,
            limit=limit,
            order=order,
            after=after,
            include=include,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        return _core.input_items_from(*(await self._client._ask(call)))

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
    request; ``max_frame`` bounds one event in bytes; ``retries`` is a `Retries`, or
    None to try nothing again and resume nothing. ``http_client`` brings your own connection
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
        retries: Retries | None = Retries(),  # noqa: B008 - frozen
        transport: Literal["httpx2", "aiohttp"] | None = None,
        http_client: httpx2.AsyncClient | aiohttp.ClientSession | None = None,
    ) -> None:
        self._config = _core.resolve(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            headers=headers,
            max_frame=max_frame,
            retries=retries,
            environ=os.environ,
        )
        self._server = _core.Server()
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

    async def _ask(
        self, call: Call, *, made: bool | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send and read all. ``made`` says of a call that makes something whether its
        ``Idempotency-Key`` finds it again; None of a call that may be served twice.

        Raises `APIError` for an error status.
        """
        tries = _core.Tries(
            self._config.retries,
            self._server,
            call,
            repeatable=made is None,
            keyed=made is True,
        )
        while True:
            failed: errors.HeliographError
            try:
                reply = await self._transport.send(tries.call)
                accepted = tries.accepts(reply.status, reply.headers)
                body = await reply.read()
            except errors.TransportError as error:
                failed = error
            else:
                if accepted:
                    return reply.status, reply.headers, body
                failed = _core.error_from(reply.status, reply.headers, body)
            await asyncio.sleep(tries.again(failed))

    def _course(
        self,
        call: Call,
        *,
        stored: bool = True,
        invalid: Invalid = "raise",
        include: Sequence[str] | None = None,
        starting_after: int | None = None,
    ) -> Course:
        return _core.course(
            self._config,
            self._server,
            call,
            stored=stored,
            invalid=invalid,
            include=include,
            starting_after=starting_after,
        )

    async def _open(self, course: Course) -> AsyncResponseStream[Any]:
        return AsyncResponseStream(self, course, await self._connect(course))

    async def _connect(self, course: Course) -> AsyncReply:
        """Send what the course says until an answer is its stream."""
        while True:
            failed: errors.HeliographError
            try:
                reply = await self._transport.send(course.call)
                if course.accepts(reply.status, reply.headers):
                    return reply
                failed = course.refusal(reply.status, reply.headers, await reply.read())
            except errors.TransportError as error:
                failed = error
            await asyncio.sleep(course.again(failed))


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


async def _soon(chunks: AsyncIterator[bytes], seconds: float) -> bytes:
    """The next piece, if it comes in time."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(chunks)
    except TimeoutError as error:
        raise errors.TransportTimeout(f"neither event nor keep-alive for {seconds:g} s") from error


async def _linger(chunks: AsyncIterator[bytes]) -> None:
    """Wait a moment for the body's end behind ``[DONE]``, so that the connection can be kept."""
    try:
        async with asyncio.timeout(_LINGER):
            async for _ in chunks:
                return
    except (TimeoutError, errors.TransportError):
        return

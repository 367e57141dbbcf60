"""The synchronous shell. Its twin is ``_async``; a test holds their signatures together."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, Unpack, overload

import httpx2
from msgspec import UNSET

from heliograph import errors, models, sse
from heliograph.client import _core
from heliograph.client._core import Invalid, ResponseParams, Retries
from heliograph.client._httpx import HttpxTransport
from heliograph.client._transport import Call, Reply, Timeout, Transport, Wait

if TYPE_CHECKING:
    from heliograph.client._core._course import Course

E = TypeVar("E", covariant=True)


class ResponseStream(Generic[E]):
    """A response's events as they come. Iterate it; it is a context manager, too.

    Each event is one of `models.StreamEvent`; types that no spec names come as
    `models.UnknownEvent`. The loop ends after the terminal event. Where there was none it raises:
    `StreamInterrupted` (with the response so far) if the stream was cut, an `APIError` if the
    server sent an ``error`` event. A connection that breaks is made anew, and the stream resumed,
    where `Retries` and the server allow it. `InvalidEvent` is raised for a known type that does
    not fit, unless the stream was opened with ``invalid="give"``; `FrameTooLarge` past
    ``max_frame``.
    """

    def __init__(self, client: Heliograph, course: Course, reply: Reply) -> None:
        self._client = client
        self._course = course
        self._reply = reply
        self._assembly = course.assembly
        self._events = self._run()

    def __iter__(self) -> Iterator[E]:
        return self._events

    def __next__(self) -> E:
        return next(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

    def get_final_response(self) -> models.OpenResponsesResult:
        """Read on to the end; the terminal event's response. Raises as the loop does."""
        for _ in self._events:
            pass
        return self._assembly.final

    def close(self) -> None:
        """Stop reading. The connection is kept if the stream had come to its end."""
        self._events.close()
        self._reply.close()

    def _run(self) -> Generator[E, None, None]:
        assembly = self._assembly
        try:
            while True:
                cut = None
                limit = None
                try:
                    for chunk in self._reply.chunks():
                        yield from assembly.take(chunk)
                        assembly.settle()
                        if assembly.done:
                            break
                        if assembly.silence is not limit:
                            limit = assembly.silence
                            self._reply.limit(limit)
                except errors.TransportError as error:
                    cut = error
                self._reply.close()
                assembly.check()
                if assembly.ended:
                    return
                time.sleep(self._course.cut(cut))
                self._reply = self._client._connect(self._course)
        finally:
            self._reply.close()


class StreamManager(Generic[E]):
    """What ``responses.stream`` gives: enter it to send the request and get the stream."""

    def __init__(self, client: Heliograph, course: Course) -> None:
        self._client = client
        self._course = course
        self._stream: ResponseStream[E] | None = None

    def __enter__(self) -> ResponseStream[E]:
        self._stream = self._client._open(self._course)
        return self._stream

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()


class Responses:
    """``client.responses``."""

    def __init__(self, client: Heliograph) -> None:
        self._client = client

    @overload
    def create(
        self,
        *,
        stream: Literal[False] = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult: ...

    @overload
    def create(
        self,
        *,
        stream: Literal[True],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> ResponseStream[models.StreamEvent]: ...

    def create(
        self,
        *,
        stream: bool = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> models.OpenResponsesResult | ResponseStream[models.StreamEvent]:
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
            return self._client._open(course)
        return _core.response_from(*self._client._ask(call, made=stored))

    @overload
    def stream(
        self,
        *,
        invalid: Literal["raise"] = "raise",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> StreamManager[models.StreamEvent]: ...

    @overload
    def stream(
        self,
        *,
        invalid: Literal["give"],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> StreamManager[models.StreamEvent | errors.InvalidEvent]: ...

    def stream(
        self,
        *,
        invalid: Invalid = "raise",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> StreamManager[Any]:
        """``with client.responses.stream(...) as stream``: like ``create``, closed for you.

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
        return StreamManager(self._client, course)

    @overload
    def retrieve(
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
    def retrieve(
        self,
        response_id: str,
        *,
        stream: Literal[True],
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> ResponseStream[models.StreamEvent]: ...

    def retrieve(
        self,
        response_id: str,
        *,
        stream: bool = False,
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> models.OpenResponsesResult | ResponseStream[models.StreamEvent]:
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
            return self._client._open(course)
        return _core.response_from(*self._client._ask(call))

    def resume(
        self,
        response_id: str,
        *,
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> ResponseStream[models.StreamEvent]:
        """A stored response's events after ``starting_after``, or all; those to come, too.

        The same as ``retrieve(..., stream=True)``.
        """
        return self.retrieve(
            response_id,
            stream=True,
            starting_after=starting_after,
            include=include,
            extra_headers=extra_headers,
            timeout=timeout,
        )

    def cancel(
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
        return _core.response_from(*self._client._ask(call))

    def input_items(
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
        return _core.input_items_from(*self._client._ask(call))

    def delete(
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
        self._client._ask(call)


class Models:
    """``client.models``."""

    def __init__(self, client: Heliograph) -> None:
        self._client = client

    def list(
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> Sequence[_core.ModelInfo]:
        """The models that the server offers to this key."""
        call = _core.models_call(self._client._config, extra_headers=extra_headers, timeout=timeout)
        _, _, body = self._client._ask(call)
        return _core.model_list(body)


class Heliograph:
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
        http_client: httpx2.Client | None = None,
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
        self.responses = Responses(self)
        self.models = Models(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they are a caller's ``http_client``."""
        self._transport.close()

    def _ask(self, call: Call, *, made: bool | None = None) -> tuple[int, Mapping[str, str], bytes]:
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
                reply = self._transport.send(tries.call)
                accepted = tries.accepts(reply.status, reply.headers)
                body = reply.read()
            except errors.TransportError as error:
                failed = error
            else:
                if accepted:
                    return reply.status, reply.headers, body
                failed = _core.error_from(reply.status, reply.headers, body)
            time.sleep(tries.again(failed))

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

    def _open(self, course: Course) -> ResponseStream[Any]:
        return ResponseStream(self, course, self._connect(course))

    def _connect(self, course: Course) -> Reply:
        """Send what the course says until an answer is its stream."""
        while True:
            failed: errors.HeliographError
            try:
                reply = self._transport.send(course.call)
                if course.accepts(reply.status, reply.headers):
                    return reply
                failed = course.refusal(reply.status, reply.headers, reply.read())
            except errors.TransportError as error:
                failed = error
            time.sleep(course.again(failed))


def _transport(
    name: Literal["httpx2", "aiohttp"] | None, http_client: httpx2.Client | None
) -> Transport:
    if name == "aiohttp":
        raise errors.UsageError("transport: aiohttp has no synchronous side; use AsyncHeliograph")
    if http_client is not None and not isinstance(http_client, httpx2.Client):
        raise errors.UsageError("http_client: is no httpx2.Client")
    return HttpxTransport(http_client)

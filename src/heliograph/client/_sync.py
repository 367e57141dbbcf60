"""The synchronous shell. Its twin is ``_async``; a test holds their signatures together."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, Unpack, overload

import httpx2
from msgspec import UNSET

from heliograph import errors, models, sse
from heliograph.client import _core
from heliograph.client._core import Invalid, ResponseParams
from heliograph.client._httpx import HttpxTransport
from heliograph.client._transport import Call, Reply, Timeout, Transport, Wait

if TYPE_CHECKING:
    from heliograph.client._core._assembly import Assembly

E = TypeVar("E", covariant=True)


class ResponseStream(Generic[E]):
    """A response's events as they come. Iterate it; it is a context manager, too.

    Each event is one of `models.StreamEvent`; types that no spec names come as
    `models.UnknownEvent`. The loop ends after the terminal event. Where there was none it raises:
    `StreamInterrupted` (with the response so far) if the stream was cut, an `APIError` if the
    server sent an ``error`` event. `InvalidEvent` is raised for a known type that does not fit,
    unless the stream was opened with ``invalid="give"``; `FrameTooLarge` past ``max_frame``.
    """

    def __init__(self, reply: Reply, assembly: Assembly) -> None:
        self._reply = reply
        self._assembly = assembly
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
            for chunk in self._reply.chunks():
                yield from assembly.take(chunk)
                assembly.settle()
                if assembly.done:
                    break
        except errors.TransportError as error:
            if not assembly.ended:
                raise assembly.interruption(str(error)) from error
        finally:
            self._reply.close()
        assembly.end()


class StreamManager(Generic[E]):
    """What ``responses.stream`` gives: enter it to send the request and get the stream."""

    def __init__(self, responses: Responses, call: Call, stored: bool, invalid: Invalid) -> None:
        self._responses = responses
        self._call = call
        self._stored = stored
        self._invalid: Invalid = invalid
        self._stream: ResponseStream[E] | None = None

    def __enter__(self) -> ResponseStream[E]:
        self._stream = self._responses._open(self._call, self._stored, self._invalid)
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
        if stream:
            return self._open(call, _core.is_stored(params, extra_body), "raise")
        return _core.response_from(*self._client._ask(call))

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
        return StreamManager(self, call, _core.is_stored(params, extra_body), invalid)

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
            return self._open(call, True, "raise")
        return _core.response_from(*self._client._ask(call))

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

    def _open(self, call: Call, stored: bool, invalid: Invalid) -> ResponseStream[Any]:
        reply = self._client._transport.send(call)
        if not _core.is_stream(reply.status, reply.headers):
            raise _core.no_stream(reply.status, reply.headers, reply.read())
        assembly = _core.assembly(
            reply.headers,
            max_frame=self._client._config.max_frame,
            invalid=invalid,
            stored=stored,
        )
        return ResponseStream(reply, assembly)


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
        http_client: httpx2.Client | None = None,
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

    def _ask(self, call: Call) -> tuple[int, Mapping[str, str], bytes]:
        """Send and read all. Raises `APIError` for an error status."""
        reply = self._transport.send(call)
        body = reply.read()
        if reply.status >= 300:
            raise _core.error_from(reply.status, reply.headers, body)
        return reply.status, reply.headers, body


def _transport(
    name: Literal["httpx2", "aiohttp"] | None, http_client: httpx2.Client | None
) -> Transport:
    if name == "aiohttp":
        raise errors.UsageError("transport: aiohttp has no synchronous side; use AsyncHeliograph")
    if http_client is not None and not isinstance(http_client, httpx2.Client):
        raise errors.UsageError("http_client: is no httpx2.Client")
    return HttpxTransport(http_client)

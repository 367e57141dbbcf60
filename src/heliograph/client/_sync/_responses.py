"""``client.responses``: make a response, and what can be done with one that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from msgspec import UNSET

from heliograph import errors, models
from heliograph.client import _core
from heliograph.client._core import Invalid, ResponseParams, TextFormat
from heliograph.client._sync._stream import ResponseStream, StreamManager
from heliograph.client._sync._typed import ParsedStreamManager
from heliograph.client._sync._typed_calls import TypedResponses
from heliograph.client._transport import Wait

if TYPE_CHECKING:
    import ssl as tls

    from heliograph.client._sync._client import Heliograph
    from heliograph.client._sync._connection import Connection
    from heliograph.client._websocket import Proxy

T = TypeVar("T")


class Responses(TypedResponses):
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
        return self._client._response(call, made=stored)

    @overload
    def stream(
        self,
        *,
        text_format: None = None,
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
        text_format: None = None,
        invalid: Literal["give"],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> StreamManager[models.StreamEvent | errors.InvalidEvent]: ...

    @overload
    def stream(
        self,
        *,
        text_format: type[T],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> ParsedStreamManager[T]: ...

    def stream(
        self,
        *,
        text_format: type[Any] | None = None,
        invalid: Invalid = "raise",
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ResponseParams],
    ) -> StreamManager[Any]:
        """``with client.responses.stream(...) as stream``: like ``create``, closed for you.

        ``invalid="give"`` hands an event that does not decode over as the `InvalidEvent` that would
        have been raised, and goes on. With a ``text_format`` the final response is one of
        ``parse``.
        """
        asked = None if text_format is None else TextFormat(text_format)
        call = _core.create_call(
            self._client._config,
            params if asked is None else asked.within(params, extra_body),
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
        send = partial(self._client._connect, course)
        if asked is not None:
            return ParsedStreamManager(self._client, course, send, asked)
        return StreamManager(self._client, course, send)

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
        return self._client._response(call)

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
        return self._client._response(call)

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

    def connect(
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        ssl: tls.SSLContext | None = None,
        proxy: Proxy = True,
    ) -> Connection:
        """``with client.responses.connect() as connection``: turns over a WebSocket.

        ``ssl`` is for certificates of your own; ``proxy`` is a proxy's URL, None for none, True
        for what the environment names. (An ``http_client`` of your own has no part in it.)
        Needs the extra ``ws``; raises `MissingExtra` without it.
        """
        from heliograph.client._core._socket import socket_call
        from heliograph.client._sync._connection import Connection

        call = socket_call(self._client._config, extra_headers=extra_headers, timeout=timeout)
        return Connection(self._client, call, ssl, proxy)

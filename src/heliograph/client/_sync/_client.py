"""The client itself: its settings, its transport, and how a call is sent."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import httpx2

from heliograph import errors, sse
from heliograph.client import _core
from heliograph.client._core import Invalid, Retries
from heliograph.client._httpx import HttpxTransport
from heliograph.client._sync._models import Models
from heliograph.client._sync._responses import Responses
from heliograph.client._sync._stream import ResponseStream
from heliograph.client._transport import Call, Reply, Timeout, Transport

if TYPE_CHECKING:
    from heliograph.client._core._course import Course


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

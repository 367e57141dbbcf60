"""The client itself: its settings, its transport, and how a call is sent."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

import httpx2
from msgspec import UNSET

from heliograph import errors, models, sse
from heliograph.client import _core
from heliograph.client._core import (
    DialectName,
    DrawParams,
    Invalid,
    OnUnknown,
    Options,
    Retries,
    Tries,
    Unknown,
)
from heliograph.client._httpx import HttpxTransport
from heliograph.client._sync._draw import drawn
from heliograph.client._sync._images import Images
from heliograph.client._sync._models import Models
from heliograph.client._sync._pieces import whole
from heliograph.client._sync._responses import Responses
from heliograph.client._sync._stream import ResponseStream
from heliograph.client._transport import Call, Reply, Timeout, Transport, Wait
from heliograph.pictures import Picture

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

    ``dialect`` says whose server it is; "auto" tells by ``base_url`` and by what answers show.
    ``strict`` holds all that comes to the rules of `heliograph.lifecycle` and raises
    `LifecycleError`: True forgives the dialect's habits, a string (as for ``heliograph check
    --dialect``) just what it names. Events that no spec names are given to the loop, or with
    ``unknown="skip"`` left out; either way ``on_unknown`` is called with each.
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
        dialect: DialectName = "auto",
        strict: bool | str = False,
        unknown: Unknown = "give",
        on_unknown: OnUnknown | None = None,
        http_client: httpx2.Client | None = None,
    ) -> None:
        self._config = _core.resolve(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            headers=headers,
            max_frame=max_frame,
            retries=retries,
            dialect=dialect,
            reading=_core.Reading(strict=strict, unknown=unknown, on_unknown=on_unknown),
            environ=os.environ,
        )
        self._server = _core.Server(self._config.dialect, named=self._config.named)
        self._transport = _transport(transport, http_client)
        self._furnish()

    def _furnish(self) -> None:
        self.images = Images(self)
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

    def draw(
        self,
        prompt: str,
        *,
        on_frame: Callable[[Picture], object] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[DrawParams],
    ) -> Picture:
        """One picture from a prompt: ``draw("a red fox").save("fox.png")``.

        ``on_frame`` is called with each early stage and with the finished picture.
        Raises `NoPicture` where the response failed or the model did something else, in its own
        words; otherwise as ``responses.create`` does.
        """
        return drawn(self, prompt, params, on_frame, timeout)

    def close(self) -> None:
        """Close the connections, unless they are a caller's ``http_client``."""
        self._transport.close()

    def with_options(self, **options: Unpack[Options]) -> Self:
        """The same client with other settings, on the same connections: closing either closes both.

        ``headers`` are added to those there are.
        """
        other = copy.copy(self)
        other._config = _core.changed(self._config, options)
        other._furnish()
        return other

    def _response(self, call: Call, *, made: bool | None = None) -> models.OpenResponsesResult:
        answer = self._ask(call, made=made)
        return _core.response_from(*answer, _core.tolerances(self._config, self._server))

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
                reply = self._transport.send(tries.now())
                accepted = tries.accepts(reply.status, reply.headers)
                body = whole(reply, tries)
            except errors.TransportError as error:
                failed = error
            else:
                if accepted:
                    return reply.status, reply.headers, body
                failed = tries.refusal(reply.status, reply.headers, body)
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

    def _connect(self, course: Tries) -> Reply:
        """Send what the course says until an answer is accepted: its head, the body unread."""
        while True:
            failed: errors.HeliographError
            try:
                reply = self._transport.send(course.now())
                if course.accepts(reply.status, reply.headers):
                    return reply
                failed = course.refusal(reply.status, reply.headers, whole(reply, course))
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

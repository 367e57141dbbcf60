"""One turn over a WebSocket: a ``response.create`` message in, the response's events out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress

import msgspec

from heliograph import engine, errors, models
from heliograph.server._body import too_large
from heliograph.server._exchange import Exchange
from heliograph.server._frames import event_type
from heliograph.server._runtime import Lane, Runtime
from heliograph.server._socket_memory import Fields, Memory, items_of, on_top_of

__all__ = ["Turn"]

Say = Callable[[bytes], Awaitable[None]]
"""Sends one text message."""

_NOT_OVER_A_SOCKET = {
    "stream": "every response is streamed over a WebSocket",
    "stream_options": "events over a WebSocket take no options",
    "background": "a WebSocket carries foreground responses only; POST this one",
}
_LAST = (b"response.completed", b"response.incomplete", b"response.failed")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_AT = re.compile(r"\binput\[(\d+)\]")


class _Status(msgspec.Struct):
    status: str


class _Context(msgspec.Struct):
    earlier: list[msgspec.Raw] = []


def _read(data: bytes) -> Fields:
    """A message's fields without ``type``. Raises ``InvalidBody`` and ``BadRequest``."""
    try:
        fields = _FIELDS.decode(data)
    except (msgspec.DecodeError, UnicodeError) as error:
        models.decode(models.ResponsesRequest, data)  # it says best what is wrong, and where
        raise errors.InvalidBody("$", str(error)) from None
    kind = fields.pop("type", None)
    if kind is None:
        raise errors.BadRequest(
            "type: required; it is 'response.create'",
            param="type",
            code="missing_required_parameter",
        )
    if bytes(kind) != b'"response.create"':
        raise errors.BadRequest(
            f"type: expected 'response.create', got {bytes(kind)[:80].decode(errors='replace')}",
            param="type",
            code="invalid_value",
        )
    for name, why in _NOT_OVER_A_SOCKET.items():
        if name in fields:
            raise errors.BadRequest(
                f"{name}: must not be sent; {why}", param=name, code="unsupported_parameter"
            )
    return fields


def _counted_from(base: int, refused: errors.BadRequest) -> errors.BadRequest:
    """The refusal with places in ``input`` counted as the client counts: without ``base``."""

    def place(match: re.Match[str]) -> str:
        at = int(match[1]) - base
        return f"input[{at}]" if at >= 0 else "input"

    return errors.BadRequest(
        _AT.sub(place, refused.message),
        param=refused.param and _AT.sub(place, refused.param),
        code=refused.code,
        status=refused.status,
    )


class Turn:
    """Runs one message for ``tenant``; ``say`` sends a text message.

    ``ending`` is called before the response's last event is sent: from then on the client may ask
    for the next turn.

    ``run`` returns once the response's last event was sent; where it ends before that, ``left`` is
    where the response is that goes on. It raises ``HeliographError`` for what
    the client is to be told, after which the connection can go on.
    """

    def __init__(
        self,
        runtime: Runtime,
        tenant: str,
        exchange: Exchange,
        memory: Memory,
        say: Say,
        ending: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._ending = ending
        self._runtime = runtime
        self._limits = runtime.settings.limits
        self._tenant = tenant
        self._memory = memory
        self._say = say
        self._previous: str | None = None
        self._done = asyncio.Event()
        self._at: tuple[Lane, str] | None = None
        self.left: tuple[Lane, str] | None = None
        self._ended = False

    async def run(self, data: bytes) -> None:
        """Do it. A continuation that fails makes the connection forget what it went on from."""
        self._runtime.turns.add(self)
        try:
            status = await self._run(data)
            if status == "failed":
                self._memory.evict(self._previous)
        except errors.HeliographError:
            self._memory.evict(self._previous)
            raise
        finally:
            self._done.set()
            self._runtime.turns.discard(self)

    async def delivered(self) -> None:
        """Wait until an ended response was sent whole; returns at once for one that goes on."""
        if self._at is not None:
            lane, response_id = self._at
            if (await lane.journal.get(self._tenant, response_id)).state == "finished":
                await self._done.wait()

    async def _run(self, data: bytes) -> str:
        self._runtime.accept()
        fields = _read(data)
        asked = models.decode(models.ResponsesRequest, data)
        self._previous = asked.previous_response_id or None
        before = await self._before(asked)
        if before:
            fields = on_top_of(before, fields)
        body = msgspec.json.encode(fields)
        if len(body) > self._limits.max_body_bytes:
            raise too_large(self._limits.max_body_bytes)
        request = models.decode(models.ResponsesRequest, body)
        stored = self._runtime.stored.engine
        named = msgspec.structs.replace(request, previous_response_id=models.UNSET)
        try:
            resolved = await stored.resolve(self._tenant, named)
            plan = stored.check(request, resolved, tenant=self._tenant, continued=True)
        except errors.BadRequest as refused:
            raise _counted_from(len(before), refused) from None
        lane = self._runtime.lane(store=plan.store)
        submitting = asyncio.ensure_future(
            lane.engine.submit(
                self._tenant,
                request,
                body,
                plan,
                expires_in=self._limits.keep_response_seconds or None,
            )
        )
        try:
            created = await asyncio.shield(submitting)
        except asyncio.CancelledError:
            # Nobody may be left with a response that is neither read nor erased.
            with suppress(errors.HeliographError):
                created = await submitting
                with self._reading(lane, created.response_id, store=plan.store):
                    pass
            raise
        with self._reading(lane, created.response_id, store=plan.store):
            self._exchange.response_id = created.response_id
            with self._exchange.streaming():
                await self._follow(lane, created.response_id)
            said = items_of(fields)
            said = said if plan.resolved is None else plan.resolved.whole(said)
            return await self._remember(lane, created.response_id, said)

    async def _before(self, asked: models.ResponsesRequest) -> list[bytes]:
        """The conversation that the turn goes on from: this connection's, or a stored one."""
        if self._previous is None:
            return []
        if self._memory.knows(self._previous):
            return self._memory.recall(self._previous)
        link = models.ResponsesRequest(previous_response_id=self._previous)
        resolved = await self._runtime.stored.engine.resolve(self._tenant, link)
        if resolved is None:
            return []
        pieces = await engine.render(resolved.entry, resolved.blobs)
        return [
            bytes(item) for item in msgspec.json.decode(b"".join(pieces), type=_Context).earlier
        ]

    @contextmanager
    def _reading(self, lane: Lane, response_id: str, *, store: bool) -> Iterator[None]:
        """The client counts as a reader of it; what is not stored is erased afterwards."""
        lane.readers.enter(self._tenant, response_id)
        if not store:
            self._runtime.unstored.enter(response_id)
        self._at = lane, response_id
        try:
            yield
        finally:
            self._at = None
            if not self._ended:
                self.left = lane, response_id
            lane.readers.leave(self._tenant, response_id)
            if not store:
                self._runtime.unstored.leave(self._tenant, response_id, ended=self._ended)

    async def _follow(self, lane: Lane, response_id: str) -> None:
        """Send the events as they come, to the last."""
        # Every journal's read is a generator; closing it frees its place in the journal.
        async with aclosing(lane.journal.read(self._tenant, response_id)) as frames:
            async for frame in frames:
                for entry in frame.entries:
                    if event_type(entry.data) in _LAST:
                        self._ending()
                    pieces = await engine.render(entry, lane.journal.blobs)
                    await self._say(b"".join(pieces))
                    self._exchange.sent(1)
        self._ended = True

    async def _remember(self, lane: Lane, response_id: str, given: list[bytes]) -> str:
        entry = await lane.engine.current(self._tenant, response_id)
        status = msgspec.json.decode(entry.data, type=_Status).status
        if status == "failed":
            return status
        size = engine.wire_size(entry) + sum(map(len, given))
        if size > self._limits.max_body_bytes:
            self._memory.keep_no_more_than_its_id(response_id)
        else:
            pieces = await engine.render(entry, lane.journal.blobs)
            self._memory.keep(response_id, given, b"".join(pieces))
        return status

"""The WebSocket mode of ``/responses`` (Open Responses 2026-04-24).

A connection takes ``response.create`` messages and runs them one after another. Each event is one
text message, the same JSON as over SSE; what is refused is told in an envelope, and the connection
goes on. It ends when its client goes, when the server stops (close code 1001), with
``websocket_connection_limit_reached`` after ``socket_seconds``, or when its key is no longer good
for the next turn (1008).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from heliograph import errors
from heliograph.server._auth import Caller, caller_of
from heliograph.server._errors import as_api_error, error_envelope
from heliograph.server._exchange import Exchange, exchange_of
from heliograph.server._runtime import Runtime
from heliograph.server._settings import Limits
from heliograph.server._socket_memory import Memory
from heliograph.server._socket_turn import Turn
from heliograph.server._watch import Watch

__all__ = ["Nowhere", "Socket"]

_GOING_AWAY = 1001
_NORMAL = 1000
_POLICY = 1008
_CLOSE_WAIT = 5.0


class Nowhere:
    """ASGI: refuses the handshake at every other path."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise errors.NotFound(f"no WebSocket at this path: {scope['path']}", code="unknown_path")


class _Inbox:
    """Reads ahead of the turns: only who reads learns that the client has gone."""

    def __init__(self, connection: _Connection, receive: Receive, limits: Limits) -> None:
        self._connection = connection
        self._receive = receive
        self._limits = limits
        self._waiting: deque[bytes | None] = deque()
        self._bytes = 0
        self._busy = False
        self._came = asyncio.Event()
        self._left = asyncio.Event()

    async def read(self) -> None:
        """Take messages until the client has gone."""
        try:
            while (message := await self._receive())["type"] != "websocket.disconnect":
                await self._take(message)
        except ClientDisconnect:
            pass
        finally:
            self._left.set()

    async def gone(self) -> Message:
        """Returns once the client has gone, in the words that ``Watch`` waits for."""
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def next(self) -> bytes | None:
        """The next message, None for a binary one."""
        while not self._waiting:
            self._came.clear()
            await self._came.wait()
        self._busy = True
        data = self._waiting.popleft()
        self._bytes -= len(data or b"")
        return data

    def ending(self) -> None:
        """The turn in flight is about to be answered in full: it takes no place any more."""
        self._busy = False

    async def _take(self, message: Message) -> None:
        text = message.get("text")
        data = None if text is None else text.encode(errors="surrogatepass")
        size = self._bytes + len(data or b"")
        limits = self._limits
        if len(self._waiting) + self._busy > limits.max_queued_turns:
            await self._full("max_queued_turns", limits.max_queued_turns)
        elif self._waiting and size > limits.max_body_bytes:
            await self._full("max_body_bytes", limits.max_body_bytes)
        else:
            self._waiting.append(data)
            self._bytes = size
            self._came.set()

    async def _full(self, name: str, limit: int) -> None:
        await self._connection.refuse(
            errors.RateLimited(
                f"too much waits on this connection already, and this message was dropped; the "
                f"limit {name} is {limit}",
                code="websocket_queue_full",
            )
        )


class _Connection:
    """An accepted WebSocket."""

    def __init__(
        self, runtime: Runtime, caller: Caller, exchange: Exchange, receive: Receive, send: Send
    ) -> None:
        self._runtime = runtime
        self._exchange = exchange
        self._caller = caller
        self._send = send
        self._limits = runtime.settings.limits
        self._memory = Memory(self._limits.max_body_bytes)
        self._inbox = _Inbox(self, receive, self._limits)

    async def serve(self) -> None:
        """Run turns until it must end, then close."""
        reading = asyncio.create_task(self._inbox.read())
        over = asyncio.timeout(self._limits.socket_seconds)
        try:
            with Watch(self._inbox.gone, self._runtime.closing) as watch:
                try:
                    async with over:
                        await self._turns()
                except TimeoutError:
                    if not over.expired():
                        raise
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        if watch.ended == "closing":
            await self._close(_GOING_AWAY, "the server is stopping")
        elif watch.ended is None and over.expired():
            await self._over()
        elif watch.ended is None:
            await self._close(_POLICY, "invalid_api_key")

    async def _turns(self) -> None:
        while True:
            data = await self._inbox.next()
            try:
                if data is None:
                    raise errors.BadRequest(
                        "a message must be text, with a JSON object in it", code="binary_message"
                    )
                self._exchange.turn()
                self._exchange.body(data)
                await self._turn(data)
            except errors.AuthenticationError as error:
                await self.refuse(error)
                return
            except errors.HeliographError as error:
                self._inbox.ending()
                await self.refuse(as_api_error(error))

    async def _turn(self, data: bytes) -> None:
        """Run one. The key is looked at again: it may have been revoked since the last."""
        runtime = self._runtime
        caller = self._caller = runtime.gate.again(self._caller)
        if caller.requests_per_minute:
            runtime.quota.spend(caller.key, caller.requests_per_minute).require()
        work = runtime.quota.work(caller.key, caller.concurrent)
        turn = Turn(
            runtime, caller.tenant, self._exchange, self._memory, self.say, self._inbox.ending
        )
        try:
            await turn.run(data)
        finally:
            if turn.left is None:
                work.release()
            else:
                runtime.hold(caller, work, *turn.left)

    async def say(self, data: bytes) -> None:
        """Send one text message. Raises ``ClientDisconnect``."""
        try:
            await self._send({"type": "websocket.send", "text": data.decode()})
            self._exchange.bytes += len(data)
        except OSError:
            raise ClientDisconnect from None

    async def refuse(self, error: errors.APIError) -> None:
        """Tell the client of an error. Raises ``ClientDisconnect``."""
        await self.say(error_envelope(error))

    async def _over(self) -> None:
        seconds = self._limits.socket_seconds
        error = errors.BadRequest(
            f"this connection has lived for {seconds:g} s, the limit socket_seconds; "
            "go on with a new one",
            code="websocket_connection_limit_reached",
        )
        with suppress(ClientDisconnect, TimeoutError):
            async with asyncio.timeout(_CLOSE_WAIT):
                await self.refuse(error)
        await self._close(_NORMAL, "websocket_connection_limit_reached")

    async def _close(self, code: int, reason: str) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_WAIT):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})


class Socket:
    """ASGI: accepts, where the key that the door has checked has a place left, and serves."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope)
        self._runtime.accept()
        exchange = exchange_of(scope)
        with self._runtime.quota.socket(caller.key, caller.concurrent):
            if (await receive())["type"] != "websocket.connect":
                return
            try:
                await send({"type": "websocket.accept"})
            except OSError:
                raise ClientDisconnect from None
            with exchange.socket():
                await _Connection(self._runtime, caller, exchange, receive, send).serve()

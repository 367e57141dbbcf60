"""A fake of a chat upstream: chat completions and the Responses API, scripted, faults included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeAlias

from heliograph.testing._fakes import chat_wire, responses_wire
from heliograph.testing._fakes._base import Events, FakeServer, Received, Reply, Switches

__all__ = ["Call", "FakeChat", "Payloads", "Say", "Script"]

_BROKEN = b'{"id": "broken", "choices": [{"delta": {"content": "h'
_ERROR_TYPES = {401: "authentication_error", 429: "rate_limit_error"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A tool call that the model makes: ``arguments`` is JSON text, not checked; with ``custom`` a
    custom tool's input."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"
    custom: bool = False


@dataclass(frozen=True, kw_only=True)
class Say:
    """What the model says, to be spoken in whichever wire the request asks for.

    ``pictures`` are data URLs of pictures that the model makes itself. ``finish`` is the chat
    completions' finish reason (None: what follows from the rest); ``usage`` counts input, output
    and reasoning tokens.
    """

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    pictures: tuple[str, ...] = ()
    finish: str | None = None
    usage: tuple[int, int, int] = (7, 5, 0)


@dataclass(frozen=True)
class Payloads:
    """Exact payloads, in either wire: JSON documents, or bytes that are sent as they are.

    A stream sends each as one event, named by its ``type`` where it has one, and then ``[DONE]``
    where ``done``. Where the request wants no stream (or the switch ``ignore_stream`` is on), the
    first one is the answer.
    """

    payloads: tuple[Any, ...] = field(default=())
    done: bool = True


Script: TypeAlias = Say | Payloads | Callable[[Received], Say | Payloads]
"""One answer of the script; a function is asked with the request."""


class FakeChat(FakeServer):
    """``with FakeChat(Say(text="Hello")) as fake:`` and an upstream is at ``fake.base_url``.

    The answers are given in turn, the last one from then on; a request that meets an error by the
    switches takes none of them. It serves ``POST .../chat/completions``, ``POST .../responses`` and
    ``GET .../models``, under any base path. That list meets the switch ``status`` where ``lists``
    is False, and none of the switches else.
    """

    def __init__(
        self, *script: Script, model: str = "fake-1", lists: bool = True, **switches: Any
    ) -> None:
        super().__init__(**switches)
        self.script: list[Script] = list(script or (Say(text="Hello there."),))
        self.model = model
        self.lists = lists
        self._turn = 0

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/v1``."""
        return f"{self.url}/v1"

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        """The next answer of the script, in the wire that the path asks for."""
        if request.path.endswith("/models"):
            if switches.status is not None and not self.lists:
                await self._refuse(reply, switches, switches.status)
                return
            listed = [{"id": self.model, "object": "model", "created": 0, "owned_by": "fake"}]
            await reply.json({"object": "list", "data": listed})
            return
        chat = request.path.endswith("/chat/completions")
        if not (chat or request.path.endswith("/responses")):
            await reply.json(_error(404, f"no such path: {request.path}"), 404)
            return
        wants_stream = bool(request.json().get("stream"))
        if switches.status is not None:
            await self._refuse(reply, switches, switches.status)
        elif switches.no_stream and wants_stream:
            await reply.json(_error(400, "this server does not stream"), 400)
        else:
            await self._speak(request, reply, switches, chat, wants_stream)

    async def _speak(
        self, request: Received, reply: Reply, switches: Switches, chat: bool, stream: bool
    ) -> None:
        said = self._next(request)
        wire = chat_wire if chat else responses_wire
        asked = request.json()
        if not stream or switches.ignore_stream:
            await self._whole(reply, switches, said, wire, asked)
            return
        events = Events(reply, switches)
        if isinstance(said, Payloads):
            payloads: Iterator[Any] = iter(said.payloads)
            done = said.done
        else:
            payloads = wire.stream(said, asked, endless=switches.endless)
            done = chat
        for payload in payloads:
            if switches.error_at == events.count:
                failed = wire.error(switches.error or {})
                await events.send(failed, failed.get("type"))
                done = False
                break
            name = payload.get("type") if isinstance(payload, dict) else None
            await events.send(self._spoilt(payload, switches, wire.spoil), name)
        if done:
            await events.send(b"[DONE]")
        await events.end()

    async def _whole(
        self,
        reply: Reply,
        switches: Switches,
        said: Say | Payloads,
        wire: ModuleType,
        asked: dict[str, Any],
    ) -> None:
        await asyncio.sleep(switches.slow)
        body = said.payloads[0] if isinstance(said, Payloads) else wire.whole(said, asked)
        body = self._spoilt(body, switches, wire.spoil_whole)
        if isinstance(body, bytes):
            await reply.whole(body, headers={"content-type": "application/json"})
        elif switches.cut is not None:
            await reply.cut(b'{"id": "cut', 1000)
        else:
            await reply.json(body)

    def _next(self, request: Received) -> Say | Payloads:
        script = self.script[min(self._turn, len(self.script) - 1)]
        self._turn += 1
        return script if isinstance(script, Say | Payloads) else script(request)

    def _spoilt(
        self, payload: Any, switches: Switches, spoil: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Any:
        if switches.bad_json:
            return _BROKEN
        if switches.wrong_types and isinstance(payload, dict):
            return spoil(payload)
        return payload

    async def _refuse(self, reply: Reply, switches: Switches, status: int) -> None:
        headers = {}
        if switches.retry_after is not None:
            headers["retry-after"] = str(switches.retry_after)
        body = _error(status, f"the fake was told to answer {status}")
        body["error"].update(switches.error or {})
        await reply.json(body, status, headers)


def _error(status: int, message: str) -> dict[str, Any]:
    """An error body in OpenAI's shape."""
    kind = _ERROR_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}

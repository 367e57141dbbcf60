"""Answers that hold a place of their key's or the server's bounds while they are open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.server._auth import caller_of
from heliograph.server._quota import Place
from heliograph.server._runtime import Runtime

__all__ = ["Placed", "placed"]

Handler = Callable[[Request], Awaitable[ASGIApp]]


class Placed:
    """An ASGI answer that gives ``places`` back when it was given."""

    def __init__(self, answer: ASGIApp, *places: Place) -> None:
        self._answer = answer
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        finally:
            for place in self._places:
                place.release()


def placed(runtime: Runtime, handler: Handler) -> Handler:
    """``handler``, whose request is under way from its first byte to its answer's last."""

    async def within(request: Request) -> ASGIApp:
        caller = caller_of(request.scope)
        with ExitStack() as places:
            work = places.enter_context(runtime.quota.work(caller.key, caller.concurrent))
            answer = places.enter_context(runtime.quota.answer())
            made = await handler(request)
            places.pop_all()
            return Placed(made, work, answer)

    return within

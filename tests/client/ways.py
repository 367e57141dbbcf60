"""Each way to use the client behind one asynchronous face, so that a test is written once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

from heliograph.client import AsyncHeliograph, Heliograph, Images

WAYS = ["sync", "async-httpx2", "async-aiohttp"]
_END = object()


def client(way: str, url: str, **more: Any) -> Any:
    more.setdefault("api_key", "sk-test-secret")
    more.setdefault("retries", None)
    if way == "sync":
        return _Awaited(Heliograph(base_url=url, **more))
    return AsyncHeliograph(base_url=url, transport=way.removeprefix("async-"), **more)


async def read(manager: Any, into: list[Any] | None = None) -> Any:
    """The final response of what ``stream`` gave; ``into`` has each event once the loop has it."""
    seen = [] if into is None else into
    async with manager as stream:
        async for event in stream:
            seen.append(event)
    return await stream.get_final_response()


class _Awaited:
    """A synchronous object whose calls run in a thread."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name in ("responses", "models") or isinstance(value, Images):
            return _Awaited(value)
        if not callable(value):
            return value
        if name in ("stream", "images", "connect", "with_options"):
            return lambda *a, **k: _Awaited(value(*a, **k))

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = await asyncio.to_thread(value, *args, **kwargs)
            return _Awaited(result) if hasattr(result, "__next__") else result

        return call

    async def __aenter__(self) -> Self:
        entered = await asyncio.to_thread(self._inner.__enter__)
        return self if entered is self._inner else type(self)(entered)

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self._inner.__exit__, *error)

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (event := await asyncio.to_thread(next, self._inner, _END)) is not _END:
            yield event

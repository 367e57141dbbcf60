"""Ours, asynchronous, on httpx2; ``ours_aiohttp`` is the same on aiohttp."""

from __future__ import annotations

import asyncio
from typing import Literal, NamedTuple

from bench.sides._side import Sink, main

from heliograph import AsyncHeliograph, models


class Open(NamedTuple):
    runner: asyncio.Runner
    client: AsyncHeliograph


async def _open(url: str, transport: Literal["httpx2", "aiohttp"]) -> AsyncHeliograph:
    return AsyncHeliograph(base_url=url, api_key="sk-bench", transport=transport)


def open_client(url: str, transport: Literal["httpx2", "aiohttp"] = "httpx2") -> Open:
    runner = asyncio.Runner()
    return Open(runner, runner.run(_open(url, transport)))


async def _read(client: AsyncHeliograph, model: str, sink: Sink) -> int:
    count = 0
    async with client.responses.stream(model=model, input="x") as stream:
        async for event in stream:
            count += 1
            match event:
                case models.TextDeltaEvent():
                    sink.text.append(event.delta)
                case models.ImageGenCallPartialImageEvent():
                    sink.image(event.image_bytes())
                case models.OutputItemDoneEvent(item=models.OutputImageGenerationCallItem() as x):
                    sink.image(x.image_bytes())
        assert (await stream.get_final_response()).status == "completed"
    return count


def read(opened: Open, model: str, sink: Sink) -> int:
    return opened.runner.run(_read(opened.client, model, sink))


if __name__ == "__main__":
    main(open_client, read)

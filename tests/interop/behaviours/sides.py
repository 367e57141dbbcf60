"""The clients, each driven as its own documentation shows: open a stream, read it to its end."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import msgspec
import openai
import openrouter
from tests.interop.behaviours.verdicts import Record, Seen

import heliograph
from heliograph import AsyncHeliograph, Heliograph, Retries, models

ASK: dict[str, Any] = {"model": "test/model", "input": "hi"}
QUICK = Retries(wait_first=0.01, wait_most=0.02)
Note = Callable[[Any], None]


class Side(NamedTuple):
    """One column: ``ways`` are its faces by name, each reads the stream at a base URL."""

    title: str
    version: str
    package: str
    seen: Callable[[Any], Seen]
    ways: dict[str, Callable[[str, Note], None]]

    def run(self, way: str, url: str) -> Record:
        """Read the stream at ``url`` to its end, whatever that is."""
        record = Record()
        try:
            self.ways[way](url, lambda event: record.events.append(self.seen(event)))
        except Exception as error:  # noqa: BLE001 - what it is, is the finding
            record.error = error
        return record


def _openai(url: str, note: Note) -> None:
    with openai.OpenAI(api_key="any", base_url=url) as client:
        for event in client.responses.create(**ASK, stream=True):
            note(event)


def _openai_async(url: str, note: Note) -> None:
    async def read() -> None:
        async with openai.AsyncOpenAI(api_key="any", base_url=url) as client:
            async for event in await client.responses.create(**ASK, stream=True):
                note(event)

    asyncio.run(read())


def _helper(url: str, note: Note) -> None:
    with (
        openai.OpenAI(api_key="any", base_url=url) as client,
        client.responses.stream(**ASK) as stream,
    ):
        for event in stream:
            note(event)


def _helper_async(url: str, note: Note) -> None:
    async def read() -> None:
        async with (
            openai.AsyncOpenAI(api_key="any", base_url=url) as client,
            client.responses.stream(**ASK) as stream,
        ):
            async for event in stream:
                note(event)

    asyncio.run(read())


def _openrouter(url: str, note: Note) -> None:
    with (
        openrouter.OpenRouter(api_key="any", server_url=url) as client,
        client.beta.responses.send(**ASK, stream=True) as stream,
    ):
        for event in stream:
            note(event)


def _openrouter_async(url: str, note: Note) -> None:
    async def read() -> None:
        async with (
            openrouter.OpenRouter(api_key="any", server_url=url) as client,
            await client.beta.responses.send_async(**ASK, stream=True) as stream,
        ):
            async for event in stream:
                note(event)

    asyncio.run(read())


def _heliograph(url: str, note: Note, **more: Any) -> None:
    with (
        Heliograph("any", url, retries=QUICK, **more) as client,
        client.responses.stream(**ASK) as stream,
    ):
        for event in stream:
            note(event)


def _heliograph_async(transport: Any) -> Callable[[str, Note], None]:
    def run(url: str, note: Note) -> None:
        async def read() -> None:
            async with (
                AsyncHeliograph("any", url, retries=QUICK, transport=transport) as client,
                client.responses.stream(**ASK) as stream,
            ):
                async for event in stream:
                    note(event)

        asyncio.run(read())

    return run


def _of_openai(event: Any) -> Seen:
    return Seen(event, event.to_dict(mode="json", warnings=False))


def _of_openrouter(event: Any) -> Seen:
    dumped = event.model_dump(by_alias=True, mode="json", warnings=False)
    return Seen(event, _raw(dumped))


def _raw(value: Any) -> Any:
    """A dump, with what is kept of the unknown in its place."""
    if isinstance(value, dict):
        if value.get("is_unknown") is True:
            return value["raw"]
        return {name: _raw(inner) for name, inner in value.items()}
    return [_raw(inner) for inner in value] if isinstance(value, list) else value


def _of_ours(event: Any) -> Seen:
    read = _attributes(event)
    for path, value in models.unknown_fields(event).items():
        *way, name = path.split(".")
        functools.reduce(dict.__getitem__, way, read)[name] = value
    return Seen(event, json.loads(models.encode(event)), read)


def _attributes(value: Any) -> Any:
    """What a caller reads, attribute by attribute."""
    if isinstance(value, models.Unknown):
        return {"type": value.type, **value.fields}
    if isinstance(value, list):
        return [_attributes(inner) for inner in value]
    if not isinstance(value, msgspec.Struct):
        return value
    found = {f.encode_name: getattr(value, f.name) for f in msgspec.structs.fields(value)}
    found["type"] = getattr(value, "type", msgspec.UNSET)
    return {n: _attributes(inner) for n, inner in found.items() if inner is not msgspec.UNSET}


SIDES = {
    "openai": Side(
        "openai, `create(stream=True)`",
        version("openai"),
        "openai",
        _of_openai,
        {"sync": _openai, "async": _openai_async},
    ),
    "openai-helper": Side(
        "openai, `stream()`",
        version("openai"),
        "openai",
        _of_openai,
        {"sync": _helper, "async": _helper_async},
    ),
    "openrouter": Side(
        "openrouter",
        version("openrouter"),
        "openrouter",
        _of_openrouter,
        {"sync": _openrouter, "async": _openrouter_async},
    ),
    "heliograph": Side(
        "heliograph",
        heliograph.__version__,
        "heliograph",
        _of_ours,
        {
            "sync": _heliograph,
            "async": _heliograph_async("httpx2"),
            "async, aiohttp": _heliograph_async("aiohttp"),
        },
    ),
}

STRICT = SIDES["heliograph"]._replace(
    ways={"sync": functools.partial(_heliograph, strict="missing-fields")}
)
"""Ours in strict mode: no column, but the page's last word on a hole."""

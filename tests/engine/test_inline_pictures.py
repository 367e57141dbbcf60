"""Pictures that the chat model makes itself, with no tool."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.kit import CHAT, TOOL, Chat, House, ask, call, last, text_of, types

from heliograph import errors, models
from heliograph.providers import Finish, InlinePicture, Text

Build = Callable[..., House]
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 3, 2) + b"the rest of it"
PICTURE = InlinePicture(PNG, "image/png")
STAGES = [
    "output_item.added",
    "image_generation_call.in_progress",
    "image_generation_call.generating",
    "image_generation_call.completed",
    "output_item.done",
]


def kinds(events: list[models.StreamEvent]) -> list[str]:
    return [item.type for item in last(events).output]


async def test_an_inline_picture_becomes_an_image_item(house: Build) -> None:
    home = house(Chat([PICTURE, Finish()]))
    events = await home.draw(ask())
    assert types(events) == ["created", "in_progress", *STAGES, "completed"]
    item: Any = last(events).output[0]
    assert (item.type, item.status, item.size) == ("image_generation_call", "completed", "3x2")
    assert item.output_format == "png"
    assert item.image_bytes() == PNG


async def test_its_stages_stand_in_the_frame_of_what_follows(house: Build) -> None:
    gate = asyncio.Event()
    home = house(Chat([Text("Look:"), PICTURE, gate.wait, Text("Nice?"), Finish()]))
    response_id = await home.submit(ask())
    await home.engine.start()
    await home.seen(response_id, "output_text.delta")
    assert "image_generation_call.completed" not in types(await home.logged(response_id))
    gate.set()
    events = await home.events(response_id)
    assert kinds(events) == ["message", "image_generation_call", "message"]
    frames = [
        [entry.data for entry in frame.entries] async for frame in home.store.read("t", response_id)
    ]
    whole = [f for f in frames if any(b'"image_generation_call"' in data for data in f)]
    assert any(b"Nice?" in data for data in whole[0])


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
async def test_it_is_whole_however_the_step_ends(house: Build, reason: Any) -> None:
    home = house(Chat([Text("So"), PICTURE, PICTURE, Finish(reason)]))
    events = await home.draw(ask())
    assert kinds(events) == ["message", "image_generation_call", "image_generation_call"]
    assert last(events).output[2].status == "completed"  # type: ignore[union-attr]


async def test_it_is_kept_where_the_upstream_fails_after_it(house: Build) -> None:
    failure = errors.ProviderError("cut", kind="unavailable")
    events = await house(Chat([Text("So"), PICTURE, failure])).draw(ask())
    assert kinds(events) == ["message", "image_generation_call"]
    assert (last(events).status, events[-1].type) == ("failed", "response.failed")


async def test_it_stands_before_the_calls_of_its_step(house: Build) -> None:
    chat = Chat(
        [PICTURE, call("a fox"), Finish("tool_calls")],
        [Text("Done."), Finish()],
    )
    events = await house(chat).draw(ask(tools=[TOOL]))
    assert kinds(events) == ["image_generation_call", "image_generation_call", "message"]
    assert text_of(last(events).output[2]) == "Done."
    first, second = chat.turns[1].input[1:3]
    assert (first.result, second.result) == (None, None)  # type: ignore[union-attr]
    get = chat.turns[1].picture
    assert get is not None


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"<html>", "no png, jpeg, webp or gif"), (PNG + b"x" * 200, "max_picture_bytes is 100")],
)
async def test_what_is_no_picture_or_too_large_fails(house: Build, data: bytes, says: str) -> None:
    home = house(Chat([InlinePicture(data, "image/png"), Finish()]), max_picture_bytes=100)
    events = await home.draw(ask())
    error = last(events).error
    assert isinstance(error, models.ResponsesErrorField)
    assert (error.code, says in error.message) == ("server_error", True)


async def test_waiting_pictures_count_towards_the_response(house: Build) -> None:
    big = InlinePicture(PNG + b"x" * 3000, "image/png")
    home = house(Chat([big, big, big, Finish()]), max_response_bytes=13_000)
    events = await home.draw(ask())
    assert last(events).status == "failed"
    assert "max_response_bytes" in str(last(events).error)


async def test_the_log_is_taken_over_after_it(house: Build) -> None:
    gate = asyncio.Event()
    home = house(
        Chat([PICTURE, call("a fox"), Finish("tool_calls")], [gate.wait, Text("Done."), Finish()])
    )
    response_id = await home.submit(ask(tools=[TOOL]))
    await home.engine.start()
    while types(await home.logged(response_id)).count("output_item.done") < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await home.engine.stop(0)
    gate.set()
    second = home.new_engine()
    await second.start()
    events = await home.events(response_id)
    await second.stop(0)
    assert kinds(events) == ["image_generation_call", "image_generation_call", "message"]


async def test_a_refused_key_is_this_servers_fault(
    house: Build, caplog: pytest.LogCaptureFixture
) -> None:
    failure = errors.ProviderError(f"{CHAT}: the upstream refused this server's key", kind="auth")
    events = await house(Chat([failure])).draw(ask())
    error = last(events).error
    assert isinstance(error, models.ResponsesErrorField)
    assert error.code == "server_error"
    assert "refused this server's key" in error.message
    assert "refused this server's key" in caplog.text

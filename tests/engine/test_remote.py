"""Pictures that a request names by address: fetched once, before there is a response."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pybase64
import pytest
from tests.engine.kit import TOOL, Chat, House, Painter, ask, draws, last
from tests.providers.fetch.kit import PNG, Web, answer, png, web

from heliograph import errors, models
from heliograph.engine import Page, render
from heliograph.providers import Finish, Text
from heliograph.providers.fetch import Fetcher, FetchSettings

Build = Callable[..., House]
MASK = png(3, 3)
OTHER = png(4, 4)


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + pybase64.b64encode(data).decode()


def with_fetcher(house: House, here: Web) -> House:
    house.engine._fetcher = Fetcher(
        FetchSettings(policy="allowlist", hosts=(here.host,), http=True, seconds=5),
        max_picture_bytes=10_000,
        max_pixels=1000,
    )
    return house


def shown(url: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "input_image", "image_url": url}]}


async def submit(house: House, body: dict[str, Any], **more: Any) -> str:
    data = json.dumps(body).encode()
    request = models.decode(models.ResponsesRequest, data)
    plan = house.engine.check(request, await house.engine.resolve("t", request))
    created = await house.engine.submit("t", request, data, plan, **more)
    house.ids.append(("t", created.response_id))
    return created.response_id


async def turn(house: House, **body: Any) -> models.OpenResponsesResult:
    response_id = await submit(house, ask(**body))
    await house.engine.start()
    return last(await house.events(response_id))


async def test_every_place_of_a_picture_may_be_an_address(house: Build) -> None:
    chat, painter = draws("a fox"), Painter("image")
    async with web() as here:
        here.pages |= {"/a": answer(PNG), "/b": answer(OTHER), "/m": answer(MASK)}
        given = [
            shown(here.url("/a")),
            {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
            {
                "type": "function_call_output",
                "call_id": "c",
                "output": [{"type": "input_image", "image_url": here.url("/b")}],
            },
            {
                "type": "image_generation_call",
                "id": "ig_1",
                "status": "completed",
                "result": here.url("/a"),
            },
            {
                "type": "openrouter:image_generation",
                "id": "ig_2",
                "status": "completed",
                "imageUrl": here.url("/b"),
            },
            {"role": "user", "content": "draw"},
        ]
        mask = {"input_image_mask": {"image_url": here.url("/m")}}
        made = await turn(
            with_fetcher(house(chat, painter), here),
            input=given,
            tools=[TOOL | mask | {"action": "edit"}],
        )
        assert made.status == "completed"
        assert sorted(head.split(" ")[1] for head in here.asked) == ["/a", "/b", "/m"]
        assert made.tools[0].input_image_mask.image_url == here.url("/m")  # type: ignore[index, union-attr]
    [job] = painter.jobs
    assert job.images == (PNG, OTHER, PNG, OTHER)
    assert job.mask == MASK
    said = chat.turns[0].input
    assert said[0].content[0].image_url == data_url(PNG)  # type: ignore[index, union-attr]
    assert said[2].output[0].image_url == data_url(OTHER)  # type: ignore[index, union-attr]
    assert b"http://" not in models.encode(chat.turns[0].request)


async def test_nobody_asks_again_on_a_chain_or_for_input_items(house: Build) -> None:
    chat, painter = draws("a fox"), Painter("image")
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        inside = with_fetcher(house(chat, painter), here)
        first = await turn(inside, tools=[TOOL], input=[shown(here.url("/a"))])
        here.pages.clear()
        second = await turn(inside, tools=[TOOL], previous_response_id=first.id)
        assert second.status == "completed"
        entry = await inside.engine.input_items("t", second.id, Page(descending=False))
        listed = json.loads(b"".join(await render(entry, inside.store.blobs)))
        assert len(here.asked) == 1
    assert listed["data"][0]["content"][0]["image_url"] == data_url(PNG)
    assert painter.jobs[1].images[0] == PNG
    assert chat.turns[-1].input[0].content[0].image_url == data_url(PNG)  # type: ignore[index, union-attr]


async def test_a_run_taken_up_by_another_engine_asks_nobody(house: Build) -> None:
    chat = Chat([Text("a fox"), Finish()])
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        inside = with_fetcher(house(chat), here)
        response_id = await submit(inside, ask(input=[shown(here.url("/a"))]))
    engine = inside.new_engine()
    await engine.start()
    try:
        assert last(await inside.events(response_id)).status == "completed"
    finally:
        await engine.stop(0)
    assert chat.turns[0].input[0].content[0].image_url == data_url(PNG)  # type: ignore[index, union-attr]


async def test_a_repeat_under_one_key_is_the_body_as_sent(house: Build) -> None:
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        inside = with_fetcher(house(Chat([Finish()])), here)
        body = ask(input=[shown(here.url("/a"))])
        first = await submit(inside, body, idempotency_key="k")
        here.pages["/a"] = answer(OTHER)
        assert await submit(inside, body, idempotency_key="k") == first


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "no/such"}, "model"),
        ({"temperature": 9}, "temperature"),
        ({"tools": [TOOL | {"size": "9x9"}]}, "tools[0].size"),
        ({"tools": [TOOL]}, "input[0].content[0].image_url"),
    ],
)
async def test_what_is_refused_anyway_fetches_nothing(
    house: Build, body: dict[str, Any], param: str
) -> None:
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        inside = with_fetcher(house(Chat([Finish()]), Painter()), here)
        with pytest.raises(errors.APIError) as caught:
            await submit(inside, ask(input=[shown(here.url("/a"))]) | body)
        assert caught.value.param == param
        assert not here.asked


async def test_one_that_cannot_be_had_is_400_by_its_place(house: Build) -> None:
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        inside = with_fetcher(house(Chat([Finish()])), here)
        given = [shown(here.url("/a")), shown(here.url("/none"))]
        with pytest.raises(errors.BadRequest, match="HTTP 404") as caught:
            await submit(inside, ask(input=given))
        assert caught.value.param == "input[1].content[0].image_url"
        assert caught.value.code == "invalid_image_url"
        with pytest.raises(errors.BadRequest, match="only https URLs") as caught:
            await submit(inside, ask(input=[shown("file:///etc/passwd")]))
        assert caught.value.code == "invalid_image_url"
        with pytest.raises(errors.BadRequest, match="only data:image"):
            await submit(inside, ask(input=[shown("a.png")]))
    assert not inside.ids


async def test_without_a_policy_the_refusal_names_the_setting(house: Build) -> None:
    inside = house(Chat([Finish()]))
    with pytest.raises(errors.BadRequest, match=r"fetch\.policy is off") as caught:
        await submit(inside, ask(input=[shown("https://example.org/a.png")]))
    assert caught.value.param == "input[0].content[0].image_url"
    assert '"allowlist" or "public"' in str(caught.value)


async def test_what_was_fetched_is_a_blob_that_the_response_holds(house: Build) -> None:
    async with web() as here:
        here.pages["/a"] = answer(OTHER)
        inside = with_fetcher(house(Chat([Finish()])), here)
        made = await turn(inside, input=[shown(here.url("/a"))])
    record = await inside.store.get("t", made.id)
    assert record.context is not None
    [ref] = record.context.blobs
    assert await inside.store.blobs.get(ref.sha256) == OTHER

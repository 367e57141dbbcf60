"""Where servers differ: what the table refuses, expects and forgives, and how it is found out."""

from __future__ import annotations

import typing
from typing import Any

import pytest
from openai.types import image_edit_params, image_generate_params
from openai.types.responses import response_create_params
from openrouter.components import ImageGenerationRequest, ResponsesRequest
from openrouter.responses import Responses
from tests.client.scripted import CUT, Scripted, answer, stream
from tests.client.streams import response, text_events, wire
from tests.client.ways import WAYS, client, read

from heliograph import Heliograph, errors, lifecycle
from heliograph.client import ImageParams, Retries
from heliograph.client._core._dialects import DIALECTS, OPENAI, OPENROUTER
from heliograph.client._core._params import NAMES

all_ways = pytest.mark.parametrize("way", WAYS)
SOON = Retries(wait_first=0.01, wait_most=0.02)
TEXT = text_events("a", "b")
ASK: dict[str, Any] = {"model": "m", "input": "x"}
PNG = ("fox.png", b"bytes", "image/png")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HELIOGRAPH_BASE_URL", "HELIOGRAPH_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "o")
    monkeypatch.setenv("OPENROUTER_API_KEY", "r")


# -- the table against its sources ------------------------------------------------------------


def test_the_fields_are_those_of_the_official_clients() -> None:
    openai_has = set(typing.get_type_hints(response_create_params.ResponseCreateParamsBase))
    assert NAMES - openai_has == OPENAI.foreign
    openrouter_has = {field.alias or name for name, field in ResponsesRequest.model_fields.items()}
    assert NAMES - openrouter_has == OPENROUTER.foreign


def test_the_fields_of_images_are_those_of_the_official_clients() -> None:
    ours = set(ImageParams.__annotations__)
    openai_has = {
        *typing.get_type_hints(image_generate_params.ImageGenerateParamsBase),
        *typing.get_type_hints(image_edit_params.ImageEditParamsBase),
    }
    assert ours - openai_has == OPENAI.foreign_images
    openrouter_has = {
        field.alias or name for name, field in ImageGenerationRequest.model_fields.items()
    }
    assert ours - openrouter_has == OPENROUTER.foreign_images


def test_openrouters_own_client_can_only_ask() -> None:
    calls = {name for name in vars(Responses) if not name.startswith("_")}
    assert calls == {"send", "send_async"}
    assert OPENROUTER.absent == {"retrieve", "cancel", "input_items", "delete", "connect"}


def test_each_row_forgives_what_the_lifecycle_knows() -> None:
    for row in DIALECTS.values():
        assert row.tolerances in lifecycle.DIALECTS


# -- who it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "url", "name"),
    [
        ({}, "https://openrouter.ai/api/v1", "openrouter"),
        ({"dialect": "openai"}, "https://api.openai.com/v1", "openai"),
        ({"dialect": "openrouter"}, "https://openrouter.ai/api/v1", "openrouter"),
        ({"base_url": "https://openrouter.ai"}, "https://openrouter.ai/api/v1", "openrouter"),
        ({"base_url": "https://api.openai.com/"}, "https://api.openai.com/v1", "openai"),
        ({"base_url": "http://h"}, "http://h", "open-responses"),
        ({"base_url": "http://h/x"}, "http://h/x", "open-responses"),
        ({"base_url": "http://h", "dialect": "heliograph"}, "http://h/v1", "heliograph"),
        ({"base_url": "http://h/", "dialect": "openrouter"}, "http://h/api/v1", "openrouter"),
        ({"base_url": "http://h/x", "dialect": "openrouter"}, "http://h/x", "openrouter"),
        (
            {"base_url": "https://openrouter.ai/api/v1", "dialect": "open-responses"},
            "https://openrouter.ai/api/v1",
            "open-responses",
        ),
    ],
)
def test_by_its_name_or_its_host(arguments: dict[str, Any], url: str, name: str) -> None:
    with Heliograph(**arguments) as made:
        assert (made._config.base_url, made._server.dialect.name) == (url, name)


def test_a_dialect_sends_no_key_elsewhere() -> None:
    with Heliograph(base_url="http://h", dialect="openai") as made:
        assert made._config.api_key is None
    with Heliograph(dialect="openai") as made:
        assert made._config.api_key == "o"


@pytest.mark.parametrize("wrong", [{"dialect": "klingon"}, {"dialect": "heliograph"}])
def test_a_dialect_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.UsageError, match=wrong["dialect"]):
        Heliograph(**wrong)


# -- what it changes --------------------------------------------------------------------------


@all_ways
async def test_what_openrouter_does_not_have_is_refused_unsent(way: str) -> None:
    with Scripted(answer(response("completed"))) as server:
        async with client(way, server.url, dialect="openrouter") as made:
            for name in ("retrieve", "resume", "cancel", "input_items", "delete"):
                with pytest.raises(errors.UsageError, match="OpenRouter has no such call"):
                    await getattr(made.responses, name)("resp_1")
            with pytest.raises(errors.UsageError, match="connect: OpenRouter"):
                made.responses.connect()
            with pytest.raises(errors.UsageError, match="conversation: OpenRouter has no such"):
                await made.responses.create(**ASK, conversation="conv_1")
            assert server.seen == []
            await made.responses.create(**ASK, extra_body={"conversation": "conv_1"})
            await made.responses.create(**ASK, conversation=None)
            assert server.seen[0].json["conversation"] == "conv_1"
        async with client(way, server.url) as made:  # nobody has said who it is
            await made.responses.create(**ASK, conversation="conv_1", image_config={})
            await made.responses.cancel("resp_1")
        assert len(server.seen) == 4


@all_ways
async def test_whose_images_api_it_is(way: str) -> None:
    made_ = answer({"created": 1, "data": []})
    asked = [
        ("", "auto", {"style": "vivid", "seed": 1}, "/images/generations"),
        ("/api/v1", "auto", {"style": "vivid"}, "/images"),
        ("/api/v1", "heliograph", {"partial_images": 1}, "/images"),
        ("/api/v1", "openai", {"style": "vivid"}, "/images/generations"),
        ("/x", "openrouter", {"seed": 1}, "/images"),
        ("/x", "openai", {"extra_body": {"seed": 1}, "seed": None}, "/images/generations"),
    ]
    with Scripted(made_) as server:
        for path, dialect, fields, at in asked:
            async with client(
                way, f"http://127.0.0.1:{server.port}{path}", dialect=dialect
            ) as made:
                await made.images.generate("a fox", model="m", **fields)
            assert server.seen[-1].target == path + at
        for dialect, field in (("openai", "seed"), ("openrouter", "partial_images")):
            async with client(way, server.url, dialect=dialect) as made:
                with pytest.raises(errors.UsageError, match=f"{field}: Open.* no such field"):
                    await made.images.generate("a fox", model="m", **{field: 1})
                with pytest.raises(errors.UsageError, match=f"{field}: Open.* no such field"):
                    await made.images.edit(PNG, "a fox", model="m", **{field: 1})
        assert len(server.seen) == len(asked)


@all_ways
async def test_openrouter_is_not_asked_to_resume(way: str) -> None:
    for dialect, asked in (("openrouter", 1), ("auto", 2)):
        gone = answer({"error": {"message": "no such response"}}, 404)
        with Scripted(stream(wire(TEXT[:5], done=False), CUT), gone) as server:
            async with client(way, server.url, dialect=dialect, retries=SOON) as made:
                with pytest.raises(errors.StreamInterrupted) as caught:
                    await read(made.responses.stream(**ASK))
            assert len(server.seen) == asked
            keeps_none = "this server keeps no streams: ask again" in caught.value.advice
            assert keeps_none == (dialect == "openrouter")


@all_ways
async def test_our_server_need_not_be_asked_about_keys(way: str) -> None:
    broken = answer({"error": {"message": "failed"}}, 500)
    for dialect, methods in (
        ("heliograph", ["POST", "POST"]),
        ("auto", ["POST", "HEAD", "POST"]),
    ):
        head = answer({}, 200, x_idempotency="honoured")
        replies = [broken, *([head] if dialect == "auto" else []), answer(response("completed"))]
        with Scripted(*replies) as server:
            async with client(way, server.url, dialect=dialect, retries=SOON) as made:
                assert (await made.responses.create(**ASK)).status == "completed"
            assert [seen.method for seen in server.seen] == methods


@all_ways
async def test_heads_tell_only_where_nobody_has(way: str) -> None:
    for dialect, found in (("auto", "heliograph"), ("openai", "openai")):
        with Scripted(answer(response("completed"), x_idempotency="honoured")) as server:
            async with client(way, server.url, dialect=dialect) as made:
                await made.responses.create(**ASK)
                assert made._server.dialect.name == found
                assert made._server.keyed

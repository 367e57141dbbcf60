"""Both providers over HTTP, against the fake that speaks their wires: every feature and fault."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec
import pytest

from heliograph import errors
from heliograph.pictures import look
from heliograph.providers import ImageJob, Picture, Preview
from heliograph.providers._upstream import Timeouts
from heliograph.providers.image import (
    OpenAIImages,
    OpenAIImagesSettings,
    OpenRouterImages,
    OpenRouterImagesSettings,
)
from heliograph.providers.image._remote import MAX_EVENTS
from heliograph.testing import FakeImages

OURS = "our/painter"
QUICK = Timeouts(connect_seconds=5, first_byte_seconds=1.0, silence_seconds=0.6)
PATIENT = Timeouts(first_byte_seconds=30, silence_seconds=30)
Provider = OpenAIImages | OpenRouterImages


def job(**fields: Any) -> ImageJob:
    return ImageJob(**({"model": OURS, "prompt": "a red fox", "size": "64x48"} | fields))


@asynccontextmanager
async def provider(
    fake: FakeImages, wire: str, *, timeouts: Timeouts | None = None, **more: Any
) -> AsyncIterator[Provider]:
    told: dict[str, Any] = {
        "models": {OURS: "fake/painter"},
        "api_key_env": None,
        "timeouts": timeouts or Timeouts(),
        **more,
    }
    made: Provider
    if wire == "openai":
        made = OpenAIImages(OpenAIImagesSettings(base_url=fake.openai_url, **told))
    else:
        made = OpenRouterImages(OpenRouterImagesSettings(base_url=fake.openrouter_url, **told))
    try:
        yield made
    finally:
        await made.aclose()


async def drawn(fake: FakeImages, wire: str, asked: ImageJob, **more: Any) -> list[Any]:
    async with provider(fake, wire, **more) as painter:
        return [part async for part in painter.draw(asked)]


async def fails(
    fake: FakeImages, wire: str, asked: ImageJob | None = None, **more: Any
) -> errors.ProviderError:
    with pytest.raises(errors.ProviderError) as raised:
        await drawn(fake, wire, asked or job(), **more)
    return raised.value


wires = pytest.mark.parametrize("wire", ["openai", "openrouter"])


@wires
async def test_a_picture_without_previews_is_one_whole_answer(wire: str) -> None:
    with FakeImages() as fake:
        (picture,) = await drawn(fake, wire, job())
        assert fake.made == [picture.data]
    assert isinstance(picture, Picture)
    assert (picture.output_format, picture.size) == ("png", "64x48")
    assert picture.usage is not None
    assert (picture.usage.input_tokens, picture.usage.output_tokens) == (3, 3)
    assert picture.usage.cost == 0.04 if wire == "openrouter" else not picture.usage.cost
    assert "stream" not in fake.requests[0].json()


@wires
async def test_previews_are_streamed_with_the_bytes_that_were_sent(wire: str) -> None:
    with FakeImages(text_chunks=2) as fake:
        *previews, picture = await drawn(fake, wire, job(partial_images=3))
        assert [p.data for p in previews] + [picture.data] == fake.made
    assert [p.index for p in previews] == [0, 1, 2]
    assert len({hashlib.sha256(data).digest() for data in fake.made}) == 4
    assert picture.usage is not None
    assert picture.usage.total_tokens == 6


@wires
async def test_a_run_again_starts_past_the_previews_that_were_shown(wire: str) -> None:
    with FakeImages() as fake:
        parts = await drawn(fake, wire, job(partial_images=3, first_partial=2))
    assert [p.index for p in parts if isinstance(p, Preview)] == [2]


@wires
async def test_no_more_previews_are_yielded_than_were_asked_for(wire: str) -> None:
    with FakeImages(previews=3) as fake:
        parts = await drawn(fake, wire, job(partial_images=1))
    assert [type(p) for p in parts] == [Preview, Picture]


@wires
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_every_format_comes_back_as_what_it_is(wire: str, kind: str) -> None:
    with FakeImages() as fake:
        (picture,) = await drawn(fake, wire, job(output_format=kind))
    assert picture.output_format == kind
    seen = look(picture.data)
    assert seen is not None
    assert (seen.format, seen.width, seen.height) == (kind, 64, 48)


async def test_openai_is_sent_every_field_of_the_job() -> None:
    asked = job(
        quality="low",
        background="opaque",
        output_format="webp",
        output_compression=40,
        moderation="low",
        partial_images=2,
    )
    with FakeImages() as fake:
        *_, picture = await drawn(fake, "openai", asked)
    assert (picture.quality, picture.background) == ("low", "opaque")
    assert fake.requests[0].json() == {
        "model": "fake/painter",
        "prompt": "a red fox",
        "size": "64x48",
        "quality": "low",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 40,
        "moderation": "low",
        "stream": True,
        "partial_images": 2,
    }


async def test_openrouter_is_sent_every_field_of_the_job() -> None:
    asked = job(
        size="auto",
        aspect_ratio="16:9",
        quality="low",
        background="opaque",
        output_format="webp",
        output_compression=40,
        seed=7,
        partial_images=2,
    )
    with FakeImages() as fake:
        *_, picture = await drawn(fake, "openrouter", asked, provider={"order": ["openai"]})
    assert picture.size == "1365x768"
    assert fake.requests[0].json() == {
        "model": "fake/painter",
        "prompt": "a red fox",
        "aspect_ratio": "16:9",
        "quality": "low",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 40,
        "seed": 7,
        "provider": {"order": ["openai"]},
        "stream": True,
    }


@wires
async def test_what_the_job_leaves_to_the_upstream_is_not_sent(wire: str) -> None:
    with FakeImages() as fake:
        await drawn(fake, wire, job(size="auto"))
    assert fake.requests[0].json() == {"model": "fake/painter", "prompt": "a red fox"}


@wires
async def test_the_key_comes_from_the_environment(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-1")
    with FakeImages(key="sk-1") as fake:
        await drawn(fake, wire, job(), api_key_env="A_KEY", headers={"x-team": "t"})
        assert fake.requests[0].headers["x-team"] == "t"
        monkeypatch.setenv("A_KEY", "sk-2")
        error = await fails(fake, wire, api_key_env="A_KEY")
    assert (error.kind, error.retryable) == ("auth", False)
    assert "sk-2" not in error.message


@pytest.mark.parametrize("wire", ["openai", "openrouter"])
async def test_no_other_host_is_sent_the_vendors_key(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.setenv(variable, "sk-the-vendors")
    with FakeImages() as fake:
        await drawn(fake, wire, job(), api_key_env=msgspec.UNSET)
        assert "authorization" not in fake.requests[0].headers


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        (OpenAIImagesSettings(models={"a": "b"}), "OPENAI_API_KEY"),
        (OpenAIImagesSettings(models={"a": "b"}, api_key_env=None), None),
        (OpenAIImagesSettings(models={"a": "b"}, api_key_env="MINE"), "MINE"),
        (OpenAIImagesSettings(models={"a": "b"}, base_url="http://10.0.0.2/v1"), None),
        (OpenAIImagesSettings(models={"a": "b"}, base_url="https://openrouter.ai/api/v1"), None),
        (OpenRouterImagesSettings(models={"a": "b"}), "OPENROUTER_API_KEY"),
    ],
)
def test_the_vendors_key_is_read_for_the_vendors_host(
    settings: OpenAIImagesSettings | OpenRouterImagesSettings, variable: str | None
) -> None:
    assert settings.key_variable == variable


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", "1024x1024"), ("16:9", "1536x1024"), ("9:16", "1024x1536"), ("6:5", "1024x1024")],
)
async def test_openai_draws_the_size_nearest_to_an_aspect_ratio(ratio: str, size: str) -> None:
    with FakeImages() as fake:
        (picture,) = await drawn(fake, "openai", job(size="auto", aspect_ratio=ratio))
    assert picture.size == size


@pytest.fixture
def reference() -> bytes:
    from heliograph.testing._fakes._pictures import make_picture

    return make_picture("reference", 0, 32, 32, "jpeg")


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("partials", [0, 2])
async def test_openai_edits_references_with_a_form(
    reference: bytes, count: int, partials: int
) -> None:
    asked = job(
        images=(reference,) * count,
        mask=reference,
        input_fidelity="high",
        output_compression=50,
        output_format="jpeg",
        partial_images=partials,
    )
    with FakeImages() as fake:
        *previews, picture = await drawn(fake, "openai", asked)
        assert [p.data for p in previews] + [picture.data] == fake.made
    assert (len(previews), picture.output_format) == (partials, "jpeg")
    (seen,) = fake.requests
    assert seen.path == "/v1/images/edits"
    form = seen.form()
    name = "image" if count == 1 else "image[]"
    assert [value for key, value in form if key == name] == [reference] * count
    plain = {key: value for key, value in form if key != name}
    assert plain["mask"] == reference
    assert (plain["input_fidelity"], plain["output_compression"]) == (b"high", b"50")
    assert plain.get("stream") == (b"true" if partials else None)


async def test_openrouter_is_given_references_as_data_urls(reference: bytes) -> None:
    with FakeImages() as fake:
        await drawn(fake, "openrouter", job(images=(reference, reference), action="edit"))
    sent = fake.requests[0].json()["input_references"]
    assert len(sent) == 2
    assert sent[0]["image_url"]["url"].startswith("data:image/jpeg;base64,/9j/")


@wires
async def test_generate_leaves_references_out(wire: str, reference: bytes) -> None:
    with FakeImages() as fake:
        await drawn(fake, wire, job(images=(reference,), action="generate"))
    assert fake.requests[0].path != "/v1/images/edits"
    assert set(fake.requests[0].json()) == {"model", "prompt", "size"}


@wires
async def test_an_edit_of_nothing_is_refused_before_anything_is_sent(wire: str) -> None:
    with FakeImages() as fake:
        error = await fails(fake, wire, job(action="edit"))
        assert (error.kind, error.param) == ("bad_request", "images")
        error = await fails(fake, wire, job(images=(b"GIF89a",)))
        assert (error.kind, error.param) == ("bad_request", "images")
        assert not fake.requests


@pytest.mark.parametrize(
    ("wire", "fields", "told", "param"),
    [
        ("openai", {"seed": 1}, {}, "seed"),
        ("openai", {"size": "8x8"}, {"any_size": False}, "size"),
        ("openai", {"size": "auto", "aspect_ratio": "2:1"}, {"sizes": ()}, "aspect_ratio"),
        ("openai", {"mask": b"m"}, {"references": False}, "mask"),
        ("openai", {"action": "edit"}, {"references": False}, "action"),
        ("openrouter", {"images": (b"i",)}, {"references": False}, "images"),
        ("openrouter", {"mask": b"m"}, {}, "mask"),
        ("openrouter", {"input_fidelity": "high"}, {}, "input_fidelity"),
        ("openrouter", {"moderation": "low"}, {}, "moderation"),
    ],
)
async def test_what_the_upstream_has_no_word_for_is_refused_by_name(
    wire: str, fields: dict[str, Any], told: dict[str, Any], param: str
) -> None:
    with FakeImages() as fake:
        async with provider(fake, wire, **told) as painter:
            with pytest.raises(errors.ProviderError) as raised:
                painter.check(job(**fields))
        assert (raised.value.kind, raised.value.param) == ("bad_request", param)
        assert not fake.requests


async def test_a_seed_is_sent_where_the_settings_say_so() -> None:
    with FakeImages() as fake:
        async with provider(fake, "openai", seed=True) as painter:
            painter.check(job(seed=3))
            assert painter.seed_for(job(seed=3)) == 3
        error = await fails(fake, "openai", job(seed=3), seed=True)
    assert fake.requests[0].json()["seed"] == 3
    assert (error.kind, error.param) == ("bad_request", "seed")


async def test_a_revised_prompt_comes_with_the_picture() -> None:
    with FakeImages(revised_prompt="a very red fox") as fake:
        (picture,) = await drawn(fake, "openai", job())
    assert picture.revised_prompt == "a very red fox"


async def test_a_link_is_fetched_only_from_hosts_that_are_allowed() -> None:
    with FakeImages(links=True) as fake:
        error = await fails(fake, "openai")
        assert (error.kind, len(fake.requests)) == ("protocol", 1)
        assert "picture_hosts" in error.message
        error = await fails(fake, "openai", picture_hosts=("example.org", "127.0.0.1:1"))
        assert len(fake.requests) == 2
        hosts = (f"127.0.0.1:{fake.port}",)
        (picture,) = await drawn(fake, "openai", job(), picture_hosts=hosts)
        assert picture.data == fake.made[-1]
        assert fake.requests[-1].path.startswith("/pictures/")
        assert "authorization" not in fake.requests[-1].headers
        small = await fails(fake, "openai", picture_hosts=hosts, max_picture_bytes=20)
        assert small.kind == "protocol"


@wires
async def test_an_upstream_that_refuses_to_stream_is_asked_without_and_remembered(
    wire: str,
) -> None:
    with FakeImages(no_stream=True) as fake:
        async with provider(fake, wire) as painter:
            for _ in range(2):
                (picture,) = [p async for p in painter.draw(job(partial_images=2))]
                assert picture.data == fake.made[-1]
        asked = [request.json().get("stream", False) for request in fake.requests]
    assert asked == [True, False, False]


@wires
async def test_an_upstream_that_ignores_the_wish_to_stream_is_read_all_the_same(wire: str) -> None:
    with FakeImages(ignore_stream=True) as fake:
        (picture,) = await drawn(fake, wire, job(partial_images=2))
        assert [picture.data] == fake.made


@wires
async def test_streams_can_be_switched_off(wire: str) -> None:
    with FakeImages() as fake:
        (picture,) = await drawn(fake, wire, job(partial_images=2), stream=False)
    assert "stream" not in fake.requests[0].json()
    assert isinstance(picture, Picture)


@wires
@pytest.mark.parametrize(
    ("switches", "kind", "retryable"),
    [
        ({"status": 429, "retry_after": 7}, "rate_limit", True),
        ({"status": 500}, "unavailable", True),
        ({"status": 503}, "unavailable", True),
        ({"status": 400}, "bad_request", False),
        ({"status": 401}, "auth", False),
        ({"status": 400, "error": {"code": "moderation_blocked"}}, "content_policy", False),
        ({"bad_json": True}, "protocol", True),
        ({"wrong_types": True}, "protocol", True),
        ({"cut": 0}, "unavailable", True),
        ({"silent": 5}, "timeout", True),
    ],
)
@pytest.mark.parametrize("partials", [0, 2])
async def test_every_fault_is_one_clear_error(
    wire: str, partials: int, switches: dict[str, Any], kind: str, retryable: bool
) -> None:
    with FakeImages(**switches) as fake:
        times = QUICK if "silent" in switches else PATIENT
        error = await fails(fake, wire, job(partial_images=partials), timeouts=times)
        assert (error.kind, error.retryable) == (kind, retryable)
        assert error.message.startswith(OURS)
        assert len(error.message) < 700
        assert error.retry_after == switches.get("retry_after")
        assert fake.requests[0].done.wait(5)
        assert len(fake.requests) == 1


@wires
@pytest.mark.parametrize(
    ("switches", "kind", "previews"),
    [
        ({"cut": 1}, "unavailable", 1),
        ({"stall": 5}, "timeout", 1),
        ({"error_at": 1}, "unavailable", 1),
        ({"error_at": 0}, "unavailable", 0),
        ({"error_at": 1, "error": {"code": "content_policy_violation"}}, "content_policy", 1),
        ({"error_at": 1, "error": {"code": "rate_limit_exceeded"}}, "rate_limit", 1),
        ({"error_at": 1, "error": {"code": 429}}, "rate_limit", 1),
        ({"error_at": 1, "error": {"type": "invalid_request_error"}}, "bad_request", 1),
    ],
)
async def test_a_fault_in_a_stream_comes_after_what_was_shown(
    wire: str, switches: dict[str, Any], kind: str, previews: int
) -> None:
    with FakeImages(**switches) as fake:
        times = QUICK if "stall" in switches else PATIENT
        async with provider(fake, wire, timeouts=times) as painter:
            parts = painter.draw(job(partial_images=3))
            for _ in range(previews):
                assert isinstance(await anext(parts), Preview)
            with pytest.raises(errors.ProviderError) as raised:
                await anext(parts)
        assert raised.value.kind == kind
        assert fake.requests[0].done.wait(5)


@wires
async def test_slow_is_not_silent(wire: str) -> None:
    with FakeImages(slow=0.1) as fake:
        parts = await drawn(fake, wire, job(partial_images=3), timeouts=QUICK)
    assert len(parts) == 4


@wires
async def test_an_endless_stream_has_an_end(wire: str) -> None:
    with FakeImages(endless=True) as fake:
        async with provider(fake, wire) as painter:
            parts = painter.draw(job(size="8x8", partial_images=1))
            assert isinstance(await anext(parts), Preview)
            with pytest.raises(errors.ProviderError, match=str(MAX_EVENTS)) as raised:
                await anext(parts)
        assert raised.value.kind == "protocol"
        assert fake.requests[0].done.wait(5)
        assert fake.requests[0].abandoned


@wires
@pytest.mark.parametrize("partials", [0, 2])
async def test_cancelling_closes_the_upstream_s_connection(wire: str, partials: int) -> None:
    with FakeImages(**({"stall": 30} if partials else {"silent": 30})) as fake:
        async with provider(fake, wire) as painter:
            seen = asyncio.Event()

            async def work() -> None:
                async with aclosing(painter.draw(job(partial_images=partials))) as parts:
                    async for _ in parts:
                        seen.set()

            task = asyncio.create_task(work())
            if partials:
                await asyncio.wait_for(seen.wait(), 5)
            else:
                await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(fake.requests[0].done.wait, 5)
            assert fake.requests[0].abandoned


@wires
async def test_a_picture_over_the_bound_is_refused(wire: str) -> None:
    with FakeImages() as fake:
        for partials in (0, 1):
            error = await fails(fake, wire, job(partial_images=partials), max_picture_bytes=50)
            assert error.kind == "protocol"
            assert "max_picture_bytes" in error.message


def test_settings_are_read_strictly_by_kind() -> None:
    union = OpenAIImagesSettings | OpenRouterImagesSettings
    told = msgspec.convert(
        {
            "kind": "openai_images",
            "models": {"a": "b"},
            "timeouts": {"silence_seconds": 5},
            "sizes": ["512x512"],
        },
        type=union,
    )
    assert isinstance(told, OpenAIImagesSettings)
    assert told.base_url == "https://api.openai.com/v1"
    with pytest.raises(msgspec.ValidationError, match="size_s"):
        msgspec.convert({"kind": "openai_images", "models": {"a": "b"}, "size_s": 1}, type=union)
    with pytest.raises(msgspec.ValidationError, match="models"):
        msgspec.convert({"kind": "openrouter_images", "models": {}}, type=union)
    with pytest.raises(errors.ConfigError, match="base_url") as raised:
        OpenRouterImages(OpenRouterImagesSettings(models={"a": "b"}, base_url="ftp://a:secret@x"))
    assert "secret" not in str(raised.value)
    with pytest.raises(msgspec.ValidationError, match="WIDTHxHEIGHT"):
        msgspec.convert(
            {"kind": "openai_images", "models": {"a": "b"}, "sizes": ["large"]}, type=union
        )


async def test_a_card_says_who_draws() -> None:
    with FakeImages() as fake:
        async with provider(fake, "openai", references=False) as painter:
            (card,) = painter.cards
    assert (card.id, card.kind, card.owned_by) == (OURS, "image", "127.0.0.1")
    assert card.input_modalities == ("text",)

"""Remote pictures over the server's own edge: the setting, the WebSocket, OpenRouter's images."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.providers.fetch.kit import PNG, Web, answer, web
from tests.server.kit import MODEL, Painter, catalog
from tests.server.sockets import talk

from heliograph import errors
from heliograph.providers import ImageJob, ImagePart, ModelCard
from heliograph.providers.fetch import FetchSettings
from heliograph.server import Server, Settings, load_settings


class Seeing(Painter):
    """A painter that takes pictures in and remembers its jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[ImageJob] = []

    @property
    def cards(self) -> Sequence[ModelCard]:
        card = super().cards[0]
        return (
            ModelCard(
                id=card.id,
                name=card.name,
                description=card.description,
                kind="image",
                created=1,
                owned_by="test",
                input_modalities=("text", "image"),
                output_modalities=("image",),
            ),
        )

    async def draw(self, job: ImageJob) -> AsyncIterator[ImagePart]:  # type: ignore[override]
        self.jobs.append(job)
        async for part in super().draw(job):
            yield part


class Here(NamedTuple):
    url: str
    painter: Seeing


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Here]:
    painter = Seeing()
    server = Server(Settings(port=0, **settings), catalog(painter))
    await server.start()
    try:
        yield Here(server.url, painter)
    finally:
        await server.stop(drain=0)


def allowed(here: Web) -> FetchSettings:
    return FetchSettings(policy="allowlist", hosts=(here.host,), http=True, seconds=5)


def message(url: str, words: str = "like this") -> list[dict[str, Any]]:
    parts = [{"type": "input_text", "text": words}, {"type": "input_image", "image_url": url}]
    return [{"role": "user", "content": parts}]


def request(url: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "input": message(url), "tools": [{"type": "image_generation"}], **more}


async def post(here: Here, path: str, body: dict[str, Any]) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=here.url, timeout=20) as http:
        return await http.post(path, json=body)


@pytest.mark.parametrize("store", [True, False])
async def test_a_remote_picture_is_an_edits_reference(store: bool) -> None:
    async with web() as pictures:
        pictures.pages["/a"] = answer(PNG)
        async with serving(fetch=allowed(pictures)) as here:
            made = await post(here, "/v1/responses", request(pictures.url("/a"), store=store))
            assert made.status_code == 200, made.text
            assert here.painter.jobs[0].images == (PNG,)


async def test_a_bad_one_is_a_400_under_both_bases() -> None:
    async with web() as pictures, serving(fetch=allowed(pictures)) as here:
        body = request(pictures.url("/none"))
        made = await post(here, "/v1/responses", body)
        assert made.status_code == 400
        error = made.json()["error"]
        assert error["param"] == "input[0].content[1].image_url"
        assert error["code"] == "invalid_image_url"
        made = await post(here, "/api/v1/responses", body)
        assert made.status_code == 400
        assert "input[0].content[1].image_url" in made.text


async def test_a_socket_goes_on_without_asking_again() -> None:
    async with web() as pictures:
        pictures.pages["/a"] = answer(PNG)
        async with serving(fetch=allowed(pictures)) as here:

            def turns() -> None:
                with talk(here) as ws:  # type: ignore[arg-type]
                    first = ws.turn(message(pictures.url("/a")), store=False)  # type: ignore[arg-type]
                    more = {"store": False, "previous_response_id": first.id}
                    second = ws.turn("make it night", **more)
                    more["previous_response_id"] = second.id
                    bad = ws.refused(prompt=message(pictures.url("/none")), **more)
                    assert bad == (400, "invalid_image_url", "input[0].content[1].image_url")

            await asyncio.to_thread(turns)
            assert [job.images[0] for job in here.painter.jobs] == [PNG, PNG]
            assert [head.split(" ")[1] for head in pictures.asked] == ["/a", "/none"]


async def test_openrouters_references_may_be_addresses() -> None:
    def body(url: str, **more: Any) -> dict[str, Any]:
        reference = {"type": "image_url", "image_url": {"url": url}}
        return {
            "model": "test/painter",
            "prompt": "a fox",
            "input_references": [reference],
            **more,
        }

    async with web() as pictures:
        pictures.pages["/a"] = answer(PNG)
        async with serving(fetch=allowed(pictures)) as here:
            made = await post(here, "/api/v1/images", body(pictures.url("/a")))
            assert made.status_code == 200, made.text
            assert here.painter.jobs[0].images == (PNG,)
            made = await post(here, "/api/v1/images", body(pictures.url("/none")))
            assert made.status_code == 400
            assert "input_references[0].image_url.url" in made.text
            pictures.asked.clear()
            made = await post(here, "/api/v1/images", body(pictures.url("/a"), quality="best"))
            assert made.status_code == 400
            assert not pictures.asked


async def test_off_is_the_default_and_the_refusal_says_what_to_set() -> None:
    async with serving() as here:
        made = await post(here, "/v1/responses", request("https://example.org/a.png"))
        assert made.status_code == 400
        assert "fetch.policy is off" in made.json()["error"]["message"]
        reference = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
        body = {"model": "test/painter", "prompt": "x", "input_references": [reference]}
        made = await post(here, "/api/v1/images", body)
        assert "fetch.policy is off" in made.text


def test_the_policy_stands_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text('[fetch]\npolicy = "allowlist"\nhosts = ["*.example.org", "10.0.0.7:8080"]\n')
    assert load_settings(file).fetch.hosts == ("*.example.org", "10.0.0.7:8080")
    for text, said in (
        ("allow_private = true", "unknown key 'fetch.allow_private'"),
        ('policy = "all"', "fetch.policy: invalid enum value 'all'"),
        ('policy = "allowlist"\nhosts = ["https://x"]', "fetch: hosts: 'https://x'"),
        ('policy = "allowlist"\nhosts = ["169.254.169.254"]', "never fetched from"),
    ):
        file.write_text(f"[fetch]\n{text}\n")
        with pytest.raises(errors.ConfigError) as refused:
            load_settings(file)
        assert said in str(refused.value)

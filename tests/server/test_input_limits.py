"""What one request may bring and ask for: each bound has a name, a default, and its own refusal."""

from __future__ import annotations

import base64
import importlib.util
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from tests.server.kit import Painter, Running, ask, draw, running
from tests.server.sockets import talk
from tests.server.test_errors import refusal

from heliograph.providers import Catalog
from heliograph.providers.chat import ChatCompletions, ChatCompletionsSettings, ChatModel
from heliograph.server import Limits, Server, Settings
from heliograph.testing import FakeChat, Say

BASES = ("/v1", "/api/v1")
SMALL = Limits(
    max_body_bytes=200_000,
    max_image_pixels=10_000,
    max_input_images=3,
    max_input_items=5,
    max_tools=2,
    max_prompt_bytes=5_000,
    max_picture_bytes=50_000,
    max_echo_bytes=3_000,
    max_output_tokens=100,
)


class Seeing(Painter):
    """A painter that takes pictures in."""

    @property
    def cards(self) -> Any:
        (card,) = super().cards
        return (msgspec.structs.replace(card, input_modalities=("text", "image")),)


@pytest.fixture(scope="module")
def small() -> Iterator[Running]:
    with running(Seeing(), limits=SMALL) as here:
        yield here


@pytest.fixture
def http(small: Running) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=small.url, timeout=20) as client:
        yield client


def png(width: int, height: int) -> bytes:
    """A picture's head, which is all that is looked at; what it says it unpacks to can be huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + data + struct.pack(">I", zlib.crc32(data))


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def url(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def shows(*pictures: bytes, kind: str = "png") -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = [{"type": "input_text", "text": "at night"}]
    content += [{"type": "input_image", "image_url": url(p, kind)} for p in pictures]
    return [{"role": "user", "content": content}]


def mask(data: bytes) -> dict[str, Any]:
    tool = {"type": "image_generation", "input_image_mask": {"image_url": url(data)}}
    return {"tools": [tool], "input": shows(png(9, 9))}


FUNCTION = {"type": "function", "parameters": {}, "strict": False}
FIT = png(100, 100)
OVER: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("max_image_pixels", {"input": shows(png(101, 100))}, "input[0].content[1].image_url", None),
    ("max_image_pixels", {"input": shows(FIT, png(65535, 65535))}, "input[0].content[2]", None),
    ("max_image_pixels", {"input": shows(gif(200, 200), kind="gif")}, "input[0].content[1]", None),
    ("max_image_pixels", mask(png(200, 200)), "tools[0].input_image_mask.image_url", None),
    (
        "max_image_pixels",
        {"input": [{"type": "image_generation_call", "id": "ig_1", "status": "completed",
                    "result": base64.b64encode(png(200, 200)).decode()}, *shows()]},
        "input[0].result",
        None,
    ),
    ("max_input_images", {"input": shows(*[FIT] * 4)}, "input", None),
    ("max_input_images", {"input": shows(FIT, FIT) + shows(FIT, FIT)}, "input", None),
    ("max_picture_bytes", {"input": shows(FIT + bytes(50_000))}, "input[0].content[1]", None),
    ("max_input_items", {"input": shows() * 6}, "input", None),
    ("max_prompt_bytes", {"input": "é" * 2_501}, "input", "prompt_too_long"),
    ("max_prompt_bytes", {"input": "a", "instructions": "b" * 2_990}, "", None),
    ("max_tools", {"tools": [{**FUNCTION, "name": f"f{i}"} for i in range(3)]}, "tools", None),
    ("max_echo_bytes", {"instructions": "i" * 3_100}, "instructions", None),
    ("max_output_tokens", {"max_output_tokens": 101}, "max_output_tokens", None),
]  # fmt: skip


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("limit", "change", "field", "code"), OVER)
def test_what_is_over_a_limit_is_refused_by_its_name(
    http: httpx2.Client,
    small: Running,
    base: str,
    limit: str,
    change: dict[str, Any],
    field: str,
    code: str | None,
) -> None:
    if limit == "max_prompt_bytes" and "instructions" in change:
        change = {"input": "a" * 4_000, "instructions": change["instructions"][:1_500]}
    answer = http.post(f"{base}/responses", json={**ask(), **change})
    message, param, told = refusal(answer, base, 400)
    assert limit in message
    assert str(getattr(SMALL, limit)) in message
    assert param is not None
    assert param.startswith(field)
    assert code in (None, told)
    with talk(small, base) as ws:
        request = {"type": "response.create", **ask(), **change}
        assert ws.refused(msgspec.json.encode(request).decode()) == (400, told, param)


@pytest.mark.parametrize("base", BASES)
def test_what_is_just_within_is_served(http: httpx2.Client, base: str) -> None:
    for change in (
        {"input": shows(FIT, FIT, FIT)},
        {"input": shows(gif(100, 100), kind="gif")},
        {"input": shows() * 5},
        {"input": "a" * 5_000},
        {"max_output_tokens": 100},
        mask(FIT),
    ):
        answer = http.post(f"{base}/responses", json={**ask(), **change})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_413_by_name(
    http: httpx2.Client, base: str, declared: bool
) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"model": "' + b"m" * 200_000
        yield b'"}'

    content: Any = b"".join(chunks()) if declared else chunks()
    paths = ["/responses", "/images/generations" if base == "/v1" else "/images"]
    for path in paths:
        message, _, code = refusal(http.post(base + path, content=content), base, 413)
        assert code == "payload_too_large"
        assert "max_body_bytes (200000 bytes)" in message
        content = b"".join(chunks()) if declared else chunks()


@pytest.mark.parametrize("base", BASES)
def test_the_images_apis_have_the_same_bounds(http: httpx2.Client, base: str) -> None:
    if base == "/v1":
        form = {"model": "test/painter", "prompt": "night"}
        files = {"image": ("a.png", png(200, 200), "image/png")}
        answer = http.post("/v1/images/edits", data=form, files=files)
    else:
        reference = {"type": "image_url", "image_url": {"url": url(png(200, 200))}}
        body = {"model": "test/painter", "prompt": "night", "input_references": [reference]}
        answer = http.post("/api/v1/images", json=body)
    message, param, _ = refusal(answer, base, 400)
    assert "max_image_pixels is 10000" in message
    assert param is not None


def test_pictures_of_earlier_turns_are_not_counted(http: httpx2.Client) -> None:
    first = draw(http, input=shows(FIT, FIT, FIT)).events[0].response.id
    second = draw(http, input=shows(FIT, FIT, FIT), previous_response_id=first)
    assert second.types[-1] == "response.completed"


async def test_a_servers_output_cap_is_asked_of_the_model_where_the_request_says_nothing() -> None:
    with FakeChat(Say(text="Hello")) as fake:
        told = ChatCompletionsSettings(
            base_url=fake.base_url, models={"m": ChatModel(upstream="fake-1")}
        )
        upstream = ChatCompletions(told)
        settings = Settings(port=0, journal="memory", limits=Limits(max_output_tokens=77))
        async with (
            Server(settings, Catalog(chat=[upstream], images=[])) as server,
            httpx2.AsyncClient(base_url=server.url) as http,
        ):
            for asked, sent in ((None, 77), (5, 5), (77, 77)):
                more = {} if asked is None else {"max_output_tokens": asked}
                body = {"model": "m", "input": "hi", **more}
                answer = await http.post("/v1/responses", json=body)
                assert answer.json()["status"] == "completed", answer.text
                assert answer.json()["max_output_tokens"] == sent
                wire = fake.requests[-1].json()
                assert sent in (wire.get("max_tokens"), wire.get("max_completion_tokens"))


def test_the_page_of_limits_is_not_stale() -> None:
    tool = Path(__file__).parents[2] / "docs" / "_tools" / "limits_page.py"
    spec = importlib.util.spec_from_file_location("limits_page", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.PAGE.read_text(encoding="utf-8")
    assert page == module.page(), "run python docs/_tools/limits_page.py"
    assert not [
        name
        for name in Limits.__struct_fields__
        if f"| `{name}`" not in page.replace("<br>", " | ")
    ]

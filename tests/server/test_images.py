"""The Images APIs: OpenAI's generations and edits, OpenRouter's images, and what they refuse."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx2
import msgspec
import pytest
from tests.server.kit import MODEL, Painter, Running, digest, running

from heliograph import errors, models, sse
from heliograph.providers import ImageJob, ImagePart, ModelCard
from heliograph.testing._fakes._pictures import make_picture

PNG = make_picture("reference", 0, 40, 30, "png")
PAINTER = "test/painter"
GENERATE = "/v1/images/generations"
EDIT = "/v1/images/edits"
ROUTER = "/api/v1/images"


class Seeing(Painter):
    """A painter that takes pictures in, keeps its jobs, and fails where it is told to."""

    def __init__(self, fails: dict[str, Any] | None = None, after: int = 0, **more: Any) -> None:
        super().__init__(**more)
        self.jobs: list[ImageJob] = []
        self.fails = fails
        self.after = after
        self.closed = 0

    @property
    def cards(self) -> Sequence[ModelCard]:
        (card,) = super().cards
        return (msgspec.structs.replace(card, input_modalities=("text", "image")),)

    def check(self, job: ImageJob) -> None:
        if job.size == "8x8":
            raise errors.ProviderError("too small", kind="bad_request", param="size")

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        self.jobs.append(job)
        made = 0
        try:
            async for part in super().draw(job):
                if self.fails is not None and made >= self.after:
                    raise errors.ProviderError("it broke", **self.fails)
                yield part
                made += 1
        finally:
            self.closed += 1


def sha(text: str) -> str:
    return digest(base64.b64decode(text, validate=True))


def events(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The events of a stream that came whole, each named as its type says."""
    frames = sse.Decoder().feed(answer.content)
    assert frames[-1].data == b"[DONE]"
    found = []
    for frame in frames[:-1]:
        event = msgspec.json.decode(frame.data)
        assert frame.event == event["type"]
        models.decode_image_event(frame.data)
        found.append(event)
    return found


def parts(*pictures: bytes, mask: bytes | None = None, **fields: str) -> list[Any]:
    """A form's parts, for httpx's ``files``."""
    name = "image" if len(pictures) == 1 else "image[]"
    form: list[Any] = [(key, (None, value)) for key, value in fields.items()]
    form += [(name, (f"{i}.png", data, "image/png")) for i, data in enumerate(pictures)]
    return form if mask is None else [*form, ("mask", ("mask.png", mask, "image/png"))]


@pytest.fixture
def http(shared: Running) -> Any:
    with httpx2.Client(base_url=shared.url, timeout=20) as client:
        yield client


def test_a_generation_comes_whole(shared: Running, http: httpx2.Client) -> None:
    answer = http.post(GENERATE, json={"prompt": "a fox", "user": "u1"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert sha(body["data"][0]["b64_json"]) == shared.painter.made[-1]
    assert (body["size"], body["quality"], body["output_format"]) == ("256x256", "high", "png")
    assert (body["background"], body["safety_identifier"]) == ("opaque", "u1")
    assert body["usage"]["total_tokens"] == 0
    assert models.missing_fields(models.decode(models.ImagesResponse, answer.content)) == []


def test_a_generation_is_streamed(shared: Running, http: httpx2.Client) -> None:
    asked = {"prompt": "a fox", "stream": True, "partial_images": 2, "size": "256x256"}
    answer = http.post(GENERATE, json=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    got = events(answer)
    partial = "image_generation.partial_image"
    assert [e["type"] for e in got] == [partial, partial, "image_generation.completed"]
    assert [sha(e["b64_json"]) for e in got] == shared.painter.made[-3:]
    assert [e.get("partial_image_index") for e in got] == [0, 1, None]
    assert got[-1]["usage"]["input_tokens_details"] == {"image_tokens": 0, "text_tokens": 0}


def test_several_pictures_differ(shared: Running, http: httpx2.Client) -> None:
    body = http.post(GENERATE, json={"prompt": "a fox", "n": 3, "seed": 5}).json()
    made = [sha(entry["b64_json"]) for entry in body["data"]]
    assert len(set(made)) == 3
    assert set(made) == set(shared.painter.made[-3:])
    asked = {"prompt": "a fox", "n": 2, "stream": True, "partial_images": 1}
    got = events(http.post(GENERATE, json=asked))
    assert [e["type"].partition(".")[2] for e in got] == ["partial_image", "completed"] * 2
    assert [sha(e["b64_json"]) for e in got] == shared.painter.made[-4:]


def test_text_of_a_user_s_is_never_taken_for_a_picture(http: httpx2.Client) -> None:
    for text in ("picture", "-picture-", '"', "\\"):
        body = http.post(GENERATE, json={"prompt": text, "safety_identifier": text}).json()
        assert body["safety_identifier"] == text
        assert base64.b64decode(body["data"][0]["b64_json"]).startswith(b"\x89PNG")


def test_an_edit_brings_its_pictures_and_mask() -> None:
    painter = Seeing()
    with running(painter) as here, httpx2.Client(base_url=here.url) as http:
        form = parts(
            PNG, PNG, mask=PNG, prompt="make it night", input_fidelity="high", n="2", quality="low",
            output_format="webp", output_compression="40", background="opaque", moderation="low",
            seed="9", size="64x64", model=PAINTER,
        )  # fmt: skip
        body = http.post(EDIT, files=form).json()
        assert len(body["data"]) == 2
        streamed = events(
            http.post(EDIT, files=parts(PNG, prompt="x", stream="true", partial_images="1"))
        )
    first, second, third = painter.jobs
    assert first.images == (PNG, PNG)
    assert (first.mask, first.action, first.input_fidelity) == (PNG, "edit", "high")
    assert (first.output_format, first.output_compression, first.quality) == ("webp", 40, "low")
    assert (first.background, first.moderation, first.size) == ("opaque", "low", "64x64")
    assert {first.seed, second.seed} == {9, 10}
    assert third.images == (PNG,)
    assert [e["type"] for e in streamed] == ["image_edit.partial_image", "image_edit.completed"]


def test_openrouter_s_images_come_whole_and_streamed() -> None:
    painter = Seeing()
    link = "data:image/png;base64," + base64.b64encode(PNG).decode()
    asked = {
        "model": PAINTER,
        "prompt": "a fox",
        "input_references": [{"type": "image_url", "image_url": {"url": link}}],
        "resolution": "1K",
        "aspect_ratio": "16:9",
        "seed": 3,
    }
    with running(painter) as here, httpx2.Client(base_url=here.url) as http:
        answer = http.post(ROUTER, json=asked)
        got = events(http.post(ROUTER, json={"model": PAINTER, "prompt": "x", "stream": True}))
    body = models.decode(models.ImageGenerationResponse, answer.content)
    assert digest(body.data[0].image_bytes()) == painter.made[0]
    assert body.data[0].media_type == "image/png"
    assert (painter.jobs[0].size, painter.jobs[0].images) == ("1360x768", (PNG,))
    assert (painter.jobs[0].seed, painter.jobs[0].action) == (3, "edit")
    assert [sha(e["b64_json"]) for e in got] == painter.made[1:]
    assert [e["type"].partition(".")[2] for e in got] == ["partial_image"] * 3 + ["completed"]


@pytest.mark.parametrize(
    ("fields", "size", "ratio"),
    [
        ({}, "auto", "auto"),
        ({"size": "2K"}, "2048x2048", "auto"),
        ({"size": "320x200"}, "320x200", "auto"),
        ({"resolution": "512", "aspect_ratio": "1:1"}, "512x512", "auto"),
        ({"aspect_ratio": "9:19.5"}, "auto", "90:195"),
        ({"aspect_ratio": "21:9"}, "auto", "21:9"),
        ({"aspect_ratio": "auto", "size": "320x200"}, "320x200", "auto"),
    ],
)
def test_openrouter_s_sizes_become_pixels(fields: dict[str, str], size: str, ratio: str) -> None:
    from heliograph.engine import Limits, read_openrouter_image
    from heliograph.providers import Catalog

    body = {"model": PAINTER, "prompt": "x", **fields}
    ask = read_openrouter_image(
        body, Catalog(chat=[], images=[Seeing()]), Limits(), max_images=4, max_pixels=10**6
    )
    assert (ask.job.size, ask.job.aspect_ratio) == (size, ratio)


def refused(answer: httpx2.Response, status: int = 400) -> str | None:
    """The field that a refusal names, in the shape of its base path."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    if str(answer.url.path).startswith("/api"):
        assert error["code"] == status
        return error["metadata"].get("param")
    assert set(error) == {"message", "type", "param", "code"}
    return error["param"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x", "n": 0}, "n"),
        ({"prompt": "x", "n": 17}, "n"),
        ({"prompt": "x", "size": "big"}, "size"),
        ({"prompt": "x", "quality": "standard"}, "quality"),
        ({"prompt": "x", "output_format": "gif"}, "output_format"),
        ({"prompt": "x", "output_format": "jpeg", "background": "transparent"}, "background"),
        ({"prompt": "x", "output_compression": 101}, "output_compression"),
        ({"prompt": "x", "moderation": "none"}, "moderation"),
        ({"prompt": "x", "partial_images": 2}, "partial_images"),
        ({"prompt": "x", "stream": True, "partial_images": 4}, "partial_images"),
        ({"prompt": "x", "stream": "yes"}, "stream"),
        ({"prompt": "x", "response_format": "url"}, "response_format"),
        ({"prompt": "x", "style": "vivid"}, "style"),
        ({"prompt": "x", "frame_count": 3}, "frame_count"),
        ({"prompt": "x", "input_fidelity": "high"}, "input_fidelity"),
        ({"prompt": "x", "sise": "auto"}, "sise"),
    ],
)
def test_a_generation_is_refused_by_the_field(
    http: httpx2.Client, body: dict[str, Any], param: str
) -> None:
    assert refused(http.post(GENERATE, json=body)) == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"prompt": ""}, "prompt"),
        ({"size": "3K"}, "size"),
        ({"size": "2K", "resolution": "1K"}, "resolution"),
        ({"size": "64x64", "aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"aspect_ratio": "wide"}, "aspect_ratio"),
        ({"output_format": "svg"}, "output_format"),
        ({"provider": {"order": ["x"]}}, "provider.order[0]"),
        ({"moderation": "low"}, "moderation"),
        ({"input_references": [{"type": "file"}]}, "input_references[0].type"),
        (
            {"input_references": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]},
            "input_references[0].image_url.url",
        ),
    ],
)
def test_openrouter_s_body_is_refused_by_the_field(
    http: httpx2.Client, fields: dict[str, Any], param: str
) -> None:
    assert refused(http.post(ROUTER, json={"model": PAINTER, "prompt": "x"} | fields)) == param


def test_an_edit_is_refused_by_the_field() -> None:
    with (
        running(Seeing(), limits=limits(max_images=2, max_image_pixels=2000)) as here,
        httpx2.Client(base_url=here.url) as http,
    ):

        def field(*pictures: bytes, mask: bytes | None = None, **fields: str) -> str | None:
            form = parts(*pictures, mask=mask, **({"prompt": "x"} | fields))
            return refused(http.post(EDIT, files=form))

        big = make_picture("big", 0, 100, 30, "png")
        assert field() == "image"
        assert field(PNG, prompt="") == "prompt"
        assert field(PNG, n="many") == "n"
        assert field(PNG, stream="perhaps") == "stream"
        assert field(b"GIF89a") == "image"
        assert field(PNG, b"hello") == "image[1]"
        assert field(big) == "image"
        assert field(PNG, mask=big) == "mask"
        assert field(PNG, PNG, PNG) == "image"
        assert field(PNG, image="https://x/y.png") == "image"
        assert field(PNG, markup="x") == "markup"
        assert field(PNG, size="8x8") == "size"
        assert field(PNG, size="8x8", stream="true") == "size"
        twice = [*parts(PNG, prompt="x"), ("prompt", (None, "y"))]
        assert refused(http.post(EDIT, files=twice)) == "prompt"
        stray = [*parts(PNG, prompt="x"), ("other", ("o.png", PNG, "image/png"))]
        assert refused(http.post(EDIT, files=stray)) == "other"
        assert refused(http.post(EDIT, json={"prompt": "x"})) == "content-type"
        head = {"content-type": "multipart/form-data; boundary=b"}
        assert refused(http.post(EDIT, content=b"--b\r\nnonsense", headers=head)) == "image"
        head = {"content-type": "multipart/form-data"}
        assert refused(http.post(EDIT, content=b"--b--", headers=head)) is None


def limits(**named: Any) -> Any:
    from heliograph.server import Limits

    return Limits(**named)


def test_a_body_over_the_limit_is_refused() -> None:
    with (
        running(Seeing(), limits=limits(max_body_bytes=2000)) as here,
        httpx2.Client(base_url=here.url) as http,
    ):
        large = parts(PNG + bytes(4000), prompt="x")
        assert refused(http.post(EDIT, files=large), 413) is None
        assert refused(http.post(GENERATE, json={"prompt": "x" * 3000}), 413) is None
        assert refused(http.post(ROUTER, json={"prompt": "x" * 3000}), 413) is None
        chunks = iter([b"--b\r\n", b"x" * 4000])
        head = {"content-type": "multipart/form-data; boundary=b"}
        assert refused(http.post(EDIT, content=chunks, headers=head), 413) is None


def test_what_is_no_json_object_is_refused(http: httpx2.Client) -> None:
    for path in (GENERATE, ROUTER):
        for content in (b"", b"{", b"[]", b"7", b"[" * 100_000):
            assert refused(http.post(path, content=content)) is None


def test_models_that_cannot_are_named(http: httpx2.Client) -> None:
    for path in (GENERATE, ROUTER):
        for model in ("nobody/nothing", MODEL):
            asked = {"prompt": "x", "model": model}
            assert refused(http.post(path, json=asked), 404) == "model"
    assert refused(http.post(EDIT, files=parts(PNG, prompt="x"))) == "image"


@pytest.mark.parametrize(
    ("fails", "status"),
    [
        ({"kind": "rate_limit", "retry_after": 6.5}, 429),
        ({"kind": "unavailable"}, 503),
        ({"kind": "timeout"}, 504),
        ({"kind": "protocol"}, 502),
        ({"kind": "auth"}, 502),
        ({"kind": "content_policy"}, 400),
        ({"kind": "bad_request", "param": "images"}, 400),
    ],
)
def test_a_provider_s_failure_has_its_status(fails: dict[str, Any], status: int) -> None:
    with running(Seeing(fails)) as here, httpx2.Client(base_url=here.url) as http:
        for stream in (False, True):
            asked = {"model": PAINTER, "prompt": "x", "stream": stream}
            answer = http.post(GENERATE, json=asked)
            refused(answer, status)
            if "retry_after" in fails:
                assert answer.headers["retry-after"] == "7"
            refused(http.post(ROUTER, json=asked), status)
        answer = http.post(EDIT, files=parts(PNG, prompt="x"))
        assert refused(answer, status) == ("image" if "param" in fails else None)


def test_a_failure_after_a_preview_is_an_event_and_the_last() -> None:
    with (
        running(Seeing({"kind": "content_policy"}, after=1)) as here,
        httpx2.Client(base_url=here.url) as http,
    ):
        asked = {"model": PAINTER, "prompt": "x", "stream": True}
        for path, more in ((GENERATE, {"partial_images": 2}), (ROUTER, {})):
            got = events(http.post(path, json=asked | more))
            assert [e["type"] for e in got] == ["image_generation.partial_image", "error"]
            assert got[-1]["error"]["code"] == "content_policy_violation"
            assert got[-1]["error"]["message"] == "it broke"


def test_silence_is_filled_with_comments() -> None:
    with (
        running(Painter(pace=0.5), limits=limits(keep_alive_seconds=0.1)) as here,
        httpx2.Client(base_url=here.url, timeout=0.4) as http,
    ):
        answer = http.post(GENERATE, json={"prompt": "x", "stream": True, "partial_images": 1})
        assert answer.content.count(b": keep-alive\n") >= 4
        assert [e["type"].partition(".")[2] for e in events(answer)] == [
            "partial_image",
            "completed",
        ]


def test_a_failure_in_a_filled_silence_is_an_event() -> None:
    with (
        running(Seeing({"kind": "unavailable"}, pace=0.3), limits=limits(keep_alive_seconds=0.1))
        as here,
        httpx2.Client(base_url=here.url) as http,
    ):  # fmt: skip
        (error,) = events(http.post(GENERATE, json={"prompt": "x", "stream": True}))
    assert (error["type"], error["error"]["code"]) == ("error", "unavailable")


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_ends_the_work(stream: bool) -> None:
    painter = Seeing(pace=0.2)
    with running(painter) as here, httpx2.Client(base_url=here.url) as http:
        asked = {"prompt": "x", "stream": stream, "n": 2} | (
            {"partial_images": 3} if stream else {}
        )
        with pytest.raises(httpx2.ReadTimeout):
            http.post(GENERATE, json=asked, timeout=0.1)
        until = time.monotonic() + 5
        while painter.closed < len(painter.jobs) and time.monotonic() < until:
            time.sleep(0.02)
        assert painter.closed == len(painter.jobs) == (1 if stream else 2)
        assert painter.made == []


def test_no_more_is_drawn_at_once_than_the_limit() -> None:
    painter = Seeing(pace=0.05)
    with (
        running(painter, limits=limits(max_images_at_once=1)) as here,
        httpx2.Client(base_url=here.url) as http,
    ):
        began = time.monotonic()
        body = http.post(GENERATE, json={"prompt": "x", "n": 4}).json()
        assert len(body["data"]) == 4
        assert time.monotonic() - began >= 0.2


def test_limits_on_pictures_and_time_are_named() -> None:
    named = limits(max_picture_bytes=1000)
    with running(Seeing(), limits=named) as here, httpx2.Client(base_url=here.url) as http:
        answer = http.post(GENERATE, json={"prompt": "x"})
        refused(answer, 502)
        assert "max_picture_bytes" in answer.text
    named = limits(max_response_bytes=5000)
    with running(Seeing(), limits=named) as here, httpx2.Client(base_url=here.url) as http:
        assert http.post(GENERATE, json={"prompt": "x"}).status_code == 200
        answer = http.post(GENERATE, json={"prompt": "x", "n": 2})
        refused(answer, 500)
        assert "max_response_bytes" in answer.text
    named = limits(wall_seconds=0.1)
    with running(Seeing(pace=2), limits=named) as here, httpx2.Client(base_url=here.url) as http:
        answer = http.post(GENERATE, json={"prompt": "x"})
        refused(answer, 504)
        assert "wall_seconds" in answer.text


def test_a_stopping_server_finishes_what_is_drawn() -> None:
    painter = Seeing(pace=0.5)
    with running(painter) as here, httpx2.Client(base_url=here.url) as http:
        import threading

        got: list[httpx2.Response] = []
        asking = threading.Thread(
            target=lambda: got.append(http.post(GENERATE, json={"prompt": "x"}))
        )
        asking.start()
        assert painter.started.wait(5)
        here.call(here.server.stop(drain=5))
        asking.join()
    assert got[0].status_code == 200
    assert sha(got[0].json()["data"][0]["b64_json"]) == painter.made[0]


def test_a_key_is_wanted_where_one_is_configured() -> None:
    with running(Seeing(), key="k1") as here, httpx2.Client(base_url=here.url) as http:
        for path in (GENERATE, EDIT, ROUTER):
            assert http.post(path, json={"prompt": "x"}).status_code == 401
        assert http.get(f"{ROUTER}/models").status_code == 401
        head = {"authorization": "Bearer k1"}
        assert http.post(GENERATE, json={"prompt": "x"}, headers=head).status_code == 200


def test_openrouter_s_list_says_what_each_model_supports() -> None:
    with running(Seeing()) as here, httpx2.Client(base_url=here.url) as http:
        (item,) = http.get(f"{ROUTER}/models").json()["data"]
        assert (item["id"], item["supports_streaming"]) == (PAINTER, True)
        assert item["supported_parameters"]["seed"] == {"type": "boolean"}
        assert item["supported_parameters"]["input_references"]["max"] == 16
        record = http.get(item["endpoints"]).json()
        assert record["id"] == PAINTER
        assert record["endpoints"][0]["supported_parameters"] == item["supported_parameters"]
        assert refused(http.get(f"{ROUTER}/models/no/one/endpoints"), 404) == "model"
        assert refused(http.get(ROUTER), 405) is None

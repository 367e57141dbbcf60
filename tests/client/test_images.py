"""The Images APIs by every way in: both vendors' fakes, our own server, and what goes wrong."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image
from tests.client.scripted import CUT, Reply, Scripted, answer, stream
from tests.client.ways import WAYS, client
from tests.server.kit import Recorder, Running, digest, running

from heliograph import errors, models
from heliograph.client import Retries
from heliograph.pictures import Picture, data_url
from heliograph.providers.image.illustrator import MODEL, Illustrator
from heliograph.testing import FakeImages

everyway = pytest.mark.parametrize("way", WAYS)
both = pytest.mark.parametrize("dialect", ["openai", "openrouter"])

PROMPT = "a red fox under the moon"
QUICK = Retries(attempts=2, wait_first=0.01, wait_most=0.02)


def png(colour: str = "red", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (16, 16), colour).save(out, "png")
    return out.getvalue()


def url_of(fake: FakeImages, dialect: str) -> str:
    return fake.openai_url if dialect == "openai" else fake.openrouter_url


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with running(Recorder(Illustrator())) as server:
        yield server


# -- both vendors -----------------------------------------------------------------------------


@everyway
@both
async def test_generate_whole(way: str, dialect: str) -> None:
    with FakeImages(key="sk-test-secret") as fake:
        async with client(way, url_of(fake, dialect)) as heliograph:
            got = await heliograph.images.generate(
                PROMPT, model="fake/painter", n=2, size="64x48", output_format="webp"
            )
        (request,) = fake.requests
        assert [picture.bytes for picture in got.images] == fake.made
    kind = models.ImagesResponse if dialect == "openai" else models.ImageGenerationResponse
    assert isinstance(got, kind)
    assert [picture.output_index for picture in got.images] == [0, 1]
    assert {picture.format for picture in got.images} == {"webp"}
    assert request.path == ("/v1/images/generations" if dialect == "openai" else "/api/v1/images")
    assert request.json() == {
        "prompt": PROMPT,
        "model": "fake/painter",
        "n": 2,
        "size": "64x48",
        "output_format": "webp",
    }
    assert len(request.headers["idempotency-key"]) == 32


@everyway
@both
async def test_generate_as_a_stream(way: str, dialect: str, tmp_path: Path) -> None:
    told: dict[str, Any] = {"model": "fake/painter", "size": "64x64", "stream": True}
    if dialect == "openai":
        told["partial_images"] = 3
    with FakeImages(text_chunks=2) as fake:
        async with client(way, url_of(fake, dialect)) as heliograph:
            s = await heliograph.images.generate(PROMPT, **told)
            got = [(p.index, p.final, p.bytes) async for p in s.images()]
            assert got == [
                (0, False, fake.made[0]),
                (1, False, fake.made[1]),
                (2, False, fake.made[2]),
                (None, True, fake.made[3]),
            ]
            async with await heliograph.images.generate(PROMPT, **told) as s:
                events = [event async for event in s]
            assert [type(event) for event in events[-2:]] == [
                models.ImageGenPartialImageEvent,
                models.ImageGenCompletedEvent,
            ]
            async with await heliograph.images.generate(PROMPT, **told) as s:
                paths = await s.save_images(tmp_path, stem="fox", previews=True)
        assert [path.read_bytes() for path in paths] == fake.made[-4:]
    assert [path.name for path in paths] == [
        "fox-0-stage-0.png",
        "fox-0-stage-1.png",
        "fox-0-stage-2.png",
        "fox-0.png",
    ]


@everyway
async def test_edits_send_the_form_that_openai_sends(way: str, tmp_path: Path) -> None:
    first, second, mask = png("red"), png("blue"), png("white", "RGBA")
    path = tmp_path / "in.png"
    path.write_bytes(second)
    told: dict[str, Any] = {"model": "fake/painter", "n": 2, "input_fidelity": "high"}
    with FakeImages() as fake:
        with openai.OpenAI(api_key="any", base_url=fake.openai_url, max_retries=0) as theirs:
            theirs.images.edit(image=[first, second], mask=mask, prompt=PROMPT, **told)
        async with client(way, fake.openai_url) as heliograph:
            for one, other in ((first, path), (Picture(first), str(path))):
                got = await heliograph.images.edit([one, other], PROMPT, mask=mask, **told)
                assert [picture.bytes for picture in got.images] == fake.made[-2:]
            named = ("fox.png", first, "image/png")
            await heliograph.images.edit([named, io.BytesIO(second)], PROMPT, mask=mask, **told)
            await heliograph.images.edit(
                [data_url(first), bytearray(second)], PROMPT, mask=mask, **told
            )
            forms = [sorted(request.form()) for request in fake.requests]
            assert forms[0] == forms[1] == forms[2] == forms[3] == forms[4]
            assert {name for name, _ in forms[0]} == {
                *("image[]", "mask", "prompt", "model", "n", "input_fidelity")
            }
            s = await heliograph.images.edit(
                first, PROMPT, model="m", stream=True, partial_images=1
            )
            got = [picture.index async for picture in s.images()]
            form = dict(fake.requests[-1].form())
            assert (form["image"], form["stream"], got) == (first, b"true", [0, None])


@everyway
async def test_edits_go_to_openrouter_as_references(way: str) -> None:
    with FakeImages() as fake:
        async with client(way, fake.openrouter_url) as heliograph:
            got = await heliograph.images.edit(png(), PROMPT, model="fake/painter", seed=4)
            (request,) = fake.requests
            assert request.path == "/api/v1/images"
            assert request.json() == {
                "prompt": PROMPT,
                "model": "fake/painter",
                "seed": 4,
                "input_references": [
                    {"type": "image_url", "image_url": {"url": data_url(png())}},
                ],
            }
            assert got.images[0].bytes == fake.made[0]
            with pytest.raises(errors.UsageError, match="mask"):
                await heliograph.images.edit(png(), PROMPT, model="m", mask=png())


@everyway
async def test_what_is_no_picture_is_refused_before_anything_is_sent(way: str) -> None:
    with FakeImages() as fake:
        async with client(way, fake.openai_url) as heliograph:
            edit = heliograph.images.edit
            for image, match in (
                (b"no picture", "image: its bytes begin like no PNG"),
                ([png(), b"?"], r"image\[1\]"),
                ([], "none to start from"),
                ("https://pictures.example/1.png", "not fetched unasked"),
                (7, "int is neither bytes nor a path"),
                (("a.png", png()), "tuple"),
                (io.StringIO("text"), "StringIO"),
            ):
                with pytest.raises(errors.UsageError, match=match):
                    await edit(image, PROMPT, model="m")
            with pytest.raises(FileNotFoundError):
                await edit("nowhere.png", PROMPT, model="m")
            with pytest.raises(errors.UsageError, match="mask"):
                await edit(png(), PROMPT, model="m", mask=b"?")
            with pytest.raises(errors.UsageError, match="sised"):
                await edit(png(), PROMPT, sised="1x1")
            with pytest.raises(errors.UsageError, match="sised"):
                await heliograph.images.generate(PROMPT, sised="1x1")
            with pytest.raises(errors.UsageError, match="user: object cannot be sent in a form"):
                await edit(png(), PROMPT, user=object())
        assert fake.requests == []


# -- our own server ---------------------------------------------------------------------------


@everyway
@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
async def test_our_server(way: str, base: str, here: Running) -> None:
    async with client(way, here.url + base) as heliograph:
        got = await heliograph.images.generate(PROMPT, model=MODEL, size="256x256")
        (picture,) = got.images
        assert digest(picture.bytes) == here.painter.made[-1]
        assert picture.to_pil().size == (256, 256)
        s = await heliograph.images.edit(picture, "make it night", model=MODEL, stream=True, n=2)
        made = [(p.index, p.output_index, digest(p.bytes)) async for p in s.images()]
        finals = [entry for entry in made if entry[0] is None]
        assert [entry[1] for entry in finals] == [0, 1]
        assert [entry[2] for entry in made] == here.painter.made[-len(made) :]
        with pytest.raises(errors.BadRequest, match="size"):
            await heliograph.images.generate(PROMPT, model=MODEL, size="huge", stream=True)


# -- addresses --------------------------------------------------------------------------------


@everyway
async def test_an_address_is_fetched_when_asked_and_without_the_key(way: str) -> None:
    with FakeImages(links=True, revised_prompt="a fox, red") as fake:
        headers = {"X-Title": "secret app"}
        async with client(way, fake.openai_url, headers=headers) as heliograph:
            got = await heliograph.images.generate(PROMPT, model="fake/painter")
            (picture,) = got.images
            assert picture.url == f"{fake.url}/pictures/0"
            assert picture.format is None
            with pytest.raises(errors.PictureError, match=r"images\.fetch"):
                _ = picture.bytes
            assert len(fake.requests) == 1
            fetched = await heliograph.images.fetch(picture)
            assert (fetched.bytes, fetched.url) == (fake.made[0], None)
            assert fetched.revised_prompt == "a fox, red"
            assert "authorization" not in fake.requests[1].headers
            assert "x-title" not in fake.requests[1].headers
            assert await heliograph.images.fetch(fetched) is fetched
            assert (await heliograph.images.fetch(f"{picture.url}")).bytes == fake.made[0]
            with pytest.raises(errors.NotFound):
                await heliograph.images.fetch(f"{fake.url}/pictures/9")
            with pytest.raises(errors.UsageError, match="http"):
                await heliograph.images.fetch("file:///etc/passwd")
        async with client(way, fake.openai_url, max_frame=20) as heliograph:
            with pytest.raises(errors.PictureError, match="max_frame"):
                await heliograph.images.fetch(picture)


@everyway
async def test_who_has_the_picture_is_no_word_about_the_server(way: str) -> None:
    lies = Reply([png()], 200, {"content-type": "image/png", "x-response-id": "resp_1"})
    cut = Reply([b"{", 0.02, CUT], 200, {"content-type": "application/json"})
    plain = Reply((), 405)
    with Scripted(lies, cut, plain) as server:
        async with client(way, server.url, retries=QUICK) as heliograph:
            assert (await heliograph.images.fetch(f"{server.url}/1.png")).bytes == png()
            with pytest.raises(errors.TransportError):
                await heliograph.responses.create(model="m", input="x")
        assert [seen.method for seen in server.seen] == ["GET", "POST", "HEAD"]


# -- what goes wrong --------------------------------------------------------------------------


async def streamed(heliograph: Any, **more: Any) -> list[int | None]:
    s = await heliograph.images.generate(
        PROMPT, model="fake/painter", size="64x64", stream=True, **more
    )
    async with s:
        return [picture.index async for picture in s.images()]


@everyway
@both
async def test_faults_of_a_stream(way: str, dialect: str) -> None:
    with FakeImages() as fake:
        more = {"partial_images": 2} if dialect == "openai" else {}
        async with client(way, url_of(fake, dialect), retries=QUICK) as heliograph:
            fake.set(cut=1)
            with pytest.raises(errors.StreamInterrupted, match=r"0 of 1.*ask again") as caught:
                await streamed(heliograph, **more)
            assert not caught.value.resumable
            fake.set(error_at=1)
            with pytest.raises(errors.ServerError, match="could not be made"):
                await streamed(heliograph, **more)
            fake.set(wrong_types=True)
            with pytest.raises(errors.InvalidEvent, match="b64_json"):
                await streamed(heliograph, **more)
            fake.set(bad_json=True)
            with pytest.raises(errors.InvalidEvent):
                await streamed(heliograph, **more)
            assert len(fake.requests) == 4  # none was sent twice
            fake.set(no_stream=True)
            with pytest.raises(errors.BadRequest, match="Streaming is not supported"):
                await streamed(heliograph, **more)
            fake.set(status=503, times=2)
            assert (await streamed(heliograph, **more))[-1] is None
            fake.set(ignore_stream=True)
            assert await streamed(heliograph, n=2, **more) == [None, None]
            fake.set(ignore_stream=True, bad_json=True)
            with pytest.raises(errors.InvalidBody):
                await streamed(heliograph, **more)


@everyway
async def test_faults_of_a_whole_answer(way: str) -> None:
    with FakeImages() as fake:
        ask = {"model": "fake/painter", "size": "64x64"}
        async with client(way, fake.openai_url, retries=QUICK) as heliograph:
            fake.set(status=429, times=2)
            assert len((await heliograph.images.generate(PROMPT, **ask)).images) == 1
            assert len(fake.requests) == 3
            fake.set(status=500, times=1)
            with pytest.raises(errors.ServerError):
                await heliograph.images.generate(PROMPT, **ask)
            fake.set(cut=0, times=1)
            with pytest.raises(errors.TransportError):
                await heliograph.images.generate(PROMPT, **ask)
            fake.set(wrong_types=True)
            with pytest.raises(errors.InvalidBody, match="created"):
                await heliograph.images.generate(PROMPT, **ask)
            assert len(fake.requests) == 6
        always = Retries(attempts=2, wait_first=0.01, repeat="always")
        async with client(way, fake.openai_url, retries=always) as heliograph:
            fake.set(cut=0, times=1)
            assert len((await heliograph.images.generate(PROMPT, **ask)).images) == 1
            one, other = fake.requests[-2:]
            assert one.headers["idempotency-key"] == other.headers["idempotency-key"]


ONE = b'{"type":"image_generation.completed","b64_json":"%b"}' % base64.b64encode(png())
DONE = b"data: [DONE]\n\n"


@everyway
@pytest.mark.parametrize(
    ("pieces", "n", "says"),
    [
        ((b"data: " + ONE + b"\n\n" + DONE,), 2, r"\[DONE\] came after 1 of 2 pictures"),
        ((b"data: " + ONE + b"\n\n",), 2, "the body ended after 1 of 2"),
        ((DONE,), 1, r"\[DONE\] came after 0 of 1"),
        ((), 1, "the body ended after 0 of 1"),
        ((b"data: " + ONE[:40],), 1, "the body ended after 0 of 1"),
        ((b": keep-alive\n\n", 0.02, CUT), 1, "after 0 of 1"),
    ],
)
async def test_an_end_without_the_pictures_is_an_error(
    way: str, pieces: Any, n: int, says: str
) -> None:
    with Scripted(stream(*pieces)) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.StreamInterrupted, match=says):
                await streamed(heliograph, n=n)
        assert len(server.seen) == 1


@everyway
async def test_errors_in_every_shape(way: str) -> None:
    told = {"message": "no fox", "code": "moderation_blocked", "type": "image_error"}
    bare = b'data: {"error": {"message": "no fox", "code": 429}}\n\n'
    for reply, kind in (
        (stream(bare), errors.RateLimited),
        (answer({"error": told}), errors.APIError),
        (answer({"error": told}, 400), errors.BadRequest),
    ):
        with Scripted(reply) as server:
            async with client(way, server.url) as heliograph:
                with pytest.raises(kind, match="no fox"):
                    await streamed(heliograph)


@everyway
async def test_a_picture_that_came_is_kept_whatever_the_end(way: str) -> None:
    with Scripted(stream(b"data: " + ONE + b"\n\n", 0.02, CUT)) as server:
        async with client(way, server.url) as heliograph:
            assert await streamed(heliograph) == [None]

"""Pictures on response streams, by every way in: frames as they come, finished ones, on disk."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.client.scripted import CUT, Scripted, answer, stream
from tests.client.streams import (
    PICTURE,
    frame,
    message,
    numbered,
    picture_events,
    response,
    wire,
)
from tests.client.ways import WAYS, client
from tests.server.kit import Recorder, Running, digest, running

from heliograph import errors, models
from heliograph.client import Heliograph, Retries, picture_from
from heliograph.providers.image.illustrator import Illustrator

everyway = pytest.mark.parametrize("way", WAYS)

ASK = {"model": "heliograph/direct", "input": "a red fox under the moon"}
QUICK = Retries(attempts=3, wait_first=0.01, wait_most=0.02)
OURS = {"x_response_id": "resp_1"}


def encoded(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def listing(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def call(picture: bytes | None, item_id: str = "ig_1", status: str = "completed") -> Any:
    result = None if picture is None else base64.b64encode(picture).decode()
    return {"id": item_id, "type": "image_generation_call", "status": status, "result": result}


def ended(*items: Any, status: str = "completed", **more: Any) -> list[Any]:
    """A stream that shows its items only when it ends."""
    return numbered(
        {"type": "response.created", "response": response()},
        {"type": f"response.{status}", "response": response(status, list(items), **more)},
    )


def of(*items: Any, status: str = "completed", **more: Any) -> models.OpenResponsesResult:
    return models.decode(
        models.OpenResponsesResult, json.dumps(response(status, list(items), **more)).encode()
    )


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with running(Recorder(Illustrator())) as server:
        yield server


# -- on the stream ----------------------------------------------------------------------------


@everyway
async def test_frames_as_the_server_drew_them(way: str, here: Running) -> None:
    async with client(way, f"{here.url}/v1") as heliograph:
        tools = [{"type": "image_generation", "partial_images": 2}]
        async with heliograph.responses.stream(**ASK, tools=tools) as s:
            got = []
            async for picture in s.images():
                got.append((picture.index, picture.final, digest(picture.bytes)))
                assert picture.format == "png"
                assert picture.item_id == s.snapshot.output[picture.output_index].id
            final = await s.get_final_response()
    first, second, last = here.painter.made[-3:]
    assert got == [(0, False, first), (1, False, second), (None, True, last)]
    (finished,) = final.images
    assert digest(finished.bytes) == last
    assert finished.to_pil().size == (1024, 1024)


@everyway
async def test_frames_come_once_over_a_resumed_stream(way: str) -> None:
    events = picture_events(3)
    with Scripted(
        stream(wire(events[:6], done=False), frame(events[6])[:3000], 0.02, CUT, **OURS),
        stream(wire(events[6:9], done=False), 0.02, CUT, **OURS),
        stream(wire(events[9:]), **OURS),
    ) as server:
        async with (
            client(way, server.url, retries=QUICK) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            got = [(p.index, p.final, p.bytes == PICTURE) async for p in s.images()]
        assert len(server.seen) == 3
    assert got == [(0, False, True), (1, False, True), (2, False, True), (None, True, True)]


@everyway
async def test_a_loop_over_pictures_raises_as_the_one_over_events(way: str) -> None:
    with Scripted(stream(wire(picture_events(1)[:6], done=False))) as server:
        async with client(way, server.url) as heliograph, heliograph.responses.stream(**ASK) as s:
            frames = aiter(s.images())
            assert (await anext(frames)).index == 0
            with pytest.raises(errors.StreamInterrupted) as caught:
                await anext(frames)
    assert caught.value.snapshot.output[0].id == "ig_1"


@everyway
async def test_a_loop_over_pictures_can_stop_and_go_on(way: str) -> None:
    with Scripted(stream(wire(picture_events(3)))) as server:
        async with client(way, server.url) as heliograph:
            async with heliograph.responses.stream(**ASK) as s:
                async for picture in s.images():
                    assert picture.index == 0
                    break
                assert [p.index async for p in s.images()] == [1, 2, None]
            async with heliograph.responses.stream(**ASK) as s:
                async for _ in s.images():
                    break
            assert await heliograph.draw("a fox")


@everyway
async def test_a_picture_that_only_the_end_shows_is_given_there(way: str) -> None:
    with Scripted(stream(wire(ended(message("hi"), call(PICTURE))))) as server:
        async with client(way, server.url) as heliograph, heliograph.responses.stream(**ASK) as s:
            (picture,) = [picture async for picture in s.images()]
    assert (picture.final, picture.output_index, picture.bytes) == (True, 1, PICTURE)


@everyway
async def test_what_the_loop_over_events_had_is_not_given_again(way: str) -> None:
    with Scripted(stream(wire(picture_events(1)))) as server:
        async with client(way, server.url) as heliograph, heliograph.responses.stream(**ASK) as s:
            async for event in s:
                if event.type == "response.output_item.done":
                    break
            assert [picture async for picture in s.images()] == []


@everyway
async def test_resuming_in_the_middle_does_not_repeat_what_was_before(way: str) -> None:
    with Scripted(stream(wire(picture_events(1)[8:]), **OURS)) as server:
        async with client(way, server.url) as heliograph:
            s = await heliograph.responses.resume("resp_1", starting_after=7)
            assert [picture async for picture in s.images()] == []
            assert (await s.get_final_response()).images[0].bytes == PICTURE


# -- the finished ones ------------------------------------------------------------------------


def test_finished_pictures_of_a_response() -> None:
    router = {"type": "openrouter:image_generation", "status": "completed", "id": "or_1"}
    url = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    got = of(
        message("hi"),
        call(PICTURE, "ig_1"),
        call(None, "ig_2", "failed"),
        {**router, "imageUrl": url},
        {**router, "imageUrl": "https://pictures.example/7.png", "revisedPrompt": "a fox"},
        {**router, "status": "incomplete", "imageUrl": url},
        {**router, "imageB64": base64.b64encode(PICTURE).decode()},
        call(PICTURE, "ig_3", "generating"),
    ).images
    assert [picture.output_index for picture in got] == [1, 3, 4, 6, 7]
    assert [picture.item_id for picture in got] == ["ig_1", "or_1", "or_1", "or_1", "ig_3"]
    assert all(picture.final and picture.index is None for picture in got)
    away = got.pop(2)
    assert all(picture.bytes == PICTURE and picture.url is None for picture in got)
    assert (away.url, away.revised_prompt) == ("https://pictures.example/7.png", "a fox")
    with pytest.raises(errors.PictureError, match=r"pictures\.example/7\.png.*images\.fetch"):
        _ = away.bytes
    with pytest.raises(errors.PictureError, match="fetch"):
        away.save("seven.png")


def test_a_wire_field_of_that_name_is_kept_and_does_not_disturb() -> None:
    body = json.dumps(response("completed", [call(PICTURE)], images=["theirs"])).encode()
    got = models.decode(models.OpenResponsesResult, body)
    assert got.images[0].bytes == PICTURE
    assert models.encode(got) == body


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_saving_goes_by_the_bytes(kind: str, tmp_path: Path) -> None:
    data = encoded(kind)
    (picture,) = of(call(data)).images
    assert picture.format == kind
    saved = picture.save(tmp_path / "fox")
    assert saved.read_bytes() == data
    with Image.open(saved) as opened:
        assert opened.format == kind.upper()
    assert picture.save(f"{tmp_path}/fox.bin").read_bytes() == data
    wrong = tmp_path / ("fox.PNG" if kind != "png" else "fox.jpeg")
    with pytest.raises(errors.UsageError, match=rf"{wrong.name}.*the picture is {kind}"):
        picture.save(wrong)
    assert not wrong.exists()


def test_bytes_that_are_no_picture(tmp_path: Path) -> None:
    (picture,) = of(call(b"no picture at all", "ig_1")).images
    assert picture.format is None
    with pytest.raises(errors.PictureError, match="Pillow"):
        picture.to_pil()
    (broken,) = of({**call(b""), "result": "*not base64*"}).images
    with pytest.raises(errors.PictureError, match="result"):
        broken.save(tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_pixels_need_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    (picture,) = of(call(encoded("png"))).images
    assert picture.to_pil().getpixel((0, 0)) == (255, 0, 0)
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(errors.MissingExtra, match=r"heliograph\[local\]"):
        picture.to_pil()


# -- on disk ----------------------------------------------------------------------------------


@everyway
async def test_streams_are_saved_as_they_come(way: str, here: Running, tmp_path: Path) -> None:
    tools = [{"type": "image_generation", "partial_images": 2}]
    async with client(way, f"{here.url}/v1") as heliograph:
        async with heliograph.responses.stream(**ASK, tools=tools) as s:
            paths = await s.save_images(tmp_path, previews=True)
            final = await s.get_final_response()
        item_id = final.output[0].id
        assert [path.name for path in paths] == [
            f"{item_id}-stage-0.png",
            f"{item_id}-stage-1.png",
            f"{item_id}.png",
        ]
        assert [digest(path.read_bytes()) for path in paths] == here.painter.made[-3:]
        assert final.images == []  # they were let go of
        async with heliograph.responses.stream(**ASK, tools=tools) as s:
            (path,) = await s.save_images(str(tmp_path), stem="fox")
            assert path == tmp_path / "fox-0.png"
        async with heliograph.responses.stream(**ASK) as s:
            with pytest.raises(errors.UsageError, match="no folder"):
                await s.save_images(tmp_path / "nowhere")


@pytest.mark.parametrize("more", [{}, {"strict": True}], ids=["plain", "strict"])
@everyway
async def test_several_are_saved_over_a_websocket_and_under_the_checker(
    way: str, more: Any, here: Running, tmp_path: Path
) -> None:
    tools = [{"type": "image_generation", "partial_images": 1}]
    async with client(way, f"{here.url}/v1", **more) as heliograph:
        async with heliograph.responses.stream(**ASK, tools=tools) as s:
            (path,) = await s.save_images(tmp_path)
            assert digest(path.read_bytes()) == here.painter.made[-1]
        async with heliograph.responses.connect() as connection:
            for _ in range(2):
                async with connection.stream(**ASK, tools=tools) as s:
                    (path,) = await s.save_images(tmp_path)
                assert digest(path.read_bytes()) == here.painter.made[-1]


@everyway
async def test_names_from_servers_stay_in_the_folder(way: str, tmp_path: Path) -> None:
    items = [call(PICTURE, "../../etc/x.png"), call(PICTURE, ".."), call(PICTURE, "ig/2")]
    folder = tmp_path / "in"
    folder.mkdir()
    with Scripted(stream(wire(ended(*items)))) as server:
        async with client(way, server.url) as heliograph, heliograph.responses.stream(**ASK) as s:
            paths = await s.save_images(folder)
    assert {path.parent for path in paths} == {folder}
    assert paths[0].name == "etc_x_png.png"
    assert paths[1].name.endswith("-1.png")
    assert paths[2].name == "ig_2.png"
    assert listing(tmp_path) == ["in"]


@everyway
async def test_pictures_that_only_the_end_shows_are_all_saved(way: str, tmp_path: Path) -> None:
    pictures = [PICTURE + bytes([index]) for index in range(3)]
    items = [call(data, f"ig_{index}") for index, data in enumerate(pictures)]
    with Scripted(stream(wire(ended(*items)))) as server:
        async with client(way, server.url) as heliograph, heliograph.responses.stream(**ASK) as s:
            paths = await s.save_images(tmp_path)
    assert [path.read_bytes() for path in paths] == pictures


@everyway
async def test_saving_goes_on_over_a_cut(way: str, tmp_path: Path) -> None:
    events = picture_events(1)
    with Scripted(
        stream(wire(events[:6], done=False), frame(events[7])[:3000], 0.02, CUT, **OURS),
        stream(wire(events[6:]), **OURS),
    ) as server:
        async with (
            client(way, server.url, retries=QUICK) as heliograph,
            heliograph.responses.stream(**ASK) as s,
        ):
            (path,) = await s.save_images(tmp_path)
    assert path.read_bytes() == PICTURE


# -- draw -------------------------------------------------------------------------------------


@everyway
async def test_draw(way: str, here: Running, tmp_path: Path) -> None:
    async with client(way, f"{here.url}/v1") as heliograph:
        frames: list[tuple[int | None, bool]] = []
        picture = await heliograph.draw(
            "a red fox",
            on_frame=lambda frame: frames.append((frame.index, frame.final)),
            size="512x512",
            output_format="webp",
            background="opaque",
            quality="low",
            seed=4,
        )
        assert digest(picture.bytes) == here.painter.made[-1]
        assert frames == [(0, False), (1, False), (2, False), (None, True)]
        assert picture.save(tmp_path / "fox").name == "fox.webp"
        assert picture.to_pil().size == (512, 512)
        plain = await heliograph.draw(
            "a red fox", size="512x512", output_format="webp", seed=4, quality="low"
        )
        assert plain.bytes == picture.bytes
        with pytest.raises(errors.BadRequest, match="size"):
            await heliograph.draw("a red fox", size="huge")
        with pytest.raises(errors.UsageError, match="sized"):
            await heliograph.draw("a red fox", sized="huge")


def test_a_vendor_has_not_our_model() -> None:
    with Heliograph("sk-or-x") as made, pytest.raises(errors.UsageError, match="OpenRouter has no"):
        made.draw("a red fox")


@everyway
async def test_draw_asks_for_one_picture(way: str) -> None:
    with Scripted(stream(wire(picture_events(0)))) as server:
        async with client(way, server.url) as heliograph:
            picture = await heliograph.draw("a fox", model="m", image_model="p", partial_images=0)
            assert server.seen[0].json == {
                "model": "m",
                "input": "a fox",
                "tools": [{"type": "image_generation", "model": "p", "partial_images": 0}],
                "tool_choice": {"type": "image_generation"},
                "stream": True,
            }
            assert picture.bytes == PICTURE


async def test_a_coroutine_may_look_on() -> None:
    seen: list[int | None] = []

    async def look(frame: Any) -> None:
        seen.append(frame.index)

    with Scripted(stream(wire(picture_events(2)))) as server:
        async with client("async-httpx2", server.url) as heliograph:
            await heliograph.draw("a fox", on_frame=look)
    assert seen == [0, 1, None]


REFUSED = {**message("x"), "content": [{"type": "refusal", "refusal": "Not that fox."}]}
BLAMED = {
    **call(None, "ig_1", "failed"),
    "error": {
        "type": "image_generation_error",
        "code": "moderation_blocked",
        "message": "The hen objects.",
    },
}


@pytest.mark.parametrize(
    ("events", "says"),
    [
        (ended(message("I would rather write.")), r"completed.*the model said: I would rather"),
        (ended(REFUSED), r"the model refused: Not that fox\."),
        (ended(BLAMED), r"image_generation_call failed: The hen objects"),
        (
            ended(
                status="failed",
                error={"code": "server_error", "message": "The brush broke."},
            ),
            r"response is failed.*server_error: The brush broke",
        ),
        (
            ended(status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            r"incomplete.*max_output_tokens",
        ),
        (ended(), "completed and holds no picture$"),
    ],
)
@everyway
async def test_draw_says_why_there_is_no_picture(way: str, events: Any, says: str) -> None:
    with Scripted(stream(wire(events))) as server:
        async with client(way, server.url) as heliograph:
            with pytest.raises(errors.NoPicture, match=says) as caught:
                await heliograph.draw("a fox")
    assert caught.value.response.id == "resp_1"
    with pytest.raises(errors.NoPicture, match=says):
        picture_from(caught.value.response)


def test_the_one_liner_finds_the_server_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, here: Running
) -> None:
    import heliograph

    for name in ("HELIOGRAPH_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HELIOGRAPH_BASE_URL", raising=False)
    with pytest.raises(errors.UsageError, match="HELIOGRAPH_BASE_URL"):
        heliograph.draw("a red fox")
    monkeypatch.setenv("HELIOGRAPH_BASE_URL", f"{here.url}/v1")
    assert digest(heliograph.draw("a red fox").bytes) == here.painter.made[-1]


async def test_a_whole_answer_has_its_pictures() -> None:
    with Scripted(answer(response("completed", [call(PICTURE)]))) as server:
        for way in WAYS:
            async with client(way, server.url) as heliograph:
                got = await heliograph.responses.create(**ASK)
                assert [picture.bytes for picture in got.images] == [PICTURE]

"""Saving holds one picture: what the thinner passes over, and what a process really needs."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.client.scripted import Reply, Scripted
from tests.client.streams import frame, message, numbered, response, wire
from tests.server.kit import digest

from heliograph import AsyncHeliograph, Heliograph, errors, models, sse
from heliograph.client._core._thin import CUT, Thinner

LONG = 3000


def picture(index: int, size: int = LONG) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + random.Random(index).randbytes(size)


def text(index: int, size: int = LONG) -> str:
    return base64.b64encode(picture(index, size)).decode()


def call(index: int, size: int = LONG, **more: Any) -> dict[str, Any]:
    kind = {"id": f"ig_{index}", "type": "image_generation_call", "status": "completed"}
    return {**kind, "result": text(index, size), **more}


def pictures(count: int, size: int = LONG) -> list[dict[str, Any]]:
    """A response of several pictures, which its end holds all together."""
    calls = [call(index, size) for index in range(count)]
    events = [{"type": "response.created", "response": response()}]
    for index, whole in enumerate(calls):
        at = {"output_index": index}
        begun = {**whole, "status": "in_progress", "result": None}
        stage = {"partial_image_index": 0, "partial_image_b64": text(1000 + index, size)}
        kind = "response.image_generation_call.partial_image"
        events += [
            {"type": "response.output_item.added", **at, "item": begun},
            {"type": kind, "item_id": whole["id"], **at, **stage},
            {"type": "response.output_item.done", **at, "item": whole},
        ]
    words = message('"result": "' + "A" * LONG)
    events.append(
        {"type": "response.completed", "response": response("completed", [*calls, words])}
    )
    return numbered(*events)


def fed(thinner: Thinner, data: bytes, size: int, show: bool = True) -> list[dict[str, Any]]:
    """The events that come out, ``size`` bytes going in at a time."""
    decoder = sse.Decoder()
    events = []
    for at in range(0, len(data), size):
        for one in decoder.feed_data(thinner.feed(data[at : at + size])):
            if one != b"[DONE]":
                events.append(json.loads(one))
                if show and events[-1]["type"] == "response.output_item.done":
                    thinner.show()
    return events


@pytest.mark.parametrize("size", [1, 7, 256, 1000, 4096, 65536])
def test_only_what_was_shown_is_passed_over(size: int) -> None:
    events = pictures(3)
    got = fed(Thinner(), wire(events), size)
    assert got[:-1] == events[:-1]
    items, before = got[-1]["response"]["output"], events[-1]["response"]["output"]
    assert items[0] == before[0]  # the first may be the only one
    cut = [item["result"] for item in items[1:3]]
    if size < 4096:  # what came in one piece was not shown before its end came
        assert all(one.endswith(CUT.decode()) and len(one) < 400 for one in cut)
    assert items[3] == before[3]  # words are no picture
    assert got[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_what_was_not_shown_comes_whole(size: int) -> None:
    events = pictures(3)
    assert fed(Thinner(), wire(events), size, show=False) == events
    got = fed(Thinner(None), wire(events), size, show=False)
    assert got[:-1] == events[:-1]
    assert got[-1]["response"]["output"][2]["result"].endswith(CUT.decode())


def test_half_a_picture_is_an_error_and_no_picture() -> None:
    (event,) = fed(Thinner(None), wire(pictures(2)[-1:]), 50)
    got = models.decode_event(json.dumps(event).encode()).response.images
    assert got[0].bytes == picture(0)
    with pytest.raises(errors.PictureError, match="result"):
        _ = got[1].bytes


def test_another_connection_begins_anew() -> None:
    thinner = Thinner(None)
    whole = wire(pictures(2)[-1:])
    thinner.feed(whole[: len(whole) // 2 + 2000])  # within the second picture
    thinner.again()
    assert fed(thinner, frame(pictures(1)[-2]), 100) == [pictures(1)[-2]]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_each_event_may_have_one(end: bytes) -> None:
    data = b"".join(b"data: %b%b" % (json.dumps(call(i)).encode(), end) for i in range(3))
    assert Thinner(None).feed(data) == data


# -- memory -----------------------------------------------------------------------------------

SIZE = 6 * 1024 * 1024  # bytes of a picture
COUNT = 6
SAVE = """
import asyncio, sys
from pathlib import Path
from heliograph import AsyncHeliograph, Heliograph

way, url, folder, how = sys.argv[1:]
ASK = {"model": "m", "input": "x"}

def kilobytes(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))

async def by_async():
    async with AsyncHeliograph(base_url=url, transport=way) as client:
        async with client.responses.stream(**ASK) as stream:
            return await save(stream)

async def save(stream):
    if how == "keep":
        return [frame async for frame in stream.images() if frame.final]
    return await stream.save_images(folder)

def by_sync():
    with Heliograph(base_url=url) as client, client.responses.stream(**ASK) as stream:
        if how == "keep":
            return [frame for frame in stream.images() if frame.final]
        return stream.save_images(folder)

def run():
    return by_sync() if way == "sync" else asyncio.run(by_async())

url, real = url + "/small", url
run()  # imports, and all that is made once
url = real
Path("/proc/self/clear_refs").write_text("5")  # the kernel's peak begins anew
base = kilobytes("VmRSS")
saved = run()
print(len(saved), (kilobytes("VmHWM") - base) * 1024)
"""


FINISHED = pictures(COUNT, SIZE)


def needs(way: str, how: str, folder: Path) -> tuple[int, int]:
    """How many pictures a process of its own got, and the bytes that it needed at most."""
    small, large = wire(pictures(2, 1000)), wire(FINISHED)

    def said(seen: Any) -> Reply:
        data = small if "/small" in seen.target else large
        pieces = (data[at : at + 65536] for at in range(0, len(data), 65536))
        return Reply(pieces, 200, {"content-type": "text/event-stream"})

    with Scripted(said) as server:
        ran = subprocess.run(
            [sys.executable, "-c", SAVE, way, server.url, str(folder), how],
            capture_output=True, text=True, timeout=120, env={"MALLOC_MMAP_THRESHOLD_": "65536"},
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    count, most = map(int, ran.stdout.split())
    return count, most


@pytest.mark.parametrize("way", ["sync", "httpx2", "aiohttp"])
def test_saving_never_holds_more_than_one_picture(way: str, tmp_path: Path) -> None:
    """One picture is its base64, 4/3 of its bytes, and while it is written its bytes as well: 7/3,
    and a buffer's slack. The next one, held at the same time, would make that 11/3."""
    count, most = needs(way, "save", tmp_path)
    saved = {digest(path.read_bytes()) for path in tmp_path.iterdir()}
    assert count == COUNT
    assert {digest(picture(index, SIZE)) for index in range(COUNT)} <= saved
    held = most / SIZE
    assert held < 3, f"{held:.2f} pictures"


@pytest.mark.parametrize("way", ["sync", "httpx2", "aiohttp"])
def test_an_event_is_let_go_before_the_next_comes(way: str) -> None:
    held: list[str] = []
    counts: list[int] = []

    def pieces() -> Iterator[Any]:
        for event in pictures(1)[:3]:  # up to a stage: finished ones stay in the snapshot
            yield frame(event)
            yield 0.2  # the client waits for more now
            counts.extend([sys.getrefcount(held[0])] if held else [])
        yield frame(pictures(1)[-1])

    def keep(picture: Any) -> None:
        held[:] = [picture._read.args[0]]  # the event's own text

    async def read() -> None:
        async with (
            AsyncHeliograph(base_url=server.url, transport=way) as made,
            made.responses.stream(input="x") as stream,
        ):
            async for one in stream.images():
                keep(one)
                del one

    with Scripted(Reply(pieces(), 200, {"content-type": "text/event-stream"})) as server:
        if way != "sync":
            asyncio.run(read())
        else:
            with Heliograph(base_url=server.url) as made, made.responses.stream(input="x") as s:
                for one in s.images():
                    keep(one)
                    del one
    assert counts, "nothing was held while the client waited"
    assert set(counts) == {2}  # the list's reference, and the question's own


def test_the_measure_sees_pictures_that_are_kept(tmp_path: Path) -> None:
    count, most = needs("sync", "keep", tmp_path)
    assert count == COUNT
    assert most / SIZE > COUNT

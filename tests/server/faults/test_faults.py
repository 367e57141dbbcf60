"""Every switch of every wire: one end, a clear error, nothing lost, nothing left behind."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.server.faults.table import Case, Sees, rows
from tests.server.faults.yard import CHATS, PAINTERS, WIRES, Yard, request, streamed, yard
from tests.server.kit import digest

from heliograph import models, sse
from heliograph.testing import Switches

#: An upstream that refuses does so whether it streams or not.
TABLE = [
    pytest.param(wire, case, whole, id=f"{wire}-{case.switches}-{'whole' if whole else 'streamed'}")
    for wire in WIRES
    for cases in rows(wire).values()
    for case in cases
    for whole in ((False,) if "status" in case.switches else (False, True))
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with pytest.MonkeyPatch.context() as patch, yard(tmp_path_factory.mktemp("yard"), patch) as it:
        yield it


@pytest.mark.parametrize("wire", WIRES)
def test_every_switch_has_a_row(wire: str) -> None:
    table = rows(wire)
    assert table.keys() == {field.name for field in fields(Switches)}
    for switch, cases in table.items():
        assert cases
        assert all(switch in case.switches for case in cases)


@pytest.mark.parametrize(("wire", "case", "whole"), TABLE)
def test_what_a_client_sees(
    shared: Yard,
    wire: str,
    case: Case,
    whole: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not case.alone:
        _try(shared, wire, case, whole)
        return
    with yard(tmp_path, monkeypatch) as own:
        _try(own, wire, case, whole)


def _try(here: Yard, wire: str, case: Case, whole: bool) -> None:
    sees = case.whole if whole else case.streamed
    switches = {**case.switches, "ignore_stream": True} if whole else case.switches
    fake = here.fake(wire)

    def begin() -> int:
        fake.set(**switches)
        return len(fake.requests)

    def asked(before: int) -> None:
        assert here.settled(wire) == []
        assert len(fake.requests) - before == sees.asked

    before = begin()
    got = streamed(here, request(wire, case.haste))
    asked(before)
    _held(wire, sees, got.events[-1].response)
    kept = here.http.get(f"/v1/responses/{got.events[-1].response.id}").content
    assert models.decode(models.Response, kept) == got.events[-1].response
    if wire in CHATS:
        deltas = [e.delta for e in got.events if e.type == "response.output_text.delta"]
        assert "".join(deltas).startswith(sees.words)
    else:
        shown = [digest(e.image_bytes()) for e in got.events if hasattr(e, "partial_image_b64")]
        assert len(shown) == sees.previews
        assert set(shown) <= {digest(made) for made in here.paint.made}
    if case.alone:
        return
    before = begin()
    waited = here.http.post("/v1/responses", json=request(wire, case.haste, store=False))
    asked(before)
    assert waited.status_code == 200
    _held(wire, sees, models.decode(models.Response, waited.content))
    before = begin()
    passing = streamed(here, request(wire, case.haste, store=False))
    asked(before)
    _held(wire, sees, passing.events[-1].response)


def _held(wire: str, sees: Sees, response: Any) -> None:
    if wire in CHATS:
        _held_chat(wire, sees, response)
    else:
        _held_picture(wire, sees, response)


def _held_chat(wire: str, sees: Sees, response: Any) -> None:
    """The response tells what went wrong, and keeps the words that came before."""
    assert response.status == sees.status
    words = "".join(part.text for item in response.output for part in item.content)
    if sees.status == "failed":
        assert response.error.code == sees.code
        assert response.error.message.startswith(CHATS[wire])
        assert sees.says in response.error.message
        assert words == sees.words
        assert all(item.status == "incomplete" for item in response.output)
    elif sees.status == "incomplete":
        assert response.incomplete_details.reason == sees.code
        assert words.startswith(sees.words)
    else:
        assert words == sees.words
        assert response.usage.total_tokens == 12


def _held_picture(wire: str, sees: Sees, response: Any) -> None:
    """The response goes on without the picture, and the picture's item says why."""
    (item,) = response.output
    assert (response.status, item.status) == ("completed", sees.status)
    if sees.status == "failed":
        assert item.error.code == sees.code
        assert item.error.message.startswith(PAINTERS[wire])
        assert sees.says in item.error.message
        assert item.result is None
    else:
        assert len(item.image_bytes()) > 50


# the Images APIs over the same wires --------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "case", "whole"), [param for param in TABLE if param.values[0] in PAINTERS]
)
def test_what_a_client_of_the_images_api_sees(
    shared: Yard,
    wire: str,
    case: Case,
    whole: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not case.alone:
        _try_images(shared, wire, case, whole)
        return
    with yard(tmp_path, monkeypatch) as own:
        _try_images(own, wire, case, whole)


STATUSES = {
    "server_error": (500, 502, 503, 504),
    "rate_limit_exceeded": (429,),
    "invalid_prompt": (400,),
    "image_content_policy_violation": (400,),
}


def _try_images(here: Yard, wire: str, case: Case, whole: bool) -> None:
    sees = case.whole if whole else case.streamed
    fake = here.fake(wire)
    fake.set(**({**case.switches, "ignore_stream": True} if whole else case.switches))
    asked = {"model": PAINTERS[wire] + case.haste, "prompt": "a red fox", "size": "64x64"}
    body = asked | {"stream": True, "partial_images": 2}
    with here.http.stream("POST", "/v1/images/generations", json=body) as answer:
        data = answer.read()
    assert here.settled(wire) == []
    found = _image_events(data) if answer.status_code == 200 else []
    kinds = [event["type"].rpartition(".")[2] for event in found]
    if sees.status == "failed":
        if answer.status_code == 200:
            assert kinds == ["partial_image"] * sees.previews + ["error"]
            error = found[-1]["error"]
        else:
            assert answer.status_code in STATUSES[sees.code]
            error = answer.json()["error"]
        assert error["message"].startswith(PAINTERS[wire])
        assert sees.says in error["message"]
        return
    assert kinds == ["partial_image"] * sees.previews + ["completed"]
    assert base64.b64decode(found[-1]["b64_json"]) in here.paint.made


def _image_events(data: bytes) -> list[Any]:
    frames = [frame.data for frame in sse.Decoder().feed(data)]
    return [msgspec.json.decode(frame) for frame in frames if frame != b"[DONE]"]

"""Cases about pictures: the image tool, another turn of it, the Images API."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import pybase64

from heliograph.testing.conformance._case import Case
from heliograph.testing.conformance._cases_text import OPENAI, said
from heliograph.testing.conformance._judge import calls_in
from heliograph.testing.conformance._probe import Probe

__all__ = ["PICTURE_CASES"]

_SIZE = "1024x1024"
_FORMAT = "jpeg"
_CALL = "image_generation_call"
_CALLS = (_CALL, "openrouter:image_generation")
_PARTIAL = "response.image_generation_call.partial_image"
_PARTIALS = 2


class _Picture(NamedTuple):
    size: str
    format: str


def _tool(probe: Probe, **more: Any) -> dict[str, Any]:
    """What the request says of the image tool, and that it must be used."""
    tool = {"type": "image_generation", "size": _SIZE, "quality": "low", "output_format": _FORMAT}
    if probe.target.image_model is not None:
        tool["model"] = probe.target.image_model
    return {"tools": [{**tool, **more}], "tool_choice": {"type": "image_generation"}}


def _decoded(probe: Probe, text: Any, name: str) -> _Picture | None:
    """What a picture's base64 holds; None, and a finding, where it holds no picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        data = pybase64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            return _Picture("{}x{}".format(*picture.size), str(picture.format).lower())
    except (ValueError, TypeError, OSError, UnidentifiedImageError) as error:
        probe.that(False, "HG-PIC-001", f"{name}: {error}"[:200], "base64 of a whole picture")
        return None


def _as_asked(probe: Probe, text: Any, name: str) -> None:
    """A finished picture: it decodes, and has the size and format asked for."""
    found = _decoded(probe, text, name)
    if found is not None:
        probe.that(found.size == _SIZE, "HG-PIC-002", f"{name} is {found.size}", _SIZE)
        probe.that(found.format == _FORMAT, "HG-PIC-003", f"{name} is {found.format}", _FORMAT)


def _item(probe: Probe, response: dict[str, Any]) -> dict[str, Any]:
    """The one image item of a response, with its picture as ``result``."""
    items = [item for kind in _CALLS for item in calls_in(response, kind)]
    kinds = [item.get("type") for item in response["output"]]
    probe.must(bool(items), "HG-ANS-002", f"the output has {kinds}", f"an {_CALL}")
    item: dict[str, Any] = items[0]
    if "result" not in item and "imageB64" in item:
        item = {**item, "result": item["imageB64"]}
    return item


def _stream(probe: Probe) -> None:
    told, response = probe.stream(
        input="A red fox under the moon.", **_tool(probe, partial_images=_PARTIALS)
    )
    probe.status(response, "completed")
    item = _item(probe, response)
    _as_asked(probe, item.get("result"), "the picture")
    probe.kept["image"] = (told, response, item)


def _partials(probe: Probe) -> None:
    told = probe.kept["image"][0]
    partials = list(told.of(_PARTIAL))
    probe.that(bool(partials), "HG-PIC-004", "no partial image came", f"one or more of {_PARTIALS}")
    for event in partials:
        _decoded(probe, event.partial_image_b64, f"partial image {event.partial_image_index}")


def _turn(probe: Probe) -> None:
    _, first, before = probe.kept["image"]
    change = "The same fox, by day."
    asked: dict[str, Any] = {"input": change, "previous_response_id": first["id"]}
    if first.get("store") is False:
        made = {k: v for k, v in before.items() if k in ("type", "id", "status", "result")}
        asked = {"input": [said("user", "A red fox."), made, said("user", change)]}
    response = probe.completed(**asked, **_tool(probe))
    item = _item(probe, response)
    _as_asked(probe, item.get("result"), "the second picture")
    probe.that(
        item.get("result") != before.get("result") and item.get("id") != before.get("id"),
        "HG-PIC-005",
        "the second turn gives the first one's picture or item",
        "another picture, in an item with an id of its own",
    )


def _images(probe: Probe) -> None:
    asked: dict[str, Any] = {"prompt": "A lighthouse.", "size": _SIZE, "output_format": _FORMAT}
    path, kind = "/images/generations", "images"
    if probe.target.openrouter:
        path, kind = "/images", "openrouter images"
        if probe.target.image_model is None:
            probe.unsupported("POST /images wants a model, and no image model was given")
    else:
        asked |= {"n": 1, "quality": "low"}
    if probe.target.image_model is not None:
        asked["model"] = probe.target.image_model
    answer = probe.served(probe.ask("POST", path, asked))
    probe.findings += probe.judge.body(kind, answer)
    made = answer.get("created")
    probe.that(isinstance(made, int), "HG-SCH-001", f"created is {made!r}", "seconds since 1970")
    data = answer.get("data")
    pictures = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    probe.must(len(pictures) == 1, "HG-ANS-002", f"data has {len(pictures)} pictures", "one")
    _as_asked(probe, pictures[0].get("b64_json"), "the picture")


_WORDS = ("image_generation", "tools", "tool_choice")

PICTURE_CASES = (
    Case(
        "image.stream", "a picture by the image tool, with 2 partial images, streamed",
        "every rule of a stream; the picture decodes, in the size and format asked for",
        f"{OPENAI}, image_generation; docs/lifecycle.md", _stream, pictures=1, words=_WORDS,
    ),
    Case(
        "image.partials", "nothing: looks at the stream of image.stream",
        "partial images came, and decode", f"{OPENAI}, partial_images", _partials,
        needs=("image.stream",), requests=0,
    ),
    Case(
        "image.turn", "another turn that changes the picture",
        "another picture in another item, in the size and format asked for",
        f"{OPENAI}, image_generation", _turn, needs=("image.stream",), pictures=1,
        words=(*_WORDS, "previous_response_id", "input"),
    ),
    Case(
        "images.generate", "a picture by the Images API", "valid; the picture as asked for",
        f"{OPENAI}, images", _images, pictures=1, path=True,
        words=("images", "size", "output_format", "quality", "model"),
    ),
)  # fmt: skip

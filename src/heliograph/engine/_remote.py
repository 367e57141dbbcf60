"""Pictures that a request names by their address: where they stand, and how they are put in.

They are fetched once, before there is a response, and kept with the request as blobs, so that a
run, a takeover or a later turn asks nobody. Everything behind this module sees ``data:`` URLs; no
upstream ever sees a client's address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import pybase64

from heliograph import models
from heliograph.engine._item_pictures import copied
from heliograph.pictures import look
from heliograph.providers.fetch import Fetcher

__all__ = ["data_url_of", "head_of", "inlined", "remote_pictures", "stand_ins", "with_references"]

Json = dict[str, Any]
T = TypeVar("T")

_CALLS = ("image_generation_call", "openrouter:image_generation")
_PICTURES = {"result": "result", "image_b64": "imageB64", "image_url": "imageUrl"}
"""An image call's fields for its picture, and their keys."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def head_of(picture: bytes) -> str:
    """The head of a picture's ``data:`` URL."""
    seen = look(picture)
    return f"data:{'image/png' if seen is None else seen.media_type};base64,"


def data_url_of(picture: bytes) -> str:
    """A picture as a ``data:`` URL."""
    return head_of(picture) + pybase64.b64encode(picture).decode()


def stand_ins(wanted: list[tuple[str, str]]) -> dict[str, str]:
    """A tiny picture for each URL, so that a request can be checked before anything is fetched."""
    return dict.fromkeys((url for _, url in wanted), _PNG)


def _is_address(text: object, *, bare: bool = False) -> bool:
    """Whether a picture's text is an address; ``bare``: base64 may stand there too."""
    if not isinstance(text, str) or text[:5].lower() == "data:":
        return False
    return "://" in text[:16] if bare else _SCHEME.match(text) is not None


def remote_pictures(request: models.ResponsesRequest) -> list[tuple[str, str]]:
    """(field, URL) of every picture that a request names by its address, in its order."""
    found: list[tuple[str, str]] = []
    for index, item in enumerate(request.input if isinstance(request.input, list) else []):
        for name in ("content", "output"):
            parts = getattr(item, name, None)
            for at, part in enumerate(parts if isinstance(parts, list) else ()):
                url = getattr(part, "image_url", None)
                if getattr(part, "type", None) == "input_image" and _is_address(url):
                    found.append((f"input[{index}].{name}[{at}].image_url", str(url)))
        made = getattr(item, "type", None) in _CALLS
        for name, key in _PICTURES.items() if made else ():
            result = getattr(item, name, None)
            if _is_address(result, bare=True):
                found.append((f"input[{index}].{key}", str(result)))
    for index, tool in enumerate(request.tools if isinstance(request.tools, list) else []):
        url = getattr(getattr(tool, "input_image_mask", None), "image_url", None)
        if _is_address(url):
            found.append((f"tools[{index}].input_image_mask.image_url", str(url)))
    return found


def _places(body: Json) -> Iterator[tuple[Json, str]]:
    """The like in a request's JSON: (object, key)."""
    given, tools = body.get("input"), body.get("tools")
    for item in given if isinstance(given, list) else ():
        if not isinstance(item, dict):
            continue
        for name in ("content", "output"):
            parts = item.get(name)
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, dict) and part.get("type") == "input_image":
                    yield part, "image_url"
        if item.get("type") in _CALLS:
            yield from ((item, key) for key in _PICTURES.values())
    for tool in tools if isinstance(tools, list) else ():
        mask = tool.get("input_image_mask") if isinstance(tool, dict) else None
        if isinstance(mask, dict):
            yield mask, "image_url"


def inlined(body: Json, texts: Mapping[str, str]) -> Json:
    """A request with ``texts`` (by URL) in the places of addresses; ``body`` stays as it is.

    A text is a ``data:`` URL, of base64 or of a marker that stands for it.
    """
    if not texts:
        return body
    body = body | {name: copied(body[name]) for name in ("input", "tools") if name in body}
    for place, key in _places(body):
        url = place.get(key)
        if isinstance(url, str) and url in texts:
            text = texts[url]
            place[key] = text if key == "image_url" else text.partition(";base64,")[2]
    return body


def _references(body: Json) -> list[tuple[str, Json]]:
    """OpenRouter's ``input_references``: (field, the object whose ``url`` it is)."""
    found = []
    given = body.get("input_references")
    for index, item in enumerate(given if isinstance(given, list) else ()):
        link = item.get("image_url") if isinstance(item, dict) else None
        if isinstance(link, dict) and _is_address(link.get("url")):
            found.append((f"input_references[{index}].image_url.url", link))
    return found


async def with_references(body: Json, fetcher: Fetcher, read: Callable[[Json], T]) -> T:
    """What ``read`` makes of OpenRouter's image request, its remote references fetched.

    ``read`` is asked first with stand-ins: a request that is refused anyway fetches nothing.
    Raises what ``read`` and ``Fetcher.pictures`` raise.
    """
    if not fetcher.on or not _references(body):
        return read(body)
    wanted = [(field, str(link["url"])) for field, link in _references(body)]

    def put(texts: Mapping[str, str]) -> Json:
        whole: Json = copied(body)
        for _, link in _references(whole):
            link["url"] = texts[link["url"]]
        return whole

    read(put(stand_ins(wanted)))
    fetched = await fetcher.pictures(wanted)
    return read(put({url: data_url_of(data) for url, data in fetched.items()}))

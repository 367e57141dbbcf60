"""A fake of OpenAI's and OpenRouter's Images APIs.

Facts: the ``openai`` package's image types, OpenRouter's OpenAPI document. What the real APIs are
known to refuse (unknown fields, a transparent JPEG, compressed PNG) is refused here too, in the
shape that each uses.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import msgspec
import pybase64

from heliograph.testing._fakes._base import Events, FakeServer, Received, Reply, Switches
from heliograph.testing._fakes._pictures import make_picture

__all__ = ["FakeImages"]

_MAX_SIDE = 4096
_SIZE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,3})")
_RATIO = re.compile(r"([1-9]\d*(?:\.\d+)?):([1-9]\d*(?:\.\d+)?)")
_TIERS = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_CHOICES = {
    "background": ("auto", "transparent", "opaque"),
    "moderation": ("auto", "low"),
    "output_format": ("png", "jpeg", "webp"),
    "quality": ("auto", "low", "medium", "high"),
    "input_fidelity": ("high", "low"),
}
_BOTH = frozenset(
    [
        "model",
        "prompt",
        "n",
        "size",
        "quality",
        "background",
        "output_format",
        "output_compression",
        "stream",
        "user",
    ]
)
_OPENAI = _BOTH | {"moderation", "partial_images", "safety_identifier"}
_EDIT = _OPENAI | {"image", "image[]", "mask", "input_fidelity"}
_OPENROUTER = _BOTH | {
    "aspect_ratio",
    "input_references",
    "provider",
    "resolution",
    "seed",
    "session_id",
    "trace",
}
_NUMBERS = ("n", "partial_images", "output_compression")


class _Refused(Exception):
    def __init__(self, message: str, param: str | None, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.status = status


class FakeImages(FakeServer):
    """``with FakeImages() as fake:`` an Images API on loopback, in both dialects.

    Under ``openai_url`` it has ``/images/generations`` and ``/images/edits``, under
    ``openrouter_url`` ``/images`` and ``/images/models``. It draws real small pictures (gradients;
    other prompts, other bytes) in the size and format asked for; ``made`` keeps all that it drew,
    previews included, in the order sent.

    ``key`` is the only key it takes. ``links`` answers with links to its own ``/pictures/N``.
    ``revised_prompt`` comes back with each picture of the OpenAI dialect. ``text_chunks`` come
    before the pictures of an OpenRouter stream. ``previews`` is how many previews a stream holds
    at most. Its faults are ``Switches``.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        links: bool = False,
        revised_prompt: str | None = None,
        text_chunks: int = 0,
        previews: int = 3,
        **switches: Any,
    ) -> None:
        super().__init__(**switches)
        self.key = key
        self.links = links
        self.revised_prompt = revised_prompt
        self.text_chunks = text_chunks
        self.previews = previews
        self.made: list[bytes] = []
        self._linked: dict[str, bytes] = {}
        self._drawn: dict[tuple[str, int, int, int, str, int], bytes] = {}

    @property
    def openai_url(self) -> str:
        """The base address for clients of OpenAI's API."""
        return f"{self.url}/v1"

    @property
    def openrouter_url(self) -> str:
        """The base address for clients of OpenRouter's API."""
        return f"{self.url}/api/v1"

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        """One request, by its path."""
        openrouter = request.path.startswith("/api/")
        try:
            if request.path.startswith("/pictures/"):
                await self._give_linked(request, reply)
                return
            if self.key is not None and request.headers.get("authorization") != (
                f"Bearer {self.key}"
            ):
                raise _Refused("Incorrect API key provided.", None, 401)
            if switches.status is not None:
                raise _Refused("The fake was told to fail.", None, switches.status)
            if request.path == "/api/v1/images/models":
                await reply.json(_MODELS)
                return
            asked = _read(request)
            if asked.stream and switches.no_stream:
                raise _Refused("Streaming is not supported for this model.", "stream")
            if asked.stream and not switches.ignore_stream:
                await self._stream(asked, reply, switches)
            else:
                await self._whole(asked, reply, switches)
        except _Refused as refused:
            headers = {}
            if switches.retry_after is not None:
                headers["retry-after"] = str(switches.retry_after)
            error = _error(refused, openrouter) | dict(switches.error or {})
            await reply.json({"error": error}, refused.status, headers)

    async def _give_linked(self, request: Received, reply: Reply) -> None:
        picture = self._linked.get(request.path)
        if picture is None:
            raise _Refused("no such picture", None, 404)
        await reply.whole(picture, headers={"content-type": "image/png"})

    def _draw(self, asked: _Asked, stage: int) -> bytes:
        told = (asked.text, stage, asked.width, asked.height, asked.format, asked.compression)
        picture = self._drawn.get(told)
        if picture is None:
            picture = self._drawn[told] = make_picture(*told)
        self.made.append(picture)
        return picture

    async def _whole(self, asked: _Asked, reply: Reply, switches: Switches) -> None:
        await asyncio.sleep(switches.slow)
        entries = []
        for number in range(asked.n):
            data = self._draw(asked, -1 - number)
            entry: dict[str, Any] = {"b64_json": _text(data)}
            if self.links and not asked.openrouter:
                path = f"/pictures/{len(self._linked)}"
                self._linked[path] = data
                entry = {"url": self.url + path}
            if asked.openrouter:
                entry["media_type"] = f"image/{asked.format}"
            elif self.revised_prompt is not None:
                entry["revised_prompt"] = self.revised_prompt
            entries.append(entry)
        document: dict[str, Any] = {"created": int(time.time()), "data": entries}
        if not asked.openrouter:
            document |= asked.settings
        document["usage"] = asked.usage
        if switches.wrong_types:
            document |= {"created": "yesterday", "data": [{"b64_json": 7}]}
        body = msgspec.json.encode(document)
        if switches.bad_json:
            body = body[:-20] + b"}" * 20
        if switches.cut is not None:
            await reply.cut(body[: len(body) // 2], len(body))
        await reply.whole(body, headers={"content-type": "application/json"})

    async def _stream(self, asked: _Asked, reply: Reply, switches: Switches) -> None:
        events = Events(reply, switches)

        async def send(document: dict[str, Any]) -> bool:
            """Whether the stream goes on."""
            name = None if asked.openrouter else str(document["type"])
            if switches.error_at == events.count:
                refused = _Refused("The picture could not be made.", None, 500)
                error = _error(refused, openrouter=False) | dict(switches.error or {})
                await events.send({"type": "error", "error": error}, name and "error")
                await events.end()
                return False
            data = msgspec.json.encode(document)
            if switches.wrong_types:
                data = msgspec.json.encode(
                    document | {"b64_json": 7, "partial_image_index": "zero"}
                )
            await events.send(data[:-9] + b"}" * 9 if switches.bad_json else data, name)
            return True

        for number in range(self.text_chunks if asked.openrouter else 0):
            chunk = {"type": f"{_GENERATION}.text_chunk", "phase": "reasoning", "text": f"{number}"}
            if not await send(chunk):
                return
        index = 0
        while index < min(asked.partials, self.previews) or switches.endless:
            event = {
                "type": f"{asked.kind}.partial_image",
                "b64_json": _text(self._draw(asked, index % _STAGES)),
                "partial_image_index": index,
            }
            if not await send(event if asked.openrouter else event | asked.said):
                return
            index += 1
        event = {
            "type": f"{asked.kind}.completed",
            "b64_json": _text(self._draw(asked, -1)),
            "usage": asked.usage,
        }
        more = {"created": int(time.time())} if asked.openrouter else asked.said
        if not await send(event | more):
            return
        if asked.openrouter:
            await events.send(b"[DONE]")
        await events.end()


_GENERATION = "image_generation"
_STAGES = 8  # different previews of a picture; an endless stream repeats them
_MODELS = {
    "data": [
        {
            "id": "fake/painter",
            "name": "Fake painter",
            "description": "Gradients.",
            "created": 1,
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["image"]},
            "supported_parameters": {"seed": {"type": "boolean"}},
            "supports_streaming": True,
            "endpoints": "/api/v1/images/models/fake/painter/endpoints",
        }
    ]
}


class _Asked(msgspec.Struct, kw_only=True):
    """A checked request, in either dialect."""

    openrouter: bool
    kind: str
    text: str
    width: int
    height: int
    format: str
    compression: int
    quality: str
    background: str
    n: int
    stream: bool
    partials: int
    references: int

    @property
    def settings(self) -> dict[str, Any]:
        """What the OpenAI dialect says of a picture."""
        return {
            "background": "transparent" if self.background == "transparent" else "opaque",
            "output_format": self.format,
            "quality": "high" if self.quality == "auto" else self.quality,
            "size": f"{self.width}x{self.height}",
        }

    @property
    def said(self) -> dict[str, Any]:
        """The same in its events."""
        return {**self.settings, "created_at": int(time.time())}

    @property
    def usage(self) -> dict[str, Any]:
        """Tokens, made up but in proportion."""
        words, pixels = len(self.text.split()), self.width * self.height // 1024
        if self.openrouter:
            total = {"prompt_tokens": words, "completion_tokens": pixels}
            return {**total, "total_tokens": words + pixels, "cost": 0.04}
        return {
            "input_tokens": words + self.references,
            "input_tokens_details": {"text_tokens": words, "image_tokens": self.references},
            "output_tokens": pixels,
            "total_tokens": words + self.references + pixels,
        }


def _text(data: bytes) -> str:
    return pybase64.b64encode(data).decode()


def _error(refused: _Refused, openrouter: bool) -> dict[str, Any]:
    if openrouter:
        metadata = {} if refused.param is None else {"metadata": {"param": refused.param}}
        return {"code": refused.status, "message": refused.message, **metadata}
    kinds = {401: "authentication_error", 429: "rate_limit_error", 404: "invalid_request_error"}
    kind = "invalid_request_error" if refused.status == 400 else "server_error"
    return {
        "message": refused.message,
        "type": kinds.get(refused.status, kind),
        "param": refused.param,
        "code": "rate_limit_exceeded" if refused.status == 429 else None,
    }


def _read(request: Received) -> _Asked:
    kinds = {
        "/v1/images/generations": (_OPENAI, _GENERATION),
        "/v1/images/edits": (_EDIT, "image_edit"),
        "/api/v1/images": (_OPENROUTER, _GENERATION),
    }
    if request.method != "POST" or request.path not in kinds:
        raise _Refused(f"Invalid URL ({request.method} {request.path})", None, 404)
    known, kind = kinds[request.path]
    openrouter = known is _OPENROUTER
    if kind == "image_edit":
        body, references = _read_form(request)
    else:
        try:
            body = request.json()
        except msgspec.DecodeError:
            raise _Refused("We could not parse the JSON body of your request.", None) from None
        references = len(body.get("input_references", ()))
    for name in body:
        if name not in known:
            raise _Refused(f"Unknown parameter: '{name}'.", name)
    for name in ("prompt", "model"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise _Refused(f"Missing required parameter: '{name}'.", name)
    for name, allowed in _CHOICES.items():
        if body.get(name, allowed[0]) not in allowed:
            raise _Refused(f"Invalid value: '{body[name]}'.", name)
    output_format = body.get("output_format", "png")
    if output_format == "jpeg" and body.get("background") == "transparent":
        raise _Refused("Transparent background is not supported for JPEG.", "background")
    compression = body.get("output_compression", 100)
    if not openrouter and output_format == "png" and compression != 100:
        raise _Refused("Compression less than 100 is not supported for PNG.", "output_compression")
    width, height = _size(body)
    return _Asked(
        openrouter=openrouter,
        kind=kind,
        text=body["prompt"],
        width=width,
        height=height,
        format=output_format,
        compression=compression,
        quality=body.get("quality", "auto"),
        background=body.get("background", "auto"),
        n=body.get("n", 1),
        stream=body.get("stream", False),
        partials=3 if openrouter else body.get("partial_images", 0),
        references=references,
    )


def _read_form(request: Received) -> tuple[dict[str, Any], int]:
    """The fields, with the types that JSON would have, and how many pictures came with them."""
    body: dict[str, Any] = {}
    pictures = 0
    for name, value in request.form():
        if name in ("image", "image[]", "mask"):
            pictures += name != "mask"
            body[name] = len(value)
        elif name in _NUMBERS:
            body[name] = int(value)
        else:
            text = value.decode()
            body[name] = text == "true" if name == "stream" else text
    if not pictures:
        raise _Refused("Missing required parameter: 'image'.", "image")
    return body, pictures


def _size(body: dict[str, Any]) -> tuple[int, int]:
    said = body.get("size", "auto")
    exact = _SIZE.fullmatch(said)
    if exact is not None:
        width, height = int(exact[1]), int(exact[2])
        if max(width, height) > _MAX_SIDE:
            raise _Refused(f"Invalid size '{said}'.", "size")
        return width, height
    side = _TIERS.get(said if said != "auto" else body.get("resolution", "1K"))
    if side is None:
        raise _Refused(f"Invalid size '{said}'.", "size")
    ratio = _RATIO.fullmatch(body.get("aspect_ratio", "1:1"))
    if ratio is None:
        return side, side
    root = (float(ratio[1]) / float(ratio[2])) ** 0.5
    return round(side * root), round(side / root)

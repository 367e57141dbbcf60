"""A request's ``input``: which items can be served, and the pictures in them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from heliograph.engine import _fields as fields
from heliograph.engine._compaction import COMPACTIONS, State, open_state
from heliograph.engine._context import Context, is_reference
from heliograph.engine._item_pictures import markers, picture_key
from heliograph.engine._limits import Limits
from heliograph.engine._seal import Seal, Seals, is_sealed
from heliograph.engine._thoughts import open_held
from heliograph.engine._tool import base64, check_pixels, data_url

__all__ = ["Input", "read_input"]

_ROLES = ("assistant", "developer", "system", "user")
_TEXT_PARTS = {
    "input_text": "text",
    "output_text": "text",
    "text": "text",
    "refusal": "refusal",
}
#: What a chat model may take besides words and pictures, by the modality on its card.
_MODALITIES = {"input_file": "file", "input_audio": "audio", "input_video": "video"}
_FILE = {
    "file_id": "no files are kept here; use file_data",
    "file_url": "files are not fetched here; use file_data",
}


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: (field, bytes) or pictures alone, oldest first.

    ``shown`` are the pictures that a message brings; ``made`` those of earlier image calls.
    ``pictures`` are all that the request brings, and ``earlier`` those of the conversation before
    it; a marker stands for one that is kept here already.
    """

    shown: tuple[tuple[str, bytes], ...]
    made: tuple[tuple[str, bytes], ...]
    pictures: tuple[bytes | str, ...]
    earlier: tuple[str, ...] = ()


class _Reader:
    def __init__(
        self,
        limits: Limits,
        context: Context,
        seal: Seal,
        takes: Collection[str],
        foreign: bool,
    ) -> None:
        self.limits = limits
        self.context = context
        self.seal = seal
        self.takes = takes
        self.foreign = foreign
        self.shown: list[tuple[str, bytes]] = []
        self.made: list[tuple[str, bytes]] = []
        self.pictures: list[bytes | str] = []
        self.calls: set[tuple[str, str]] = set()
        self.said = False
        self.bytes = 0

    def say(self, words: str) -> None:
        self.said = self.said or bool(words.strip())
        self.bytes += len(words.encode(errors="surrogatepass"))
        if self.bytes > self.limits.max_prompt_bytes:
            raise fields.invalid(
                "input",
                f"more than {self.limits.max_prompt_bytes} bytes of text (max_prompt_bytes)",
                "prompt_too_long",
            )

    def show(self, data: bytes, field: str, kept: list[tuple[str, bytes]]) -> None:
        if len(data) > self.limits.max_picture_bytes:
            raise fields.invalid(
                field,
                f"a picture of {len(data)} bytes; the limit max_picture_bytes is "
                f"{self.limits.max_picture_bytes}",
            )
        if len(self.shown) + len(self.made) == self.limits.max_input_images:
            raise fields.invalid(
                "input",
                f"over {self.limits.max_input_images} pictures, the limit max_input_images",
            )
        check_pixels(field, data, self.limits.max_image_pixels)
        kept.append((field, data))
        self.pictures.append(data)

    def recall(self, item: dict[str, Any]) -> list[str]:
        """Take in an item that is kept here, and was checked when it came; returns its pictures."""
        if item.get("type") in ("function_call", "custom_tool_call"):
            self.calls.add((item["type"], item["call_id"]))
        return markers(item)

    def item(self, item: dict[str, Any], path: str) -> None:
        kind = "item_reference" if is_reference(item) else item.get("type")
        if kind is None and "role" in item:
            kind = "message"
        if not isinstance(kind, str):
            raise fields.invalid(f"{path}.type", "required", "missing_required_parameter")
        match kind:
            case "message":
                self.message(item, path)
            case "function_call" | "custom_tool_call":
                said = "arguments" if kind == "function_call" else "input"
                for key in ("call_id", "name", said):
                    _need(item, key, path)
                self.calls.add((kind, item["call_id"]))
                self.say(item[said])
            case "function_call_output" | "custom_tool_call_output":
                self.output(item, path, kind.removesuffix("_output"))
            case "reasoning":
                self.said = True
                sealed = fields.text(item, "encrypted_content", path + ".")
                if sealed and self.opens(sealed):
                    for text in open_held(sealed, self.seal, path).texts:
                        self.say(text)
            case "image_generation_call" | "openrouter:image_generation":
                place = picture_key(item)
                if place is not None:
                    field = f"{path}.{place}"
                    result = self.result(_need(item, place, path), field)
                    self.show(result, field, self.made)
            case "item_reference":
                known = self.context.referenced.get(_need(item, "id", path))
                if known is None:
                    raise fields.unsupported(path, "items are not looked up by id; send the item")
                self.said = True
                self.pictures += self.recall(known)
            case _ if kind in COMPACTIONS:
                field = f"{path}.encrypted_content"
                if self.opens(fields.text(item, "encrypted_content", path + ".") or ""):
                    self.compacted(open_state(item, self.seal, field), field)
                self.said = True
            case _:
                raise fields.unsupported(f"{path}.type", f"nothing here can serve {kind!r} items")

    def opens(self, text: str) -> bool:
        """Whether it is to be opened here: an upstream's own content is the upstream's to judge."""
        return is_sealed(text) or not self.foreign

    def compacted(self, state: State, field: str) -> None:
        """Take in what a compaction item stands for."""
        self.said = True
        self.say(state.summary)
        for item in (*state.told, *state.calls):
            self.item(item, field)
        for kept in state.pictures:
            self.show(kept.data, field, self.shown if kept.item is None else self.made)

    def result(self, result: str, field: str) -> bytes:
        if result.startswith("data:") or "://" in result[:16]:
            return data_url(result, field)
        return base64(result, field)

    def message(self, item: dict[str, Any], path: str) -> None:
        role = fields.choice(item, "role", _ROLES, path + ".")
        if role is None:
            raise fields.invalid(f"{path}.role", "required", "missing_required_parameter")
        content = item.get("content")
        if isinstance(content, str):
            self.say(content)
            return
        for index, part in enumerate(fields.sequence(content, f"{path}.content")):
            where = f"{path}.content[{index}]"
            self.part(fields.mapping(part, where), where)

    def output(self, item: dict[str, Any], path: str, call: str) -> None:
        call_id = _need(item, "call_id", path)
        if (call, call_id) not in self.calls:
            raise fields.invalid(f"{path}.call_id", f"no {call} {call_id!r} comes before it")
        self.said = True
        output = item.get("output")
        if isinstance(output, str):
            self.say(output)
            return
        for index, part in enumerate(fields.sequence(output, f"{path}.output")):
            where = f"{path}.output[{index}]"
            self.part(fields.mapping(part, where), where)

    def part(self, part: dict[str, Any], path: str) -> None:
        kind = part.get("type")
        if kind in _TEXT_PARTS:
            self.say(_need(part, _TEXT_PARTS[kind], path))
        elif kind == "input_image":
            if part.get("file_id") is not None:
                raise fields.unsupported(f"{path}.file_id", "no files are kept here; use image_url")
            field = f"{path}.image_url"
            self.show(data_url(_need(part, "image_url", path), field), field, self.shown)
        elif kind == "input_file" and "file" in self.takes:
            self.file(part, path)
        elif kind == "input_audio" and "audio" in self.takes:
            sound = fields.mapping(part.get("input_audio"), f"{path}.input_audio")
            _need(sound, "data", f"{path}.input_audio")
            self.said = True
        elif kind in _MODALITIES:
            told = f"the model takes no {_MODALITIES[kind]} in"
            raise fields.unsupported(f"{path}.type", told)
        else:
            raise fields.unsupported(f"{path}.type", f"nothing here can serve {kind!r} parts")

    def file(self, part: dict[str, Any], path: str) -> None:
        for name, why in _FILE.items():
            if part.get(name) is not None:
                raise fields.unsupported(f"{path}.{name}", why)
        _need(part, "file_data", path)
        fields.text(part, "filename", path + ".")
        self.said = True


def _need(item: dict[str, Any], key: str, path: str) -> str:
    value = fields.text(item, key, path + ".")
    if value is None:
        raise fields.invalid(f"{path}.{key}", "required", "missing_required_parameter")
    return value


def read_input(
    body: dict[str, Any],
    limits: Limits,
    context: Context,
    seal: Seal | None = None,
    takes: Collection[str] = (),
    *,
    foreign: bool = False,
) -> Input:
    """Check ``input`` and ``instructions``. Raises ``BadRequest``.

    ``seal`` opens what was sealed for the tenant; without one such items are refused. ``takes`` are
    the input modalities of the chat model. ``foreign`` lets content be that nobody here has sealed:
    the model's upstream may have.
    """
    reader = _Reader(limits, context, seal if seal is not None else Seals().of(""), takes, foreign)
    earlier = [marker for item in context.earlier for marker in reader.recall(item)]
    given = body.get("input")
    if given is None:
        raise fields.invalid("input", "required", "missing_required_parameter")
    if isinstance(given, str):
        reader.say(given)
    else:
        items = fields.sequence(given, "input")
        if len(items) > limits.max_input_items:
            raise fields.invalid(
                "input",
                f"{len(items)} items; the limit max_input_items is {limits.max_input_items}",
            )
        for index, item in enumerate(items):
            reader.item(fields.mapping(item, f"input[{index}]"), f"input[{index}]")
    if not reader.said and not reader.pictures:
        raise fields.invalid("input", "it says nothing; give a prompt", "empty_input")
    reader.say(fields.text(body, "instructions") or "")
    return Input(
        shown=tuple(reader.shown),
        made=tuple(reader.made),
        pictures=_once(reader.pictures),
        earlier=tuple(marker for marker in earlier if marker not in reader.pictures),
    )


def _once(pictures: list[bytes | str]) -> tuple[bytes | str, ...]:
    """Each picture that is kept here once, where it was named last: that is the one meant."""
    named = {picture: at for at, picture in enumerate(pictures) if isinstance(picture, str)}
    return tuple(p for at, p in enumerate(pictures) if not isinstance(p, str) or named[p] == at)

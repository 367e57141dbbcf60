"""Cases about text: one turn, several, what a request says, how it ends."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from heliograph.testing.conformance._case import Case
from heliograph.testing.conformance._judge import text_of
from heliograph.testing.conformance._probe import Probe

__all__ = ["TEXT_CASES"]

OPEN = "Open Responses 2026-04-24"
OPENAI = "OpenAI's API reference"

_WORD = "papaya"
_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}
_FEW_TOKENS = 16  # the least that OpenAI takes
_ENTRY = "reasoning.encrypted_content"


def said(role: str, content: Any) -> dict[str, Any]:
    """A message of the input."""
    return {"type": "message", "role": role, "content": content}


def _speaks(probe: Probe, response: dict[str, Any]) -> None:
    probe.that(
        bool(text_of(response)), "HG-ANS-002", "the output has no text", "a message with text in it"
    )


def _text(probe: Probe) -> None:
    response = probe.completed(input="Say hello in three words.")
    probe.kept["text"] = response
    _speaks(probe, response)


def _text_stream(probe: Probe) -> None:
    _, response = probe.stream(input="Count from one to five, in words.")
    probe.status(response, "completed")
    _speaks(probe, response)


def _usage(probe: Probe) -> None:
    usage = probe.kept["text"].get("usage")
    told = usage if isinstance(usage, dict) else {}
    into, out, total = (told.get(f"{name}_tokens") for name in ("input", "output", "total"))
    probe.that(
        isinstance(into, int)
        and isinstance(out, int)
        and into >= 0
        and out >= 0
        and total == into + out,
        "HG-ANS-005",
        f"usage is {json.dumps(usage)[:200]}",
        "input_tokens, output_tokens, and total_tokens, their sum",
    )


def _turns_input(probe: Probe) -> None:
    given = [
        said("user", f"The word is {_WORD}. Say only OK."),
        said("assistant", "OK"),
        said("user", [{"type": "input_text", "text": "Which word was it?"}]),
    ]
    _speaks(probe, probe.completed(input=given))


def _turns_previous(probe: Probe) -> None:
    first = probe.completed(input=f"The word is {_WORD}. Say only OK.", store=True)
    probe.stores(first)
    second = probe.completed(input="Which word was it?", previous_response_id=first["id"])
    _speaks(probe, second)
    probe.echoed(second, previous_response_id=first["id"])
    fresh = second["id"] != first["id"]
    probe.that(fresh, "HG-ANS-003", "both turns have one id", "a response of its own for each")


def _instructions(probe: Probe) -> None:
    told = "Answer like a sailor."
    given = [said("system", "Be brief."), said("developer", "Be kind."), said("user", "Greet me.")]
    asked = {"instructions": told, "metadata": {"check": "heliograph"}}
    response = probe.completed(input=given, **asked)
    _speaks(probe, response)
    probe.echoed(response, **asked)


def _schema(probe: Probe) -> None:
    form = {"type": "json_schema", "name": "weather", "schema": _SCHEMA, "strict": True}
    ask = "The weather in Oslo: 9 degrees. Give it as JSON."
    response = probe.completed(input=ask, text={"format": form})
    text = text_of(response)
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    probe.that(
        isinstance(value, dict)
        and set(value) == {"city", "degrees"}
        and isinstance(value["city"], str)
        and type(value["degrees"]) is int,
        "HG-ANS-006",
        f"the text is {text[:120]!r}",
        "JSON with a string city and a whole number degrees, and nothing else",
    )
    echoed = (response.get("text") or {}).get("format") or {}
    kind = echoed.get("type")
    probe.that(kind == "json_schema", "HG-ANS-003", f"text.format.type is {kind!r}", "json_schema")


def _limit(probe: Probe) -> None:
    ask = "Write the numbers from one to two hundred, in words."
    _, response = probe.stream(input=ask, max_output_tokens=_FEW_TOKENS)
    probe.echoed(response, max_output_tokens=_FEW_TOKENS)
    tokens = (response.get("usage") or {}).get("output_tokens")
    if response.get("status") == "completed":  # by its own count it stayed within the limit
        probe.that(
            isinstance(tokens, int) and tokens <= _FEW_TOKENS,
            "HG-ANS-001",
            f"the response is completed, with {tokens} output tokens",
            f"incomplete, or at most {_FEW_TOKENS}",
        )
        return
    probe.status(response, "incomplete")
    reason = (response.get("incomplete_details") or {}).get("reason")
    right = "max_output_tokens"
    probe.that(reason == right, "HG-ANS-001", f"incomplete_details.reason is {reason!r}", right)


def _image(probe: Probe) -> None:
    url = "data:image/png;base64," + base64.b64encode(_red_square()).decode()
    parts = [
        {"type": "input_text", "text": "Which colour is this?"},
        {"type": "input_image", "image_url": url, "detail": "low"},
    ]
    _speaks(probe, probe.completed(input=[said("user", parts)]))


def _red_square(side: int = 32) -> bytes:
    """A PNG, without a library that writes them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + check

    head = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\xff\0\0" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _include(probe: Probe) -> None:
    _speaks(probe, probe.completed(input="Say hello.", include=[_ENTRY], store=False))


TEXT_CASES = (
    Case(
        "text", "text, as plain JSON", "valid, completed, has text",
        f"{OPEN}, ResponseResource", _text, needs=(),
    ),
    Case(
        "text.stream", "text, streamed",
        "every rule of a stream, [DONE], valid events, folded they are the response",
        f"{OPEN}, streaming events", _text_stream,
    ),
    Case(
        "usage", "nothing: looks at the answer of text", "usage is there and adds up",
        f"{OPEN}, Usage", _usage, requests=0,
    ),
    Case(
        "turns.input", "a third turn, the first two in input", "valid, completed, has text",
        f"{OPEN}, ItemParam", _turns_input,
    ),
    Case(
        "turns.previous", "a second turn by previous_response_id", "valid, and names the first",
        f"{OPEN}, previous_response_id", _turns_previous, requests=2,
        words=("previous_response_id", "store"),
    ),
    Case(
        "instructions", "instructions, system and developer messages, metadata",
        "valid, and repeats instructions and metadata",
        f"{OPEN}, ResponseResource", _instructions,
        words=("instructions", "developer", "system", "metadata"),
    ),
    Case(
        "format.json_schema", "JSON by a schema", "the text fits the schema",
        f"{OPEN}, JsonSchemaResponseFormat", _schema, words=("text.format", "json_schema"),
    ),
    Case(
        "limit.output", "a long text with max_output_tokens 16, streamed",
        "ends incomplete and says why, or stays within it", f"{OPEN}, IncompleteDetails", _limit,
        words=("max_output_tokens",),
    ),
    Case(
        "input.image", "a question about a picture in the input", "valid, completed, has text",
        f"{OPEN}, InputImageContent", _image,
        words=("input_image", "image_url", "image", "content", "vision"),
    ),
    Case(
        "include", f"include {_ENTRY}", "valid, completed, has text",
        f"{OPENAI}, include", _include, words=("include", "encrypted", "reasoning"),
    ),
)  # fmt: skip

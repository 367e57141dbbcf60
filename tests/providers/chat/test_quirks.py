"""Each habit of upstreams, by an answer of the kind; and any split of the bytes.

The files in ``recorded/`` hold the bytes of an answer (as the sources named in the quirk show
them) and, after a line of dashes, the parts that it means.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.chat.kit import joined

from heliograph import errors, providers
from heliograph.providers.chat import QUIRKS
from heliograph.providers.chat._payloads import Payloads
from heliograph.providers.chat._reader import AnswerReader

FOLDER = Path(__file__).parent / "recorded"
RECORDED = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.txt"))}
LINE = "\n----\n"


def read(chunks: list[bytes], hosted: str | None = "image_generation", **options: Any) -> list[Any]:
    reader = AnswerReader("m", hosted, **options)
    found = [part for chunk in chunks for part in reader.feed(chunk)]
    return [*found, *reader.end()]


def shape(part: Any) -> tuple[Any, ...]:
    """A part as the recorded files write it."""
    name = type(part).__name__
    if isinstance(part, providers.Finish):
        usage = part.usage
        if usage is None:
            return name, part.reason
        cached = usage.input_tokens_details.cached_tokens
        return name, part.reason, usage.input_tokens, cached, usage.output_tokens
    if isinstance(part, providers.Text):
        told = [
            (
                p.token,
                p.logprob,
                p.bytes,
                [(t.token, t.logprob, t.bytes) for t in p.top_logprobs or ()],
            )
            for p in part.logprobs
        ]
        return name, part.delta, *told
    return name, *(getattr(part, field) for field in part.__struct_fields__)


def outcome(chunks: list[bytes], **options: Any) -> list[Any]:
    """The parts, or the error in their place."""
    try:
        return [shape(part) for part in joined(read(chunks, **options))]
    except errors.ProviderError as error:
        return [("error", error.kind, error.retryable)]


def test_each_quirk_has_its_recorded_answer() -> None:
    assert set(RECORDED) == set(QUIRKS)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_quirk(name: str) -> None:
    answer, _, meant = RECORDED[name].partition(LINE)
    expected = [ast.literal_eval(line) for line in meant.splitlines()]
    assert outcome([answer.encode()]) == expected
    assert QUIRKS[name].seen
    assert QUIRKS[name].habit


@given(st.data())
def test_any_split_of_the_bytes_gives_the_same_parts(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(RECORDED)))
    answer = RECORDED[name].partition(LINE)[0].encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=12)))
    chunks = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert outcome(chunks) == outcome([answer])


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_byte_by_byte(name: str) -> None:
    answer = RECORDED[name].partition(LINE)[0].encode()
    assert outcome([bytes([byte]) for byte in answer]) == outcome([answer])


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_an_answer_or_a_provider_error(noise: bytes, framed: bool) -> None:
    outcome([b"data: " + noise + b"\n\n" if framed else noise])


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "think", ">", " ", "so", "\n"])),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_think_tags_do_not_depend_on_the_split(words: list[str], cuts: list[int]) -> None:
    text = "".join(words)
    at = sorted(min(cut, len(text)) for cut in cuts)
    pieces = [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]

    def chunks(pieces: list[str]) -> list[bytes]:
        said = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
        said.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        return [b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in said]

    assert outcome(chunks(pieces), think_tags=True) == outcome(chunks([text]), think_tags=True)


def test_think_tags_are_reasoning() -> None:
    answer = (
        b'data: {"choices":[{"delta":{"content":"\\n<think>Hm </b> so."}}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"</think>\\n\\nHello <think>"},'
        b'"finish_reason":"stop"}]}\n\n'
    )
    assert outcome([answer], think_tags=True) == [
        ("Reasoning", "Hm </b> so."),
        ("Text", "Hello <think>"),
        ("Finish", "stop"),
    ]


def test_half_a_character_is_passed_on_for_its_other_half() -> None:
    answer = b'data: {"choices":[{"delta":{"content":"\\ud83d"},"finish_reason":"stop"}]}\n\n'
    assert outcome([answer])[0] == ("Text", "\ud83d")


@pytest.mark.parametrize("head", [b"data: ", b'{"a": "', b"\n\n"])
def test_a_payload_over_the_limit_is_refused(head: bytes) -> None:
    payloads = Payloads("m", max_payload=50)
    with pytest.raises(errors.ProviderError, match="MAX_PAYLOAD"):
        payloads.feed(head + (b"\n" if head.isspace() else b"x") * 100)

"""``output_text``: the text of the output, whatever the server says of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from heliograph import models


def message(*texts: str) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": parts}


def wire(*output: dict[str, Any], **more: Any) -> bytes:
    fixed = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m"}
    rest = {"output": output, "tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
    return json.dumps({**fixed, **rest, **more}).encode()


def response(*output: dict[str, Any], **more: Any) -> models.OpenResponsesResult:
    return models.decode(models.OpenResponsesResult, wire(*output, **more))


REFUSAL = {
    "type": "message", "id": "m", "role": "assistant",
    "content": [{"type": "refusal", "refusal": "No."}, {"type": "new_part", "text": "n"}],
}  # fmt: skip
THOUGHT = {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Hm."}]}


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ([], ""),
        ([message("A ", "fox"), THOUGHT, message(".")], "A fox."),
        ([REFUSAL, {"type": "new_item", "text": "n"}], ""),
        ([message("half \ud83d")], "half \ud83d"),
    ],
)
def test_it_joins_the_text_of_the_messages(output: list[Any], text: str) -> None:
    assert response(*output).output_text == text


def test_what_a_server_says_stays_as_it_came() -> None:
    data = wire(message("A fox."), output_text="Another text.")
    said = models.decode(models.OpenResponsesResult, data)
    assert (said.output_text, said.stated_output_text) == ("A fox.", "Another text.")
    assert models.encode(said) == data
    assert models.to_sdk(said)["outputText"] == "Another text."
    shown = models.from_sdk(models.OpenResponsesResult, models.to_sdk(said))
    assert shown.stated_output_text == "Another text."
    said.stated_output_text = models.UNSET
    assert json.loads(models.encode(said)) == json.loads(wire(message("A fox.")))


def test_nothing_is_written_that_nobody_said() -> None:
    said = response(message("A fox."))
    assert said.stated_output_text is models.UNSET
    said.model = "other"
    assert "output_text" not in json.loads(models.encode(said))
    fields = {name: getattr(said, name) for name in said.__struct_fields__}
    built = models.OpenResponsesResult(**fields)
    assert "output_text" not in json.loads(models.encode(built))
    assert built.output_text == "A fox."
    assert "output_text" not in msgspec.json.decode(msgspec.json.encode(built))


def test_it_is_no_field_to_be_set() -> None:
    with pytest.raises(AttributeError):
        response().output_text = "x"  # type: ignore[misc]

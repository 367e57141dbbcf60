"""The camelCase shape, and what it must leave alone."""

from __future__ import annotations

import pytest

from heliograph import models
from heliograph.errors import InvalidBody


def test_only_named_fields_are_re_cased() -> None:
    shape = {
        "model": "m",
        "maxOutputTokens": 9,
        "metadata": {"snake_key": "a", "camelKey": "b"},
        "tools": [
            {
                "type": "function",
                "name": "f",
                "deferLoading": True,
                "parameters": {"properties": {"snake_case": {"type": "string"}}},
                "unheard_of": {"under_score": 1},
            },
            {"type": "hammer_tool", "snake_case": 1},
        ],
        "input": [{"role": "user", "content": [{"type": "input_image", "imageUrl": "u"}]}],
        "new_field": {"snake_case": 1},
    }
    request = models.from_sdk(models.ResponsesRequest, shape)
    assert request.max_output_tokens == 9
    assert request.metadata == {"snake_key": "a", "camelKey": "b"}
    assert isinstance(request.tools, list)
    tool, unknown = request.tools
    assert isinstance(tool, models.FunctionTool)
    assert tool.defer_loading is True
    assert tool.parameters == {"properties": {"snake_case": {"type": "string"}}}
    assert isinstance(unknown, models.UnknownTool)
    assert models.unknown_fields(request) == {
        "tools[0].unheard_of": {"under_score": 1},
        "new_field": {"snake_case": 1},
    }
    assert isinstance(request.input, list)
    message = request.input[0]
    assert isinstance(message, models.InputMessage)
    assert isinstance(message.content, list)
    assert models.to_sdk(request) == shape


def test_names_that_are_camel_case_on_the_wire_stay() -> None:
    item = models.OutputImageGenerationServerToolItem(
        status="completed", image_url="u", image_b64="QUJD", revised_prompt="p"
    )
    assert models.encode(item) == (
        b'{"type":"openrouter:image_generation","status":"completed",'
        b'"imageB64":"QUJD","imageUrl":"u","revisedPrompt":"p"}'
    )
    assert models.to_sdk(item) == {
        "type": "openrouter:image_generation",
        "status": "completed",
        "imageB64": "QUJD",
        "imageUrl": "u",
        "revisedPrompt": "p",
    }


def test_what_does_not_fit_is_told_by_its_wire_path() -> None:
    with pytest.raises(InvalidBody) as caught:
        models.from_sdk(models.ImageGenCallInProgressEvent, {"itemId": 1, "outputIndex": 0})
    assert caught.value.field == "item_id"


def test_an_unknown_event_is_shown_as_it_came() -> None:
    event = models.decode_event(b'{"type":"response.keep_alive","under_score":1}')
    assert models.to_sdk(event) == {"type": "response.keep_alive", "under_score": 1}

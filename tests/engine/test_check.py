"""Every refusal names the field; whatever is not refused is served."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pybase64
import pytest
from tests.engine.kit import CHAT, PAINTER, TOOL, Chat, Painter, ask

from heliograph import errors, journal, models, providers
from heliograph.engine import Engine, Limits, Plan
from heliograph.providers.chat import Direct

PNG = pybase64.b64encode(b"not really a png").decode()
URL = f"data:image/png;base64,{PNG}"
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object"}}
OPENROUTER = "openrouter:image_generation"


def check(body: dict[str, Any], *modalities: str, **limits: Any) -> Plan:
    catalog = providers.Catalog([Chat(), Direct()], [Painter(*modalities)])
    engine = Engine(journal.MemoryJournal(), catalog, Limits(**limits))
    return engine.check(models.decode(models.ResponsesRequest, json.dumps(body).encode()))


def tool(**more: Any) -> dict[str, Any]:
    return ask(tools=[TOOL | more])


def parameters(**more: Any) -> dict[str, Any]:
    return ask(tools=[{"type": OPENROUTER, "parameters": more}])


def part(**fields: Any) -> dict[str, Any]:
    return ask(input=[{"role": "user", "content": [{"type": "input_text", "text": "a"}, fields]}])


def item(**fields: Any) -> dict[str, Any]:
    return ask(input=[{"role": "user", "content": "a"}, fields])


REFUSED: list[tuple[str, dict[str, Any]]] = [
    # the tool
    ("tools[0].partial_images", tool(partial_images=4)),
    ("tools[0].partial_images", tool(partial_images=-1)),
    ("tools[0].size", tool(size="big")),
    ("tools[0].size", tool(size="0x10")),
    ("tools[0].size", tool(size="9x9")),
    ("tools[0].output_format", tool(output_format="gif")),
    ("tools[0].background", tool(background="blue")),
    ("tools[0].background", tool(background="transparent", output_format="jpeg")),
    ("tools[0].quality", tool(quality="max")),
    ("tools[0].output_compression", tool(output_compression=101)),
    ("tools[0].moderation", tool(moderation="high")),
    ("tools[0].seed", tool(seed=-1)),
    ("tools[0].action", tool(action="paint")),
    ("tools[0].action", tool(action="edit")),
    ("tools[0].input_fidelity", tool(input_fidelity="high")),
    ("tools[0].input_image_mask", tool(input_image_mask={"image_url": URL})),
    ("tools[0].input_image_mask.file_id", tool(input_image_mask={"file_id": "f"})),
    ("tools[0].complexity", tool(complexity="low")),
    ("tools[0].parameters.aspect_ratio", parameters(aspect_ratio="wide")),
    ("tools[0].parameters.size", parameters(size="9x9")),
    ("tools[0].parameters.resolution", parameters(resolution="2K")),
    ("tools[1]", ask(tools=[TOOL, {"type": OPENROUTER}])),
    *(
        ("tools[0].type", ask(tools=[given]))
        for given in (
            {"type": "web_search"},
            {"type": "file_search", "vector_store_ids": ["v"]},
            {"type": "mcp", "server_label": "m", "server_url": "http://x"},
            {"type": "code_interpreter", "container": "c"},
            {"type": "brand_new"},
        )
    ),
    ("tools[1].name", ask(tools=[LOOK, LOOK])),
    ("tools", ask(tools=[TOOL, LOOK, {**LOOK, "name": "b"}])),
    ("tools", ask(tools=[{**LOOK, "description": "x" * 9000}])),
    # the choice
    ("tool_choice", ask(tool_choice="required")),
    ("tool_choice", ask(tool_choice="must")),
    ("tool_choice.type", ask(tool_choice={"type": "image_generation"})),
    ("tool_choice.name", ask(tools=[LOOK], tool_choice={"type": "function", "name": "see"})),
    (
        "tool_choice.tools[0].name",
        ask(
            tools=[LOOK],
            tool_choice={
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "see"}],
            },
        ),
    ),
    # the input
    ("input", {"model": CHAT}),
    ("input", ask(input="")),
    ("input", ask(input=" \n\t")),
    ("input", ask(input=[])),
    ("input", ask(input=[{"role": "user", "content": [{"type": "input_text", "text": " "}]}])),
    ("input", ask(input="x" * 3000)),
    ("input[1].call_id", item(type="custom_tool_call_output", call_id="c", output="o")),
    ("input[1].type", item(type="mcp_approval_response", approval_request_id="a", approve=True)),
    ("input[1]", item(type="item_reference", id="i")),
    ("input[1]", item(type="image_generation_call", id="i", status="completed", result=None)),
    ("input[1].call_id", item(type="function_call_output", call_id="c", output="1")),
    ("input[1].result", item(type="image_generation_call", id="i", status="completed", result="!")),
    ("input[0].content[1].file_id", part(type="input_image", detail="auto", file_id="f")),
    (
        "input[0].content[1].image_url",
        part(type="input_image", detail="auto", image_url="https://example.org/a.png"),
    ),
    (
        "input[0].content[1].image_url",
        {**tool(), "input": part(type="input_image", detail="auto", image_url=URL)["input"]},
    ),
    ("input[0].content[1].type", part(type="input_file", file_id="f")),
    # everything else
    ("model", {"input": "a"}),
    ("model", ask(model=PAINTER)),
    ("background", ask(background=True, store=False)),
    ("conversation", ask(conversation="conv_1")),
    ("previous_response_id", ask(previous_response_id="resp_1")),
    ("prompt", ask(prompt={"id": "p"})),
    ("plugins", ask(plugins=[{"id": "web"}])),
    ("models[1]", ask(models=["fake/chat", "heliograph/direct"])),
    ("provider.order[0]", ask(provider={"order": ["x"]})),
    ("modalities", ask(modalities=["text", "image"])),
    ("image_config", ask(image_config={"aspect_ratio": "1:1"})),
    ("modalities", ask(model="heliograph/direct", modalities=["image"])),
    ("temperature", ask(temperature=3)),
    ("max_output_tokens", ask(max_output_tokens=0)),
    ("max_tool_calls", ask(max_tool_calls=0)),
    ("include[0]", ask(include=["my.secrets"])),
    ("stream_options.include_obfuscation", ask(stream_options={"include_obfuscation": True})),
    ("truncation", ask(truncation="middle")),
    ("metadata.k", ask(metadata={"k": "v" * 513})),
    ("surprise", ask(surprise=1)),
    # heliograph/direct
    ("tool_choice", ask(model="heliograph/direct", tools=[LOOK], tool_choice="required")),
    (
        "tool_choice",
        ask(
            model="heliograph/direct",
            tools=[LOOK],
            tool_choice={"type": "function", "name": "look"},
        ),
    ),
    (
        "text.format",
        ask(
            model="heliograph/direct",
            text={"format": {"type": "json_schema", "name": "s", "schema": {}}},
        ),
    ),
    (
        "input",
        ask(
            model="heliograph/direct",
            tools=[TOOL],
            input=[{"role": "developer", "content": "be kind"}],
        ),
    ),
]


@pytest.mark.parametrize(
    ("field", "body"), REFUSED, ids=[f"{i}-{field}" for i, (field, _) in enumerate(REFUSED)]
)
def test_what_cannot_be_served_is_refused_by_name(field: str, body: dict[str, Any]) -> None:
    with pytest.raises(errors.BadRequest) as caught:
        check(body, max_prompt_bytes=2000, max_tools=2, max_echo_bytes=8000)
    assert caught.value.param == field
    assert caught.value.code
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("model", ask(model="nobody/nothing")),
        ("models[0]", ask(models=["a", "b"])),
        ("tools[0].model", tool(model="nobody/nothing")),
        ("tools[0].parameters.model", parameters(model="nobody/nothing")),
    ],
)
def test_an_unknown_model_is_not_found(field: str, body: dict[str, Any]) -> None:
    with pytest.raises(errors.NotFound) as caught:
        check(body)
    assert (caught.value.param, caught.value.code) == (field, "model_not_found")


SERVED: list[dict[str, Any]] = [
    ask(),
    ask(input="狐が月の下にいる"),
    ask(input="x" * 100_000),
    ask(stream=True, background=True),
    ask(store=False),
    tool(partial_images=0),
    tool(
        partial_images=3,
        size="1024x1024",
        quality="high",
        background="transparent",
        output_format="webp",
        output_compression=0,
        moderation="low",
        action="generate",
        seed=7,
    ),
    parameters(model=PAINTER, aspect_ratio="16:9", seed=3),
    ask(tools=[{"type": OPENROUTER}]),
    ask(tools=[TOOL, LOOK], tool_choice="required", parallel_tool_calls=False),
    ask(tools=[TOOL, LOOK], tool_choice={"type": "image_generation"}),
    ask(
        tools=[TOOL, LOOK],
        tool_choice={"type": "allowed_tools", "mode": "auto", "tools": [{"type": TOOL["type"]}]},
    ),
    ask(
        temperature=0.5,
        top_p=1,
        metadata={"a": "b"},
        user="u",
        safety_identifier="s",
        prompt_cache_key="k",
        service_tier="auto",
        include=["reasoning.encrypted_content"],
        truncation="auto",
        max_output_tokens=100,
        max_tool_calls=2,
        text={"format": {"type": "text"}},
        reasoning={"effort": "low"},
        models=[CHAT],
    ),
    item(type="image_generation_call", id="i", status="completed", result=PNG),
    item(type="image_generation_call", id="i", status="failed", result=None),
    ask(
        input=[
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "look"},
            {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "a tree"},
        ]
    ),
    part(type="input_image", detail="auto", image_url=URL),
    ask(model="heliograph/direct", tools=[TOOL, LOOK]),
    ask(model="heliograph/direct"),
]


@pytest.mark.parametrize("body", SERVED)
def test_what_can_be_served_is_planned(body: dict[str, Any]) -> None:
    plan = check(body)
    assert plan.model == body["model"]
    assert plan.store is body.get("store", True)
    assert plan.background is body.get("background", False)
    assert (plan.image_model is None) == (not any(t != LOOK for t in body.get("tools", [])))
    assert f"chat:{plan.model}" in plan.capabilities


def test_text_that_is_no_unicode_is_a_bad_request() -> None:
    catalog = providers.Catalog([Chat()], [Painter()])
    engine = Engine(journal.MemoryJournal(), catalog)
    body = b'{"model":"fake/chat","input":"a \\ud83d fox"}'
    with pytest.raises(errors.BadRequest):
        engine.check(models.decode(models.ResponsesRequest, body))


def test_references_and_masks_go_to_models_that_take_them() -> None:
    body = tool(action="edit", input_fidelity="high", input_image_mask={"image_url": URL})
    body["input"] = [
        {"role": "user", "content": [{"type": "input_image", "detail": "auto", "image_url": URL}]}
    ]
    assert check(body, "image").image_model == PAINTER


def test_a_chat_model_that_draws_takes_modalities_and_their_settings() -> None:
    chat = Chat()
    chat.cards = (msgspec.structs.replace(chat.cards[0], output_modalities=("text", "image")),)
    engine = Engine(journal.MemoryJournal(), providers.Catalog([chat], [Painter()]))
    wanted = ask(modalities=["image", "text"], image_config={"aspect_ratio": "16:9"})
    asked = models.decode(models.ResponsesRequest, json.dumps(wanted).encode())
    assert engine.check(asked).model == chat.cards[0].id

"""A turn as the body of a chat completions request."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from heliograph import errors, models
from heliograph.providers._base import ChatTurn
from heliograph.providers.chat._custom import grammar_of
from heliograph.providers.chat._messages import Conversation
from heliograph.providers.chat._settings import ChatCompletionsSettings, ChatModel
from heliograph.providers.chat._tools import Function, Offer, hosted_name, is_hosted, refuse_tools
from heliograph.providers.chat._wire import mended

__all__ = ["body_of", "check_request", "encoded"]

Json = dict[str, Any]

LOGPROBS = "message.output_text.logprobs"

#: Fields that have the same name and meaning in both APIs.
_SAME = ("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty")

_FUNCTION = frozenset({"type", "name", "description", "parameters", "strict"})
_SAYS_NOTHING = frozenset({b"null", b"false", b"[]", b"{}", b'""', b'["direct"]'})


def check_request(
    model: str,
    offered: ChatModel,
    settings: ChatCompletionsSettings,
    request: models.ResponsesRequest,
) -> None:
    """Refuse what cannot be said in chat completions. Raises ``ProviderError``."""
    refuse_tools(model, request)
    _check_functions(model, request)
    _check_grammars(model, offered, request)
    if not offered.logprobs:
        if request.top_logprobs:
            raise _refused("top_logprobs", f"{model} gives no probabilities")
        if LOGPROBS in (request.include or ()):
            index = (request.include or []).index(LOGPROBS)
            raise _refused(f"include[{index}]", f"{model} gives no probabilities")
    _check_reasoning(model, settings, request)
    form = getattr(request.text or None, "format", None)
    if isinstance(form, models.UnknownObject):
        raise _refused("text.format", f"{model} knows no {form.type!r} format")
    if not offered.draws:
        if "image" in (request.modalities or ()):
            raise _refused("modalities", f"{model} makes no pictures itself; put the tool in tools")
        if request.image_config:
            raise _refused("image_config", f"{model} makes no pictures itself")
    drawable = any(is_hosted(tool) for tool in request.tools or ())
    for index, item in enumerate(request.input if isinstance(request.input, list) else ()):
        _check_item(model, offered, item, f"input[{index}]", drawable)


def _check_reasoning(
    model: str, settings: ChatCompletionsSettings, request: models.ResponsesRequest
) -> None:
    """What is asked of the reasoning goes upstream, or is refused. A summary that is left to the
    model (``auto``) is served by what it shows of its thoughts."""
    reasoning = request.reasoning
    if not isinstance(reasoning, models.ReasoningConfig):
        return
    field = settings.reasoning_field
    if field == "none" and reasoning.effort:
        raise _refused("reasoning.effort", f"{model} cannot be told how much to think")
    free: dict[str, tuple[object, ...]] = {
        "context": ("auto",),
        "mode": ("standard",),
        "generate_summary": ("auto",),
        "summary": ("auto",),
        "max_tokens": (),
        "enabled": (),
    }
    passed = ("summary", "max_tokens", "enabled") if field == "reasoning" else ()
    for name, harmless in free.items():
        value = getattr(reasoning, name)
        if value is UNSET or value is None or value in harmless or name in passed:
            continue
        raise _refused(f"reasoning.{name}", f"{model} cannot be told {value!r}; leave it out")


class _Given(msgspec.Struct):
    """A request's tools with every field that was sent, the unknown ones too."""

    tools: list[dict[str, msgspec.Raw]]


def _check_functions(model: str, request: models.ResponsesRequest) -> None:
    """A function's fields that chat completions do not have are refused where they say anything."""
    if not any(isinstance(tool, models.FunctionTool) for tool in request.tools or ()):
        return
    given = msgspec.json.decode(models.encode(request), type=_Given)
    for index, tool in enumerate(given.tools):
        if bytes(tool.get("type", b"")).strip() != b'"function"':
            continue
        for name, value in tool.items():
            if name not in _FUNCTION and bytes(value).strip() not in _SAYS_NOTHING:
                raise _refused(
                    f"tools[{index}].{name}", f"{model} cannot be told this of a function"
                )


def _check_grammars(model: str, offered: ChatModel, request: models.ResponsesRequest) -> None:
    if offered.custom_tools == "native" or offered.grammars == "describe":
        return
    for index, tool in enumerate(request.tools or ()):
        if isinstance(tool, models.CustomTool) and grammar_of(tool) is not None:
            raise _refused(
                f"tools[{index}].format",
                f"{model} cannot be held to a grammar; leave the format out (the server's setting "
                'grammars = "describe" for this model would tell the grammar in words)',
            )


def _check_item(
    model: str, offered: ChatModel, item: models.InputItem, path: str, drawable: bool
) -> None:
    content: object = getattr(item, "content", None)
    field = f"{path}.content"
    if isinstance(item, models.FunctionCallOutputItem | models.CustomToolCallOutputItem):
        content, field = item.output, f"{path}.output"
    for index, part in enumerate(content if isinstance(content, list) else ()):
        if isinstance(part, models.InputImage) and not (offered.sees or drawable):
            raise _refused(
                f"{field}[{index}]",
                f"{model} takes no pictures in (the server's setting sees = true for this model "
                "would say that it does)",
            )
        if isinstance(part, models.InputAudio) and not offered.hears:
            raise _refused(f"{field}[{index}]", f"{model} takes no sound in")
        if isinstance(part, models.InputFile) and not offered.files:
            raise _refused(f"{field}[{index}]", f"{model} takes no files in")


async def body_of(
    turn: ChatTurn, offered: ChatModel, settings: ChatCompletionsSettings, offer: Offer
) -> Json:
    """The request's body. Raises ``ProviderError`` (``bad_request``)."""
    request = turn.request
    hosted = hosted_name(request.tools or ())
    body: Json = {
        **settings.body,
        "model": offered.upstream or turn.model,
        "messages": await Conversation(turn, offered, settings, hosted).build(),
        "stream": True,
    }
    if settings.stream_usage:
        body["stream_options"] = {"include_usage": True}
    for name in _SAME:
        _put(body, name, getattr(request, name))
    _put(body, settings.max_tokens_field, turn.max_output_tokens)
    if request.top_logprobs or LOGPROBS in (request.include or ()):
        body["logprobs"] = True
        _put(body, "top_logprobs", request.top_logprobs)
    for label in settings.labels:
        _put(body, label, getattr(request, label))
    _put_tools(body, offer, offered, request.parallel_tool_calls)
    _put_reasoning(body, settings, request)
    _put_text(body, request)
    if offered.draws:
        _put(body, "modalities", request.modalities or ["image", "text"])
        _put(body, "image_config", request.image_config)
    return body


def _put(body: Json, name: str, value: object) -> None:
    if value is not UNSET and value is not None:
        body[name] = value


def _put_tools(body: Json, offer: Offer, offered: ChatModel, parallel: object) -> None:
    if not offer.functions:
        return
    native = offered.custom_tools == "native"
    body["tools"] = [_tool(function, native) for function in offer.functions]
    chosen = next((f for f in offer.functions if f.name == offer.name), None)
    if chosen is None:
        body["tool_choice"] = offer.mode
    else:
        kind = "custom" if native and chosen.custom is not None else "function"
        body["tool_choice"] = {"type": kind, kind: {"name": chosen.name}}
    _put(body, "parallel_tool_calls", parallel)


def _tool(function: Function, native: bool) -> Json:
    if native and function.custom is not None:
        return _custom(function.custom)
    described: Json = {"name": function.name}
    _put(described, "description", function.description)
    described["parameters"] = function.parameters or {"type": "object", "properties": {}}
    _put(described, "strict", function.strict)
    return {"type": "function", "function": described}


def _custom(tool: models.CustomTool) -> Json:
    """A custom tool as chat completions have it, its grammar one level deeper."""
    described: Json = {"name": tool.name}
    _put(described, "description", tool.description)
    grammar = grammar_of(tool)
    if grammar is not None:
        told = {"definition": grammar.definition, "syntax": grammar.syntax}
        described["format"] = {"type": "grammar", "grammar": told}
    elif isinstance(tool.format, models.FormatTextConfig):
        described["format"] = {"type": "text"}
    return {"type": "custom", "custom": described}


def _put_reasoning(
    body: Json, settings: ChatCompletionsSettings, request: models.ResponsesRequest
) -> None:
    reasoning = request.reasoning
    if not isinstance(reasoning, models.ReasoningConfig):
        return
    if settings.reasoning_field == "reasoning":
        asked = {
            name: value
            for name in ("effort", "max_tokens", "enabled", "summary")
            if (value := getattr(reasoning, name)) is not UNSET and value is not None
        }
        if asked:
            body["reasoning"] = asked
    elif settings.reasoning_field == "reasoning_effort":
        _put(body, "reasoning_effort", reasoning.effort)


def _put_text(body: Json, request: models.ResponsesRequest) -> None:
    text = request.text
    if not isinstance(text, models.TextExtendedConfig):
        return
    _put(body, "verbosity", text.verbosity)
    match text.format:
        case models.FormatJsonObjectConfig():
            body["response_format"] = {"type": "json_object"}
        case models.FormatJsonSchemaConfig() as form:
            schema: Json = {"name": form.name or "answer"}
            _put(schema, "description", form.description)
            _put(schema, "schema", form.schema)
            _put(schema, "strict", form.strict)
            body["response_format"] = {"type": "json_schema", "json_schema": schema}


def encoded(body: Json) -> bytes:
    """The body's JSON text; half characters, which UTF-8 cannot hold, become U+FFFD."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return msgspec.json.encode(_mended(body))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(inner) for inner in value]
    return value


def _refused(field: str, why: str) -> errors.ProviderError:
    return errors.ProviderError(f"{field}: {why}", kind="bad_request", param=field)

"""A request, checked field by field: what is served, what is refused by name, nothing in between.

The checks read the request's JSON and not the typed model, because the rule is about what the
client really sent: a field that no model names is refused too.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from heliograph import models, providers
from heliograph.engine import _fields as fields
from heliograph.engine._context import Context
from heliograph.engine._forms import check_reasoning, check_text
from heliograph.engine._input import Input, read_input
from heliograph.engine._limits import Limits
from heliograph.engine._route import read_models, read_preferences
from heliograph.engine._seal import Seal
from heliograph.engine._tiers import ASKED
from heliograph.engine._tool import HOSTED, HostedTool, check_pixels, custom_tool, hosted_tool

__all__ = [
    "Ask",
    "Choice",
    "check_echo_size",
    "check_storing",
    "check_values",
    "read_ask",
    "speaks_responses",
]

#: Fields that are checked below or by the chat model, and honoured.
_SERVED = frozenset(
    {
        "background",
        "frequency_penalty",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "models",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "provider",
        "reasoning",
        "route",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "truncation",
    }
)
#: Labels and hints: they change nothing about the answer, and most are repeated in the response.
_LABELS = frozenset(
    {
        "client_metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "session_id",
        "trace",
        "user",
    }
)
#: Fields of the protocol that would change the answer and that nothing here can serve.
_REFUSED = {
    "access_programs": "no access programs here",
    "background_options": "background work has no options here",
    "cache_control": "caching cannot be directed here",
    "context_management": "no context is compacted in the middle of a response; "
    "POST /responses/compact, and go on with what it gives",
    "conversation": "conversations are not kept here; send the items in input",
    "debug": "upstream bodies are not shown here",
    "image": "image context cannot be compressed here",
    "moderation": "no moderation model here",
    "plugins": "no plugins here",
    "prompt": "no prompt templates are kept here; send instructions and input",
    "stop_server_tools_when": "use max_tool_calls",
}
#: Fields of which only the values that ask for nothing more are served.
_IN_PART = frozenset({"image_config", "modalities"})
_INCLUDES = frozenset(
    {
        "code_interpreter_call.outputs",
        "computer_call_output.output.image_url",
        "file_search_call.results",
        "message.input_image.image_url",
        "message.output_text.logprobs",
        "reasoning.encrypted_content",
        "web_search_call.action.sources",
        "web_search_call.results",
    }
)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """``tool_choice``, settled. ``mode`` is auto, none or required.

    ``name`` is the one tool that must be called (a function's name or a hosted tool's type);
    ``allowed`` the tools that may be, None for all.
    """

    mode: str = "auto"
    name: str | None = None
    allowed: frozenset[str] | None = None


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a checked request comes to. ``tools`` are (name, JSON) as given.

    ``relay``: whether an upstream may serve it whole, or must, since nothing here can.
    """

    model: str
    hosted: HostedTool | None
    tools: tuple[tuple[str, dict[str, Any]], ...]
    choice: Choice
    input: Input
    max_tool_calls: int
    store: bool
    background: bool
    stream: bool
    relay: Literal["no", "may", "must"] = "no"

    @property
    def forced(self) -> bool:
        """Whether the image tool must be called: by name, or as the only tool of a must."""
        if self.hosted is None or self.choice.mode != "required":
            return False
        if self.choice.name is not None:
            return self.choice.name == self.hosted.type
        return all(name == self.hosted.type for name, _ in self.usable)

    @property
    def usable(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """The tools that ``tool_choice`` leaves."""
        if self.choice.mode == "none":
            return ()
        allowed = self.choice.allowed
        if self.choice.name is not None:
            allowed = frozenset({self.choice.name})
        return tuple(t for t in self.tools if allowed is None or t[0] in allowed)

    def usable_in(self, step: int) -> tuple[tuple[str, dict[str, Any]], ...]:
        """The tools of one step: a tool that must be called is alone in the first one only."""
        return self.tools if step and self.choice.name is not None else self.usable

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What its owner must be able to do; pictures can be made by others for it."""
        return (f"chat:{self.model}",)


def read_ask(
    body: dict[str, Any],
    catalog: providers.Catalog,
    limits: Limits,
    context: Context | None = None,
    seal: Seal | None = None,
) -> Ask:
    """Check a request. Raises ``BadRequest`` or ``NotFound``; ``param`` names the field.

    ``context`` is what it goes on from, where that was looked up; ``seal`` is its tenant's.
    """
    for name, why in _REFUSED.items():
        if body.get(name) not in (None, [], {}, ""):
            raise fields.unsupported(name, why)
    fields.only(body, _SERVED | _LABELS | _REFUSED.keys() | _IN_PART, "")
    model = read_models(body, catalog)
    read_preferences(body, getattr(catalog.chat(model), "names", ()))
    _check_modalities(body, catalog.card(model))
    check_values(body, limits)
    check_echo_size(body, limits)
    background, store = check_storing(body)
    asked_calls = fields.whole(body, "max_tool_calls", 1)
    tools, hosted = _tools(body, catalog, limits)
    takes = catalog.card(model).input_modalities
    foreign = speaks_responses(catalog, model)
    found = read_input(body, limits, context or Context(), seal, takes, foreign=foreign)
    if hosted is not None and not hosted.sees and found.shown:
        raise fields.unsupported(found.shown[-1][0], f"{hosted.model} takes no pictures in")
    if hosted is not None and hosted.job.mask is not None:
        field = f"{hosted.field('mask')}.image_url"
        check_pixels(field, hosted.job.mask, limits.max_image_pixels)
    return Ask(
        model=model,
        hosted=hosted,
        tools=tools,
        choice=_choice(body, tools),
        input=found,
        max_tool_calls=min(asked_calls or limits.max_tool_calls, limits.max_tool_calls),
        store=store,
        background=background,
        stream=fields.flag(body, "stream") or False,
    )


def _check_modalities(body: dict[str, Any], card: providers.ModelCard) -> None:
    """``modalities`` and ``image_config``, which a chat model that draws itself is told.

    Raises ``BadRequest``.
    """
    draws = card.writes and "image" in card.output_modalities
    asked = fields.sequence(body.get("modalities") or [], "modalities")
    if any(name != "text" and not (draws and name == "image") for name in asked):
        raise fields.unsupported("modalities", "pictures come from the image tool; put it in tools")
    if fields.mapping(body.get("image_config") or {}, "image_config") and not draws:
        raise fields.unsupported("image_config", "give these settings to the image tool in tools")


def speaks_responses(catalog: providers.Catalog, model: str) -> bool:
    """Whether the model's upstream speaks the Responses API, and so seals contents of its own."""
    relays = getattr(catalog.chat(model), "relays", None)
    return relays is not None and bool(relays(models.ResponsesRequest(model=model, input="x")))


def check_storing(body: dict[str, Any]) -> tuple[bool, bool]:
    """``background`` and ``store``. Raises ``BadRequest``."""
    background = fields.flag(body, "background") or False
    store = fields.flag(body, "store")
    if background and store is False:
        raise fields.invalid("background", "a background response must be stored; drop store:false")
    return background, store is not False


def check_values(body: dict[str, Any], limits: Limits) -> None:
    """Settings of the model, and labels. Raises ``BadRequest``."""
    _labels(body)
    fields.number(body, "temperature", 0, 2)
    fields.number(body, "top_p", 0, 1)
    fields.number(body, "presence_penalty", -2, 2)
    fields.number(body, "frequency_penalty", -2, 2)
    fields.whole(body, "top_k", 0)
    fields.whole(body, "top_logprobs", 0, 20)
    tokens = fields.whole(body, "max_output_tokens", 1)
    if tokens and limits.max_output_tokens and tokens > limits.max_output_tokens:
        raise fields.invalid(
            "max_output_tokens",
            f"{tokens}; the limit max_output_tokens of this server is {limits.max_output_tokens}",
        )
    fields.flag(body, "parallel_tool_calls")
    fields.choice(body, "truncation", ("auto", "disabled"))
    check_text(body)
    check_reasoning(body)
    if body.get("stream_options") is not None:
        fields.mapping(body["stream_options"], "stream_options")
    options = body.get("stream_options") or {}
    fields.only(options, {"include_obfuscation"}, "stream_options.")
    if fields.flag(options, "include_obfuscation", "stream_options."):
        raise fields.unsupported("stream_options.include_obfuscation", "events are not padded here")
    for index, name in enumerate(fields.sequence(body.get("include") or [], "include")):
        if name not in _INCLUDES:
            raise fields.invalid(f"include[{index}]", f"{name!r} is nothing that can be included")


def _labels(body: dict[str, Any]) -> None:
    for name in ("prompt_cache_key", "safety_identifier", "session_id", "user"):
        fields.text(body, name)
    fields.choice(body, "service_tier", tuple(ASKED))
    metadata = fields.mapping(body.get("metadata") or {}, "metadata")
    if len(metadata) > 16:
        raise fields.invalid("metadata", f"{len(metadata)} pairs; at most 16 are kept")
    for key, value in metadata.items():
        if len(key) > 64:
            raise fields.invalid("metadata", f"the key {key[:20]!r}... is over 64 characters")
        if not isinstance(value, str) or len(value) > 512:
            raise fields.invalid(f"metadata.{key}", "must be a string of at most 512 characters")


def check_echo_size(body: dict[str, Any], limits: Limits) -> None:
    """What every event with a response repeats. Raises ``BadRequest``."""
    sizes = {
        name: len(msgspec.json.encode(body[name]))
        for name in ("tools", "instructions", "metadata", "text")
        if body.get(name) is not None
    }
    if sum(sizes.values()) > limits.max_echo_bytes:
        raise fields.invalid(
            max(sizes, key=sizes.__getitem__),
            f"tools, instructions, metadata and text come to {sum(sizes.values())} bytes together; "
            f"the limit max_echo_bytes is {limits.max_echo_bytes}",
        )


def _tools(
    body: dict[str, Any], catalog: providers.Catalog, limits: Limits
) -> tuple[tuple[tuple[str, dict[str, Any]], ...], HostedTool | None]:
    given = fields.sequence(body.get("tools") or [], "tools")
    if len(given) > limits.max_tools:
        raise fields.invalid(
            "tools", f"{len(given)} tools; the limit max_tools is {limits.max_tools}"
        )
    hosted: HostedTool | None = None
    named: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(given):
        tool = fields.mapping(item, f"tools[{index}]")
        kind = fields.text(tool, "type", f"tools[{index}].")
        if kind in HOSTED:
            if hosted is not None:
                raise fields.invalid(f"tools[{index}]", "the image tool is there already")
            hosted = hosted_tool(index, tool, catalog)
            name = kind
        elif kind in ("function", "custom"):
            name = fields.text(tool, "name", f"tools[{index}].") or ""
            if not name:
                field = f"tools[{index}].name"
                raise fields.invalid(field, "required", "missing_required_parameter")
            if tool.get("parameters") is not None:
                fields.mapping(tool["parameters"], f"tools[{index}].parameters")
            if kind == "custom":
                custom_tool(tool, f"tools[{index}].")
        else:
            raise fields.unsupported(f"tools[{index}].type", f"nothing here can serve {kind!r}")
        if name in named:
            raise fields.invalid(f"tools[{index}].name", f"there are two tools named {name!r}")
        named[name] = tool
    return tuple(named.items()), hosted


def _choice(body: dict[str, Any], tools: tuple[tuple[str, dict[str, Any]], ...]) -> Choice:
    given = body.get("tool_choice")
    kinds = {name: tool["type"] for name, tool in tools}
    if given is None:
        return Choice()
    if isinstance(given, str):
        mode = fields.choice(body, "tool_choice", ("auto", "none", "required")) or "auto"
        if mode == "required" and not kinds:
            raise fields.invalid("tool_choice", "'required', but there are no tools")
        return Choice(mode=mode)
    wanted = fields.mapping(given, "tool_choice")
    kind = wanted.get("type")
    if kind == "allowed_tools":
        mode = fields.choice(wanted, "mode", ("auto", "required"), "tool_choice.") or "auto"
        allowed = frozenset(
            _named(
                fields.mapping(tool, f"tool_choice.tools[{i}]"), kinds, f"tool_choice.tools[{i}]"
            )
            for i, tool in enumerate(fields.sequence(wanted.get("tools"), "tool_choice.tools"))
        )
        return Choice(mode=mode, allowed=allowed)
    return Choice(mode="required", name=_named(wanted, kinds, "tool_choice"))


def _named(wanted: dict[str, Any], kinds: dict[str, str], path: str) -> str:
    kind = wanted.get("type")
    if kind in ("function", "custom"):
        name = fields.text(wanted, "name", f"{path}.")
        if kinds.get(name or "") != kind:
            raise fields.invalid(f"{path}.name", f"no {kind} tool named {name!r} in tools")
        return str(name)
    if kind in HOSTED and kind in kinds:
        return str(kind)
    raise fields.invalid(f"{path}.type", f"no tool of type {kind!r} in tools")

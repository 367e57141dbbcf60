"""The tools of a turn as functions, the hosted image tool among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from heliograph import errors, models
from heliograph.providers._base import ChatTurn
from heliograph.providers.chat._custom import described, input_schema

__all__ = [
    "HOSTED",
    "Function",
    "Named",
    "Offer",
    "hosted_name",
    "is_hosted",
    "offer",
    "refuse_tools",
]

HOSTED = frozenset({"image_generation", "openrouter:image_generation"})
"""The types of the image tool that is served here."""

_NAME = "image_generation"
_DESCRIPTION = (
    "Makes a picture and shows it to the user. Write the prompt as a full description of the "
    "picture; what the picture shows must be in the prompt, since nothing else of the conversation "
    "reaches the painter."
)
_EDIT = (
    " With pictures in the conversation, action 'edit' changes the latest of them, 'generate' "
    "begins a new one."
)
Mode = Literal["auto", "none", "required"]
Named = models.FunctionTool | models.CustomTool
"""The tools that a client names."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function as both wires describe it; ``custom`` is the custom tool that it stands for."""

    name: str
    custom: models.CustomTool | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What the model may call; ``name`` is the one function that must be called.

    ``hosted`` is the image tool's name where the request has one, also when it may not be called
    now: a model that saw itself call it before does so again, and the engine knows what to do then.
    """

    functions: tuple[Function, ...]
    hosted: str | None
    mode: Mode
    name: str | None = None


def is_hosted(tool: models.AnyTool) -> bool:
    """Whether a tool is the hosted image tool, in either spelling."""
    return tool.type in HOSTED


def hosted_name(tools: Iterable[models.AnyTool]) -> str:
    """What the image tool is called upstream: a client's function may have taken its name."""
    taken = {tool.name for tool in tools if isinstance(tool, Named)}
    name, number = _NAME, 1
    while name in taken:
        number += 1
        name = f"{_NAME}_{number}"
    return name


def refuse_tools(model: str, request: models.ResponsesRequest, served: Iterable[str] = ()) -> None:
    """Raise ``ProviderError`` for a tool that is neither the client's nor the hosted one."""
    known = {"custom", "function", *HOSTED, *served}
    for index, tool in enumerate(request.tools or ()):
        if tool.type not in known:
            field = f"tools[{index}].type"
            raise errors.ProviderError(
                f"{field}: {model} cannot be offered {tool.type!r} tools",
                kind="bad_request",
                param=field,
            )


def offer(turn: ChatTurn, pictures: bool) -> Offer:
    """The turn's tools and choice. ``pictures``: there are some in the conversation to edit."""
    name = hosted_name(turn.request.tools or ())
    tools: Sequence[models.AnyTool] = turn.tools
    mode, wanted, allowed = _choice(turn.tool_choice, name)
    if allowed is not None:
        tools = [tool for tool in tools if _name_of(tool, name) in allowed]
    functions = tuple(_function(tool, name, pictures) for tool in tools)
    hosted = name if any(is_hosted(tool) for tool in turn.request.tools or ()) else None
    if mode == "none" or not functions:
        return Offer(functions=(), hosted=hosted, mode="none")
    return Offer(functions=functions, hosted=hosted, mode=mode, name=wanted)


_HOSTED_CHOICES = (models.ToolChoiceImageGeneration, models.ToolChoiceImageGeneration_OpenRouter)


def _choice(given: object, hosted: str) -> tuple[Mode, str | None, frozenset[str] | None]:
    """The mode, the one function that must be called, the functions that may be (None: all)."""
    if given in ("none", "required"):
        return ("none" if given == "none" else "required"), None, None
    if isinstance(given, models.ToolChoiceAllowed):
        mode: Mode = "required" if given.mode == "required" else "auto"
        return mode, None, frozenset(filter(None, (_named(tool, hosted) for tool in given.tools)))
    name = _named(given, hosted)
    return ("required" if name else "auto"), name, None


def _named(tool: object, hosted: str) -> str | None:
    """The function that a choice means."""
    if isinstance(tool, _HOSTED_CHOICES):
        return hosted
    named = models.ToolChoiceFunction | models.ToolChoiceCustom
    return tool.name or None if isinstance(tool, named) else None


def _name_of(tool: models.AnyTool, hosted: str) -> str:
    if is_hosted(tool):
        return hosted
    return tool.name if isinstance(tool, Named) else ""


def _function(tool: models.AnyTool, hosted: str, pictures: bool) -> Function:
    if isinstance(tool, models.FunctionTool):
        return Function(
            name=tool.name,
            description=tool.description or None,
            parameters=tool.parameters or None,
            strict=None if tool.strict is UNSET else tool.strict,
        )
    if isinstance(tool, models.CustomTool):
        return Function(
            name=tool.name,
            custom=tool,
            description=described(tool),
            parameters=input_schema(tool),
        )
    properties: dict[str, Any] = {
        "prompt": {"type": "string", "description": "What the picture shows."}
    }
    if pictures:
        properties["action"] = {"type": "string", "enum": ["generate", "edit"]}
    return Function(
        name=hosted,
        description=_DESCRIPTION + (_EDIT if pictures else ""),
        parameters={
            "type": "object",
            "properties": properties,
            "required": ["prompt"],
            "additionalProperties": False,
        },
    )

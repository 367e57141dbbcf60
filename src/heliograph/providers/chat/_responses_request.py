"""A turn as the body of a Responses request, every field kept as it came but for what is ours."""

from __future__ import annotations

from copy import copy
from typing import Any

import msgspec
import pybase64

from heliograph import errors, models
from heliograph.providers._base import ChatTurn
from heliograph.providers.chat._notes import ImageItem, note, picture_url, prompt_of
from heliograph.providers.chat._request import encoded
from heliograph.providers.chat._settings import ChatModel, ResponsesSettings, source_of
from heliograph.providers.chat._tools import Named, Offer, hosted_name, is_hosted

__all__ = ["answer_body", "relay_body"]

Body = dict[str, Any]

#: Fields that are served here and mean nothing to the upstream: state, routes, limits of the loop.
_HELD = (models.ItemReferenceItem, models.CompactionItem, models.ContextCompactionItem)
_ENCRYPTED = "reasoning.encrypted_content"
_OURS = ("background", "conversation", "models", "previous_response_id", "provider", "route")


async def relay_body(turn: ChatTurn, offered: ChatModel, settings: ResponsesSettings) -> bytes:
    """The client's request, to be served whole by the upstream.

    What it goes on from is kept here and not there, so the items are sent, pictures included.
    """
    body = _body(turn, offered, settings)
    kept_here = turn.request.previous_response_id or turn.thoughts or _refers(turn.request.input)
    if kept_here:
        body["input"] = await _kept(turn, settings)
    return encoded(body)


async def _kept(turn: ChatTurn, settings: ResponsesSettings) -> list[Any]:
    """The items of the conversation, each with the text it came in."""
    source = source_of(settings, turn.model)
    items: list[Any] = []
    for item in turn.input:
        known = turn.thoughts.get(str(getattr(item, "id", "")), ())
        given = [msgspec.Raw(each.data) for each in known if each.source == source]
        if given or not (settings.encrypted_reasoning and _unsealed(item)):
            items += given or [_raw(await _with_picture(turn, item))]
    return items


def _unsealed(item: Any) -> bool:
    """Reasoning that an upstream which does not store it would look for, and not find."""
    return isinstance(item, models.OutputReasoningItem) and not item.encrypted_content


def _refers(given: object) -> bool:
    """Whether an input names items that are kept here and not there."""
    return isinstance(given, list) and any(
        isinstance(item, _HELD) or (isinstance(item, ImageItem) and item.id) for item in given
    )


async def _with_picture(turn: ChatTurn, item: Any) -> Any:
    """An item whose picture was left out, with it."""
    if not isinstance(item, ImageItem) or item.result or turn.picture is None:
        return item
    try:
        data = await turn.picture(str(item.id))
    except errors.JournalError:
        return item  # it was never made
    whole, wire = copy(item), models.wire_of(item)
    if wire is not None:
        whole._wire = wire
    whole.result = pybase64.b64encode(data).decode()
    return whole


async def answer_body(
    turn: ChatTurn, offered: ChatModel, settings: ResponsesSettings, offer: Offer
) -> bytes:
    """One step of the loop: the conversation so far, the image tool offered as a function."""
    body = _body(turn, offered, settings)
    body.pop("max_tool_calls", None)
    if turn.max_output_tokens is not None:
        body["max_output_tokens"] = turn.max_output_tokens
    body["input"] = await _input(turn, offered.sees, source_of(settings, turn.model))
    for name in ("tools", "tool_choice"):
        body.pop(name, None)
    if offer.functions:
        body["tools"] = _tools(turn, offer)
        chosen = next((f for f in offer.functions if f.name == offer.name), None)
        if chosen is None:
            body["tool_choice"] = offer.mode
        else:
            kind = "function" if chosen.custom is None else "custom"
            body["tool_choice"] = {"type": kind, "name": chosen.name}
    return encoded(body)


def _body(turn: ChatTurn, offered: ChatModel, settings: ResponsesSettings) -> Body:
    asked: Body = msgspec.json.decode(models.encode(turn.request), type=dict[str, msgspec.Raw])
    for name in _OURS:
        asked.pop(name, None)
    if settings.encrypted_reasoning:
        asked["include"] = sorted({*(turn.request.include or ()), _ENCRYPTED})
    told = {"model": offered.upstream or turn.model, "stream": True, "store": False}
    return {**settings.body, **asked, **told}


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(models.encode(value))


def _tools(turn: ChatTurn, offer: Offer) -> list[Any]:
    """The tools as they came; the image tool as the function that stands for it."""
    kept = {function.name: function for function in offer.functions}
    tools: list[Any] = []
    for tool in turn.tools:
        if isinstance(tool, Named):
            if tool.name in kept:
                tools.append(_raw(tool))
        elif is_hosted(tool) and offer.hosted in kept:
            function = kept[offer.hosted]
            tools.append(
                {
                    "type": "function",
                    "name": function.name,
                    "description": function.description,
                    "parameters": function.parameters,
                    "strict": False,
                }
            )
    return tools


async def _input(turn: ChatTurn, sees: bool, source: str) -> list[Any]:
    """The items; a picture made by the image tool becomes the function's call and its output, and
    reasoning that ``source`` gave goes back as it came."""
    name = hosted_name(turn.request.tools or ())
    items: list[Any] = []
    for number, item in enumerate(turn.input):
        if isinstance(item, models.OutputReasoningItem):
            known = turn.thoughts.get(str(item.id), ())
            given = [msgspec.Raw(each.data) for each in known if each.source == source]
            items += given or [_raw(item)]
            continue
        if not isinstance(item, ImageItem):
            items.append(_raw(item))
            continue
        call_id = item.id if isinstance(item.id, str) else f"picture_{number}"
        arguments = msgspec.json.encode({"prompt": prompt_of(item)}).decode()
        call = {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        output = {"type": "function_call_output", "call_id": call_id, "output": note(item)}
        items += [call, output]
        url = await picture_url(turn, item) if sees else None
        if url is not None:
            words = {"type": "input_text", "text": f"The picture {call_id}:"}
            picture = {"type": "input_image", "image_url": url, "detail": "auto"}
            items.append({"type": "message", "role": "user", "content": [words, picture]})
    return items

"""Cases about function tools: calls, their outputs, and what the request allows."""

from __future__ import annotations

import json
from typing import Any

from heliograph.testing.conformance._case import Case
from heliograph.testing.conformance._cases_text import OPEN, said
from heliograph.testing.conformance._judge import calls_in, text_of
from heliograph.testing.conformance._probe import Probe

__all__ = ["TOOL_CASES"]


def _function(name: str, description: str, argument: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": {
            "type": "object",
            "properties": {argument: {"type": "string"}},
            "required": [argument],
            "additionalProperties": False,
        },
        "strict": True,
    }


_WEATHER = _function("get_weather", "The weather in a city.", "city")
_TIME = _function("get_time", "The time in a city.", "city")
_ASK = "How is the weather in Oslo?"
_BOTH = "How is the weather in Oslo, and how in Rome? Ask for both at once."


def _calls(probe: Probe, response: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """The function calls of a response, each held to what a call is."""
    calls = calls_in(response)
    for call in calls:
        name, arguments = str(call.get("name")), str(call.get("arguments"))
        probe.that(name in names, "HG-USE-001", f"{name!r} is called", " or ".join(names))
        probe.that(
            _is_object(arguments), "HG-USE-001", f"arguments are {arguments[:100]!r}",
            "the JSON text of an object",
        )  # fmt: skip
    for field in ("id", "call_id"):
        ids = [str(call.get(field)) for call in calls]
        probe.that(
            len(set(ids)) == len(ids), "HG-USE-003", f"{field} of the calls: {', '.join(ids)}",
            "another one for each",
        )  # fmt: skip
    return calls


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _call(probe: Probe) -> None:
    told, response = probe.stream(input=_ASK, tools=[_WEATHER], tool_choice="required")
    probe.status(response, "completed")
    calls = _calls(probe, response, ["get_weather"])
    probe.must(bool(calls), "HG-USE-002", "no call is made", "a call: tool_choice is required")
    done = list(told.of("response.function_call_arguments.done"))
    probe.that(
        [event.arguments for event in done] == [call.get("arguments") for call in calls],
        "HG-ANS-002",
        f"{len(done)} function_call_arguments.done events for {len(calls)} calls",
        "one for each call, with its arguments",
    )
    probe.kept["call"] = calls[0]


def _output(probe: Probe) -> None:
    call = probe.kept["call"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain, 9 C"}
    response = probe.completed(input=[said("user", _ASK), call, output], tools=[_WEATHER])
    probe.that(
        bool(text_of(response)), "HG-ANS-002", "the output has no text", "an answer to the output"
    )


def _choice_none(probe: Probe) -> None:
    response = probe.completed(input=_ASK, tools=[_WEATHER], tool_choice="none")
    made = len(_calls(probe, response, ["get_weather"]))
    probe.that(made == 0, "HG-USE-002", f"{made} calls are made", "none: tool_choice is none")
    probe.echoed(response, tool_choice="none")


def _choice_named(probe: Probe) -> None:
    choice = {"type": "function", "name": "get_time"}
    response = probe.completed(input=_ASK, tools=[_WEATHER, _TIME], tool_choice=choice)
    names = [call.get("name") for call in _calls(probe, response, ["get_weather", "get_time"])]
    probe.that(
        bool(names) and set(names) == {"get_time"},
        "HG-USE-002",
        f"calls of {', '.join(map(str, names)) or 'nothing'}",
        "a call of get_time: tool_choice names it",
    )
    probe.echoed(response, tool_choice=choice)


def _one_at_a_time(probe: Probe) -> None:
    response = probe.completed(
        input=_BOTH, tools=[_WEATHER], tool_choice="required", parallel_tool_calls=False
    )
    made = len(_calls(probe, response, ["get_weather"]))
    probe.that(made == 1, "HG-USE-004", f"{made} calls are made", "one")
    probe.echoed(response, parallel_tool_calls=False)


def _parallel(probe: Probe) -> None:
    _, response = probe.stream(
        input=_BOTH, tools=[_WEATHER], tool_choice="required", parallel_tool_calls=True
    )
    calls = _calls(probe, response, ["get_weather"])
    probe.that(bool(calls), "HG-USE-002", "no call is made", "one or more")
    probe.echoed(response, parallel_tool_calls=True)


_WORDS = ("tools", "tool_choice", "function")

TOOL_CASES = (
    Case(
        "tools.call", "a function that must be called, streamed",
        "valid, arguments are JSON and what was streamed", f"{OPEN}, FunctionCall", _call,
        words=_WORDS,
    ),
    Case(
        "tools.output", "an answer from the function's output", "valid, completed, has text",
        f"{OPEN}, FunctionCallOutput", _output, needs=("tools.call",), words=_WORDS,
    ),
    Case(
        "tools.none", "tool_choice none", "no call is made", f"{OPEN}, ToolChoiceValueEnum",
        _choice_none, words=_WORDS,
    ),
    Case(
        "tools.named", "tool_choice that names one of two functions", "it alone is called",
        f"{OPEN}, FunctionToolChoice", _choice_named, words=_WORDS,
    ),
    Case(
        "tools.parallel", "two calls at once, streamed", "each has an id and call_id of its own",
        f"{OPEN}, parallel_tool_calls", _parallel, words=(*_WORDS, "parallel_tool_calls"),
    ),
    Case(
        "tools.single", "the same with parallel_tool_calls false", "one call is made",
        f"{OPEN}, parallel_tool_calls", _one_at_a_time, words=(*_WORDS, "parallel_tool_calls"),
    ),
)  # fmt: skip

"""The response object: the request repeated, with every field that one of the three specs requires.

What is required differs: OpenRouter's ``BaseResponsesResult``, OpenAI's ``Response`` (openai 3.54)
and Open Responses' ``ResponseResource`` each name fields that the others leave out, or allow null
where another does not. This is the superset, with the value that all three accept.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph import models
from heliograph.engine._tiers import TIERS
from heliograph.engine._tool import HOSTED

__all__ = ["Echo", "zero_usage"]

_NUMBERS = {
    "temperature": 1.0,
    "top_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "top_logprobs": 0,
}
_OPTIONAL = ("prompt_cache_options", "prompt_cache_retention", "user")
_CACHING = {"mode": "implicit", "ttl": "30m"}
_NULLABLE = (
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "safety_identifier",
)


def zero_usage() -> dict[str, Any]:
    """Usage of nothing; null would end older clients."""
    return {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }


class Echo:
    """Makes the response object of one request, in any state, without output."""

    def __init__(
        self,
        response_id: str,
        created_at: float,
        body: dict[str, Any],
        *,
        hosted_tools: bool,
        priority: int,
    ) -> None:
        self._id = response_id
        self._created_at = created_at
        # Made anew when asked for: it is, thrice. The input can be large, and is not repeated.
        self._body = {name: value for name, value in body.items() if name != "input"}
        self.hosted_tools = hosted_tools
        self._tier = TIERS[priority]

    def response(self, status: str) -> models.OpenResponsesResult:
        """A new object with this status."""
        data = msgspec.json.encode(self._fields(status))
        return models.decode(models.OpenResponsesResult, data)

    def _fields(self, status: str) -> dict[str, Any]:
        body = self._body
        fields: dict[str, Any] = {
            "id": self._id,
            "object": "response",
            "created_at": int(self._created_at),
            "status": status,
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "model": body.get("model") or (body.get("models") or [""])[0],
            "output": [],
            "parallel_tool_calls": _given(body, "parallel_tool_calls", True),
            "truncation": _given(body, "truncation", "disabled"),
            "metadata": _given(body, "metadata", {}),
            "background": _given(body, "background", False),
            "store": _given(body, "store", True),
            "service_tier": self._tier,
            "text": _text(body.get("text") or {}),
            "reasoning": _reasoning(body.get("reasoning")),
            "usage": zero_usage(),
        }
        fields |= {name: _given(body, name, default) for name, default in _NUMBERS.items()}
        fields |= {name: body.get(name) for name in _NULLABLE}
        fields |= {name: body[name] for name in _OPTIONAL if body.get(name) is not None}
        if "prompt_cache_options" in fields:
            fields["prompt_cache_options"] = _CACHING | fields["prompt_cache_options"]
        tools = [_tool(tool) for tool in body.get("tools") or []]
        choice = _given(body, "tool_choice", "auto")
        if not self.hosted_tools:
            tools = [tool for tool in tools if tool["type"] not in HOSTED]
            choice = _without_hosted(choice)
        return fields | {"tools": tools, "tool_choice": choice}


def _given(body: dict[str, Any], name: str, default: object) -> object:
    value = body.get(name)
    return default if value is None else value


def _text(given: dict[str, Any]) -> dict[str, Any]:
    """A schema's description and strictness are required in one spec, and no null in another."""
    form = given.get("format") or {"type": "text"}
    if form["type"] == "json_schema":
        said = {key: value for key, value in form.items() if value is not None}
        form = {"description": "", "strict": False} | said
    return given | {"format": form}


def _reasoning(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Null where none was asked for: ``@openrouter/sdk`` 0.1.27 refuses a null summary."""
    return None if given is None else {"effort": None, "summary": None} | given


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A function tool needs description, parameters and strict in one spec or another."""
    if tool["type"] != "function":
        return tool
    return {"description": None, "parameters": None, "strict": None} | tool


def _without_hosted(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    if choice.get("type") in HOSTED:
        return "auto"
    if choice.get("type") == "allowed_tools":
        kept = [tool for tool in choice["tools"] if tool.get("type") not in HOSTED]
        return choice | {"tools": kept} if kept else "auto"
    return choice

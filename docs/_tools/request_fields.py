"""Writes docs/requests.md from the engine's tables of request fields and the specifications'.

Run ``python docs/_tools/request_fields.py`` after a change of ``heliograph/engine/_ask.py``; with
``--check`` nothing is written and the exit status says whether the page is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from heliograph import models
from heliograph.engine import _ask
from heliograph.testing._tables import table

PAGE = Path(__file__).parents[1] / "requests.md"

_INTRO = """\
# Request fields: what happens to each

<!-- Written by docs/_tools/request_fields.py from heliograph.engine. Do not edit. -->

Every field that a request of `POST /responses` may have, by OpenRouter, Open Responses 2026-04-24
or OpenAI (the `openai` package), and what this server does with it:

- **served**: it has the effect that the protocol gives it;
- **label**: it changes nothing about the answer; it is taken, and repeated in the response where
  the protocol has it there;
- **in part**: served where it asks for nothing more than is given anyway, else refused;
- **refused**: a request that says something there is a 400 that names the field.

A field that stands in none of these rows is refused too: nothing is dropped in silence. `null`
says nothing, and is always taken. What a chat model's upstream cannot do (probabilities, a
grammar, a summary of thoughts) is refused by that model, by the field's name, before the response
begins.



| field | OpenRouter | Open Responses | | what it does |
| --- | --- | --- | --- | --- |
"""

OPENROUTER = frozenset(
    {
        "background",
        "cache_control",
        "debug",
        "frequency_penalty",
        "image_config",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "modalities",
        "model",
        "models",
        "parallel_tool_calls",
        "plugins",
        "presence_penalty",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "provider",
        "reasoning",
        "route",
        "safety_identifier",
        "service_tier",
        "session_id",
        "stop_server_tools_when",
        "store",
        "stream",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "trace",
        "truncation",
        "user",
    }
)
"""The properties of ``ResponsesRequest`` in OpenRouter's OpenAPI document (40)."""

NOTES = {
    "background": "the answer comes at once, `queued`; needs `store`",
    "client_metadata": "taken and left alone (Codex CLI sends it)",
    "frequency_penalty": "passed on, -2 to 2",
    "image_config": "passed on to a chat model that draws itself (`draws`); else give these "
    "settings to the image tool in `tools`",
    "include": "`message.output_text.logprobs` asks for probabilities, "
    "`reasoning.encrypted_content` for sealed reasoning; what the "
    "other names stand for never occurs here",
    "input": "text, or items: messages with text and pictures, calls and "
    "outputs, reasoning, pictures made, references",
    "instructions": "told to the model first, in every step",
    "max_output_tokens": "for all steps together: each is given what the steps before it "
    "left; without any left the response ends `incomplete`",
    "max_tool_calls": "pictures made at most, where that is less than the server's "
    "`max_tool_calls`; not passed on",
    "metadata": "up to 16 pairs; repeated; passed on where the provider's `labels` name it",
    "modalities": '`["text"]`; a chat model that draws itself (`draws`) takes `"image"` too; else '
    "pictures come from the image tool",
    "model": "a chat model of this server",
    "models": "further models to fall back to",
    "parallel_tool_calls": "passed on; `false` is enforced here: one call of each step is served",
    "presence_penalty": "passed on, -2 to 2",
    "previous_response_id": "the conversation so far is that response's",
    "prompt_cache_key": "repeated; passed on where `labels` name it",
    "prompt_cache_options": "repeated",
    "prompt_cache_retention": "repeated",
    "provider": "which providers may serve it, and in what order",
    "reasoning": "`effort` and what else the upstream knows is passed on; a summary "
    "that it gives is shown as one, and `summary: auto` is served by the "
    "reasoning itself where it gives none",
    "route": "how the fallbacks of `models` are used",
    "safety_identifier": "repeated; passed on where `labels` name it",
    "service_tier": "a place in the queue: `auto` is `default`; `fast`, `ultrafast`, `scale` are "
    "`priority`, which a tenant must be [allowed](flow.md); the response says which it got; passed "
    "on where `labels` name it",
    "session_id": "passed on where `labels` name it",
    "store": "`false`: kept in memory only, until it ends",
    "stream": "events as they come, or the whole response",
    "stream_options": "`include_obfuscation: false`; events are not padded here",
    "temperature": "passed on, 0 to 2",
    "text": "`verbosity` and `format` (`json_schema`, `json_object`, "
    "`text`) are passed on with every step",
    "tool_choice": "enforced here for every upstream; see [the loop](loop.md)",
    "tools": "`function`, `custom`, `image_generation`, "
    "`openrouter:image_generation`; others are refused by name",
    "top_k": "passed on",
    "top_logprobs": "passed on, 0 to 20; refused where the model has no `logprobs`",
    "top_p": "passed on, 0 to 1",
    "trace": "taken and left alone",
    "truncation": "`auto` leaves out the oldest items of what is too long; see [the loop](loop.md)",
    "user": "repeated; passed on where `labels` name it",
}


def asked() -> dict[str, set[str]]:
    """The fields of a request, by who names them."""
    return {
        "OpenRouter": set(OPENROUTER),
        "Open Responses": set(table("open_responses").schemas["CreateResponseBody"]["properties"]),
        "ours": set(models.ResponsesRequest.__struct_encode_fields__),
    }


def fate(name: str) -> str:
    """In which of the engine's tables a field stands."""
    tables = {
        "served": _ask._SERVED,
        "label": _ask._LABELS,
        "in part": _ask._IN_PART,
        "refused": _ask._REFUSED,
    }
    found = [word for word, names in tables.items() if name in names]
    if len(found) != 1:
        raise SystemExit(f"{name} stands in {found or 'none'} of the engine's tables")
    return found[0]


def page() -> str:
    """The page as it should be."""
    named = asked()
    known = {*_ask._SERVED, *_ask._LABELS, *_ask._IN_PART, *_ask._REFUSED}
    rows = []
    for name in sorted(set.union(known, *named.values())):
        word = fate(name)
        told = _ask._REFUSED[name] if word == "refused" else NOTES.get(name)
        if told is None:
            raise SystemExit(f"say in NOTES what {name} does")
        specs = " | ".join(
            "yes" if name in named[s] else "" for s in ("OpenRouter", "Open Responses")
        )
        rows.append(f"| `{name}` | {specs} | {word} | {told} |")
    return _INTRO + "\n".join(rows) + "\n"


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
        if stale:
            print(f"{PAGE.name} is stale: run python docs/_tools/request_fields.py")
        return int(stale)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

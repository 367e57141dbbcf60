"""``text`` and ``reasoning``: how an answer is to look and how much is to be thought."""

from __future__ import annotations

import re
from typing import Any

from heliograph.engine import _fields as fields

__all__ = ["check_reasoning", "check_text"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHEMA_FIELDS = frozenset({"type", "name", "description", "schema", "strict"})
_REASONING = {
    "context": ("auto", "all_turns", "current_turn"),
    "effort": ("max", "xhigh", "high", "medium", "low", "minimal", "none"),
    "generate_summary": ("auto", "concise", "detailed"),
    "mode": ("standard", "pro"),
    "summary": ("auto", "concise", "detailed"),
}


def check_text(body: dict[str, Any]) -> None:
    """Check ``text``. A format of another type is the chat model's to take or to refuse.

    Raises ``BadRequest``.
    """
    text = fields.mapping(body.get("text") or {}, "text")
    fields.only(text, {"format", "verbosity"}, "text.")
    fields.choice(text, "verbosity", ("low", "medium", "high", "xhigh", "max"), "text.")
    if text.get("format") is None:
        return
    form = fields.mapping(text["format"], "text.format")
    kind = fields.text(form, "type", "text.format.")
    if not kind:
        raise fields.invalid("text.format.type", "required", "missing_required_parameter")
    if kind != "json_schema":
        return
    fields.only(form, _SCHEMA_FIELDS, "text.format.")
    name = fields.text(form, "name", "text.format.")
    if not name:
        raise fields.invalid("text.format.name", "required", "missing_required_parameter")
    if not _NAME.fullmatch(name):
        raise fields.invalid(
            "text.format.name", f"{name[:80]!r} is not 1 to 64 of a-z, A-Z, 0-9, _ and -"
        )
    if form.get("schema") is None:
        raise fields.invalid("text.format.schema", "required", "missing_required_parameter")
    fields.mapping(form["schema"], "text.format.schema")
    fields.flag(form, "strict", "text.format.")
    fields.text(form, "description", "text.format.")


def check_reasoning(body: dict[str, Any]) -> None:
    """Check ``reasoning``. Raises ``BadRequest``."""
    given = fields.mapping(body.get("reasoning") or {}, "reasoning")
    fields.only(given, {*_REASONING, "enabled", "max_tokens"}, "reasoning.")
    for name, allowed in _REASONING.items():
        fields.choice(given, name, allowed, "reasoning.")
    fields.flag(given, "enabled", "reasoning.")
    fields.whole(given, "max_tokens", 1, None, "reasoning.")

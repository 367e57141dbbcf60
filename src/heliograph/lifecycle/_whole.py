"""The done item against what its events streamed."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET

from ._core import ADOPTED, Core, Item

#: Item type -> where the done item holds the text that its events streamed.
ITEM_TEXTS: Final = {
    "function_call": ("arguments",),
    "custom_tool_call": ("input",),
    "code_interpreter_call": ("code",),
    "mcp_call": ("arguments",),
    "apply_patch_call": ("operation", "diff"),
}


def present(value: Any) -> Any:
    """The value, or None where the wire had none."""
    return None if value is UNSET else value


def difference(got: str, want: str) -> tuple[str, str]:
    """What a message shows of two texts that differ: both, from a little before they do."""
    at = next((i for i, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), None)
    if at is None:
        return f"{len(got)} characters", f"the {len(want)} characters that were streamed"
    start = max(0, at - 10)
    return (
        f"{got[start : at + 20]!r} at character {start}",
        f"{want[start : at + 20]!r} there, as it was streamed",
    )


def item_text(item: Any) -> str | None:
    """The text of a call's item: its arguments, code, input or diff."""
    for name in ITEM_TEXTS[item.type]:
        item = present(getattr(item, name, None))
    return item if isinstance(item, str) else None


def check_whole(m: Core, item: Item, final: Any) -> None:
    """The done item against what its events streamed."""
    kind = item.type
    open_parts = [key for key, part in item.parts.items() if not part.state.final]
    open_parts = [key for key in open_parts if item.parts[key].state is not ADOPTED]
    if open_parts:
        m._flag(
            "HG-ITM-008",
            f"a {kind} was done with {len(open_parts)} of its parts open",
            f"{item.parts[open_parts[0]].state.expects()} first",
        )
        return
    for name in ("call_id", "name"):
        was, now = (present(getattr(i, name, None)) for i in (item.added, final))
        if was and was != now:
            m._flag("HG-ITM-005", f"{name} {was!r} became {now!r}", f"{name} {was!r}")
    if kind == "message":
        _check_parts(m, item, "content", final, "HG-ITM-009")
    elif kind == "reasoning":
        _check_parts(m, item, "content", final, "HG-RSN-004")
        _check_parts(m, item, "summary", final, "HG-RSN-004")
    elif kind == "shell_call":
        _check_commands(m, item, final)
    elif kind in ITEM_TEXTS:
        streamed = item.streamed()
        if streamed is None:
            if "whole-calls" in m._dialect:
                return
            streamed = item_text(item.added) or ""
        text = item_text(final) or ""
        if streamed == text:
            return
        rule = "HG-FNC-003" if kind == "function_call" else "HG-CAL-003"
        got, want = difference(text, streamed)
        m._flag(rule, f"a {kind} was done with {ITEM_TEXTS[kind][-1]} {got}", want)


def _check_commands(m: Core, item: Item, final: Any) -> None:
    streamed = [part.said for _, part in sorted(item.parts.items())]
    commands = getattr(present(final.action), "commands", None)
    if streamed and None not in streamed and streamed != commands:
        m._flag(
            "HG-CAL-003",
            f"a shell_call was done with {len(commands or ())} commands",
            f"the {len(streamed)} that were streamed, as they were",
        )


def _check_parts(m: Core, item: Item, scope: str, final: Any, rule: str) -> None:
    """``content`` or ``summary`` of a done item against its parts as they were done."""
    if scope == "content":
        parts = {k: p for k, p in item.parts.items() if isinstance(k, int)}
    else:
        parts = {k[1]: p for k, p in item.parts.items() if isinstance(k, tuple)}
    whole = present(getattr(final, scope, None)) or []
    if not parts and "whole-calls" in m._dialect:
        return
    if any(part.final is None for part in parts.values()):  # adopted somewhere: not known whole
        return
    if len(whole) != len(parts):
        m._flag(
            rule,
            f"a {item.type} was done with {len(whole)} {scope} parts",
            f"the {len(parts)} that were streamed",
        )
        return
    for n, (_, part) in enumerate(sorted(parts.items())):
        if part.final != whole[n]:
            m._flag(
                rule,
                f"{scope}[{n}] of the done {item.type} is not the part that was done",
                "the part as it was done",
            )
            return

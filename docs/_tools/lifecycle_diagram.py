"""Writes docs/lifecycle.md from the lifecycle's tables, rules and dialects.

Run ``python docs/_tools/lifecycle_diagram.py`` after a change of ``heliograph/lifecycle``; with
``--check`` nothing is written and the exit status says whether the page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from heliograph import lifecycle
from heliograph.lifecycle import DIALECTS, RULES, TABLES, TOLERANCES

PAGE = Path(__file__).parents[1] / "lifecycle.md"

_INTRO = """\
# Lifecycle

<!-- Written by docs/_tools/lifecycle_diagram.py from heliograph.lifecycle. Do not edit. -->

What may follow what in a stream. The server cannot emit, and `heliograph check` does not pass,
what is not drawn here. An arrow is an event; where an arrow is missing, the event is refused there.

- A stream is a tree of small machines: the response, its items, their parts. An event moves one.
- Items, parts and audio come only while the response is `in_progress`.
- An item is done when all its parts are; a response ends when all its items are done.
- `output_item.done` is drawn with the status that its item bears, in brackets.
- Events that no spec names may come anywhere between `response.created` and the end.
"""

_HEADINGS = {
    "response": "The response",
    "audio": "Audio",
    "transcript": "Audio transcript",
    "item": "Items without events of their own",
    "output_text": "Part: output_text",
    "refusal": "Part: refusal",
    "reasoning_text": "Part: reasoning_text",
    "content_part": "Part: any other content part",
    "summary_part": "Part: reasoning summary",
    "shell_command": "Part: shell command",
    "shell_output": "Part: output of a shell command",
    "fusion_panel": "Part: member of a fusion panel",
}


def _short(event: str) -> str:
    """An event's type as a label: without ``response.``; a done item's status in brackets."""
    name, _, status = event.removeprefix("response.").partition(":")
    if name == "output_item.done":
        return f"{name} [{status or 'no status'}]"
    return name


def diagram(table: dict[tuple[str, str], str]) -> str:
    """A table as a mermaid state diagram; events with the same ends share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (source, event), target in table.items():
        arrows.setdefault((source, target), []).append(_short(event))
    sources = {source for source, _ in table}
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(table))[0]}"]
    for (source, target), events in arrows.items():
        lines.append(f"    {source} --> {target}: {'<br>'.join(events)}")
    ends = dict.fromkeys(target for target in table.values() if target not in sources)
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join([*lines, "```"])


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in [head, ("---",) * len(head), *rows]]
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    parts = [_INTRO]
    for name, table in TABLES.items():
        parts.append(f"## {_HEADINGS.get(name, f'Item: `{name}`')}\n\n{diagram(table)}\n")
    rules = [(f"`{rule}`", text) for rule, text in RULES.items()]
    parts.append(
        "## Rules\n\n`heliograph check` names the rule, the event and what would be right.\n\n"
        + _rows(("Rule", "What is right"), rules)
        + "\n"
    )
    habits = [
        (
            f"`{name}`",
            text,
            ", ".join(d for d, dialect in DIALECTS.items() if name in dialect),
        )
        for name, text in TOLERANCES.items()
    ]
    parts.append(
        "## Dialects\n\n"
        "A tolerance lets one habit of some provider pass; a dialect is a set of them. `strict`\n"
        "has none. `heliograph check --dialect openai,no-sequence FILE` joins dialects and\n"
        f"tolerances; in Python, `{lifecycle.Dialect.__name__}.parse(...)` does.\n\n"
        + _rows(("Tolerance", "What it lets pass", "Dialects"), habits)
        + "\n"
    )
    return "\n".join(parts)


def main() -> int:
    new = page()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new
        if stale:
            print(f"{PAGE.name} is stale: run python docs/_tools/lifecycle_diagram.py")
        return int(stale)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

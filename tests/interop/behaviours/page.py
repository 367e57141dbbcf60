"""``docs/behaviours.md``: written from verdicts, and read to hold them against new runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.interop.behaviours.cases import CASES, GROUPS
from tests.interop.behaviours.sides import SIDES
from tests.interop.behaviours.verdicts import MEANING, NAME

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "behaviours.md"
RESULTS = ROOT / "bench" / "RESULTS.md"
Cells = Mapping[tuple[str, str], str]
"""What stands in a row (the case's id) under a client (the side's key)."""

HEAD = """\
# What clients make of a stream

The same bytes, sent by a server on loopback to each client as it comes, with its defaults. Each
cell is what the caller's loop saw, judged by code (`tests/interop/behaviours`); where a client's
synchronous and asynchronous faces differ, both stand there. `python docs/_tools/behaviours.py`
writes this page, and a test runs every cell again.

"""
LEGEND = """
## What the words mean

From best to worst; a test holds that no cell of ours is worse than another's in its row.

"""
TAIL = """
A null that is left out, or a field that a helper adds (`snapshot`, `parsed`), is not counted.

`InvalidEvent` ends our loop unless the stream was opened with `invalid="give"`: then it is handed
over in the event's place, with its bytes, and the stream goes on. An event over `max_frame` (64
MiB, an argument of the client) is `FrameTooLarge`; the others have no bound. A hole in the
sequence numbers is filled where the server can give the stream again. Where it cannot, a lost event
looks like a server that counts so, and no client here tells of it as it comes. Ours in strict mode
does (*error*: `LifecycleError`), and `heliograph check`.
"""


def cell_of(case: str, side: str) -> str:
    """The cell, from new runs of all the client's ways."""
    client = SIDES[side]
    found = {way: str(CASES[case].cell(client, way)) for way in client.ways}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "; ".join(f"{way}: {words}" for way, words in found.items())


def render(cells: Cells) -> str:
    """The whole page."""
    text = HEAD
    text += "| | " + " | ".join(side.title for side in SIDES.values()) + " |\n"
    text += "| --- |" + " --- |" * len(SIDES) + "\n"
    text += "| version | " + " | ".join(side.version for side in SIDES.values()) + " |\n"
    for group, cases in GROUPS.items():
        text += f"| **{group}** |" + " |" * len(SIDES) + "\n"
        for case in cases:
            row = " | ".join(cells[case.id, side] for side in SIDES)
            text += f"| {case.title} | {row} |\n"
    text += LEGEND
    text += "".join(f"- *{NAME[verdict]}*: {MEANING[verdict]}.\n" for verdict in MEANING)
    return text + TAIL + _figures()


def parse(text: str) -> dict[tuple[str, str], str]:
    """The cells of a page that was written before. Those that it does not have are left out."""
    found: dict[tuple[str, str], str] = {}
    ids = {(group, case.title): case.id for group, cases in GROUPS.items() for case in cases}
    group = ""
    for line in text.splitlines():
        parts = [part.strip() for part in line.strip("|").split(" |")]
        if heading := re.fullmatch(r"\*\*(.*)\*\*", parts[0]):
            group = heading[1]
        elif line.startswith("| ") and (id_ := ids.get((group, parts[0]))):
            found.update(
                ((id_, side), words) for side, words in zip(SIDES, parts[1:], strict=False)
            )
    return found


def _figures() -> str:
    """The table of the benchmark's own section."""
    section = RESULTS.read_text("utf-8").partition("<!-- section: rivals -->\n")[2]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    if table is None:
        raise SystemExit("bench/RESULTS.md has no section 'rivals': python bench/run.py rivals")
    return (
        "\n## What an event of 64 MB costs\n\nAs multiples of ours, from [the benchmarks]"
        f"(../bench/RESULTS.md).\n\n{table[0]}"
    )

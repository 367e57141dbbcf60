"""What providers do otherwise, by name.

A *tolerance* is one habit that some provider has and no spec allows. Most add rows to the tables;
the rest are read by the engine or by ``check``. A *dialect* is a named set of them. ``STRICT`` has
none: it is what our own server is held to.

Where a habit was seen is said beside it. Nothing here makes an event legal that a good stream needs
to be illegal: with every tolerance on, texts must still be their deltas and a stream must still
end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from heliograph import errors

from . import _tables as t

_IMAGE = "response.image_generation_call."

#: Tolerance -> what it lets pass.
TOLERANCES: Final[dict[str, str]] = {
    # OpenAI's hosted tool: the item's last event still says "generating", with the picture in it.
    "late-generating-done": "an image call's output_item.done may say status generating",
    "no-image-completed": "image_generation_call.completed may be missing",
    "repeated-generating": "image_generation_call.in_progress and .generating may come again",
    "extra-partial-images": "more partial images may come than the tool asked for",
    "sequence-from-one": "sequence_number may start at 1",
    "no-sequence": "sequence_number may be missing",
    # Sent in long silences, also before response.created; outside the count.
    "keep-alive": "response.keep_alive may come at any time and is not counted",
    "no-logprobs": "logprobs may be missing on text events and parts",
    "no-name": "function_call_arguments.done may have no name",
    "null-usage": "usage may be null until the response ends",
    "missing-fields": "any field that only some spec requires may be missing",
    "error-after-created": "an error event may end a created response, response.failed after it",
    "open-at-failure": "items may be open when a response ends failed or incomplete",
    # vLLM and OpenRouter stream reasoning text without a content part around it.
    "bare-reasoning": "reasoning text may come without its content part",
    "no-in-progress": "items may come without response.in_progress before them",
    "whole-calls": "a tool call may be done without the events in between",
    "added-whole": "an item or part may be added with its content",
    "no-done-marker": "an SSE stream may close without data: [DONE]",
    "output-differs": "the last event's output may differ from the items that were done",
}

_Rows = dict[str, t.Table]


def _everywhere(event: str) -> t.Table:
    states = {state for state, _ in t.RESPONSE} | {"queued"}
    return {(state, event): state for state in sorted(states)}


def _whole_calls() -> _Rows:
    whole: _Rows = {}
    for name, table in t.ITEM_TABLES.items():
        finals = sorted({event for _, event in table if event.startswith(t.DONE)})
        whole[name] = {("added", event): "done" for event in finals}
    return whole


#: Tolerance -> rows it adds, by table. Tolerances that are not here are no matter of order.
ADDED_ROWS: Final[dict[str, _Rows]] = {
    "late-generating-done": {
        "image_generation_call": {
            ("generating", t.done("generating")): "done",
            ("completed", t.done("generating")): "done",
        },
    },
    "no-image-completed": {
        name: {
            ("in_progress", t.done("completed")): "done",
            ("generating", t.done("completed")): "done",
        }
        for name in ("image_generation_call", "openrouter:image_generation")
    },
    "repeated-generating": {
        name: {
            ("in_progress", _IMAGE + "in_progress"): "in_progress",
            ("generating", _IMAGE + "in_progress"): "generating",
            ("generating", _IMAGE + "generating"): "generating",
        }
        for name in ("image_generation_call", "openrouter:image_generation")
    },
    "keep-alive": {"response": _everywhere(t.KEEP_ALIVE)},
    "error-after-created": {
        "response": {
            ("created", t.ERROR): "errored",
            ("queued", t.ERROR): "errored",
            ("in_progress", t.ERROR): "errored",
            ("errored", t.FAILED): "failed",
        },
    },
    "whole-calls": _whole_calls(),
    "missing-fields": {
        name: {
            (state, t.done("")): "done" for state, event in table if event == t.done("completed")
        }
        for name, table in t.ITEM_TABLES.items()
    },
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """A named set of tolerances.

    ``Dialect.parse("openai,no-sequence")`` joins dialects and single tolerances by name.
    """

    name: str
    tolerances: frozenset[str] = frozenset()

    def __contains__(self, tolerance: str) -> bool:
        return tolerance in self.tolerances

    @classmethod
    def parse(cls, spec: str) -> Dialect:
        """Reads names of dialects and tolerances, joined by commas; raises ``UsageError``."""
        names = [name.strip() for name in spec.split(",") if name.strip()]
        tolerances: frozenset[str] = frozenset()
        for name in names:
            if name in DIALECTS:
                tolerances |= DIALECTS[name].tolerances
            elif name in TOLERANCES:
                tolerances |= {name}
            else:
                raise errors.UsageError(
                    f"no dialect or tolerance named {name!r}; dialects: {', '.join(DIALECTS)}; "
                    f"tolerances: {', '.join(TOLERANCES)}"
                )
        return cls(",".join(names) or "strict", tolerances)


STRICT: Final = Dialect("strict")

DIALECTS: Final[dict[str, Dialect]] = {
    "strict": STRICT,
    "openai": Dialect(
        "openai",
        frozenset({
            "late-generating-done", "no-image-completed", "repeated-generating",
            "extra-partial-images", "keep-alive", "no-logprobs", "no-name", "null-usage",
            "missing-fields", "error-after-created", "open-at-failure", "no-done-marker",
        }),
    ),
    "openrouter": Dialect(
        "openrouter",
        frozenset({
            "late-generating-done", "no-image-completed", "repeated-generating",
            "extra-partial-images", "keep-alive", "sequence-from-one", "no-logprobs", "no-name",
            "null-usage", "missing-fields", "error-after-created", "open-at-failure",
            "bare-reasoning", "whole-calls",
        }),
    ),
    "open-responses": Dialect(
        "open-responses",
        frozenset({"no-logprobs", "no-name", "null-usage", "missing-fields"}),
    ),
    "lenient": Dialect("lenient", frozenset(TOLERANCES)),
}  # fmt: skip


@cache
def tables_for(dialect: Dialect) -> dict[str, t.Table]:
    """``_tables.TABLES`` with the rows that the dialect's tolerances add."""
    tables = {name: dict(table) for name, table in t.TABLES.items()}
    for tolerance in sorted(dialect.tolerances):
        for name, rows in ADDED_ROWS.get(tolerance, {}).items():
            for key, state in rows.items():
                tables[name].setdefault(key, state)
    return tables

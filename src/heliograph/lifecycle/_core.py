"""The machine's moving parts: compiled tables, open items, open parts, and how a fault is reported.

One fault, one violation, as far as that can be had. After a violation the machine goes where the
event says the stream is, if that is forward; an item or part that nothing announced is *adopted*:
it accepts whatever comes and is compared with nothing. ``hold`` turns all of that off: a handler
that finds a fault then returns before it has moved anything. That is why each handler looks first
and moves last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from io import StringIO
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import UNSET

from . import _tables as t
from ._dialects import Dialect, tables_for
from ._rules import Violation


class State:
    """One state of one table: ``next`` maps an event type to the state that follows."""

    __slots__ = ("final", "landing", "name", "next", "rank", "table")

    def __init__(self, table: str, name: str, rank: int, landing: dict[str, State]) -> None:
        self.table = table
        self.name = name
        self.rank = rank
        self.final = False
        self.next: Any = {}
        self.landing = landing

    def after_refusal(self, event: str) -> State:
        """Where to go on after ``event`` was refused here: forward if it leads there, else stay."""
        target = self.landing.get(event)
        return target if target is not None and target.rank > self.rank else self

    def expects(self) -> str:
        """The events that may come now, for a message."""
        return " or ".join(readable(event) for event in self.next) or "nothing more"


class _Anything:
    """The ``next`` of a machine without a table: every event leads back to where it is."""

    __slots__ = ("ends", "state")

    def __init__(self, state: State, ends: dict[str, State]) -> None:
        self.state = state
        self.ends = ends

    def get(self, event: str) -> State:
        return self.ends.get(event, self.state)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ends)


def _anything(name: str, *ends: str) -> State:
    state, done = State(name, "open", 0, {}), State(name, "done", 1, {})
    done.final = True
    state.next = _Anything(state, dict.fromkeys(ends, done))
    return state


#: The state of an item or part that nothing announced.
ADOPTED: Final = _anything("adopted")
#: The state of a part whose type no spec names: only its end is known.
UNKNOWN: Final = _anything("unknown", "response.content_part.done")


def readable(event: str) -> str:
    """``response.output_item.done:failed`` as a reader would say it."""
    name, _, status = event.partition(":")
    if name != t.DONE:
        return event
    return f"{name} with status {status}" if status else f"{name} without a status"


def _compile(name: str, table: t.Table) -> State:
    sources = dict.fromkeys(state for state, _ in table)
    sinks = dict.fromkeys(state for state in table.values() if state not in sources)
    landing: dict[str, State] = {}
    states = {s: State(name, s, rank, landing) for rank, s in enumerate([*sources, *sinks])}
    for (source, event), target in table.items():
        states[source].next[event] = states[target]
        landing.setdefault(event, states[target])
    for sink in sinks:
        states[sink].final = True
    return states[next(iter(sources))]


@cache
def starts(dialect: Dialect) -> dict[str, State]:
    """Table name -> its first state, compiled for ``dialect``."""
    return {name: _compile(name, table) for name, table in tables_for(dialect).items()}


def _nowhere(text: str) -> None:
    return None


class Part(msgspec.Struct, gc=False):
    """An open part of an item. ``text`` collects its deltas until a done event gives the whole."""

    state: State
    type: str
    said: str | None = None
    final: Any = None
    annotations: list[Any] | None = None
    text: StringIO | None = None
    write: Callable[[str], Any] = _nowhere

    @classmethod
    def listening(cls, state: State, type_: str) -> Part:
        """A part whose deltas will be compared with its done event."""
        text = StringIO()
        return cls(state, type_, text=text, write=text.write)

    def forget_text(self) -> None:
        """Its deltas are not to be compared (or have been)."""
        self.text = None
        self.write = _nowhere


#: The parts of an item that has none yet.
_NO_PARTS: Final[Any] = MappingProxyType({})


class Item(msgspec.Struct, gc=False):
    """An open output item. (A Struct: one is made per item of every stream, and these are
    cheap.)"""

    index: int
    id: str | None
    state: State
    added: Any
    partials: int = 0  # how many have come
    next_partial: int = 0  # the index that the next one must have
    said: str | None = None
    text: StringIO | None = None
    parts: dict[Any, Part] = _NO_PARTS
    opened: dict[str, int] | None = None

    @property
    def type(self) -> str:
        """Its wire type; "" where none is known."""
        return "" if self.added is None else str(self.added.type)

    def put(self, key: Any, scope: str, index: Any, part: Part) -> None:
        """Takes in a part and counts it in its scope."""
        if self.opened is None:
            self.parts, self.opened = {}, {}
        self.parts[key] = part
        if isinstance(index, int):
            self.opened[scope] = max(self.opened.get(scope, 0), index + 1)

    def streamed(self) -> str | None:
        """The text so far (arguments, code, input, diff); None where none was streamed."""
        if self.said is not None:
            return self.said
        return None if self.text is None else self.text.getvalue()


class Core:
    """The state of one stream, and how handlers find things in it and report faults."""

    __slots__ = (
        "_audio", "_dialect", "_done", "_found", "_hold", "_ids", "_items", "_limits", "_next",
        "_next_output", "_response", "_response_id", "_skew", "_starts", "_transcript",
        "_uncounted",
    )  # fmt: skip

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._starts = starts(dialect)
        self._response = self._starts["response"]
        self._audio = self._starts["audio"]
        self._transcript = self._starts["transcript"]
        self._response_id: str | None = None
        self._items: dict[int, Item] = {}
        self._done: dict[int, Any] = {}
        self._ids: dict[str, int] = {}
        self._limits: dict[str, int] = {}
        self._next = 0
        self._next_output = 0
        # Events so far less the next sequence number: 0 while the stream is numbered as it should
        # be.
        self._skew = 0
        self._uncounted = False
        self._hold = False
        self._found: list[Violation] = []

    def _flag(self, rule: str, message: str, expected: str) -> None:
        """Reports a fault of the event that is being judged."""
        self._found.append(Violation(rule, self._next + self._skew - 1, message, expected))

    def _running(self, event: Any) -> bool:
        """Whether the event may be judged further; reports it where the response is not running."""
        state = self._response
        if state.name == "in_progress":
            return True
        if state.final or state.name == "errored":
            self._flag("HG-END-001", f"{event.type} after the response ended", "nothing more")
            return False
        if state.name == "none" or "no-in-progress" not in self._dialect:
            self._flag(
                "HG-RSP-005",
                f"{event.type} "
                + (
                    "first of all"
                    if state.name == "none"
                    else f"while the response is {state.name}"
                ),
                f"{t.CREATED if state.name == 'none' else t.IN_PROGRESS} before it",
            )
            if self._hold:
                return False
        self._response = state.landing[t.IN_PROGRESS]
        return True

    def _seek(self, event: Any) -> Item | None:
        """The open item that the event names, after its id or index proved unusual.

        None where the event cannot be judged further; the reason has been reported.
        """
        index = event.output_index
        item = self._items.get(index)
        id_ = getattr(event, "item_id", UNSET)
        if item is not None:
            if id_ == item.id or id_ is UNSET or item.id is None:
                return item
            self._flag(
                "HG-ITM-003",
                f"{event.type} names item_id {id_!r} at output_index {index}",
                f"item_id {item.id!r}",
            )
            return None if self._hold else self._items.get(self._ids.get(id_, index), item)
        if not self._running(event):
            return None
        known = self._ids.get(id_) if isinstance(id_, str) else None
        if known is not None and known in self._items:
            self._flag(
                "HG-ITM-003",
                f"{event.type} names output_index {index} for item {id_!r}",
                f"output_index {known}",
            )
            return None if self._hold else self._items[known]
        closed = index in self._done
        self._flag(
            "HG-ITM-002",
            f"{event.type} at output_index {index}, "
            + ("whose item is done" if closed else "where no item was added"),
            "only output_item.added for the next item" if closed else "output_item.added before it",
        )
        if self._hold or closed:
            return None
        return self._adopt(index, id_ if isinstance(id_, str) else None)

    def _adopt(self, index: int, id_: str | None) -> Item:
        """Takes up an item that nothing announced."""
        item = Item(index, id_, ADOPTED, None)
        self._items[index] = item
        if id_ is not None:
            self._ids.setdefault(id_, index)
        self._next_output = max(self._next_output, index + 1)
        return item

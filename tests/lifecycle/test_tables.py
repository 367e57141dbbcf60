"""Every (state, event) pair of every table: legal ones move, the rest move nothing."""

from __future__ import annotations

import json
from collections import deque
from io import StringIO
from typing import Any

import msgspec
import pytest
from tests.lifecycle import _streams as s

from heliograph import errors, models
from heliograph.lifecycle import TABLES, Machine, _core
from heliograph.lifecycle import _tables as t

R = "response."
STATUSES = ("", "completed", "incomplete", "failed", "generating", "in_progress", "odd")
DONES = {t.done(status) for status in STATUSES}
PART_TABLES = {
    "output_text": (s.message(0, s.text_part("x")), 2),
    "refusal": (s.message(0, s.refusal_part("x")), 2),
    "reasoning_text": (s.reasoning(0, summary=()), 2),
    "content_part": (s.message(0, [{"type": R + "content_part.added",
                                    "part": {"type": "text", "text": ""}}]), 2),
    "summary_part": (s.reasoning(0, text=()), 2),
    "shell_command": (s.shell_call(0), 2),
    "fusion_panel": (s.fusion(0), 3),
}  # fmt: skip
OPENERS = {event for table in t.ITEM_TABLES.values() for _, event in table} & {
    R + "content_part.added",
    R + "reasoning_summary_part.added",
    R + "shell_call_command.added",
    R + "fusion_call.panel.added",
}
PART_EVENTS = {event for name in [*PART_TABLES, "shell_output"] for _, event in TABLES[name]}
CALL_EVENTS = {
    event
    for name in [*t.ITEM_TABLES, "item"]
    for _, event in TABLES[name]
    if not event.startswith(t.DONE)
}
ITEM_EVENTS = sorted(CALL_EVENTS | PART_EVENTS | DONES)

BODIES: dict[str, dict[str, Any]] = {
    R + "content_part.added": {"part": {"type": "output_text", "text": "", "annotations": []}},
    R + "content_part.done": {"part": {"type": "output_text", "text": "", "annotations": []}},
    R + "reasoning_summary_part.added": {"part": {"type": "summary_text", "text": ""}},
    R + "reasoning_summary_part.done": {"part": {"type": "summary_text", "text": ""}},
    R + "shell_call_output_content.delta": {"delta": {}},
    R + "output_text.annotation.added": {"annotation_index": 0, "annotation": s.CITATION},
    R + "fusion_call.analysis.completed": {"analysis": s.fusion(0)[-3]["analysis"]},
    R + "fusion_call.panel.failed": {"error": "no"},
}
FILLER: dict[str, Any] = {
    "content_index": 0, "summary_index": 0, "command_index": 0, "delta": "", "text": "",
    "refusal": "", "arguments": "", "input": "", "code": "", "diff": "", "command": "",
    "output": [], "content": "", "model": "a/a", "name": "add", "judge_model": "j",
    "analyst_model": "j", "partial_image_b64": "AAAA", "logprobs": [],
}  # fmt: skip


def item(kind: str, status: str = "in_progress") -> dict[str, Any]:
    """An item of any type, with every field that one may need to decode."""
    full: dict[str, Any] = {
        "type": kind, "id": "it_0", "status": status, "role": "assistant", "content": [],
        "summary": [], "arguments": "", "call_id": "c", "name": "add", "input": "", "result": None,
        "action": {"type": "search", "query": "q", "commands": []}, "queries": [], "code": "",
        "container_id": "cn", "outputs": None, "server_label": "s", "tools": [], "output": [],
        "operation": {"type": "create_file", "path": "p", "diff": ""}, "encrypted_content": "x",
        "datetime": "d", "timezone": "z",
    }  # fmt: skip
    if kind == "openrouter:fusion":
        full = {"type": kind, "id": "it_0", "status": status}
    if kind in ("image_generation_call", "mcp_call"):
        full |= {"action": None, "output": None}
    if not status:
        del full["status"]
    if status == "completed" and "image" in kind:
        full["result"] = "AAAA"
    return full


def event(name: str, kind: str, number: int, partials: int = 0) -> models.StreamEvent:
    """An event of type ``name`` about item 0, whose type is ``kind``: right but for its place."""
    wire, _, status = name.partition(":")
    fields = set(models.EVENTS[wire].__struct_fields__)
    body = {key: value for key, value in FILLER.items() if key in fields}
    body |= {"type": wire, "sequence_number": number, "output_index": 0, "item_id": "it_0"}
    body |= {key: v for key, v in BODIES.get(wire, {}).items() if key in fields}
    if "partial_image_index" in fields:
        body["partial_image_index"] = partials
    if wire in (t.ADDED, t.DONE):
        body["item"] = item(kind, status)
    return models.decode_event(json.dumps(body).encode())


def path_to(table: t.Table, state: str) -> list[str]:
    """The shortest way from the table's first state."""
    first = next(iter(table))[0]
    ways: dict[str, list[str]] = {first: []}
    queue = deque([first])
    while queue:
        here = queue.popleft()
        for (source, name), target in table.items():
            if source == here and target not in ways:
                ways[target] = [*ways[here], name]
                queue.append(target)
    return ways[state]


def states(table: t.Table) -> list[str]:
    return list(dict.fromkeys([source for source, _ in table] + list(table.values())))


def dump(value: Any) -> Any:
    """All that a machine holds, for a comparison."""
    if isinstance(value, Machine):
        return {name: dump(getattr(value, name)) for name in _core.Core.__slots__}
    if isinstance(value, (_core.Item, _core.Part)):
        return {
            name: dump(getattr(value, name)) for name in value.__struct_fields__ if name != "write"
        }
    if isinstance(value, StringIO):
        return value.getvalue()
    if isinstance(value, _core.State):
        return (value.table, value.name)
    if hasattr(value, "items"):
        return {key: dump(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [dump(inner) for inner in value]
    return repr(value) if isinstance(value, msgspec.Struct) else value


def started() -> Machine:
    machine = Machine()
    for wire in s.decoded(s.wires())[:2]:
        machine.require(wire)
    return machine


def machine_in(name: str, state: str) -> tuple[Machine, str]:
    """A machine whose item 0 is in ``state`` of the item table ``name``, and the item's type."""
    kind = "openrouter:datetime" if name == "item" else name
    machine = started()
    machine.require(event(t.ADDED + ":" + status_when_added(kind), kind, 2))
    for step in path_to(TABLES[name], state):
        machine.require(event(step, kind, machine.next_sequence))
    return machine, kind


def status_when_added(kind: str) -> str:
    return "" if kind in ("mcp_list_tools", "compaction") else "in_progress"


def refuses(machine: Machine, wrong: models.StreamEvent) -> None:
    before = dump(machine)
    with pytest.raises(errors.LifecycleError):
        machine.require(wrong)
    assert dump(machine) == before
    assert len(machine.feed(wrong)) == 1, "one fault, one violation"


ITEM_CASES = [(name, state) for name in [*t.ITEM_TABLES, "item"] for state in states(TABLES[name])]


@pytest.mark.parametrize(("name", "state"), ITEM_CASES)
def test_an_item_takes_what_its_table_has_and_nothing_else(name: str, state: str) -> None:
    table = TABLES[name]
    for step in ITEM_EVENTS:
        machine, kind = machine_in(name, state)
        if step.startswith(t.DONE) and unsayable(kind, step):
            continue
        what = event(step, kind, machine.next_sequence)
        target = table.get((state, step))
        if target is None:
            refuses(machine, what)
            continue
        machine.require(what)
        if target == "done":
            assert machine._items == {}
            assert list(machine._done) == [0]
        else:
            assert machine._items[0].state.name == target


def unsayable(kind: str, step: str) -> bool:
    """Whether the item's type has no status that could say this (its class drops the field)."""
    has_status = "status" in models.ITEMS[kind].__struct_fields__
    required = kind in models.ITEMS and not step.partition(":")[2]
    if not has_status:
        return step != t.done("")
    return required and not optional_status(kind)


def optional_status(kind: str) -> bool:
    field = {f.name: f for f in msgspec.structs.fields(models.ITEMS[kind])}["status"]
    return not field.required


PART_CASES = [(name, state) for name in PART_TABLES for state in states(TABLES[name])]


def part_event(name: str, step: str, number: int) -> models.StreamEvent:
    """An event about part 0 of item 0, its part of the type that the table is for."""
    words = {
        "refusal": {"type": "refusal", "refusal": ""},
        "reasoning_text": {"type": "reasoning_text", "text": ""},
        "content_part": {"type": "text", "text": ""},
    }
    first = PART_TABLES[name][0][0]["item"]["id"]
    built: Any = event(step, "message", number)
    wire = json.loads(models.encode(built)) | {"item_id": first}
    if step == R + "content_part.done" and name in words:
        wire["part"] = words[name]
    if "item_id" not in built.__struct_fields__:
        del wire["item_id"]
    return models.decode_event(json.dumps(wire).encode())


@pytest.mark.parametrize(("name", "state"), PART_CASES)
def test_a_part_takes_what_its_table_has_and_nothing_else(name: str, state: str) -> None:
    table = TABLES[name]
    opening, count = PART_TABLES[name]
    for step in sorted(PART_EVENTS):
        machine = started()
        for wire in opening[:count]:
            numbered = wire | {"sequence_number": machine.next_sequence}
            machine.require(models.decode_event(json.dumps(numbered).encode()))
        for past in path_to(table, state):
            machine.require(part_event(name, past, machine.next_sequence))
        what = part_event(name, step, machine.next_sequence)
        target = table.get((state, step))
        if target is None:
            refuses(machine, what)
        else:
            machine.require(what)
            (part,) = machine._items[0].parts.values()
            assert part.state.name == target


@pytest.mark.parametrize("state", states(TABLES["shell_output"]))
def test_a_shell_output_opens_with_its_first_event(state: str) -> None:
    for step in sorted(PART_EVENTS):
        machine, kind = machine_in("shell_call_output", "added")
        for past in path_to(TABLES["shell_output"], state):
            machine.require(event(past, kind, machine.next_sequence))
        what = event(step, kind, machine.next_sequence)
        if (state, step) in TABLES["shell_output"]:
            machine.require(what)
        else:
            refuses(machine, what)


def response_event(step: str, number: int) -> models.StreamEvent:
    body: dict[str, Any] = {"type": step, "sequence_number": number}
    if step == t.ERROR:
        body |= {"code": "x", "message": "y", "param": None}
    elif step == t.DEBUG:
        body["debug"] = {}
    elif step != t.KEEP_ALIVE:
        status = {t.CREATED: "in_progress", t.IN_PROGRESS: "in_progress"}
        body["response"] = s.response(status.get(step, step.removeprefix(R)))
    return models.decode_event(json.dumps(body).encode())


@pytest.mark.parametrize("state", states(TABLES["response"]))
def test_a_response_takes_what_its_table_has_and_nothing_else(state: str) -> None:
    steps = sorted({step for _, step in TABLES["response"]} | {t.KEEP_ALIVE})
    for step in steps:
        machine = Machine()
        for past in path_to(TABLES["response"], state):
            machine.require(response_event(past, machine.next_sequence))
        assert machine.state == state
        what = response_event(step, machine.next_sequence)
        target = TABLES["response"].get((state, step))
        if target is None:
            refuses(machine, what)
        else:
            machine.require(what)
            assert machine.state == target


@pytest.mark.parametrize("state", [s for s in states(TABLES["response"]) if s != "in_progress"])
def test_items_and_audio_come_only_while_the_response_is_in_progress(state: str) -> None:
    steps = [
        *ITEM_EVENTS,
        R + "audio.delta",
        R + "audio.transcript.delta",
        t.ADDED + ":in_progress",
    ]
    for step in steps:
        machine = Machine()
        for past in path_to(TABLES["response"], state):
            machine.require(response_event(past, machine.next_sequence))
        before = dump(machine)
        with pytest.raises(errors.LifecycleError):
            machine.require(event(step, "message", machine.next_sequence))
        assert dump(machine) == before


@pytest.mark.parametrize("name", ["audio", "transcript"])
def test_audio_takes_what_its_table_has_and_nothing_else(name: str) -> None:
    table = TABLES[name]
    for state in states(table):
        for step in sorted({step for _, step in table}):
            machine = started()
            for past in path_to(table, state):
                machine.require(event(past, "message", machine.next_sequence))
            what = event(step, "message", machine.next_sequence)
            if (state, step) not in table:
                refuses(machine, what)
                continue
            machine.require(what)
            assert getattr(machine, f"_{name}").name == table[state, step]


def test_every_event_of_every_spec_stands_in_a_table_or_opens_an_item() -> None:
    named = {step.partition(":")[0] for table in TABLES.values() for _, step in table}
    assert set(models.EVENTS) == named | {t.ADDED}


def test_every_table_can_be_left_from_every_state() -> None:
    for name, table in TABLES.items():
        for state in states(table):
            path_to(table, state)  # reachable
        ends = {target for target in table.values() if not any(s == target for s, _ in table)}
        assert ends or name in ("audio", "transcript"), f"{name} has no end"

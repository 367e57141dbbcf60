"""The tables of the specifications, and the list of what they lack."""

from __future__ import annotations

import re

import pytest

from heliograph import models
from heliograph.testing._tables import EXTENSIONS, SPECS, Extension, Table, table
from heliograph.testing._validate import KINDS, OPENAPI


@pytest.mark.parametrize("spec", SPECS)
def test_every_name_in_a_table_is_there(spec: str) -> None:
    facts = table(spec)
    assert _named(facts.schemas) <= set(facts.schemas)


def _named(schema: object) -> set[str]:
    return set(re.findall(r"'#/\$defs/([^']+)'", str(schema)))


@pytest.mark.parametrize("spec", SPECS)
def test_every_event_of_a_table_is_ours(spec: str) -> None:
    assert set(table(spec).events) <= set(models.EVENTS)


def test_the_tables_hold_the_events_of_their_specifications() -> None:
    assert {spec: len(table(spec).events) for spec in SPECS} == {
        "open_responses": 24,
        "openrouter": 49,
        "seed": 27,
    }


def test_a_table_is_read_as_its_first_lines_say() -> None:
    schema = table("open_responses").schemas["FunctionCallOutput"]
    assert schema["required"] == ["type", "id", "call_id", "output", "status"]
    assert schema["properties"]["id"] == {"type": ["string"]}
    assert schema["properties"]["status"] == {"enum": ["completed", "in_progress", "incomplete"]}
    text, parts = schema["properties"]["output"]["anyOf"]
    assert text == {"type": ["string"]}
    assert [one["$ref"].rpartition("/")[2] for one in parts["items"]["anyOf"]] == [
        "InputTextContent",
        "InputImageContent",
        "InputFileContent",
    ]


@pytest.mark.parametrize("extension", EXTENSIONS, ids=str)
def test_an_extension_is_lacking_there_and_has_a_reason(extension: Extension) -> None:
    spec, place, types, reason = extension
    facts = Table(spec, allow=False)
    assert len(reason) > 10
    if place == "event":
        assert not set(types) & set(facts.events)
        assert set(types) <= set(models.EVENTS)
        return
    name, _, field = place.partition(".")
    schema = facts.schemas[name]["properties"][field] if field else facts.schemas[name]
    if types == ("{}",):
        assert schema == {"type": ["null"]}
        return
    tags = {
        tag
        for other in _named(schema)
        for tag in facts.schemas[other]["properties"]["type"].get("enum", ())
    }
    assert tags
    assert not set(types) & tags


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_body_is_described(kind: str) -> None:
    names = {spec: name for spec, name in KINDS[kind].items() if spec != OPENAPI}
    assert OPENAPI in KINDS[kind]
    for spec, name in names.items():
        assert name in table(spec).schemas

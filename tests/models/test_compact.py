"""A tree that is read a level at a time has every value where a whole scan finds it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph import models
from heliograph.models._compact import NotCompact, compact
from heliograph.models._json import Node, scan

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def shape(node: Node) -> Any:
    """Where everything stands, all levels looked into."""
    node.look()
    members = [(key, at, shape(child)) for key, at, child in node.members]
    return (node.start, node.end, node.text, members, [shape(child) for child in node.items])


@given(values, st.booleans())
def test_it_is_the_tree_of_a_scan(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only)
    try:
        found = shape(compact(text.encode()))
    except NotCompact:
        assert "\\" in text  # a key that is spelled with escapes
        return
    assert found == shape(scan(text.encode()))


@given(values)
def test_spaces_give_it_up_or_change_nothing(value: Any) -> None:
    data = json.dumps(value).encode()
    try:
        assert shape(compact(data)) == shape(scan(data))
    except NotCompact:
        assert b" " in data or b"\\" in data


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{ "a":1}',
        b"[1, 2]",
        b'{"\\u0061":1}',
        b'{"a":{"b" :1}}',
        b'{"a":[1,\n2]}',
        b'{"a":1}\n',
    ],
)
def test_what_would_not_come_back_whole_is_given_up(text: bytes) -> None:
    with pytest.raises(NotCompact):
        shape(compact(text))


@pytest.mark.parametrize("text", [b'{"a":"\\ud83d"}', b'{"b":[1e999]}'])
def test_a_changed_field_beside_odd_values_leaves_them_as_they_are(text: bytes) -> None:
    event = (
        b'{"type":"response.output_item.done","output_index":0,"item":{"type":"x"},"odd":%b}' % text
    )
    decoded = models.decode_event(event, 0)
    assert isinstance(decoded, models.OutputItemDoneEvent)
    decoded.output_index = 7
    assert models.encode(decoded) == event.replace(b'"output_index":0', b'"output_index":7')

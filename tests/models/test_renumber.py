"""An event under another number: everything else as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph import models

CASES = [
    (b'{"type":"a","sequence_number":4}', b'{"type":"a","sequence_number":17}'),
    (b'{"sequence_number" : 4 ,"type":"a"}', b'{"sequence_number" : 17 ,"type":"a"}'),
    (b'{"type":"a"}', b'{"type":"a","sequence_number":17}'),
    (b'{"type":"a" }', b'{"type":"a","sequence_number":17 }'),
    (b'{"sequence_number":null}', b'{"sequence_number":17}'),
    (
        b'{"x":{"sequence_number":1},"sequence_number":2}',
        b'{"x":{"sequence_number":1},"sequence_number":17}',
    ),
    (b'{"x":{"sequence_number":1}}', b'{"x":{"sequence_number":1},"sequence_number":17}'),
    (
        b'{"x":{"sequence_number":1},"sequence\\u005fnumber":2}',
        b'{"x":{"sequence_number":1},"sequence\\u005fnumber":17}',
    ),
    (
        b'{"delta":"\\"sequence_number\\":3","sequence_number":2}',
        b'{"delta":"\\"sequence_number\\":3","sequence_number":17}',
    ),
    (b'{"a":"x\\"sequence_number"}', b'{"a":"x\\"sequence_number","sequence_number":17}'),
    (b'{"d":"\\ud83d","sequence_number":1}', b'{"d":"\\ud83d","sequence_number":17}'),
    (b'{"sequence_number":1,"sequence_number":2}', b'{"sequence_number":1,"sequence_number":17}'),
]


@pytest.mark.parametrize(("data", "wanted"), CASES)
def test_only_the_number_changes(data: bytes, wanted: bytes) -> None:
    assert models.renumbered(data, 17) == wanted


KEYS = st.sampled_from(["sequence_number", "a", 'x"sequence_number', "type"])
JSON = st.recursive(
    st.none() | st.integers() | st.text() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, JSON, max_size=4), st.integers(0, 10**6), st.booleans())
def test_any_object(body: dict[str, object], number: int, ascii_only: bool) -> None:
    data = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    assert json.loads(models.renumbered(data, number)) == body | {"sequence_number": number}


def test_items_that_keep_their_bytes_keep_them_in_a_list() -> None:
    event = models.decode_event(
        b'{"type":"response.output_item.done","output_index":0,"item":{"type":"message",'
        b'"id":"m","role":"assistant","content":[]}}'
    )
    item = event.item  # type: ignore[union-attr]
    item._wire = b'{"type":"message", "id":"m","role":"assistant","content":[],"new":1.0e2}'
    body = b'{"id":"r","object":"response","created_at":1,"model":"m","output":[],'
    body += b'"parallel_tool_calls":true,"tool_choice":"auto","tools":[]}'
    response = models.decode(models.OpenResponsesResult, body)
    response.output = [item]
    assert models.encode(response) == body.replace(b'"output":[]', b'"output":[%b]' % item._wire)
    fresh = models.OpenResponsesResult(
        id="r", created_at=1, model="m", output=[item], parallel_tool_calls=True,
        tool_choice="auto", tools=[], object="response",
    )  # fmt: skip
    assert item._wire in models.encode(fresh)

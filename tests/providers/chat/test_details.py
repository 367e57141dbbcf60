"""Blocks of ``reasoning_details``, put together from their pieces."""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph.providers.chat._details import Details


def piece(text: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "index": index, "text": text, **more}


def blocks(details: Details) -> list[Any]:
    return [block for thought in details.end() for block in msgspec.json.decode(thought.data)]


def test_pieces_of_one_block_become_one() -> None:
    details = Details("m", "s")
    details.take([piece("a", signature=None), piece("b", index=1), piece("c", index=1)])
    details.take([piece("d", index=1, signature="x"), {"type": "reasoning.encrypted", "data": "e"}])
    assert blocks(details) == [
        piece("a", signature=None),
        piece("bcd", index=1, signature="x"),
        {"type": "reasoning.encrypted", "data": "e"},
    ]
    details.take([piece("f")])
    assert blocks(details) == [piece("f")]
    assert blocks(details) == []

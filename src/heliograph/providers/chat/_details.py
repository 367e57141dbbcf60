"""OpenRouter's ``reasoning_details``: what a model wants back with its reasoning, word for word.

They come in pieces, like the text: a block's ``text`` or ``summary`` grows over chunks of one
``index``, and its ``signature`` comes with the last; encrypted blocks come whole. They go back in
the assistant's message as whole blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from heliograph import errors
from heliograph.providers._base import Thought
from heliograph.providers.chat._calls import MAX_HELD

__all__ = ["Details", "details_of"]

Json = dict[str, Any]

_GROWING = {"reasoning.text": "text", "reasoning.summary": "summary"}


class Details:
    """Gathers the blocks of one answer of ``model``. ``source`` None gathers none."""

    def __init__(self, model: str, source: str | None) -> None:
        self._model = model
        self._size = 0
        self._source = source
        self._blocks: list[Json] = []
        self._words: list[str] = []  # of the last block, joined once it is whole
        self._late = False

    def take(self, pieces: Sequence[Json]) -> None:
        """Blocks, or pieces of them. Raises ``ProviderError`` where they come to too much."""
        if self._source is None:
            return
        for piece in pieces:
            self._size += len(msgspec.json.encode(piece))
            if self._size > MAX_HELD:
                raise errors.ProviderError(
                    f"{self._model} gave over {MAX_HELD} bytes of reasoning_details, the limit "
                    "MAX_HELD",
                    kind="protocol",
                )
            last = self._blocks[-1] if self._blocks else {}
            grows = _GROWING.get(str(piece.get("type")))
            if grows and all(last.get(key) == piece.get(key) for key in ("type", "index")):
                last.update({key: value for key, value in piece.items() if value is not None})
            else:
                self._join()
                self._blocks.append(dict(piece))
            if grows and isinstance(piece.get(grows), str):
                self._words.append(piece[grows])

    def _join(self) -> None:
        if self._words:
            block = self._blocks[-1]
            block[_GROWING[block["type"]]] = "".join(self._words)
            self._words = []

    def before_words(self) -> Iterator[Thought]:
        """What goes with the reasoning that words or calls now follow."""
        yield from self.end()
        self._late = True

    def end(self) -> Iterator[Thought]:
        """What was gathered since."""
        self._join()
        if self._blocks and self._source is not None:
            data = msgspec.json.encode(self._blocks)
            self._blocks = []
            yield Thought(source=self._source, data=data, late=self._late)


def details_of(thoughts: Sequence[Thought], source: str) -> tuple[list[Json], list[Json]]:
    """The blocks that this upstream gave: those of the message after it, and of the one before."""
    after: list[Json] = []
    before: list[Json] = []
    for thought in thoughts:
        if thought.source == source:
            (before if thought.late else after).extend(msgspec.json.decode(thought.data))
    return after, before

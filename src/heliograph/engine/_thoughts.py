"""What a reasoning item's ``encrypted_content`` holds, sealed: the reasoning, and what its upstream
wants back with it, so that a client that stores nothing here can send both back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from heliograph import errors, models, providers
from heliograph.engine._seal import Seal

__all__ = ["INCLUDED", "Held", "Thoughts", "open_held", "opened", "seal_held"]

INCLUDED = "reasoning.encrypted_content"
"""The entry of ``include`` that asks for it."""

_PURPOSE = "reasoning"


class Held(msgspec.Struct, frozen=True, kw_only=True, tag="1"):
    """``texts`` are the item's parts; ``thoughts`` what upstreams gave for themselves."""

    texts: list[str] = []
    thoughts: list[providers.Thought] = []


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Held).decode


def seal_held(held: Held, seal: Seal) -> str:
    """The item's ``encrypted_content``."""
    return seal.close(_PURPOSE, _encode(held))


def open_held(text: str, seal: Seal, path: str) -> Held:
    """What a reasoning item holds. Raises ``BadRequest`` naming ``path``'s field."""
    return _decode(seal.open(_PURPOSE, text, f"{path}.encrypted_content"))


class Thoughts:
    """What upstreams gave for themselves in one response, by the output index of its reasoning.

    With a ``seal`` it is sent, sealed. Without one it is known to this process alone, for the
    response's next steps; what came without reasoning then has a place between the items.
    """

    def __init__(self, seal: Seal | None) -> None:
        self._seal = seal
        self._of: dict[int, list[providers.Thought]] = {}
        self._between: dict[int, list[providers.Thought]] = {}

    @property
    def sent(self) -> bool:
        """Whether the client asked for it."""
        return self._seal is not None

    def take(self, thought: providers.Thought, index: int, *, shown: bool) -> None:
        """Keep one: of the item ``index``, or (not ``shown``) before the item that has it next."""
        (self._of if shown else self._between).setdefault(index, []).append(thought)

    def sealed(self, index: int, texts: list[str]) -> str | UnsetType:
        """The ``encrypted_content`` of the reasoning item ``index``, which holds ``texts``."""
        if self._seal is None:
            return UNSET
        return seal_held(Held(texts=texts, thoughts=self._of.get(index, [])), self._seal)

    def told(
        self, output: Sequence[models.OutputItem]
    ) -> tuple[list[models.OutputItem], dict[str, list[providers.Thought]]]:
        """The response's items so far as the next step's model is told them, and the thoughts that
        belong to reasoning items, by id."""
        items: list[models.OutputItem] = []
        found: dict[str, list[providers.Thought]] = {}
        for index in range(len(output) + 1):
            between = self._between.get(index)
            if between is not None:
                name = f"rs_between_{index}"
                found[name] = between
                items.append(models.OutputReasoningItem(id=name, summary=[], content=[]))
            if index == len(output):
                break
            item = output[index]
            if isinstance(item, models.OutputReasoningItem):
                found[str(item.id)] = self._known(index, item)
                item = msgspec.structs.replace(item, encrypted_content=UNSET)
            items.append(item)
        return items, found

    def _known(self, index: int, item: models.OutputReasoningItem) -> list[providers.Thought]:
        """After a takeover they are in the item alone, where they were sent."""
        if index in self._of or self._seal is None or not item.encrypted_content:
            return self._of.get(index, [])
        try:
            return open_held(item.encrypted_content, self._seal, "output").thoughts
        except errors.BadRequest:
            return []  # the worker before had another secret


def opened(
    item: models.OutputReasoningItem, held: Held, item_id: str
) -> models.OutputReasoningItem:
    """The item as a provider is told it: with its words, without the seal."""
    told: dict[str, Any] = {"id": item_id, "encrypted_content": UNSET}
    if held.texts:
        told["content"] = [models.ReasoningTextContent(text=text) for text in held.texts]
    return msgspec.structs.replace(item, **told)

"""What a reasoning item's ``encrypted_content`` holds, sealed: the reasoning, and what its upstream
wants back with it, so that a client that stores nothing here can send both back."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from heliograph import models, providers
from heliograph.engine._seal import Seal

__all__ = ["INCLUDED", "Held", "open_held", "opened", "seal_held"]

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


def opened(
    item: models.OutputReasoningItem, held: Held, item_id: str
) -> models.OutputReasoningItem:
    """The item as a provider is told it: with its words, without the seal."""
    told: dict[str, Any] = {"id": item_id, "encrypted_content": UNSET}
    if held.texts:
        told["content"] = [models.ReasoningTextContent(text=text) for text in held.texts]
    return msgspec.structs.replace(item, **told)

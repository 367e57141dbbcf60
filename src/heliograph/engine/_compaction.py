"""What a ``compaction`` item holds, sealed, and the items that it stands for when it comes back.

It holds all that is needed and refers to nothing: the server keeps no record of a compaction, so
erasing a response, its expiry and a server without storage take nothing from it, and nothing of it
outlives what its client keeps. Pictures are in it whole, the newest ones, as far as there is room.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pybase64

from heliograph import errors
from heliograph.engine._seal import Seal

__all__ = ["COMPACTIONS", "Kept", "State", "body_items", "lead_items", "open_state", "seal_state"]

Json = dict[str, Any]

COMPACTIONS = frozenset({"compaction", "context_compaction"})
"""Types of the items that hold one: Open Responses' and OpenAI's name, and OpenRouter's other."""

_PURPOSE = "compaction"
_NOTES = "Notes on the conversation so far:\n"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A picture: ``item`` is the call that made it, without its result; None for one that a message
    showed, whose ``data:`` URL began with ``head``."""

    data: bytes
    item: Json | None = None
    head: str = ""

    @property
    def text(self) -> str:
        """Its base64."""
        return pybase64.b64encode(self.data).decode()


class State(msgspec.Struct, frozen=True, kw_only=True, tag="1"):
    """``summary`` tells what was said; ``told`` are system and developer messages as they came;
    ``calls`` those that the client has not answered; ``pictures`` are oldest first."""

    summary: str
    told: list[Json] = []
    calls: list[Json] = []
    pictures: list[Kept] = []


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


def seal_state(state: State, seal: Seal) -> str:
    """The item's ``encrypted_content``."""
    return seal.close(_PURPOSE, _encode(state))


def open_state(item: Json, seal: Seal, field: str) -> State:
    """What a compaction item holds. Raises ``BadRequest`` naming ``field``."""
    text = item.get("encrypted_content")
    if not isinstance(text, str):
        raise errors.BadRequest(
            f"{field}: required, a string", param=field, code="missing_required_parameter"
        )
    return _decode(seal.open(_PURPOSE, text, field))


def lead_items(state: State, name: str) -> list[Json]:
    """What is told before everything else: system messages, and pictures shown long ago.

    ``name`` makes the items' ids.
    """
    shown = [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": kept.head + kept.text, "detail": "auto"}
            ],
        }
        for kept in state.pictures
        if kept.item is None
    ]
    return [
        {**item, "id": f"msg_{name}l{at}", "status": "completed"}
        for at, item in enumerate([*state.told, *shown])
    ]


def body_items(state: State, name: str) -> list[Json]:
    """What is told in the item's place: the summary, the pictures that were made, open calls."""
    part = {"type": "output_text", "text": _NOTES + state.summary}
    notes = {
        "type": "message",
        "id": f"msg_{name}n",
        "role": "assistant",
        "status": "completed",
        "content": [part | {"annotations": [], "logprobs": []}],
    }
    made = [kept.item | {"result": kept.text} for kept in state.pictures if kept.item is not None]
    return [notes, *made, *state.calls]

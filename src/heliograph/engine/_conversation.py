"""What a chat model is told: what came before and what the request says, what is sealed opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from heliograph import errors, models, providers
from heliograph.engine._compaction import body_items, lead_items, open_state
from heliograph.engine._context import Context, named
from heliograph.engine._item_pictures import shown
from heliograph.engine._pictures import Pictures
from heliograph.engine._seal import Seal, is_sealed
from heliograph.engine._thoughts import Held, open_held, opened

__all__ = ["Conversation", "converse"]

Json = dict[str, Any]


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat model is told: items oldest first, what was sealed here opened; ``made`` are
    earlier pictures, and ``thoughts`` what belongs to reasoning items, by item id."""

    said: tuple[models.InputItem, ...]
    made: dict[str, str] = {}
    thoughts: dict[str, list[providers.Thought]] = {}


async def converse(
    context: Context, request: models.ResponsesRequest, pictures: Pictures, seal: Seal
) -> Conversation:
    """What came before and what the request says, as a chat model is told it.

    The pictures of messages are in it whole; those that were made earlier are left out, to be asked
    for. Raises ``BadRequest`` for what ``seal`` does not open.
    """
    given = request.input
    own: list[models.InputItem] = (
        [models.InputMessage(role="user", content=[models.InputText(text=given)])]
        if isinstance(given, str)
        else list(given or [])
    )
    if isinstance(given, list):
        asked = msgspec.json.decode(models.wire_of(request) or models.encode(request), type=_Asked)
        _keep_texts(own, [bytes(text) for text in asked.input])
    kept = [*context.earlier, *context.referenced.values()]
    if not kept:
        return _unsealed(own, 0, {}, seal)
    made = {item["id"]: item["result"] for item in kept if item.get("result")}
    shown_items = [await shown(item, pictures) for item in kept]
    items = _decoded(shown_items)
    _keep_texts(items, [msgspec.json.encode(item) for item in shown_items])
    count = len(context.earlier)
    referenced = dict(zip(context.referenced, items[count:], strict=True))
    told = {item["id"] for item in context.earlier}
    said: list[models.InputItem | None] = []
    for item in own:
        name = named(item)
        said.append(item if name is None else None if name in told else referenced[name])
        told.add(name)
    return _unsealed([*items[:count], *said], count, made, seal)


class _Asked(msgspec.Struct):
    input: list[msgspec.Raw]


def _keep_texts(items: Sequence[models.InputItem], texts: list[bytes]) -> None:
    """Let each item keep its text, for an upstream that is told all that it says."""
    for item, text in zip(items, texts, strict=True):
        if isinstance(item, models.Item):
            item._wire = text


def _unsealed(
    items: Sequence[models.InputItem | None], earlier: int, made: dict[str, str], seal: Seal
) -> Conversation:
    """The conversation with what is sealed in it opened; ``earlier`` of its items came before.

    None stands where an item was named that is told already.
    """
    lead: list[models.InputItem] = []
    body: list[models.InputItem] = []
    thoughts: dict[str, list[providers.Thought]] = {}
    for at, item in enumerate(items):
        path = f"input[{at - earlier}]"
        match item:
            case None:
                pass
            case (
                models.CompactionItem(encrypted_content=str() as text)
                | models.ContextCompactionItem(encrypted_content=str() as text)
            ) if is_sealed(text):
                given = {"encrypted_content": item.encrypted_content}
                state = open_state(given, seal, f"{path}.encrypted_content")
                lead += _decoded(lead_items(state, str(at)))
                body += _decoded(body_items(state, str(at)))
            case models.OutputReasoningItem(encrypted_content=str() as text) if is_sealed(text):
                held = _held(text, seal, path, was_checked=at < earlier)
                own = isinstance(item.id, str) and item.id not in thoughts
                name = str(item.id) if own else f"rs_{at}"
                thoughts[name] = held.thoughts
                body.append(opened(item, held, name))
            case _:
                body.append(item)
    return Conversation(said=(*lead, *body), made=made, thoughts=thoughts)


def _held(text: str, seal: Seal, path: str, *, was_checked: bool) -> Held:
    """What is sealed; nothing where it opened when it came and the secret is another now."""
    try:
        return open_held(text, seal, path)
    except errors.BadRequest:
        if was_checked:
            return Held()
        raise


def _decoded(items: list[Json]) -> list[models.InputItem]:
    found = models.decode(models.ResponsesRequest, msgspec.json.encode({"input": items})).input
    return found if isinstance(found, list) else []

"""What a request goes on from: the conversation before it, and the items that it refers to by id.

It is looked up once, when the request comes, and stored with it as a copy (pictures as references,
which keep them from being collected). So a run, a takeover or a later turn needs no earlier
response, and erasing one takes nothing from those that went on from it. Only the response that a
request names must be there; its own copy holds all that came before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import pybase64

from heliograph import errors, models
from heliograph.engine._compaction import COMPACTIONS, body_items, lead_items, open_state
from heliograph.engine._item_pictures import (
    PICTURE_ITEMS,
    copied,
    picture_key,
    split,
    stow,
)
from heliograph.engine._limits import Limits
from heliograph.engine._pictures import Pictures
from heliograph.engine._remote import data_url_of, head_of, inlined
from heliograph.engine._seal import Seal, is_sealed
from heliograph.journal import BlobStore, Entry, Journal, Record

__all__ = [
    "Context",
    "Resolved",
    "fetched_texts",
    "is_reference",
    "named",
    "own_items",
    "read_context",
    "resolve",
    "unfolded",
]

Json = dict[str, Any]

_PICTURE_ITEM = models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem
_UNMADE = ("failed", "incomplete")
#: The response that made an item or took it in stands in the item's id.
_ITEM_ID = re.compile(r"[a-z]+_([0-9a-f]{32}(?:_[0-9a-f]{2})?)[io]\d+")
_PREFIXES = {
    "compaction": "cmp",
    "context_compaction": "cmp",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "function_call": "fc",
    "function_call_output": "fco",
    "image_generation_call": "ig",
    "openrouter:image_generation": "ig",
    "reasoning": "rs",
}


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """``earlier`` are items, oldest first, of ``responses`` earlier responses.

    ``referenced`` are those that the request's own input names by id. ``fetched`` are the pictures
    that it names by address: each URL's ``data:`` URL, a marker in the place of base64.
    """

    responses: int = 0
    earlier: list[Json] = []
    referenced: dict[str, Json] = {}
    fetched: dict[str, str] = {}


_NOTHING: Final = Context()


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A context as looked up in ``journal``; ``entry`` is what is stored.

    ``fetched`` are the pictures that the request names by address, by URL; they are stored with it
    once there is a response.
    """

    context: Context
    entry: Entry
    journal: Journal
    fetched: Mapping[str, bytes] = {}

    @property
    def blobs(self) -> BlobStore:
        """Where its pictures are."""
        return self.journal.blobs

    @property
    def texts(self) -> dict[str, str]:
        """The fetched pictures as ``data:`` URLs."""
        return {url: data_url_of(data) for url, data in self.fetched.items()}

    def whole(self, items: list[bytes]) -> list[bytes]:
        """Items of the request, as JSON, with the fetched pictures in the places of addresses."""
        if not self.fetched:
            return items
        given = {"input": [msgspec.json.decode(item) for item in items]}
        return [msgspec.json.encode(item) for item in inlined(given, self.texts)["input"]]

    async def kept_in(self, blobs: BlobStore) -> Entry:
        """What is stored, its pictures put into ``blobs``."""
        if blobs is not self.blobs:
            for ref in self.entry.blobs:
                await blobs.put(await self.blobs.get(ref.sha256))
        if not self.fetched:
            return self.entry
        pictures = Pictures(blobs)
        context = msgspec.structs.replace(
            read_context(self.entry, pictures),
            fetched={
                url: head_of(data) + await pictures.put(data) for url, data in self.fetched.items()
            },
        )
        return pictures.cut(msgspec.json.encode(context))

    async def check_again(self, tenant: str, request: models.ResponsesRequest) -> None:
        """Raise ``BadRequest`` where what the request goes on from was erased meanwhile."""
        if request.previous_response_id:
            await _previous(self.journal, tenant, request.previous_response_id)


_WITHOUT_STATUS = {"reasoning", *COMPACTIONS}


def is_reference(item: Json) -> bool:
    """Whether an input item only names another; its type may be left out.

    An image call without its picture is one, too: so OpenAI's guide says which picture is meant.
    """
    kind = item.get("type")
    if kind in PICTURE_ITEMS:
        made = item.get("status") not in _UNMADE and isinstance(item.get("id"), str)
        return made and picture_key(item) is None
    return kind == "item_reference" or (kind is None and "role" not in item and "id" in item)


def named(item: models.InputItem) -> str | None:
    """The id of the item that ``item`` only names: ``is_reference`` for the typed."""
    if isinstance(item, models.ItemReferenceItem):
        return item.id
    if not isinstance(item, _PICTURE_ITEM) or item.status in _UNMADE or not item.id:
        return None
    keys = ("result", "image_b64", "image_url")
    return None if any(getattr(item, key, None) for key in keys) else item.id


def own_items(response_id: str, body: Json, context: Context) -> list[Json]:
    """A request's own input as items, each whole and with an id: its own, or one made from its
    place, which is the same whenever this is asked."""
    given = inlined(body, context.fetched)["input"]
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    taken = {item.get("id") for item in context.earlier}
    items = []
    for index, item in enumerate(given):
        if is_reference(item) and item["id"] in taken:
            continue  # named twice, or part of the conversation anyway
        whole = _whole(context.referenced[item["id"]] if is_reference(item) else item)
        if not isinstance(whole.get("id"), str) or whole["id"] in taken:
            prefix = _PREFIXES.get(whole["type"], "msg")
            whole["id"] = f"{prefix}_{response_id.removeprefix('resp_')}i{index}"
        taken.add(whole["id"])
        items.append(whole)
    return items


def _whole(given: Json) -> Json:
    """An input item with what the protocol requires of one that is listed."""
    item: Json = {"type": "message", "id": None} | {k: copied(v) for k, v in given.items()}
    item["type"] = item["type"] or "message"
    if item["type"] not in _WITHOUT_STATUS:
        item["status"] = item.get("status") or "completed"
    if item["type"] == "message":
        said = item["role"] == "assistant"
        content = item["content"]
        if isinstance(content, str):
            content = [{"type": "output_text" if said else "input_text", "text": content}]
        item["content"] = [_whole_part(part) for part in content]
    return item


def _whole_part(part: Json) -> Json:
    match part.get("type"):
        case "output_text":
            return {"annotations": [], "logprobs": []} | part
        case "input_image":
            return part | {"detail": part.get("detail") or "auto"}
    return part


def read_context(entry: Entry | None, pictures: Pictures) -> Context:
    """A stored context, with ``pictures``'s markers."""
    if entry is None:
        return _NOTHING
    return msgspec.json.decode(pictures.mend(entry), type=Context)


def _not_found(response_id: str) -> errors.BadRequest:
    return errors.BadRequest(
        f"previous_response_id: no response {response_id!r} is kept here; "
        "send the earlier items in input",
        param="previous_response_id",
        code="previous_response_not_found",
    )


async def _previous(journal: Journal, tenant: str, response_id: str) -> Record:
    if not response_id.isascii():
        raise _not_found(response_id)  # none of ours; half a character could not even be asked for
    try:
        record = await journal.get(tenant, response_id)
    except errors.UnknownResponse:
        raise _not_found(response_id) from None
    if record.snapshot is None:
        raise errors.BadRequest(
            f"previous_response_id: {response_id} has not ended; go on from it once it has",
            param="previous_response_id",
            code="previous_response_not_finished",
        )
    return record


async def _items_of(record: Record, pictures: Pictures, seal: Seal) -> tuple[Context, list[Json]]:
    """What an ended response came from and came to, oldest first; a compaction item as the items
    that it stands for."""
    context = read_context(record.context, pictures)
    given = own_items(record.response_id, msgspec.json.decode(record.request), context)
    own = unfolded(given, seal, "previous_response_id")
    items = [*context.earlier, *[await stow(item, pictures) for item in own]]
    if record.snapshot is not None:
        items += msgspec.json.decode(pictures.mend(record.snapshot))["output"]
    return context, [item for item in items if not _half_called(item)]


def unfolded(items: list[Json], seal: Seal, field: str) -> list[Json]:
    """The items, each compaction item that was sealed here as those that it stands for.

    Raises ``BadRequest`` naming ``field`` for one that does not open.
    """
    lead, body = [], []
    for item in items:
        sealed = item["type"] in COMPACTIONS and is_sealed(str(item.get("encrypted_content")))
        if not sealed:
            body.append(item)
            continue
        state = open_state(item, seal, field)
        lead += lead_items(state, item["id"])
        body += body_items(state, item["id"])
    return [*lead, *body]


def _half_called(item: Json) -> bool:
    """A call of the client's tool that was cut off: nobody can have answered it."""
    called = item.get("type") in ("function_call", "custom_tool_call")
    return called and item.get("status") == "incomplete"


async def resolve(
    journal: Journal, tenant: str, request: models.ResponsesRequest, limits: Limits, seal: Seal
) -> Resolved | None:
    """Look up what a request goes on from and refers to; None where that is nothing.

    Raises ``BadRequest``: for a response that is unknown to the tenant or has not ended, an item
    that is not found, and what is over ``max_chain_responses``, ``max_chain_bytes`` or
    ``max_chain_picture_bytes``.
    """
    previous = request.previous_response_id or None
    given = request.input if isinstance(request.input, list) else []
    wanted = {index: name for index, item in enumerate(given) if (name := named(item))}
    if previous is None and not wanted:
        return None
    pictures = Pictures(journal.blobs)
    earlier: list[Json] = []
    responses = 0
    if previous is not None:
        record = await _previous(journal, tenant, previous)
        before, earlier = await _items_of(record, pictures, seal)
        responses = before.responses + 1
    referenced = await _referenced(journal, tenant, wanted, earlier, pictures, seal)
    context = Context(responses=responses, earlier=earlier, referenced=referenced)
    entry = pictures.cut(msgspec.json.encode(context))
    field = "previous_response_id" if previous is not None else f"input[{min(wanted)}]"
    for name, size, limit in (
        ("max_chain_responses", responses, limits.max_chain_responses),
        ("max_chain_bytes", len(entry.data), limits.max_chain_bytes),
        (
            "max_chain_picture_bytes",
            sum(ref.size for ref in entry.blobs),
            limits.max_chain_picture_bytes,
        ),
    ):
        if size > limit:
            raise errors.BadRequest(
                f"{field}: what came before comes to {size}; the limit {name} is {limit}",
                param=field,
                code="context_length_exceeded",
            )
    return Resolved(context=context, entry=entry, journal=journal)


async def _referenced(
    journal: Journal,
    tenant: str,
    wanted: dict[int, str],
    earlier: Iterable[Json],
    pictures: Pictures,
    seal: Seal,
) -> dict[str, Json]:
    """The items named by id: those of the conversation, else of the response in the id."""
    known = {item["id"]: item for item in earlier if isinstance(item.get("id"), str)}
    looked: set[str] = set()
    for index, item_id in wanted.items():
        maker = _ITEM_ID.fullmatch(item_id)
        response_id = "" if maker is None else f"resp_{maker[1]}"
        if item_id not in known and response_id and response_id not in looked:
            looked.add(response_id)
            try:
                record = await journal.get(tenant, response_id)
            except errors.UnknownResponse:
                pass
            else:
                _, items = await _items_of(record, pictures, seal)
                known.update((item["id"], item) for item in items)
        if item_id not in known:
            raise errors.BadRequest(
                f"input[{index}].id: no item {item_id!r} is kept here; send the item itself",
                param=f"input[{index}].id",
                code="item_not_found",
            )
    return {item_id: known[item_id] for item_id in wanted.values()}


async def fetched_texts(context: Context, pictures: Pictures) -> dict[str, str]:
    """The stored pictures that a request names by address, by URL, as ``data:`` URLs."""
    texts = {}
    for url, text in context.fetched.items():
        head, marker = split(text, "image_url")
        texts[url] = head + pybase64.b64encode(await pictures.get(marker)).decode()
    return texts

"""Pages of a response's input items."""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph import errors
from heliograph.engine._context import own_items, read_context
from heliograph.engine._item_pictures import stow
from heliograph.engine._pictures import Pictures
from heliograph.journal import Entry, Record

__all__ = ["Page", "page_of"]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a list's items: up to ``limit`` of those past the item ``after`` and short of
    ``before``, counted in the list's order. With ``before`` alone, the last such items.
    """

    limit: int = 20
    descending: bool = True
    after: str | None = None
    before: str | None = None


def _cut(ids: list[str], page: Page) -> tuple[int, int, bool]:
    """The page's start and end in ``ids``, and whether there are more that way."""
    low, high = 0, len(ids)
    for name, value in (("after", page.after), ("before", page.before)):
        if value is not None and value not in ids:
            raise errors.BadRequest(
                f"{name}: no item {value!r} in this list", param=name, code="invalid_value"
            )
    if page.after is not None:
        low = ids.index(page.after) + 1
    if page.before is not None:
        high = max(low, ids.index(page.before))
    more = high - low > page.limit
    if more and page.after is None and page.before is not None:
        low = high - page.limit
    return low, min(high, low + page.limit), more


async def page_of(record: Record, page: Page, pictures: Pictures) -> Entry:
    """The list object of a page of what a response was made from. Raises ``BadRequest``."""
    context = read_context(record.context, pictures)
    own = own_items(record.response_id, msgspec.json.decode(record.request), context)
    items = [*context.earlier, *own]
    if page.descending:
        items.reverse()
    low, high, more = _cut([item["id"] for item in items], page)
    data = [await stow(item, pictures) for item in items[low:high]]
    listed: dict[str, Any] = {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": more,
    }
    return pictures.cut(msgspec.json.encode(listed))

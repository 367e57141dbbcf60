"""What one WebSocket remembers: the newest response, so that the next turn can go on from it.

It lives as long as its connection and is nowhere else, also for ``store: false``.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from heliograph import errors
from heliograph.server._body import too_large

__all__ = ["Memory", "items_of", "on_top_of"]

Fields = dict[str, msgspec.Raw]
"""A request's fields, each in the JSON that it came in."""

_INPUT = "input"
_ANYTHING = msgspec.json.Decoder(list[msgspec.Raw] | str | None)


class _Output(msgspec.Struct):
    output: list[msgspec.Raw]


def items_of(fields: Fields) -> list[bytes]:
    """The items of a request's ``input``, as JSON; a string is a message of the user."""
    given = _ANYTHING.decode(fields[_INPUT]) if _INPUT in fields else None
    if given is None:
        return []
    if isinstance(given, str):
        part = {"type": "input_text", "text": given}
        message = {"type": "message", "role": "user", "content": [part]}
        return [msgspec.json.encode(message)]
    return [bytes(item) for item in given]


def on_top_of(base: Sequence[bytes], fields: Fields) -> Fields:
    """The request made self-contained: ``base`` before the items that it brings."""
    items = b",".join([*base, *items_of(fields)])
    return fields | {_INPUT: msgspec.Raw(b"[%b]" % items)}


class Memory:
    """Holds at most one response, of at most ``limit`` bytes (``max_body_bytes``)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._id: str | None = None
        self._items: list[bytes] | None = None
        self._evicted: set[str] = set()

    def knows(self, response_id: str) -> bool:
        """Whether this connection decides what becomes of it: it holds it, or has evicted it."""
        return response_id == self._id or response_id in self._evicted

    def recall(self, response_id: str) -> list[bytes]:
        """The items of the conversation up to and with this response.

        Raises ``BadRequest`` (``previous_response_not_found``), and ``PayloadTooLarge`` for a
        conversation that was over the limit.
        """
        if response_id != self._id:
            raise errors.BadRequest(
                f"previous_response_id: no response {response_id!r} that this connection can "
                "continue; send the items in input",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        if self._items is None:
            raise too_large(self._limit)
        return self._items

    def keep(self, response_id: str, given: list[bytes], response: bytes) -> None:
        """Remember a response: ``given`` are its input's items, ``response`` its whole JSON."""
        output = msgspec.json.decode(response, type=_Output).output
        self._id = response_id
        self._items = [*given, *(bytes(item) for item in output)]

    def keep_no_more_than_its_id(self, response_id: str) -> None:
        """Remember that there was a response, too large to go on from."""
        self._id, self._items = response_id, None

    def evict(self, response_id: str | None) -> None:
        """Forget this response, where it is the one remembered."""
        if response_id is not None and response_id == self._id:
            self._evicted.add(response_id)
            self._id = self._items = None

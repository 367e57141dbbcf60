"""A stream that has a provider's habits, mended into one that the tables allow.

The other half of ``_dialects``: a dialect says what of a provider's habits ``check`` lets pass; a
``Mender`` turns them into what a strict stream would have said. What was shown stands, and the rest
is brought into line with it: a text's done event is its deltas, a done item is its parts, and the
last event's output is the items that were done. What never came is put in (a part's beginning, a
call's stages, the rest of a text); what comes again, or too late, is left out.

An image call's completed event waits for its item's end, since what follows it is the picture or
nothing. No other event is held back. What it cannot mend it hands on as it came, for the
machine to refuse: an item that changes its type, a call without a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Final

from msgspec import UNSET

from heliograph import models

from . import _tables as t
from ._core import ADOPTED, Item
from ._machine import HANDLERS, Machine
from ._mend_calls import IMAGE_TYPES, closed_parts, ended_call, made, way, within_call
from ._mend_fields import emptied, fill, zero_usage
from ._mend_parts import PART_PREFIXES, announced, settled, within_part
from ._snapshot import Snapshot
from ._whole import present

__all__ = ["Mender"]

_DRAWN: Final = "response.image_generation_call.completed"
_PARTIAL: Final = "response.image_generation_call.partial_image"
_MOVES: Final = {t.CREATED: "created", t.QUEUED: "queued", t.IN_PROGRESS: "in_progress"}
_ENDINGS: Final = ("completed", "", "incomplete", "failed")
#: Items that end as failed where they are broken off: OpenRouter's have no ``incomplete``.
_FAIL: Final = frozenset({"web_search_call", "file_search_call"})
_BROKEN_OFF: Final = ("failed", "incomplete", "", "completed")
_CUT_SHORT: Final = ("incomplete", "failed", "", "completed")


class Mender:
    """Mends for one machine, which the caller feeds.

    ``mend`` gives the events to send in the place of one: the machine must have taken each before
    the next is asked for. Events are changed in place. It decides from what the machine knows, so
    it may be asked about every event or only about those that the machine refused. ``begin`` gives
    the response as it stands in the two first events, by its status, where those never came;
    ``snapshot`` was fed what the machine was, and knows what open items hold.
    """

    def __init__(
        self,
        machine: Machine,
        snapshot: Snapshot,
        begin: Callable[[str], models.OpenResponsesResult],
    ) -> None:
        self._m = machine
        self._snapshot = snapshot
        self._begin = begin
        self._places: dict[int, int] = {}
        self._parts: dict[tuple[int, Any], Any] = {}
        self._held: dict[int, Any] = {}

    @property
    def busy(self) -> bool:
        """Whether every event must be mended, also those that the machine would take: the stream's
        own indexes are no longer ours, or a picture's completed event waits for its item."""
        return bool(self._places or self._parts or self._held)

    def mend(self, event: Any) -> Iterator[models.StreamEvent]:
        """What to send for an event: itself, changed or with others before it, or nothing."""
        kind = event.type
        if kind == t.KEEP_ALIVE or self._m.ended:
            return
        if kind not in _MOVES:
            yield from self.started()
        if kind not in HANDLERS:
            yield event
        elif kind in _MOVES:
            if (self._m.state, kind) in t.RESPONSE:
                event.response.output = []
                event.response.status = _MOVES[kind].replace("created", "in_progress")
                self._told(event.response)
                yield event
        elif kind in t.TERMINAL:
            yield from self._ended(event)
        elif kind == t.ADDED:
            yield from self._added(event)
        elif kind == t.DONE:
            yield from self._done(event)
        elif hasattr(event, "output_index"):
            yield from self._within(event)
        else:
            yield event

    def started(self) -> Iterator[models.StreamEvent]:
        """The events that say that the response runs, as far as they have not come."""
        if self._m.state == "none":
            yield models.CreatedEvent(response=self._begin("in_progress"))
        if self._m.state in ("created", "queued"):
            yield models.InProgressEvent(response=self._begin("in_progress"))

    def fill(self, event: Any) -> bool:
        """Put in fields that some spec requires and the event lacks; whether there were any."""
        return fill(self._m, event)

    def finish(self, index: int, message: str) -> Iterator[models.StreamEvent]:
        """End an open item that will not be gone on with, with what it holds so far."""
        item, response = self._m._items.get(index), self._snapshot.response
        if item is None:
            return
        held = response.output[index : index + 1] if response is not None else []
        final = copy(held[0] if held else item.added)
        if isinstance(final, models.Item) and item.state is not ADOPTED:
            yield from closed_parts(item, final, message)
            _set_status(item, final, _BROKEN_OFF if final.type in _FAIL else _CUT_SHORT)
            _say_why(final, message)
            yield from self._settled(item, final)
        yield models.OutputItemDoneEvent(output_index=index, item=final)

    def _told(self, response: Any) -> None:
        if self._m._response_id is not None:
            response.id = self._m._response_id
        if response.usage is None:
            response.usage = zero_usage()

    def silenced(self) -> Iterator[models.StreamEvent]:
        """The ends of audio that is open."""
        if self._m._audio.name != "silent":
            yield models.ResponseAudioDoneEvent()
        if self._m._transcript.name != "silent":
            yield models.ResponseAudioTranscriptDoneEvent()

    # --- items -----------------------------------------------------------------------------------
    def _added(self, event: Any) -> Iterator[models.StreamEvent]:
        m, item = self._m, event.item
        if item is None:
            return
        id_ = present(getattr(item, "id", None))
        there = m._items.get(self._places.get(event.output_index, event.output_index))
        if there is not None and there.id == id_ and there.type == item.type:
            return  # announced twice
        self._placed(event)
        if isinstance(item, models.Item):
            emptied(item)
            if not id_ or id_ in m._ids:
                item.id = f"{id_ or 'item'}_{event.output_index}"  # type: ignore[attr-defined]
        yield event

    def _placed(self, event: Any) -> None:
        """The next output index for a new item, whatever the stream calls it."""
        given, ours = event.output_index, self._m._next_output
        self._places.pop(given, None)
        for key in [key for key in self._parts if key[0] == ours]:
            del self._parts[key]
        if given != ours:
            self._places[given] = event.output_index = ours

    def _done(self, event: Any) -> Iterator[models.StreamEvent]:
        m, final = self._m, event.item
        index = self._places.get(event.output_index, event.output_index)
        item = m._items.get(index)
        if final is None or (item is None and index in m._done and self._is(index, final)):
            return
        if item is None:
            yield from self._announced(event, final)
            index = event.output_index
            item = m._items[index]
        event.output_index = index
        if isinstance(final, models.Item) and item.state is not ADOPTED:
            if final.type == item.type:
                _set_status(item, final, _ENDINGS)
            yield from self._settled(item, final)
        yield event

    def _is(self, index: int, final: Any) -> bool:
        """Whether the item that was done at ``index`` is this one."""
        done = self._m._done[index]
        return done is not None and getattr(done, "id", None) == getattr(final, "id", None)

    def _announced(self, event: Any, item: Any) -> Iterator[models.StreamEvent]:
        """The beginning of an item that never had one."""
        begun = copy(item)
        added = models.OutputItemAddedEvent(output_index=event.output_index, item=begun)
        yield from self._added(added)
        event.output_index = added.output_index

    def _settled(self, item: Item, final: Any) -> Iterator[models.StreamEvent]:
        """Whatever has to come before ``final``, and ``final`` as it must be."""
        if final.type != item.type:
            return
        if item.id is not None:
            final.id = item.id
        for name in ("call_id", "name"):
            was = present(getattr(item.added, name, None))
            if was and hasattr(final, name):
                setattr(final, name, was)
        if final.type in ("message", "reasoning"):
            yield from settled(self._m, item, final)
        else:
            for event in ended_call(item, final):
                held = event.type == _DRAWN and self._held.pop(item.index, None)
                yield held or event
            self._held.pop(item.index, None)

    # --- inside of items -------------------------------------------------------------------------
    def _within(self, event: Any) -> Iterator[models.StreamEvent]:
        m, kind = self._m, event.type
        index = self._places.get(event.output_index, event.output_index)
        item = m._items.get(index)
        id_ = getattr(event, "item_id", None)
        named = None if id_ is None else m._items.get(m._ids.get(id_, index))
        if named is not None and (item is None or item.id != id_):
            item, index = named, named.index
        if item is None:
            if index in m._done:
                return  # too late
            begun = announced(event)
            if begun is None:
                yield event
                return
            added = models.OutputItemAddedEvent(output_index=event.output_index, item=begun)
            yield from self._added(added)
            index = added.output_index
            item = m._items[index]
        event.output_index = index
        if item.id is not None and id_ is not None:
            event.item_id = item.id
        if kind.startswith(PART_PREFIXES):
            yield from within_part(m, item, event, self._parts)
        elif kind == _PARTIAL:
            if index not in self._held:
                yield from self._partial(item, event)
        elif kind == _DRAWN and way(item.state, kind) is not None:
            self._held[index] = event
        else:
            yield from within_call(item, event)

    def _partial(self, item: Item, event: Any) -> Iterator[models.StreamEvent]:
        limit = self._m._limits.get(item.state.table)
        steps = way(item.state, _PARTIAL)
        if steps is None or (limit is not None and item.partials >= limit):
            return  # after the last one, or more than were asked for
        for step in steps:
            yield made(step, item_id=event.item_id, output_index=item.index)
        event.partial_image_index = item.next_partial
        yield event

    # --- the end ---------------------------------------------------------------------------------
    def _ended(self, event: Any) -> Iterator[models.StreamEvent]:
        m, response = self._m, event.response
        told = {getattr(item, "id", None): item for item in response.output}
        cut = event.type != t.COMPLETED
        for index in sorted(m._items):
            item = m._items[index]
            if item.type in t.MAY_STAY_OPEN:
                continue
            final = told.get(item.id) if item.id is not None else None
            if final is None and index < len(response.output):
                final = response.output[index]
            if final is not None and final.type == item.type and not cut:
                done = models.OutputItemDoneEvent(output_index=index, item=copy(final))
                yield from self._done(done)
            else:
                yield from self.finish(index, "the response ended")
        yield from self.silenced()
        known = {getattr(item, "id", None) for item in m._done.values()}
        for index, final in enumerate(response.output):
            unknown_here = getattr(final, "id", None) not in known
            if index >= m._next_output and unknown_here:
                place = m._next_output
                done = models.OutputItemDoneEvent(output_index=place, item=copy(final))
                yield from self._done(done)
        shown = [m._done[index] for index in sorted(m._done)]
        open_ones = [m._items[index].added for index in sorted(m._items)]
        if response.output != [*shown, *open_ones]:
            response.output = [*shown, *open_ones]
        _end_status(event)
        self._told(response)
        yield event


def _set_status(item: Item, final: Any, order: tuple[str, ...]) -> None:
    """The status that the item ends with: its own where it may, else the first that it may."""
    if not hasattr(final, "status"):
        return
    given = present(final.status) or ""
    statuses = (given, *order) if order is _ENDINGS else order
    bare = final.type in IMAGE_TYPES and not final.has_picture()
    for status in statuses:
        steps = way(item.state, t.done(status))
        if steps is None or (status == "completed" and bare):
            continue
        if status != given:
            final.status = status or UNSET
        return


def _say_why(final: Any, message: str) -> None:
    """A failed picture says why, in the way that its type has."""
    if final.type == "image_generation_call":
        final.error = models.ImageGenerationCallError(
            type="image_generation_error", code="server_error", message=message, param=None
        )
    elif final.type == "openrouter:image_generation":
        final.error = message


def _end_status(event: Any) -> None:
    response, kind = event.response, event.type
    if kind == t.COMPLETED:
        response.status = "completed"
    elif kind == t.FAILED:
        response.status = "failed"
        if present(response.error) is None:
            response.error = models.ResponsesErrorField(
                code="server_error", message="the upstream's response failed and said no more"
            )
    else:
        if response.status not in ("incomplete", "cancelled"):
            response.status = "incomplete"
        if response.status == "incomplete" and present(response.incomplete_details) is None:
            response.incomplete_details = models.IncompleteDetails(reason="max_output_tokens")

"""A response's stream, put together: bytes to frames to typed events to the response so far.

Theory of operation. `take` turns a chunk into a batch of events; the shell hands them out one by
one from the batch's iterator. Nothing else is done per event: what the caller has seen is worked
out from how much the iterator still holds, and folded into the snapshot when somebody asks or when
the batch is used up. So ``snapshot`` in the loop's body is always the response up to the event in
hand, and the common loop pays for a fold and no more.

A stream ends at ``[DONE]`` or where the body ends, and then a terminal event must have come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import length_hint
from typing import Any

from heliograph import errors, lifecycle, models, sse
from heliograph.client._core._answers import error_of_event
from heliograph.client._core._opening import Invalid

_DONE = b"[DONE]"
_TERMINAL = (models.CompletedEvent, models.IncompleteEvent, models.FailedEvent)
_ENDS = frozenset((*_TERMINAL, models.ErrorEvent))


class Assembly:
    """One stream's state. ``invalid`` says what becomes of an event that does not decode."""

    __slots__ = (
        "_batch",
        "_decoder",
        "_error",
        "_final",
        "_folded",
        "_headers",
        "_index",
        "_invalid",
        "_last_sequence",
        "_left",
        "_raise",
        "_snapshot",
        "done",
        "stored",
    )

    def __init__(
        self,
        headers: Mapping[str, str],
        *,
        max_frame: int,
        invalid: Invalid,
        stored: bool,
    ) -> None:
        self._headers = headers
        self._invalid = invalid
        self._decoder = sse.Decoder(max_frame)
        self._snapshot = lifecycle.Snapshot()
        self._index = 0
        self._batch: list[Any] = []
        self._left: Iterator[Any] = iter(())
        self._folded = 0
        self._last_sequence: int | None = None
        self._raise: errors.InvalidEvent | None = None
        self._final: models.OpenResponsesResult | None = None
        self._error: models.ErrorEvent | None = None
        self.stored = stored
        """Whether the request let the server keep the response."""
        self.done = False
        """``[DONE]`` has come: there is nothing left to read."""

    @property
    def snapshot(self) -> models.OpenResponsesResult | None:
        """The response up to the last event handed out; None before the first."""
        self._fold(len(self._batch) - length_hint(self._left))
        return self._snapshot.response

    @property
    def last_sequence(self) -> int | None:
        """The sequence number of the last event handed out that has one."""
        self._fold(len(self._batch) - length_hint(self._left))
        return self._last_sequence

    @property
    def response_id(self) -> str | None:
        """The response's id, from its events or, before those, from the answer's head."""
        snapshot = self.snapshot
        return snapshot.id if snapshot is not None else self._headers.get("x-response-id")

    @property
    def ended(self) -> bool:
        """A terminal event has come; `final` is its response."""
        return self._final is not None

    @property
    def final(self) -> models.OpenResponsesResult:
        """The terminal event's response. Raises `StreamInterrupted` or `APIError` without one."""
        if self._final is None:
            raise self.interruption()
        return self._final

    def take(self, chunk: bytes) -> Iterator[Any]:
        """The events that ``chunk`` completes. The batch before must have been used up.

        Raises `FrameTooLarge`, and `InvalidEvent` through `settle` once the events that came
        before it were handed out.
        """
        found = self._decoder.feed_data(chunk)
        if not found:
            return self._left
        batch: list[Any]
        try:
            batch = models.decode_events(found, self._index)
        except errors.InvalidEvent:
            batch = self._one_by_one(found)
        self._index += len(found)
        if not _ENDS.isdisjoint(map(type, batch)):
            self._note_end(batch)
        self._batch = batch
        self._folded = 0
        self._left = iter(batch)
        return self._left

    def settle(self) -> None:
        """The batch was handed out: fold it, let go of it, and raise what it ended with."""
        if self._batch:
            self._fold(len(self._batch))
            self._batch = []
            self._folded = 0
        if self._raise is not None:
            raise self._raise

    def end(self) -> None:
        """The body has ended. Raises unless a terminal event has come (or `FrameTooLarge`)."""
        self._decoder.close()
        if self._final is None:
            raise self.interruption()

    def interruption(self, cause: str | None = None) -> errors.HeliographError:
        """Why there is no terminal event: the stream's own error, or that it was cut."""
        if self._error is not None:
            return error_of_event(self._error)
        why = cause or ("[DONE] came" if self.done else "the stream ended")
        held = self._decoder.pending
        cut = f", {held} bytes into an event" if held else ""
        return errors.StreamInterrupted(
            f"{why} without a terminal event after {self._index} events{cut}",
            response_id=self.response_id,
            last_sequence=self.last_sequence,
            snapshot=self.snapshot,
            resumable=self._resumable(),
        )

    def _resumable(self) -> bool:
        """Our server keeps every stored stream; others keep background ones."""
        snapshot = self._snapshot.response
        if self.response_id is None or not self.stored:
            return False
        return "x-response-id" in self._headers or bool(snapshot and snapshot.background is True)

    def _one_by_one(self, found: list[bytes]) -> list[Any]:
        batch: list[Any] = []
        for index, data in enumerate(found, self._index):
            if data == _DONE:
                self.done = True
                break
            try:
                batch.append(models.decode_event(data, index))
            except errors.InvalidEvent as error:
                if self._invalid == "raise":
                    self._raise = error
                    break
                batch.append(error)
        return batch

    def _note_end(self, batch: list[Any]) -> None:
        for event in batch:
            if isinstance(event, _TERMINAL):
                self._final = event.response
            elif isinstance(event, models.ErrorEvent):
                self._error = event

    def _fold(self, upto: int) -> None:
        start = self._folded
        if start >= upto:
            return
        seen = self._batch[start:upto] if start or upto < len(self._batch) else self._batch
        apply = self._snapshot.apply
        for event in _effective(seen):
            apply(event)
        self._folded = upto
        for event in reversed(seen):
            number = getattr(event, "sequence_number", None)
            if isinstance(number, int):
                self._last_sequence = number
                break


def _effective(events: list[Any]) -> list[Any]:
    """The events that a snapshot needs: not those on an item that a later one brings whole."""
    kinds = set(map(type, events))
    if errors.InvalidEvent in kinds:
        events = [event for event in events if not isinstance(event, errors.InvalidEvent)]
    if models.OutputItemDoneEvent not in kinds or len(events) < 2:
        return events
    done = {
        event.output_index: at
        for at, event in enumerate(events)
        if event.__class__ is models.OutputItemDoneEvent and event.item is not None
    }
    whole = done.get
    return [
        event
        for at, event in enumerate(events)
        if whole(getattr(event, "output_index", -1), -1) <= at
    ]

"""A response's stream, put together: bytes to frames to typed events to the response so far.

Theory of operation. `take` turns a chunk into a batch of events; the shell hands them out one by
one from the batch's iterator. Nothing else is done per event: what the caller has seen is worked
out from how much the iterator still holds, and folded into the snapshot when somebody asks or when
the batch is used up. So ``snapshot`` in the loop's body is always the response up to the event in
hand, and the common loop pays for a fold and no more.

A stream ends at ``[DONE]`` or where the body ends, and then a terminal event must have come. What
the body's end leaves of an event is dropped, unless only the blank line behind it is missing.

Over several connections each event is handed out once. Sequence numbers are looked at once per
batch, at its two ends: where the first is the next one due and the last is as far on as the batch
is long, all is well. Only another batch is gone through. On a connection that resumed, what was
handed out already is dropped; on the first one nothing ever is. A hole ends the connection where
the server is known to resume: what is missing is asked for once, and a hole that is still there
afterwards is how this server counts.

A keep-alive is a comment. What it tells of a stall is worked out when one comes, so that a stream
without silences does not even look at the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from operator import length_hint
from typing import Any, Literal

import msgspec

from heliograph import errors, lifecycle, models, sse
from heliograph.client._core._answers import error_of_event, failure_in
from heliograph.client._core._handing import Messages, Told
from heliograph.client._core._opening import Invalid
from heliograph.client._core._pictures import let_go
from heliograph.client._core._thin import Thinner

_DONE = b"[DONE]"
_TERMINAL = (models.CompletedEvent, models.IncompleteEvent, models.FailedEvent)
_ENDS = frozenset((*_TERMINAL, models.ErrorEvent))


class Assembly:
    """One stream's state. ``invalid`` says what becomes of an event that does not decode."""

    __slots__ = (
        "_batch",
        "_beat",
        "_checker",
        "_clock",
        "_comments",
        "_decoder",
        "_error",
        "_final",
        "_folded",
        "_gap",
        "_headers",
        "_holes",
        "_index",
        "_interval",
        "_invalid",
        "_last_sequence",
        "_left",
        "_max_frame",
        "_missing",
        "_next",
        "_on_unknown",
        "_raise",
        "_refused",
        "_resumed",
        "_resumes",
        "_skip",
        "_snapshot",
        "_stall",
        "_thinner",
        "_tolerances",
        "done",
        "seen",
        "silence",
        "stored",
    )

    def __init__(
        self,
        *,
        max_frame: int,
        invalid: Invalid,
        stored: bool,
        starting_after: int | None = None,
        stall: tuple[float, float] = (3.0, 10.0),
        fill: bool = True,
        resumes: bool = True,
        messages: bool = False,
        tolerances: Callable[[], lifecycle.Dialect | None] = lambda: None,
        unknown: Literal["give", "skip"] = "give",
        on_unknown: Callable[[models.UnknownEvent], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._headers: Mapping[str, str] = {}
        self._invalid = invalid
        self._max_frame = max_frame
        self._decoder: sse.Decoder | Messages = Messages() if messages else sse.Decoder(max_frame)
        self._snapshot = lifecycle.Snapshot()
        self._index = 0
        self._batch: list[Any] = []
        self._left: Iterator[Any] = iter(())
        self._folded = 0
        self._last_sequence: int | None = starting_after
        self._next = None if starting_after is None else starting_after + 1
        self._holes = not fill  # they are let be: nothing is resumed, or this server has some
        self._missing: int | None = None  # the number that was due at the last hole
        self._gap = False  # this connection was left at a hole
        self._resumed = starting_after is not None
        self._refused: errors.HeliographError | None = None
        self._raise: errors.HeliographError | None = None
        self._resumes = resumes
        self._tolerances = tolerances  # asked once the first answer has shown who is there
        self._checker: lifecycle.Checker | None = None
        self._skip = unknown == "skip"
        self._on_unknown = on_unknown
        self._final: models.OpenResponsesResult | None = None
        self._error: models.ErrorEvent | None = None
        self._clock = clock
        self._stall = stall
        self._thinner: Thinner | None = None
        self._comments = 0
        self._beat = (0.0, -1)  # when the last keep-alive came, and how many events had come then
        self._interval: tuple[bool, float] | None = None  # measured or only bounded; seconds
        self.stored = stored
        """Whether the request let the server keep the response."""
        self.done = False
        """There is nothing left to read on this connection: ``[DONE]``, or a hole."""
        self.silence: float | None = None
        """Seconds of silence that mean a stall; None where the connection showed no keep-alives."""
        self.seen = 0
        """How many events were handed out, or are in the batch in hand."""

    def connected(self, headers: Mapping[str, str]) -> None:
        """A connection is open; it is the first, or it goes on where the last one was cut."""
        self._headers = headers
        first = self._beat[1] < 0 and not self.seen and not self.done
        if first and (tolerances := self._tolerances()) is not None:
            self._checker = lifecycle.Checker(tolerances)
        if self._beat[1] >= 0 or self.seen or self.done:
            self._decoder = sse.Decoder(self._max_frame)
            self._resumed = True
            if self._thinner is not None:
                self._thinner.again()
        self.done = self._gap = False
        self.silence = None
        self._comments = 0
        self._beat = (self._clock(), self._index)

    def thin(self, thinner: Thinner) -> None:
        """From now on keep no picture longer than the event that brings it is in hand.

        A checker needs them all: it compares the end with what came before.
        """
        if self._checker is None:
            self._thinner = thinner

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
        if self._thinner is not None:
            if isinstance(self._decoder, Messages):
                self._thinner.again()
            chunk = self._thinner.feed(chunk)
        found = self._decoder.feed_data(chunk)
        if not found:
            if self._decoder.comments != self._comments:
                self._note_beat()
            return self._left
        batch: list[Any]
        try:
            batch = models.decode_events(found, self._index)
        except errors.InvalidEvent:
            batch = self._one_by_one(found)
        self._index += len(found)
        if batch:
            due = self._next
            ahead = getattr(batch[-1], "sequence_number", None)
            if (
                due is not None
                and ahead.__class__ is int
                and ahead == due + len(batch) - 1
                and getattr(batch[0], "sequence_number", None) == due
            ):
                self._next = ahead + 1
            else:
                batch = self._in_order(batch)
            if self._checker is not None:
                batch = self._checked(self._checker, batch)
            self.seen += len(batch)
        if not _ENDS.isdisjoint(map(type, batch)):
            self._note_end(batch)
            # A turn on a WebSocket ends with no mark of its own.
            self.done = self.done or isinstance(self._decoder, Messages)
        self._batch = batch
        self._folded = 0
        self._left = iter(batch)
        if (self._skip or self._on_unknown) and models.UnknownEvent in map(type, batch):
            self._left = Told(self._left, self._skip, self._on_unknown)
        return self._left

    def settle(self) -> None:
        """The batch was handed out: fold it, let go of it, and raise what it ended with."""
        if self._batch:
            self._fold(len(self._batch))
            self._batch = []
            self._folded = 0
        if self._raise is not None:
            raise self._raise

    def rest(self) -> Iterator[Any]:
        """The body has ended: its last event, where only the blank line behind it is missing.

        Raises `FrameTooLarge` where one is due.
        """
        if self.done or not models.is_object(self._decoder.close()):
            return iter(())
        return self.take(b"\n\n")

    def check(self) -> None:
        """The body has ended: raises `FrameTooLarge` where one is due, and `LifecycleError`."""
        self._decoder.close()
        checker = self._checker
        if checker is not None and self.ended and not self.done:
            found = checker.unmarked()
            if found:
                raise errors.LifecycleError(tuple(found))

    @property
    def failure(self) -> models.ErrorEvent | None:
        """The error event that the stream gave."""
        return self._error

    @property
    def may_resume(self) -> bool:
        """Whether to ask for the rest: the id is known, and so is the place, and nobody said no."""
        return (
            self.stored
            and self._resumes
            and self._refused is None
            and self.response_id is not None
            and (self.last_sequence is not None or not self.seen)
        )

    def refused(self, error: errors.HeliographError) -> None:
        """The server was asked for the rest and cannot give it."""
        self._refused = error

    def interruption(self, cause: str | None = None) -> errors.HeliographError:
        """Why there is no terminal event: the stream's own error, or that it was cut."""
        if self._error is not None:
            return error_of_event(self._error, self._headers)
        why = "[DONE] came" if self.done else cause or "the stream ended"
        if self._gap:
            why = f"event {self._missing} did not come; the stream was left"
        held = self._decoder.pending
        cut = f", {held} bytes into an event" if held else ""
        return errors.StreamInterrupted(
            f"{why} without a terminal event after {self.seen} events{cut}; {self._advice()}",
            advice=self._advice(),
            response_id=self.response_id,
            last_sequence=self.last_sequence,
            snapshot=self.snapshot,
            resumable=self._resumable(),
            request_id=self._headers.get("x-request-id"),
        )

    def _resumable(self) -> bool:
        """Our server keeps every stored stream; others keep background ones."""
        return self.may_resume and self._keeps

    @property
    def _keeps(self) -> bool:
        """The server is known to keep this stream."""
        snapshot = self._snapshot.response
        ours = "x-response-id" in self._headers or "x-idempotency" in self._headers
        return ours or bool(snapshot and snapshot.background is True)

    def _advice(self) -> str:
        if self.response_id is None:
            return "nothing of the response is known: ask again"
        if not self.stored:
            return "store=False keeps nothing to resume from: ask again, or with store=True"
        if not self._resumes:
            return "this server keeps no streams: ask again"
        if self._refused is not None:
            return (
                f"the server does not give its stream again ({self._refused}): "
                f"responses.retrieve({self.response_id!r}) may have the whole; background=True "
                "makes other servers keep it"
            )
        at = self.last_sequence
        if at is None and self.seen:
            return (
                "its events have no numbers to resume from: "
                f"responses.retrieve({self.response_id!r}) may have the whole"
            )
        after = "" if at is None else f", starting_after={at}"
        return f"responses.resume({self.response_id!r}{after}) may go on"

    def _note_beat(self) -> None:
        """A keep-alive: how long until the next? Between two without an event it is measured; the
        longest such time counts. Before there is one, the shortest time between any two does."""
        self._comments = self._decoder.comments
        now, (before, index) = self._clock(), self._beat
        known = self._interval
        took = now - before
        quiet = index == self._index and self._comments > 1
        if known is None or (quiet and not known[0]):
            self._interval = (quiet, took)
        elif quiet == known[0]:
            self._interval = (quiet, max(took, known[1]) if quiet else min(took, known[1]))
        self._beat = (now, self._index)
        times, least = self._stall
        # Elsewhere than where it can go on, a false alarm would cost the stream.
        if self._interval is not None and times and self.stored and self._keeps:
            self.silence = max(least, times * self._interval[1])

    def _in_order(self, batch: list[Any]) -> list[Any]:
        """``batch`` without what was handed out before, up to a hole that can be filled."""
        if self._next is None and _number(batch[0]) is None and _number(batch[-1]) is None:
            return batch  # a server that numbers nothing
        kept: list[Any] = []
        for event in batch:
            number = _number(event)
            due = self._next
            if number is None or due is None:
                kept.append(event)
                if number is not None:
                    self._next = number + 1
                continue
            if number < due and self._resumed:
                continue
            if number > due and self._fillable(due):
                self._missing = due
                self.done = self._gap = True
                break
            kept.append(event)
            self._next = number + 1
        if self._gap:
            self._raise = None
        return kept

    def _fillable(self, due: int) -> bool:
        if self._holes or not self.stored or not self._keeps:
            return False
        if self._missing == due:  # asked for already
            self._holes = True
            return False
        return True

    def _one_by_one(self, found: list[bytes]) -> list[Any]:
        batch: list[Any] = []
        for index, data in enumerate(found, self._index):
            if data == _DONE:
                self.done = True
                break
            try:
                batch.append(models.decode_event(data, index))
            except errors.InvalidEvent as error:
                failure = failure_in(data, self._headers)
                if failure is not None or self._invalid == "raise":
                    self._raise = failure or error
                    break
                batch.append(error)
        return batch

    def _checked(self, checker: lifecycle.Checker, batch: list[Any]) -> list[Any]:
        """``batch`` up to the first event that breaks a rule."""
        good, found = checker.take(batch)
        if not found:
            return batch
        self._raise = errors.LifecycleError(tuple(found))
        return batch[:good]

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
        if self._thinner is not None:
            for event in seen:
                let_go(event)
        self._folded = upto
        for event in reversed(seen):
            number = _number(event)
            if number is not None:
                self._last_sequence = number
                break


def _number(event: Any) -> int | None:
    """An event's sequence number, also of one that did not decode."""
    number = getattr(event, "sequence_number", None)
    if isinstance(event, models.UnknownEvent):
        number = event.fields.get("sequence_number")
    elif isinstance(event, errors.InvalidEvent):
        try:
            number = msgspec.json.decode(event.data, type=_Numbered).sequence_number
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
    return number if isinstance(number, int) else None


class _Numbered(msgspec.Struct):
    sequence_number: int | None = None


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

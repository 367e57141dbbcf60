"""A response that its upstream serves whole: its events pass through, and only what is ours is put
in their place.

Ours are the response's id, its times and flags, the model's name, and the sequence numbers;
canonical base64 of pictures goes to the blob store. All else is kept to the byte. The stream is
held to the strict tables all the same: what a provider's habit makes of it is mended
(``lifecycle.Mender``), and what cannot be mended ends the response as failed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, cast

from msgspec import UNSET

from heliograph import errors, lifecycle, models, providers
from heliograph.engine._ask import Ask
from heliograph.engine._echo import Echo
from heliograph.engine._emitter import Emitter
from heliograph.engine._ending import COMPLETED, TOO_LONG, Ending
from heliograph.engine._items import Items
from heliograph.engine._limits import Limits
from heliograph.engine._notes import CallNote, Note, RelayNote, StartNote, write_note
from heliograph.engine._relay_pictures import holds_picture, stowed
from heliograph.engine._tool import HOSTED

__all__ = ["Relay"]

_BEGINNINGS: Final = (models.CreatedEvent, models.QueuedEvent, models.InProgressEvent)
_TERMINAL: Final = (models.CompletedEvent, models.IncompleteEvent, models.FailedEvent)
_WITH_RESPONSE: Final = frozenset((*_BEGINNINGS, *_TERMINAL))
_DELTAS: Final = frozenset(
    cls for kind, cls in models.EVENTS.items() if kind.endswith(".delta") and "audio" not in kind
)
#: Events whose bytes count as what the response comes to. All others count too: an upstream could
#: send them without end.
_COUNTED: Final = frozenset((*_WITH_RESPONSE, models.OutputItemDoneEvent))
#: A picture has up to three previews, so together they may come to three times what it may.
_PREVIEWS: Final = 3
#: Fields of a relayed response that say what is kept here, and not what the upstream did.
_OURS: Final = ("id", "created_at", "background", "store", "previous_response_id", "metadata")
_KEEP_ALIVE: Final = "response.keep_alive"
_WORDS: Final = frozenset({"message", "reasoning"})


class Relay:
    """Passes one response through. ``relayed`` says that it is, or was before a takeover."""

    _passed: frozenset[str] = frozenset()

    def __init__(
        self,
        emitter: Emitter,
        items: Items,
        echo: Echo,
        limits: Limits,
        clock: Callable[[], float],
        started: Callable[[], StartNote],
        *,
        background: bool,
    ) -> None:
        self._emitter = emitter
        self._items = items
        self._echo = echo
        self._limits = limits
        self._clock = clock
        self._started = started
        self._background = background
        self._mender = lifecycle.Mender(emitter.machine, emitter.snapshot, echo.response)
        self._note = b""
        self._previews = 0
        self.answering: providers.Answering | None = None
        self.relayed = False

    @property
    def model(self) -> str | None:
        """The model that answers, once that is known."""
        return None if self.answering is None else self.answering.model

    def replay(self, event: models.StreamEvent, note: Note | None) -> None:
        """Take in an event that the log holds already, with its note."""
        if isinstance(note, RelayNote):
            self.relayed = True
            self.answering = providers.Answering(note.provider, note.model)
        elif isinstance(note, CallNote) and note.answering is not None:
            self.answering = providers.Answering(*note.answering)
        if self.relayed:
            _keep_text(event, models.wire_of(event) or b"")

    # --- the beginning ---------------------------------------------------------------------------
    def early(self, event: models.StreamEvent) -> None:
        """An event that shows nothing of the answer; another upstream may say the same again.

        Raises ``ProviderError``.
        """
        if self._too_long():
            raise errors.ProviderError(
                f"{self.model or 'the model'}: its upstream sent events beyond the limit "
                f"max_response_bytes, {self._limits.max_response_bytes}, and none of an answer",
                kind="protocol",
            )
        try:
            self._early(event)
        except errors.LifecycleError as error:
            raise self._broken(error) from None

    def _broken(self, error: errors.LifecycleError) -> errors.ProviderError:
        return errors.ProviderError(
            f"{self.model or 'the model'}: its upstream broke the protocol: {error}",
            kind="protocol",
        )

    def _early(self, event: models.StreamEvent) -> None:
        state = self._emitter.machine.state
        if isinstance(event, models.CreatedEvent):
            if state == "none":
                self._created(event)
        elif isinstance(event, models.QueuedEvent):
            if state == "created":
                self._send(event)
        elif isinstance(event, models.InProgressEvent):
            if state in ("created", "queued"):
                self._send(event)
        elif event.type != _KEEP_ALIVE and event.type not in self._passed:
            self._passed |= {event.type}
            if state == "none":
                self._created(None)
            self._send(event)

    def _created(self, event: models.CreatedEvent | None) -> None:
        """The first event: a background response is queued here, whatever the upstream says."""
        if self._background:
            for made in (models.CreatedEvent, models.QueuedEvent):
                self._emit(made(response=self._echo.response("queued")))
        elif event is not None:
            self._send(event)
        else:
            self._emit(models.CreatedEvent(response=self._echo.response("in_progress")))

    def begin(self) -> None:
        """Show that there is a response and that it runs, as far as nothing has."""
        state = self._emitter.machine.state
        if state == "in_progress":
            return
        if state == "none":
            self._created(None)
        elif self._background and state == "created":
            self._emit(models.QueuedEvent(response=self._echo.response("queued")))
        for event in self._mender.started():
            self._emit(event)

    # --- the stream ------------------------------------------------------------------------------
    async def follow(self, part: providers.Relayed, ask: Ask) -> Ending:
        """Show the upstream's events to their end. Raises ``ProviderError``."""
        self.relayed = True
        self.answering = providers.Answering(part.provider, part.model)
        self._note = write_note(RelayNote(part.provider, part.model))
        emitter = self._emitter
        try:
            async with aclosing(part.events) as batches:
                async for batch in batches:
                    at = 0
                    while at < len(batch):
                        event = batch[at]
                        at += 1
                        if event.__class__ not in _DELTAS:
                            if self._too_long():
                                return TOO_LONG
                            self._check(event, ask)
                            if holds_picture(event):
                                limit = self._limits.max_picture_bytes
                                event = await stowed(event, emitter.pictures, limit)
                            if isinstance(event, _TERMINAL):
                                emitter.settle()  # the end goes in one frame with the response's
                        if self._send(event) and event.__class__ is models.TextDeltaEvent:
                            at = self._send_run(event, batch, at)
                    if emitter.machine.ended:
                        return COMPLETED
                    if self._too_long():
                        return TOO_LONG
                    if emitter.full:
                        await emitter.room()
        except errors.LifecycleError as error:
            raise self._broken(error) from None
        raise errors.ProviderError(f"{part.model} stopped before its end", kind="protocol")

    def _check(self, event: models.StreamEvent, ask: Ask) -> None:
        """``tool_choice`` and ``allowed_tools`` hold, also where an upstream ignores them."""
        if isinstance(event, models.OutputItemAddedEvent | models.OutputItemDoneEvent):
            name = getattr(event.item, "name", None)
            called = isinstance(
                event.item, models.OutputFunctionCallItem | models.OutputCustomToolCallItem
            )
            if called and ask.relay != "must" and all(name != known for known, _ in ask.usable):
                raise errors.ProviderError(
                    f"{self.model} called {name!r}, which it was not offered", kind="protocol"
                )
        elif (
            isinstance(event, models.CompletedEvent)
            and ask.choice.mode == "required"
            and all(item.type in _WORDS for item in event.response.output)
        ):
            raise errors.ProviderError(
                f"{self.model} did not call what tool_choice requires", kind="protocol"
            )

    def _too_long(self) -> bool:
        words, limits = self._items.text_bytes, self._limits
        return (
            words > limits.max_text_bytes
            or self._items.done_bytes + words > limits.max_response_bytes
            or self._previews > _PREVIEWS * limits.max_response_bytes
        )

    # --- one event -------------------------------------------------------------------------------
    def _send(self, event: models.StreamEvent) -> bool:
        """Show an event as it came, but for what is ours; mended where it may not stand so.

        Whether it was as it came.
        """
        emitter, mender, cls = self._emitter, self._mender, event.__class__
        if cls is models.UnknownEvent:
            self._send_unknown(cast("models.UnknownEvent", event))
            return False
        known = cast("Any", event)
        if cls in _WITH_RESPONSE:
            self._own(known)
        drawn = cls is models.ImageGenCallCompletedEvent
        if not (mender.busy or drawn or emitter.machine.ended):
            number = emitter.next
            data = self._delta_text(known, number) if cls in _DELTAS else self._text(known)
            known.sequence_number = number
            try:
                self._pass(event, models.encode(known) if data is None else data)
            except errors.LifecycleError:
                pass
            else:
                return True
        for other in mender.mend(event):
            self._emit(other)
        return False

    def _send_run(self, first: Any, batch: Sequence[Any], at: int) -> int:
        """Show the pieces of one text that come in the batch from ``at`` on, behind its ``first``,
        which was shown: there are many, and they differ in number and text only. How far it came.
        """
        item_id, output, content = first.item_id, first.output_index, first.content_index
        number, limit = self._emitter.next, self._limits.max_response_bytes
        run: list[Any] = []
        texts: list[bytes] = []
        for event in itertools.islice(batch, at, None):
            if (
                event.__class__ is not models.TextDeltaEvent
                or event.item_id != item_id
                or event.content_index != content
                or event.output_index != output
            ):
                break
            if event.sequence_number == number and event.logprobs is not UNSET:
                text = event._wire
            else:
                text = self._delta_text(event, number)
            if len(text) > limit:
                break
            event.sequence_number = number
            number += 1
            run.append(event)
            texts.append(text)
        if not run:
            return at
        shown = self._emitter.pass_run(first, run, texts)
        self._items.count_words(*map(len, texts[:shown]))
        return at + shown

    def _delta_text(self, event: Any, number: int) -> bytes:
        """The text of a delta with its new number: there are many of these."""
        wire: bytes = event._wire
        if event.__class__ is models.TextDeltaEvent and event.logprobs is UNSET:
            event.logprobs = []
            wire = b'%b,"logprobs":[]}' % wire.rstrip()[:-1].rstrip()
        return wire if event.sequence_number == number else models.renumbered(wire, number)

    def _send_unknown(self, event: models.UnknownEvent) -> None:
        machine = self._emitter.machine
        if event.type == _KEEP_ALIVE or machine.ended:
            return  # silence is filled with comments
        if not event.type.isprintable():
            raise errors.ProviderError(
                f"{self.model}: its upstream sent an event type that is no name", kind="protocol"
            )
        if self.relayed and machine.state != "in_progress":
            self.begin()
        raw = models.renumbered(event.raw, self._emitter.next)
        self._pass(models.UnknownEvent(event.type, raw), raw)

    def _text(self, event: Any) -> bytes | None:
        """The event's text with its new number; None where it takes encoding anew."""
        wire = models.wire_of(event)
        if wire is None or event.__class__ in _WITH_RESPONSE or self._mender.fill(event):
            return None
        number = self._emitter.next
        return wire if event.sequence_number == number else models.renumbered(wire, number)

    def _emit(self, event: models.StreamEvent) -> None:
        """Show an event that is ours, or that was changed."""
        self._mender.fill(event)
        known = cast("models.Event", event)
        known.sequence_number = self._emitter.next
        self._pass(event, models.encode(known))

    def _pass(self, event: models.StreamEvent, data: bytes) -> None:
        note, cls = b"", event.__class__
        if len(data) > self._limits.max_response_bytes:
            raise errors.ProviderError(
                f"{self.model}: its upstream sent an event of {len(data)} bytes; the limit "
                f"max_response_bytes is {self._limits.max_response_bytes}",
                kind="protocol",
            )
        if cls is models.InProgressEvent:
            note = write_note(self._started())
        elif self._note and not isinstance(event, _BEGINNINGS):
            note, self._note = self._note, b""
        try:
            size = self._emitter.pass_on(event, data, note)
        except errors.LifecycleError:
            if note and cls is not models.InProgressEvent:
                self._note = note
            raise
        if cls in _DELTAS:
            self._items.count_words(size)
        else:
            self._items.replay(event, size)
            if cls is models.ImageGenCallPartialImageEvent:
                self._previews += size
            elif cls not in _COUNTED:
                self._items.done_bytes += size
            _keep_text(event, data)

    def _own(self, event: Any) -> None:
        """Put into the event's response what is ours, and what some spec requires and it lacks."""
        response = event.response
        ours = self._echo.response(str(response.status or ""))
        for name in _OURS:
            if getattr(response, name) != getattr(ours, name):
                setattr(response, name, getattr(ours, name))
        ours.model = self.model or ours.model
        if response.model != ours.model:
            response.model = ours.model
        for name in ours.__struct_fields__:
            theirs, known = getattr(response, name), getattr(ours, name)
            if known is not UNSET and (theirs is UNSET or (theirs is None and known is not None)):
                setattr(response, name, known)
        _fill_reasoning(response.reasoning, ours.reasoning)
        if isinstance(event, models.CompletedEvent) and not response.completed_at:
            response.completed_at = int(self._clock())
        if not self._echo.hosted_tools:
            response.tools = [tool for tool in response.tools if tool.type not in HOSTED]

    # --- the end ---------------------------------------------------------------------------------
    def close(self, index: int, message: str) -> None:
        """End an item that is half out."""
        for event in self._mender.finish(index, message):
            self._emit(event)

    def silence(self) -> None:
        """End audio that is half out."""
        for event in self._mender.silenced():
            self._emit(event)


def _fill_reasoning(theirs: Any, ours: Any) -> None:
    """What the request asked for, where the upstream does not repeat it."""
    if not theirs or not ours:
        return
    for name in ours.__struct_fields__:
        if getattr(theirs, name) in (None, UNSET) and getattr(ours, name) not in (None, UNSET):
            setattr(theirs, name, getattr(ours, name))


def _keep_text(event: models.StreamEvent, data: bytes) -> None:
    """Let an item that is done, and the response at the end, keep the text they came in: it is
    written again in what ends the response, and in what is stored of it."""
    if isinstance(event, models.OutputItemDoneEvent):
        if isinstance(event.item, models.Item):
            event.item._wire = models.member_text(data, "item")
    elif isinstance(event, _TERMINAL):
        event.response._wire = models.member_text(data, "response")

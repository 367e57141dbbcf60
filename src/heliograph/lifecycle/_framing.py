"""The frames around the events: an SSE body read, and the rules that its frames break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from heliograph import errors, models, sse

from ._dialects import STRICT, Dialect
from ._rules import Violation
from ._tables import TERMINAL

_DONE: Final = b"[DONE]"


class Framing:
    """Gives the events of one SSE body; ``violations`` are of ``HG-SSE``, whole at its end.

    ``frames`` are the events' payloads where ``keep`` asks for them.
    """

    def __init__(self, dialect: Dialect = STRICT, *, keep: bool = False) -> None:
        self.violations: list[Violation] = []
        self.frames: list[bytes] = []
        self._dialect = dialect
        self._keep = keep
        self._index = 0
        self._marked = False

    def events(self, pieces: Iterable[bytes]) -> Iterator[models.StreamEvent | errors.InvalidEvent]:
        """The body's events, one that does not decode as its error. Raises ``FrameTooLarge``."""
        decoder = sse.Decoder()
        ended = False
        for piece in pieces:
            for frame in decoder.feed(piece):
                if self._marked:
                    self._after_done(frame)
                if frame.data == _DONE:
                    self._marked = True
                    continue
                event = read_event(frame.data, self._index)
                if frame.event not in ("message", event.type or frame.event):
                    named = f"the SSE event is named {frame.event!r}"
                    self._flag("HG-SSE-001", named, repr(event.type))
                if self._keep:
                    self.frames.append(bytes(frame.data))
                ended = event.type in TERMINAL
                yield event
                self._index += 1
        decoder.close()
        if ended and not self._marked and "no-done-marker" not in self._dialect:
            self._flag("HG-SSE-003", "the stream closed after its last event", "data: [DONE]")

    def _after_done(self, frame: sse.Frame) -> None:
        again = frame.data == _DONE
        what = "data: [DONE] again" if again else "an event after data: [DONE]"
        self._flag("HG-SSE-002", what, "nothing more")

    def _flag(self, rule: str, message: str, expected: str) -> None:
        self.violations.append(Violation(rule, self._index, message, expected))


def read_event(data: bytes, index: int) -> models.StreamEvent | errors.InvalidEvent:
    """An event, or the error that it does not decode with, as ``check`` takes either."""
    try:
        return models.decode_event(data, index)
    except errors.InvalidEvent as error:
        return error

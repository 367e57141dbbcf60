"""Following committed frames in memory: one short window per followed response.

A ``Tail`` is there while someone follows its response. It keeps the newest committed frames up to
``WINDOW_FRAMES`` and ``WINDOW_BYTES``, shared by all who follow; who is further behind reads the
stored log. So a reader's slowness costs no memory, and a quick reader costs no query. What the only
reader has read is not kept at all: a silent stream costs little.

A response that is claimed with nothing in its log but an opening that is at hand gets its tail
then and there, followed or not, until it ends or is released: who reads it from its beginning needs
no query at all.
"""

from __future__ import annotations

from collections import deque

from heliograph.journal import _limits
from heliograph.journal._base import Entry, Frame
from heliograph.journal._signal import Signal

__all__ = ["Following", "Tail", "Tails"]


class Tail:
    """``next_seq`` is the number that the next published frame begins with, None until known.

    ``tenant`` is whose response it is, None where that takes a look into the store. ``changed`` is
    woken by the log, ``moved`` by what becomes of the lease and by a cancel: the owner, who waits
    for these, is not woken by each of its own frames.
    """

    __slots__ = (
        "_bytes",
        "_window",
        "changed",
        "ended",
        "erased",
        "followers",
        "moved",
        "next_seq",
        "readers",
        "running",
        "tenant",
    )

    def __init__(self) -> None:
        self.changed = Signal()
        self.moved = Signal()
        self.followers = 0
        self.readers = 0
        self.ended = False
        self.erased = False
        self.running = False
        self.tenant: str | None = None
        self.next_seq: int | None = None
        self._window: deque[tuple[Frame, int]] | None = None
        self._bytes = 0

    def publish(self, frame: Frame, size: int) -> None:
        """A frame was committed; frames come in the log's order."""
        if self.next_seq is None or frame.first >= self.next_seq:
            if self.next_seq is not None and frame.first > self.next_seq:
                self._forget()  # a frame was missed: who needs it reads the stored log
            window = self._window
            if window is None:
                window = self._window = deque()
            window.append((frame, size))
            self._bytes += size
            self.next_seq = frame.last + 1
            while window and (
                len(window) > _limits.WINDOW_FRAMES or self._bytes > _limits.WINDOW_BYTES
            ):
                self._bytes -= window.popleft()[1]
        self.changed.wake()

    def lost(self) -> None:
        """Frames may have been missed: everyone reads the stored log."""
        self._forget()
        self.next_seq = None
        self.wake()

    def _forget(self) -> None:
        self._window, self._bytes = None, 0

    def wake(self) -> None:
        """Wake who reads and who owns."""
        self.changed.wake()
        self.moved.wake()

    def seen(self) -> None:
        """A reader has all that there is. Where it is the only one, nothing of it is kept on."""
        if self.readers == 1:
            self._forget()

    def caught_up(self, last_seq: int) -> None:
        """A reader saw the stored log end with ``last_seq``: what follows will be published."""
        if self.next_seq is None:
            self.next_seq = last_seq + 1

    def frames_after(self, after: int) -> list[Frame] | None:
        """Committed frames after ``after``; None where the stored log has to be asked."""
        if self.next_seq is None:
            return None
        if after + 1 >= self.next_seq:
            return []
        if not self._window or after + 1 < self._window[0][0].first:
            return None
        found = []
        for frame, _ in reversed(self._window):
            if frame.last <= after:
                break
            found.append(frame)
        found.reverse()
        return found


class Following:
    """Counted while it lasts; a generator would take 400 bytes more for as long.

    What it follows is found when it begins: the tail that was there when it was made may be gone.
    """

    __slots__ = ("_id", "_reads", "_tail", "_tails", "after")

    def __init__(self, tails: Tails, response_id: str, reads: bool) -> None:
        self._tails = tails
        self._id = response_id
        self._reads = reads
        self.after = -1  # the last entry that a reader has taken

    @property
    def lag(self) -> int:
        """Committed entries that it has not taken, as far as is known here."""
        last = self._tail.next_seq
        return 0 if last is None else max(0, last - 1 - self.after)

    def __enter__(self) -> Tail:
        tail = self._tail = self._tails.one(self._id)
        tail.followers += 1
        if self._reads:
            tail.readers += 1
            self._tails.reading.add(self)
        return tail

    def __exit__(self, *exception: object) -> None:
        self._tail.followers -= 1
        if self._reads:
            self._tail.readers -= 1
            self._tails.reading.discard(self)
        self._tails.drop_unused(self._id, self._tail)


class Tails:
    """The tails of all responses that someone follows."""

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}
        self.reading: set[Following] = set()

    @property
    def lag(self) -> int:
        """Of the reader that is most behind."""
        return max((one.lag for one in self.reading), default=0)

    def follow(self, response_id: str, *, reads: bool = False) -> Following:
        """The response's tail, kept while the context lasts; ``reads``: by a reader."""
        return Following(self, response_id, reads)

    def one(self, response_id: str) -> Tail:
        """The response's tail, made where there is none."""
        tail = self._tails.get(response_id)
        if tail is None:
            tail = self._tails[response_id] = Tail()
            self._added(response_id)
        return tail

    def begin(self, response_id: str, tenant: str, opening: tuple[Entry, ...]) -> None:
        """It was claimed, and its log holds ``opening``."""
        tail = self._tails.setdefault(response_id, Tail())
        tail.running, tail.tenant = True, tenant
        if opening:
            tail.publish(Frame(0, 0, opening), sum([len(entry.data) for entry in opening]))
        else:
            tail.caught_up(-1)

    def end(self, response_id: str) -> None:
        """It has ended, or was released."""
        tail = self._tails.get(response_id)
        if tail is not None:
            tail.running = False
            self.drop_unused(response_id, tail)

    def drop_unused(self, response_id: str, tail: Tail) -> None:
        """Forget it where nobody needs it."""
        if not (tail.followers or tail.running) and self._tails.get(response_id) is tail:
            del self._tails[response_id]
            self._removed(response_id)

    def _added(self, response_id: str) -> None:
        """For journals whose frames come from elsewhere: begin to feed this tail."""

    def _removed(self, response_id: str) -> None:
        """Feed it no more."""

    def get(self, response_id: str) -> Tail | None:
        """None where nobody follows."""
        return self._tails.get(response_id)

    def changed(self, response_id: str) -> None:
        """Its lease or its cancel changed: wake its owner."""
        tail = self._tails.get(response_id)
        if tail is not None:
            tail.moved.wake()

    def erased(self, response_id: str) -> None:
        """The response is gone: who follows learns it, and who comes later gets a new tail."""
        tail = self._tails.pop(response_id, None)
        if tail is not None:
            self._removed(response_id)
            tail.erased = True
            tail.wake()

    def close(self) -> None:
        """The journal closed: wake everyone; whoever comes later gets a new tail."""
        tails, self._tails = self._tails, {}
        for tail in tails.values():
            tail.wake()

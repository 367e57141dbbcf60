"""How much a key may ask for, and how much the server holds open: counts in this process.

A key's rate is exact: never more than its number in any 60 seconds. Its concurrency bounds three
things, each counted by itself: requests under way (a response until it has ended, background ones
included; an Images request; a WebSocket's turn), streams of responses that were there already, and
open WebSockets. The server's own bounds count streams and WebSockets of all keys together.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

import msgspec

from heliograph import errors
from heliograph.server._errors import OPENROUTER_BASE
from heliograph.server._settings import Limits

__all__ = ["Place", "Quota", "Spent", "rate_headers"]

_WINDOW = 60.0
_SOON, _LATER = 1.0, 5.0

Counter = tuple[str, str]
"""What is counted, and of which key; an empty key where all are counted together."""

_HOW = "'heliograph keys create' with {option}, or the server's [limits], can raise it"


class Spent(msgspec.Struct, frozen=True):
    """Where a key stands after a request.

    ``reset`` is seconds until all its requests are there again, ``wait`` seconds until the next one
    is; 0 where this request was let through.
    """

    limit: int
    remaining: int
    reset: float
    wait: float

    def require(self) -> None:
        """Raise ``RateLimited`` where the request was one too many."""
        if self.wait:
            how = _HOW.format(option="--requests-per-minute")
            raise errors.RateLimited(
                f"over {self.limit} requests within a minute, the limit requests_per_minute of "
                f"this key; try again in {math.ceil(self.wait)} s ({how})",
                retry_after=self.wait,
            )


class Place:
    """Places taken together, given back together."""

    __slots__ = ("_counters", "_counts")

    def __init__(self, counts: dict[Counter, int], *counters: Counter) -> None:
        self._counts = counts
        self._counters = counters
        for counter in counters:
            counts[counter] = counts.get(counter, 0) + 1

    def release(self) -> None:
        """Give back; doing it again does no harm."""
        counters, self._counters = self._counters, ()
        for counter in counters:
            left = self._counts[counter] - 1
            if left:
                self._counts[counter] = left
            else:
                del self._counts[counter]

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Quota:
    """The counts of one server process. ``limit`` is a key's own number, 0 for none."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._spent: dict[str, deque[float]] = {}
        self._counts: dict[Counter, int] = {}

    def spend(self, key: str, limit: int) -> Spent:
        """Count a request of ``key`` against its ``limit`` per minute, if one is left.

        The times of a key's last ``limit`` requests are all that it takes.
        """
        now = self._clock()
        times = self._spent.setdefault(key, deque())
        while times and times[0] <= now - _WINDOW:
            times.popleft()
        wait = 0.0
        if len(times) < limit:
            times.append(now)
        else:
            wait = times[len(times) - limit] + _WINDOW - now
        return Spent(limit, max(0, limit - len(times)), times[-1] + _WINDOW - now, wait)

    def work(self, key: str, limit: int) -> Place:
        """For a request under way. Raises ``RateLimited``."""
        return Place(self._counts, self._of_key("requests under way", key, limit))

    def answer(self) -> Place:
        """For an answer that is open for long. Raises ``ServerError`` (503)."""
        return Place(self._counts, self._of_all("streams", "max_open_streams"))

    def follow(self, key: str, limit: int) -> Place:
        """For a stream of a response that was there already. Raises as ``work``, ``answer``."""
        own = self._of_key("followed streams", key, limit)
        return Place(self._counts, own, self._of_all("streams", "max_open_streams"))

    def socket(self, key: str, limit: int) -> Place:
        """For a WebSocket. Raises ``RateLimited``, ``ServerError`` (503)."""
        own = self._of_key("open WebSockets", key, limit)
        return Place(self._counts, own, self._of_all("WebSockets", "max_open_sockets"))

    def _of_key(self, what: str, key: str, limit: int) -> Counter:
        count = self._counts.get((what, key), 0)
        if limit and count >= limit:
            raise errors.RateLimited(
                f"{count} {what}, the limit concurrent_requests of this key is {limit}; wait until "
                f"one has ended ({_HOW.format(option='--concurrent')})",
                code="concurrency_limit_exceeded",
                retry_after=_SOON,
            )
        return what, key

    def _of_all(self, what: str, name: str) -> Counter:
        count, limit = self._counts.get((what, ""), 0), getattr(self._limits, name)
        if count >= limit:
            raise errors.ServerError(
                f"the server has {count} {what} open, its limit {name}; try again later (its "
                "[limits] can raise it)",
                status=503,
                code="server_overloaded",
                retry_after=_LATER,
            )
        return what, ""


def rate_headers(spent: Spent, path: str) -> list[tuple[bytes, bytes]]:
    """The headers that tell of a rate, as the base path's own API names them.

    OpenAI's count down (``6m0s``), OpenRouter's reset is a time (milliseconds since the epoch).
    """
    if path.startswith(OPENROUTER_BASE):
        suffix, reset = b"", str(round((time.time() + spent.reset) * 1000))
    else:
        suffix, reset = b"-requests", f"{spent.reset:.3f}s"
    return [
        (b"x-ratelimit-limit" + suffix, b"%d" % spent.limit),
        (b"x-ratelimit-remaining" + suffix, b"%d" % spent.remaining),
        (b"x-ratelimit-reset" + suffix, reset.encode()),
    ]

"""What is tried again, and when: the policy, what is known of the server, one call's tries.

Theory. A call that failed may have done its work all the same, so each failure is one of three:

- *nothing was done*: no connection was made, or the server refused (429, 503). Any call is tried
  again.
- *nobody knows*: the answer was cut, or is another 5xx. What may be done twice (GET, DELETE,
  cancel) is tried again; a POST that makes something only where its ``Idempotency-Key`` is
  honoured, or where the policy says ``repeat="always"``.
- *it is the answer*: any other status. It is raised.

Whether keys are honoured is known from the header ``x-idempotency: honoured`` (or
``x-response-id``) of any answer; where no answer has come yet, a ``HEAD`` of the same path asks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from heliograph import errors
from heliograph.client._core._answers import error_from
from heliograph.client._core._dialects import GENERIC, Dialect, learned
from heliograph.client._transport import Call, Timeout

_EARLY = 0.01  # seconds by which a wait may end before its time
_PATHS = frozenset({"/responses", "/models", "/images", "/images/generations", "/images/edits"})
_NO_MODEL = "model_not_found"
_MANY = 32  # doublings of a wait: any more would only make a float overflow


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about faults that may pass. `Retries.off()` (or ``retries=None``) does nothing.

    ``attempts`` is how often in a row, after the first, something is tried without anything new
    coming of it. Waits are seconds: ``wait_first``, then twice the one before up to ``wait_most``,
    each shortened by up to half at random; a server's ``Retry-After`` counts instead where it is
    longer, and past ``retry_after_most`` its error is raised at once.

    ``repeat`` says when a POST that may have been served already is sent again: ``"keyed"`` where
    the server is known to honour its ``Idempotency-Key``, ``"always"`` (it may be charged twice),
    or ``"never"``.

    A stream is taken for stalled after ``heartbeats`` times the time between two of the server's
    keep-alives, ``stall_least`` seconds at least; where a connection has shown none, only after the
    caller's timeout.
    """

    attempts: int = 4
    wait_first: float = 0.5
    wait_most: float = 8.0
    retry_after_most: float = 60.0
    repeat: Literal["keyed", "always", "never"] = "keyed"
    heartbeats: float = 3.0
    stall_least: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name == "repeat":
                if value not in ("keyed", "always", "never"):
                    raise errors.UsageError(f"repeat: {value!r} is not keyed, always or never")
            elif isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise errors.UsageError(f"{name}: {value!r} is no number from 0")

    @classmethod
    def off(cls) -> Retries:
        """Nothing is tried again, and no stream resumed."""
        return cls(attempts=0)

    def wait(
        self, failures: int, retry_after: float | None = None, chance: float | None = None
    ) -> float | None:
        """Seconds to wait after so many failures in a row; None: give up."""
        if failures > self.attempts or (retry_after or 0.0) > self.retry_after_most:
            return None
        longest = min(self.wait_most, self.wait_first * 2.0 ** min(failures - 1, _MANY))
        part = os.urandom(1)[0] / 255 if chance is None else chance
        return max(retry_after or 0.0, longest * (1 - part / 2))


class Server:
    """What a client has learned of its server."""

    __slots__ = ("_named", "dialect", "keyed")

    def __init__(self, dialect: Dialect = GENERIC, *, named: bool = False) -> None:
        self.dialect = dialect
        self._named = named
        self.keyed = dialect.keyed
        """It honours ``Idempotency-Key`` on ``POST /responses``."""

    def note(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer's head."""
        shown = learned(headers)
        if shown is None:
            return
        self.keyed = self.keyed or shown.keyed
        if not self._named:
            self.dialect = shown


Fault = Literal["passing", "unclear", "final"]


def fault(error: errors.HeliographError) -> Fault:
    """Which of the three a failure is; see the module."""
    if isinstance(error, errors.TransportError):
        return "unclear" if error.sent else "passing"
    if not isinstance(error, errors.APIError):
        return "final"
    if error.status == 429:
        return "final" if error.code == "insufficient_quota" else "passing"
    if error.status == 503:
        return "passing"
    return "unclear" if error.status >= 500 and error.status != 501 else "final"


class Tries:
    """One call, tried until it is answered. ``call`` is what to send now.

    ``repeatable`` says that doing it twice does no harm. The shell sends ``call``, shows the
    answer's head to `accepts`, turns what is not accepted into an error, and asks `again`.
    """

    def __init__(
        self,
        policy: Retries,
        server: Server,
        call: Call,
        *,
        repeatable: bool,
        keyed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.call = call
        self._asked = call
        self._policy = policy
        self._server = server
        self._repeatable = repeatable
        self._keyed = keyed
        self._failures = 0
        self._unclear: errors.HeliographError | None = None  # while a HEAD asks about keys
        self._maybe_done = False
        self._clock = clock
        self._due: float | None = None

    def left(self) -> float | None:
        """Seconds of the caller's total that are left; None without one. The first call starts it.

        Raises `TransportTimeout` where none are.
        """
        total = self._asked.timeout.total
        if total is None:
            return None
        now = self._clock()
        if self._due is None:
            self._due = now + total
        if self.late:
            raise self._overdue()
        return self._due - now

    def now(self) -> Call:
        """``call`` with no longer timeouts than there is time left. Raises `TransportTimeout`."""
        left = self.left()
        if left is None:
            return self.call
        asked = self.call.timeout
        timeout = Timeout(
            connect=min(left, asked.connect or left), read=min(left, asked.read or left), total=left
        )
        return msgspec.structs.replace(self.call, timeout=timeout)

    @property
    def late(self) -> bool:
        """Whether the caller's total has passed."""
        return self._due is not None and self._clock() >= self._due - _EARLY

    def _overdue(self) -> errors.TransportTimeout:
        return errors.TransportTimeout(
            f"not done within timeout.total, {self._asked.timeout.total:g} s"
        )

    def accepts(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether this is the answer, for better or worse."""
        self._server.note(headers)
        if self._unclear is not None:
            return False
        # A second DELETE that finds nothing means that the first one was served.
        gone = status == 404 and self._maybe_done and self._asked.method == "DELETE"
        return status < 300 or gone

    def refusal(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> errors.HeliographError:
        """What an answer that was not accepted means."""
        return self._placed(error_from(status, headers, body))

    def _placed(self, error: errors.HeliographError) -> errors.HeliographError:
        """Says of a path that was not found where a ``base_url`` without one leads."""
        path = urlsplit(self._asked.url).path
        if isinstance(error, errors.NotFound) and path in _PATHS and error.code != _NO_MODEL:
            error.args = (f"{error.message}; base_url has no path, most servers are at /v1",)
        return error

    def again(self, error: errors.HeliographError) -> float:
        """Seconds to wait before ``call`` is sent (again). Raises ``error`` where it is the end."""
        asked_about = self._unclear
        if asked_about is not None:
            if self._server.keyed:
                self._unclear = None
                self.call = self._asked
                return 0.0
            if not isinstance(error, errors.TransportError):
                raise asked_about
            return self._count(asked_about, None)
        kind = fault(error)
        if kind == "final":
            raise error
        if kind == "unclear":
            self._maybe_done = True
            if not self._may_repeat(error):
                raise error
        retry_after = error.retry_after if isinstance(error, errors.APIError) else None
        return self._count(error, retry_after)

    def _count(self, error: errors.HeliographError, retry_after: float | None) -> float:
        self._failures += 1
        wait = self._policy.wait(self._failures, retry_after)
        if wait is None or self.late:
            raise error
        return wait

    def _may_repeat(self, error: errors.HeliographError) -> bool:
        """Whether a call that may have been served is sent again; turns ``call`` into a question
        where the server has to be asked first."""
        if isinstance(error, errors.TransportTimeout):
            return False  # the caller's own bound
        return self._harmless(error)

    def _harmless(self, error: errors.HeliographError) -> bool:
        policy = self._policy
        if self._repeatable or policy.repeat == "always":
            return True
        if not self._keyed or policy.repeat == "never" or policy.attempts < 1:
            return False
        if not self._server.keyed:
            self._unclear = error
            self.call = _question(self._asked)
        return True


def _question(call: Call) -> Call:
    """The HEAD whose answer tells whether keys are honoured."""
    drop = ("content-type", "idempotency-key")
    headers = {name: value for name, value in call.headers.items() if name not in drop}
    return msgspec.structs.replace(call, method="HEAD", headers=headers, body=None)

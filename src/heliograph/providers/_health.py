"""How an upstream has done lately, and whether it may be asked again."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pybreaker

from heliograph import errors

__all__ = ["Health"]

#: Failures that say something about the upstream, and not about one request or our rate.
_ILL = frozenset({"auth", "protocol", "timeout", "unavailable"})


class Health:
    """One upstream's circuit breaker, and the rest that it asked for with ``Retry-After``.

    After ``failures`` in a row the upstream is left alone for ``rest_seconds``; then one request
    tries it, and what becomes of that decides.
    """

    def __init__(self, failures: int, rest_seconds: float) -> None:
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=rest_seconds,
            state_storage=self._storage,
            throw_new_error_on_trip=False,
        )
        self._not_before = 0.0
        self._trying = False

    @property
    def rest(self) -> float:
        """Seconds until it may be asked; 0 means now."""
        wait = max(0.0, self._not_before - time.monotonic())
        opened = self._storage.opened_at
        if self._breaker.current_state == pybreaker.STATE_OPEN and opened is not None:
            until = opened + timedelta(seconds=self._breaker.reset_timeout)
            left = (until - datetime.now(UTC)).total_seconds()
            wait = max(wait, left, 0.0)
            if self._trying:
                wait = max(wait, self._breaker.reset_timeout)
        return wait

    def begin(self) -> None:
        """It is being asked. End with `succeeded`, `failed` or, where nothing is known, `left`."""
        self._trying = self._breaker.current_state == pybreaker.STATE_OPEN

    def succeeded(self) -> None:
        """It answered. One that was asked before the rest began does not end the rest."""
        self._trying = False
        with suppress(pybreaker.CircuitBreakerError):
            self._breaker.call(_pass)

    def left(self) -> None:
        """Nobody waited to see what it would say."""
        self._trying = False

    def failed(self, error: errors.ProviderError) -> None:
        """It failed; a refusal of the request itself is none of its faults."""
        self._trying = False
        if error.retry_after is not None:
            self._not_before = time.monotonic() + error.retry_after
        if error.kind not in _ILL:
            return
        with suppress(errors.ProviderError, pybreaker.CircuitBreakerError):
            self._breaker.call(_raise, error)  # only to be counted


def _pass() -> None:
    """What a success is to the breaker."""


def _raise(error: errors.ProviderError) -> None:
    raise error

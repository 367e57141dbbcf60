"""One stream's course over as many connections as it takes.

Theory. Until a stream is open it is a call like others (`Tries`). Once it was open and ended
without a terminal event, what to do next depends on how far it had come:

- nothing of the response is known: the call itself is tried again, if that is harmless;
- its id is known and the server may have kept it: ``GET /responses/{id}?stream=true`` with
  ``starting_after`` the last event that the caller was given. A server that cannot do that refuses,
  which costs nothing;
- otherwise: `StreamInterrupted`, with the response so far.

Attempts are counted anew whenever a connection has brought something new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from heliograph import errors
from heliograph.client._core._answers import is_stream, no_stream
from heliograph.client._core._assembly import Assembly
from heliograph.client._core._retries import Retries, Server, Tries, fault
from heliograph.client._transport import Call


class Course(Tries):
    """What to send for one stream, and when; ``assembly`` puts its events together."""

    def __init__(
        self,
        policy: Retries,
        server: Server,
        call: Call,
        assembly: Assembly,
        *,
        base_url: str,
        include: Sequence[str],
        messages: bool = False,
    ) -> None:
        get = call.method == "GET"
        keyed = assembly.stored and not get and not messages
        super().__init__(policy, server, call, repeatable=get, keyed=keyed)
        self._messages = messages
        self.assembly = assembly
        self._base_url = base_url
        self._include = include
        self._opened = False
        self._seen = 0

    def accepts(self, status: int, headers: Mapping[str, str]) -> bool:
        if not super().accepts(status, headers) or not is_stream(status, headers):
            return False
        self.opened(headers)
        return True

    def opened(self, headers: Mapping[str, str]) -> None:
        """A connection carries the stream."""
        self.assembly.connected(headers)
        self._opened = True

    def refusal(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> errors.HeliographError:
        """Why an answer that was not accepted is no stream."""
        return self._placed(no_stream(status, headers, body))

    def patience(self) -> float | None:
        """Seconds to wait for the next piece, where the call's own timeout is too long."""
        silence, left = self.assembly.silence, self.left()
        if silence is None or left is None:
            return left if silence is None else silence
        return min(silence, left)

    def cut(self, error: errors.TransportError | None) -> float:
        """The connection ended, and with it no terminal event came. Seconds to wait, then send
        ``call``. Raises `StreamInterrupted`, or the error that the stream itself gave."""
        assembly = self.assembly
        if assembly.seen > self._seen:
            self._seen = assembly.seen
            self._failures = 0
        if self.late:
            error = self._overdue()
        return self.again(error or errors.TransportError("the stream ended"))

    def again(self, error: errors.HeliographError) -> float:
        if not self._opened:
            return super().again(error)
        assembly = self.assembly
        if assembly.failure is not None or self._policy.attempts < 1 or self.late:
            raise assembly.interruption(str(error)) from error
        if not assembly.may_resume:
            if assembly.seen:
                raise assembly.interruption(str(error)) from error
            try:
                return super().again(error)
            except errors.HeliographError as given_up:
                raise assembly.interruption(str(given_up)) from given_up
        if fault(error) == "final":
            assembly.refused(error)
            raise assembly.interruption(str(error)) from error
        retry_after = error.retry_after if isinstance(error, errors.APIError) else None
        self._failures += 1
        wait = self._policy.wait(self._failures, retry_after)
        if wait is None:
            raise assembly.interruption(str(error)) from error
        self.call = self._asked = self._resumption()
        self._repeatable = True
        return wait

    def _may_repeat(self, error: errors.HeliographError) -> bool:
        # On a stream a timeout is a stall. A WebSocket's turn has no key to be found by.
        return not self._messages and self._harmless(error)

    def _resumption(self) -> Call:
        assembly = self.assembly
        query = [("include[]", name) for name in self._include]
        query.append(("stream", "true"))
        if assembly.last_sequence is not None:
            query.append(("starting_after", str(assembly.last_sequence)))
        call = self._asked
        drop = ("content-type", "idempotency-key")
        return Call(
            method="GET",
            url=f"{self._base_url}/responses/{quote(assembly.response_id or '', safe='')}"
            f"?{urlencode(query)}",
            headers={name: value for name, value in call.headers.items() if name not in drop},
            timeout=call.timeout,
        )

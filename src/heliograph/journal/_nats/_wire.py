"""Requests to JetStream: compare-and-set writes, reads through the leader.

All of nats-py's errors end here. A read or write that is not answered is tried again until
``WRITE_SECONDS`` are over; then it is a ``JournalError``, and nobody knows: the log decides.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import Any

import msgspec
import nats.errors

from heliograph import errors
from heliograph.journal._nats import _limits
from heliograph.journal._nats._commit import FINAL, Commit, Outcome, State, outcome_of
from heliograph.journal._nats._connection import Connection, heeding
from heliograph.journal._nats._records import nonce_of

__all__ = ["ApiError", "Conflict", "Stored", "Wire"]

log = logging.getLogger("heliograph.journal")

NOT_FOUND = frozenset({10037, 10014, 10059})
"""No message, no consumer, no stream."""

GONE = frozenset({10043, 10057})
"""No such sequence; the store could not delete it, which is how some replicas say the same."""

_HINTS = {
    10002: "; give the account more room: `max_file` in its `jetstream` block",
    10047: "; give the servers more room: `max_file_store` in their `jetstream` block",
}


class Conflict(Exception):
    """Someone else wrote the subject since it was read."""


class ApiError(errors.JournalError):
    """JetStream refused; ``code`` is its ``err_code``."""

    def __init__(self, what: str, code: int, description: str) -> None:
        hint = _HINTS.get(code, "")
        super().__init__(f"{what}: {description} (NATS error {code}){hint}")
        self.code = code


class Stored(msgspec.Struct, frozen=True):
    """A message as the stream has it."""

    subject: str
    seq: int
    data: bytes


class _Error(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct):
    seq: int = 0
    error: _Error | None = None


_acks = msgspec.json.Decoder(_Ack)


class Wire(Connection):
    """What the journal asks of JetStream, over one connection."""

    # -- requests

    async def api(self, verb: str, body: object = None) -> dict[str, Any]:
        """A call that may be repeated. Raises ``ApiError``, ``JournalError``."""
        data = b"" if body is None else msgspec.json.encode(body)
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        while True:
            try:
                answer: dict[str, Any] = msgspec.json.decode(
                    (await self.ask(f"$JS.API.{verb}", data)).data
                )
            except TimeoutError as exc:
                await self._again(deadline, verb, exc)
                continue
            error = answer.get("error")
            if error is None:
                self._heard()
                return answer
            code = error.get("err_code", 0)
            self._heard(code)
            if outcome_of(code) is Outcome.UNSURE:
                await self._again(deadline, verb, errors.JournalError(error["description"]))
                continue
            raise ApiError(verb, code, error.get("description", ""))

    def check_denied(self) -> None:
        """Raises ``JournalError`` where a call was not allowed."""
        if self.denied is not None:
            raise errors.JournalError(
                f"NATS denies this user what the journal needs: {self.denied}; see docs/cluster.md"
            )

    async def _again(self, deadline: float, what: str, why: Exception) -> None:
        self.check_denied()
        if asyncio.get_running_loop().time() >= deadline:
            raise errors.JournalError(f"NATS does not answer {what}: {why}") from why
        await asyncio.sleep(_limits.RETRY_SECONDS)

    # -- reading through the leader

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The subject's last message."""
        return await self._get(stream, {"last_by_subj": subject})

    async def next(self, stream: str, subject: str, seq: int) -> Stored | None:
        """The subject's first message at or after a stream sequence."""
        return await self._get(stream, {"seq": seq, "next_by_subj": subject})

    async def _get(self, stream: str, request: dict[str, Any]) -> Stored | None:
        try:
            answer = await self.api(f"STREAM.MSG.GET.{stream}", request)
        except ApiError as exc:
            if exc.code in NOT_FOUND:
                return None
            raise
        message = answer["message"]
        return Stored(message["subject"], message["seq"], base64.b64decode(message.get("data", "")))

    async def names(self, stream: str, pattern: str) -> list[str]:
        """Subjects in a stream that match and have a message."""
        found: list[str] = []
        while True:
            answer = await self.api(
                f"STREAM.INFO.{stream}", {"subjects_filter": pattern, "offset": len(found)}
            )
            page = answer["state"].get("subjects") or {}
            found += page
            if not page or len(found) >= answer.get("total", 0):
                return found

    # -- reading from any replica: may be behind

    async def batch(self, stream: str, request: dict[str, Any]) -> tuple[list[Stored], bool]:
        """Messages, and whether there are more. A batch that is cut short has more."""
        client = self.client
        inbox = client.new_inbox()
        found: list[Stored] = []
        got = await client.subscribe(inbox)
        try:
            await client.publish(
                f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), reply=inbox
            )
            while True:
                message = await heeding(got.next_msg(_limits.BATCH_SECONDS))
                headers = message.headers or {}
                status = headers.get("Status")
                if status is not None:
                    return found, status == "204" and headers.get("Nats-Num-Pending", "0") != "0"
                found.append(
                    Stored(headers["Nats-Subject"], int(headers["Nats-Sequence"]), message.data)
                )
        except (nats.errors.Error, OSError):
            self.client  # noqa: B018 - raises where the journal was closed
            return found, True
        finally:
            if not client.is_closed:
                await got.unsubscribe()

    # -- writing

    async def put(
        self, stream: str, subject: str, data: bytes, expected: int, *, only: bool = False
    ) -> int:
        """Write a packed record where the subject's last message is ``expected`` (0: none).

        ``only``: it replaces what the subject had. Returns the stream sequence. Raises
        ``Conflict``, ``JournalError``.
        """
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        if only:
            headers["Nats-Rollup"] = "sub"
        commit = Commit(expected, nonce_of(data) or b"")
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        seq = 0
        why: Exception = errors.JournalError("it is not settled")
        while commit.state not in FINAL:
            if commit.state is not State.FIRST:
                await self._again(deadline, f"a write to {subject}", why)
            try:
                if commit.state is State.LOOKING:
                    outcome, seq = await self._look(commit, stream, subject)
                else:
                    outcome, seq = await self._publish(subject, data, headers)
            except TimeoutError as exc:
                why = exc
                looking = commit.state is State.LOOKING
                outcome = Outcome.UNSEEN if looking else Outcome.UNSURE
            commit.move(outcome)
        if commit.state is State.CONFLICT:
            raise Conflict(subject)
        return seq

    async def add(self, subject: str, data: bytes, name: str) -> None:
        """Store a message once, however often it has to be sent: under a ``name`` of its own.

        Raises ``JournalError``.
        """
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        while True:
            why: Exception = errors.JournalError("it is not settled")
            try:
                outcome, _ = await self._publish(subject, data, {"Nats-Msg-Id": name})
            except TimeoutError as exc:
                outcome, why = Outcome.UNSURE, exc
            if outcome is Outcome.OK:
                return
            await self._again(deadline, f"a write to {subject}", why)

    async def mark(self, subject: str) -> None:
        """Replace what the subject has by an empty message, which only a leader can.

        Raises ``JournalError``.
        """
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        while True:
            try:
                await self._publish(subject, b"", {"Nats-Rollup": "sub"})
            except TimeoutError as exc:
                await self._again(deadline, f"a write to {subject}", exc)
            else:
                return

    async def _publish(
        self, subject: str, data: bytes, headers: dict[str, str]
    ) -> tuple[Outcome, int]:
        answer = await self.ask(subject, data, headers)
        try:
            ack = _acks.decode(answer.data)
        except msgspec.MsgspecError as exc:
            raise TimeoutError(f"an acknowledgement that cannot be read: {exc}") from exc
        self._heard(None if ack.error is None else ack.error.err_code)
        if ack.error is None:
            return Outcome.OK, ack.seq
        outcome = outcome_of(ack.error.err_code)
        if outcome is None:
            raise ApiError(f"a write to {subject}", ack.error.err_code, ack.error.description)
        if outcome is Outcome.UNSURE:
            raise TimeoutError(ack.error.description)
        return outcome, 0

    async def _look(self, commit: Commit, stream: str, subject: str) -> tuple[Outcome, int]:
        request = msgspec.json.encode({"last_by_subj": subject})
        answer = msgspec.json.decode(
            (await self.ask(f"$JS.API.STREAM.MSG.GET.{stream}", request)).data
        )
        error = answer.get("error")
        self._heard(None if error is None else error.get("err_code"))
        if error is not None:
            if error.get("err_code") in NOT_FOUND:
                return commit.seen(0, None), 0
            raise TimeoutError(error.get("description", ""))
        message = answer["message"]
        nonce = nonce_of(base64.b64decode(message.get("data", "")))
        return commit.seen(message["seq"], nonce), message["seq"]

    async def purge(self, stream: str, pattern: str, below: int = 0) -> int:
        """Erase what matches; with ``below``, only what has a smaller stream sequence.

        Returns how many messages that were; 0 also where an answer was lost, and came again.
        """
        answer = await self.api(
            f"STREAM.PURGE.{stream}",
            {"filter": pattern, **({"seq": below} if below else {})},
        )
        return int(answer.get("purged", 0))

    async def delete(self, stream: str, seq: int) -> None:
        """Erase one message; harmless where it is gone."""
        try:
            await self.api(f"STREAM.MSG.DELETE.{stream}", {"seq": seq})
        except ApiError as exc:
            if exc.code not in GONE:
                raise

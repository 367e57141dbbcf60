"""A small exact model of JetStream, as far as the journal asks it.

It is a value: ``Broker.answer`` gives a new broker and what a real server would say, in the real
API's JSON. Deduplication by message id is not there: nothing may rely on it. ``test_broker.py``
asks a real nats-server the same questions.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import msgspec

from heliograph.journal._nats import _limits

__all__ = ["Broker", "Message", "Request"]

_PLACES = 2  # streams: the events' and the jobs'
_NO_MESSAGE = {"error": {"code": 404, "err_code": 10037, "description": "no message found"}}
_WRONG_LAST = {"error": {"code": 400, "err_code": 10071, "description": "wrong last sequence"}}
_NO_SEQUENCE = {"error": {"code": 400, "err_code": 10043, "description": "sequence not found"}}


class Request(NamedTuple):
    """What a process asks: a subject to publish to, or one of the API."""

    subject: str
    data: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def publishes(self) -> bool:
        """Whether it is a message for a stream, which may arrive late."""
        return not self.subject.startswith("$JS") and not self.subject.isupper()

    @property
    def writes(self) -> bool:
        """Whether its answer, if lost, leaves a doubt."""
        return self.publishes or ".PURGE." in self.subject or ".DELETE." in self.subject

    @property
    def looks(self) -> bool:
        """Whether it asks for one message through the leader."""
        return ".MSG.GET." in self.subject


class Message(NamedTuple):
    """A stored message; ``handed`` is when a job was last given to a worker."""

    stream: int
    subject: str
    seq: int
    data: bytes
    handed: float | None = None


class Broker(NamedTuple):
    """``last`` are the streams' last sequences; ``written`` is every record that a log took."""

    messages: tuple[Message, ...] = ()
    last: tuple[int, ...] = (0,) * _PLACES
    written: tuple[bytes, ...] = ()

    def answer(self, request: Request, now: float) -> tuple[Broker, bytes]:
        """What a request does and brings back."""
        subject = request.subject
        if not subject.startswith("$JS"):
            broker, body = self._other(request, now)
        else:
            asked: dict[str, Any] = msgspec.json.decode(request.data or b"{}")
            stream = int(subject.endswith("_JOBS"))
            if ".MSG.GET." in subject:
                broker, body = self, self._get(stream, asked)
            elif ".PURGE." in subject:
                broker, body = self._purge(stream, asked)
            elif ".MSG.DELETE." in subject:
                broker, body = self._delete(stream, asked["seq"])
            elif ".INFO." in subject:
                broker, body = self, self._info(stream, asked.get("subjects_filter", ">"))
            else:
                raise NotImplementedError(subject)
        return broker, msgspec.json.encode(body)

    def _other(self, request: Request, now: float) -> tuple[Broker, object]:
        if request.subject == "PULL":
            return self._pull(now)
        if request.subject == "BATCH":
            return self, self._batch(msgspec.json.decode(request.data))
        return self._publish(request)

    # -- writing

    def _publish(self, request: Request) -> tuple[Broker, object]:
        subject, headers = request.subject, dict(request.headers)
        stream = int(".jobs." in subject)
        expected = headers.get("Nats-Expected-Last-Subject-Sequence")
        there = [one.seq for one in self.messages if one.subject == subject]
        if expected is not None and int(expected) != (there[-1] if there else 0):
            return self, _WRONG_LAST
        seq = self.last[stream] + 1
        last = tuple(seq if i == stream else one for i, one in enumerate(self.last))
        kept = self.messages
        if headers.get("Nats-Rollup") == "sub":
            kept = tuple(one for one in kept if one.subject != subject)
        written = self.written
        if subject.endswith(".log"):
            written = (*written, request.data)
        stored = Message(stream, subject, seq, request.data)
        return Broker((*kept, stored), last, written), {"stream": "S", "seq": seq}

    def _purge(self, stream: int, asked: dict[str, Any]) -> tuple[Broker, object]:
        below = asked.get("seq", 0)
        kept = tuple(
            one
            for one in self.messages
            if one.stream != stream
            or not _matches(asked["filter"], one.subject)
            or (below and one.seq >= below)
        )
        purged = len(self.messages) - len(kept)
        return self._replace(messages=kept), {"success": True, "purged": purged}

    def _delete(self, stream: int, seq: int) -> tuple[Broker, object]:
        kept = tuple(one for one in self.messages if (one.stream, one.seq) != (stream, seq))
        if len(kept) == len(self.messages):
            return self, _NO_SEQUENCE
        return self._replace(messages=kept), {"success": True}

    # -- reading

    def _get(self, stream: int, asked: dict[str, Any]) -> object:
        wanted = asked.get("last_by_subj") or asked["next_by_subj"]
        found = [
            one
            for one in self.messages
            if one.stream == stream
            and _matches(wanted, one.subject)
            and one.seq >= asked.get("seq", 0)
        ]
        if not found:
            return _NO_MESSAGE
        one = found[-1] if "last_by_subj" in asked else found[0]
        data = base64.b64encode(one.data).decode()
        return {"message": {"subject": one.subject, "seq": one.seq, "data": data}}

    def _info(self, stream: int, pattern: str) -> object:
        counts: dict[str, int] = {}
        for one in self.messages:
            if one.stream == stream and _matches(pattern, one.subject):
                counts[one.subject] = counts.get(one.subject, 0) + 1
        return {"state": {"subjects": counts}, "total": len(counts)}

    def _batch(self, asked: dict[str, Any]) -> list[tuple[str, int, bytes]]:
        """Of the events' stream, as a direct get of many would bring it."""
        if "multi_last" in asked:
            patterns = asked["multi_last"]
            newest = {
                one.subject: one
                for one in self.messages
                if not one.stream and any(_matches(each, one.subject) for each in patterns)
            }
            found = list(newest.values())
        else:
            found = [
                one
                for one in self.messages
                if not one.stream
                and _matches(asked["next_by_subj"], one.subject)
                and one.seq >= asked["seq"]
            ]
        return [(one.subject, one.seq, one.data) for one in found]

    # -- the queue

    def job(self, now: float) -> Message | None:
        """The job that a worker would be handed: what ran before comes first."""
        free = [
            one
            for one in self.messages
            if one.stream == 1 and (one.handed is None or now - one.handed >= _limits.ACK_WAIT)
        ]
        return min(free, key=lambda one: one.subject.split(".")[-2]) if free else None

    def _pull(self, now: float) -> tuple[Broker, object]:
        job = self.job(now)
        if job is None:
            return self, None
        handed = tuple(one._replace(handed=now) if one is job else one for one in self.messages)
        return self._replace(messages=handed), (job.subject, job.seq, job.data)


def _matches(pattern: str, subject: str) -> bool:
    wanted, tokens = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        if len(tokens) <= len(wanted):
            return False
        tokens = tokens[: len(wanted)]
    return len(wanted) == len(tokens) and all(
        want in ("*", token) for want, token in zip(wanted, tokens, strict=True)
    )

"""What a case does its work with: it asks, is told what is wrong, and stops where it must."""

from __future__ import annotations

import json
import time
from typing import Any, NoReturn

from heliograph.testing.conformance._case import Case, Finding, Target
from heliograph.testing.conformance._judge import Judge, Told
from heliograph.testing.conformance._wire import CASE_HEADER, Answer, Stop, Wire, lacks

__all__ = ["FINAL", "NotSupported", "Probe", "Stopped"]

FINAL = ("completed", "incomplete", "failed", "cancelled")
"""Statuses of a response that has ended."""

_NO_SUCH_PATH = (404, 405, 501)
_SHOWN = 160
_PAUSE, _LONGEST = 0.05, 2.0


class Stopped(Exception):
    """The case cannot go on: what it found says why."""


class NotSupported(Exception):
    """The endpoint lacks what the case is about, and says so."""


class Probe:
    """One case's hand on the endpoint. ``kept`` is what cases leave for others, by their ids."""

    def __init__(
        self, target: Target, wire: Wire, judge: Judge, case: Case, kept: dict[str, Any]
    ) -> None:
        self.target = target
        self.case = case
        self.kept = kept
        self.judge = judge
        self.wire = wire
        self.findings: list[Finding] = []
        self.requests = 0

    # --- saying what is wrong ---------------------------------------------------------------------
    def that(self, right: bool, rule: str, message: str, expected: str) -> bool:
        """Note what is wrong unless ``right``; returns ``right``."""
        if not right:
            self.findings.append(Finding(rule, message, expected))
        return right

    def must(self, right: bool, rule: str, message: str, expected: str) -> None:
        """The same, and the case stops there."""
        if not self.that(right, rule, message, expected):
            raise Stopped

    def give_up(self, findings: list[Finding]) -> None:
        """Note findings; the case stops there if there are any."""
        self.findings += findings
        if findings:
            raise Stopped

    def unsupported(self, why: str) -> NoReturn:
        """The endpoint lacks this."""
        raise NotSupported(why)

    # --- asking -----------------------------------------------------------------------------------
    def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        stop: Stop | None = None,
        poll: bool = False,
    ) -> Answer:
        """One request's answer, whatever it is. Stops where there is none."""
        self.requests += not poll
        body = raw if document is None else json.dumps(document).encode()
        told = {**(headers or {}), CASE_HEADER: self.case.id}
        answer = self.wire.send(method, path, body=body, headers=told, stop=stop)
        if answer.fault is not None:
            self.that(False, "HG-NET-001", f"{answer.name}: {answer.fault}", "a whole answer")
            if not (answer.body and answer.kind == "text/event-stream"):
                raise Stopped
        return answer

    def body(self, **fields: Any) -> dict[str, Any]:
        """A request for a response by the model under test."""
        return {"model": self.target.model, **fields}

    def response(self, *, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        """The response to a POST, valid or the reason said."""
        answer = self.ask("POST", "/responses", self.body(**fields), headers=headers)
        return self.responded(answer)

    def completed(self, **fields: Any) -> dict[str, Any]:
        """The same, which must have completed."""
        response = self.response(**fields)
        self.status(response, "completed")
        return response

    def stream(self, **fields: Any) -> tuple[Told, dict[str, Any]]:
        """A stream that was read, and the response it ended with."""
        answer = self.ask("POST", "/responses", self.body(**fields, stream=True))
        return self.streamed(answer.body if self._is_stream(answer) else b"")

    def streamed(self, body: bytes) -> tuple[Told, dict[str, Any]]:
        """A whole stream's body, judged."""
        told, found = self.judge.stream(body)
        return told, self.told(told, found)

    def told(self, told: Told, found: list[Finding]) -> dict[str, Any]:
        """The response that a stream ended with."""
        self.findings += found
        if told.response is None:
            raise Stopped
        self.findings += self.judge.body("response", told.response)
        return told.response

    # --- reading answers --------------------------------------------------------------------------
    def responded(self, answer: Answer) -> dict[str, Any]:
        """The response that an answer holds."""
        response = self.served(answer)
        self.findings += self.judge.body("response", response)
        self.give_up(self.judge.readable(answer.body))
        return response

    def served(self, answer: Answer, status: int = 200) -> dict[str, Any]:
        """The JSON of an answer that must be a success; a clear refusal says "not supported"."""
        self.accepted(answer, status)
        self.that(
            answer.kind == "application/json",
            "HG-API-002",
            f"{answer.name} answers {answer.kind or 'no content type'}",
            "application/json",
        )
        value = answer.json()
        if value is None:
            self.that(False, "HG-API-003", f"{answer.name} answers {_shown(answer)}", "an object")
            raise Stopped
        return value

    def accepted(self, answer: Answer, status: int = 200) -> None:
        """Whether the answer's status is a success; ends the case where it is not."""
        if answer.status == status:
            return
        if self.case.path and answer.status in _NO_SUCH_PATH:
            self.unsupported(f"{answer.name} answers {answer.status}")
        if lacks(answer.status):
            said = _said(answer)
            if not self._misshapen(answer) and _names(said, self.case.words):
                self.unsupported(f"{answer.name} answers {answer.status}: {said[:_SHOWN]}")
        self.that(
            False, "HG-API-001", f"{answer.name} answers {answer.status}: {_shown(answer)}",
            str(status),
        )  # fmt: skip
        raise Stopped

    def refused(self, answer: Answer, *words: str, statuses: tuple[int, ...] = (400, 422)) -> None:
        """An answer that must be an error of one of these statuses and name one of ``words``."""
        self.must(
            answer.status in statuses,
            "HG-API-001",
            f"{answer.name} answers {answer.status}",
            " or ".join(map(str, statuses)),
        )
        self.findings += self._misshapen(answer)
        if words:
            message = f"{answer.name} is refused with {_said(answer)[:_SHOWN]!r}"
            self.that(_names(_said(answer), words), "HG-API-005", message, f"{words[0]} named")

    def status(self, response: dict[str, Any], *statuses: str) -> None:
        """A response that must have ended so."""
        self.that(
            response.get("status") in statuses,
            "HG-ANS-001",
            f"the response is {response.get('status')!r}",
            " or ".join(statuses),
        )

    def echoed(self, response: dict[str, Any], **fields: Any) -> None:
        """Fields that the response must repeat."""
        for name, value in fields.items():
            got = response.get(name)
            self.that(got == value, "HG-ANS-003", f"{name} is {got!r}", repr(value))

    def stores(self, response: dict[str, Any]) -> None:
        """Ends the case where a response that was to be stored says that it is not."""
        if response.get("store") is False:
            self.unsupported("the response says store: false")

    def wait(self, response_id: str) -> dict[str, Any]:
        """A response in the background, at its end."""
        until, pause = time.monotonic() + self.target.timeout, _PAUSE
        while True:
            response = self.responded(self.ask("GET", f"/responses/{response_id}", poll=True))
            if response.get("status") in FINAL:
                return response
            self.must(
                response.get("status") in ("queued", "in_progress") and time.monotonic() < until,
                "HG-KEP-005",
                f"the response is still {response.get('status')!r}",
                f"one of {', '.join(FINAL)} within {self.target.timeout:g} s",
            )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    def _is_stream(self, answer: Answer) -> bool:
        self.accepted(answer)
        right = "text/event-stream"
        return self.that(
            answer.kind == right, "HG-API-002", f"{answer.name} answers {answer.kind}", right
        )

    def _misshapen(self, answer: Answer) -> list[Finding]:
        value = answer.json()
        if value is None:
            return [Finding("HG-API-003", f"{answer.name} answers {_shown(answer)}", "an object")]
        return self.judge.error(value)


def _said(answer: Answer) -> str:
    """What an error's body says: its field, and its message."""
    error = (answer.json() or {}).get("error")
    if not isinstance(error, dict):
        return ""
    more = error.get("metadata")
    param = error.get("param") or (more.get("param") if isinstance(more, dict) else None)
    message = str(error.get("message") or "")
    return message if not param or str(param) in message else f"{param}: {message}"


def _names(said: str, words: tuple[str, ...]) -> bool:
    lower = said.lower()
    return any(word.lower() in lower for word in words)


def _shown(answer: Answer) -> str:
    said = _said(answer) or answer.body[:_SHOWN].decode(errors="replace")
    return " ".join(said.split())[:_SHOWN] or "nothing"

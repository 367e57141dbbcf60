"""A case of the battery, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from heliograph.lifecycle import STRICT, Dialect

if TYPE_CHECKING:
    from heliograph.testing.conformance._probe import Probe

__all__ = ["Case", "CaseResult", "Finding", "Target", "Verdict"]


class Verdict(StrEnum):
    """``UNSUPPORTED``: the endpoint says clearly that it does not have what was asked for."""

    PASSED = "pass"
    FAILED = "fail"
    UNSUPPORTED = "not supported"
    SKIPPED = "skipped"


class Finding(NamedTuple):
    """One thing that is wrong: a rule's id, what came, and what would be right."""

    rule: str
    message: str
    right: str

    def __str__(self) -> str:
        return f"{self.rule} {self.message}; right: {self.right}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The endpoint under test.

    ``base_url`` ends before ``/responses``; ``model`` writes, ``image_model`` (None: the
    endpoint's own choice) draws. ``dialect`` names habits to allow. ``timeout`` is in seconds, for
    each answer from the request to its end, and for a response in the background.
    """

    base_url: str
    model: str
    image_model: str | None = None
    api_key: str | None = None
    dialect: Dialect = STRICT
    timeout: float = 120.0

    @property
    def openrouter(self) -> bool:
        """Whether it speaks in OpenRouter's manner: its paths lie under ``/api``."""
        return "/api/" in self.base_url + "/"


@dataclass(frozen=True)
class Case:
    """One case.

    ``asks`` and ``judges`` are its words for people; ``fact`` says where what it holds the
    endpoint to is written. ``needs`` are cases whose answers it uses. ``requests`` and
    ``pictures`` are the most that it makes, polls of a response in the background aside. A 4xx
    that has one of ``words`` in ``param`` or ``message`` says that the endpoint lacks this; for
    what has a path of its own (``path``) a 404, 405 or 501 says it, too.
    """

    id: str
    asks: str
    judges: str
    fact: str
    run: Callable[[Probe], None]
    needs: tuple[str, ...] = ("text",)
    requests: int = 1
    pictures: int = 0
    words: tuple[str, ...] = ()
    path: bool = False


@dataclass
class CaseResult:
    """A case's verdict; ``findings`` where it failed, ``note`` says why where it did not run.

    ``broke_off`` says that the case failed before it had what others need. ``requests`` counts
    those made, polls aside.
    """

    case: Case
    verdict: Verdict = Verdict.PASSED
    findings: list[Finding] = field(default_factory=list)
    note: str = ""
    broke_off: bool = False
    requests: int = 0
    seconds: float = 0.0

"""Logs: where records go, what they look like, and what must never be in them.

Records are made by stdlib loggers under ``heliograph``; the ids of the request and the response
that they belong to come from the context. What users said, and what an upstream said of it, stands
in no record: an exception is shown by its place and its type, its words only where
``[log] bodies`` asks for that. Headers, where the keys are, are logged by nothing.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

from heliograph import engine, errors
from heliograph.server._exchange import EXCHANGE, Exchange
from heliograph.server._seen_settings import Log

__all__ = ["access", "setup_logging", "words"]

_access = logging.getLogger("heliograph.access")

_Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_NO_EXTRA = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_WITHHELD = "(its words are withheld; [log] bodies = true shows them)"


class _Ids(logging.Filter):
    """Gives each record the ids of the request and the response it belongs to.

    Without ``bodies`` what asyncio says of a lost task is cut to its first line: the next ones hold
    the exception's words.
    """

    def __init__(self, *, bodies: bool) -> None:
        super().__init__()
        self._bodies = bodies

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "asyncio" and not self._bodies:
            record.msg, record.args = record.getMessage().partition("\n")[0], ()
        exchange = EXCHANGE.get()
        if not hasattr(record, "request_id"):
            record.request_id = "" if exchange is None else exchange.request_id
        if not hasattr(record, "response_id"):
            record.response_id = engine.RESPONSE_ID.get()
        return True


def _shown(caught: _Caught, *, bodies: bool) -> str:
    """A traceback; without ``bodies`` the exceptions' own words are left out."""
    kind, error, trace = caught
    if kind is None:
        return ""
    if bodies:
        return "".join(traceback.format_exception(kind, error, trace)).rstrip()
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        lines.insert(0, f"{frames}\n{type(error).__qualname__} {_WITHHELD}".lstrip("\n"))
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        error = before
    return "\nwhich led to:\n".join(lines)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """The fields that a record bears beyond every record's."""
    return {
        name: value
        for name, value in record.__dict__.items()
        if name not in _NO_EXTRA and value not in ("", None)
    }


class _Text(logging.Formatter):
    """``time level logger: message name=value ...``"""

    def __init__(self, *, bodies: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._bodies = bodies

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        said = super().formatMessage(record)
        fields = " ".join(f"{name}={value!s}" for name, value in _extra(record).items())
        return f"{said} {fields}" if fields else said

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return _shown(ei, bodies=self._bodies)


class _Json(JsonFormatter):
    """One object a line: ``time``, ``level``, ``logger``, ``message``, ids, the record's fields."""

    def __init__(self, *, bodies: bool) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp="time",
            json_ensure_ascii=False,
        )
        self._bodies = bodies

    def process_log_record(self, log_data: Any) -> dict[str, Any]:
        told = {name: value for name, value in log_data.items() if value not in ("", None)}
        return {"time": told.pop("time"), **told}

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return _shown(ei, bodies=self._bodies)


def setup_logging(told: Log, to: TextIO | None = None) -> logging.Handler:
    """Send this process's records to ``to`` (standard error) as ``told``; returns the handler.

    For a process that serves and nothing else: the root logger's handlers are replaced.
    """
    handler = logging.StreamHandler(to if to is not None else sys.stderr)
    handler.addFilter(_Ids(bodies=told.bodies))
    kind = _Json if told.format == "json" else _Text
    handler.setFormatter(kind(bodies=told.bodies))
    root = logging.getLogger()
    for old in tuple(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("heliograph").setLevel(told.level.upper())
    return handler


def words(error: errors.HeliographError, *, bodies: bool) -> str:
    """An error in a record: a provider's by its kind alone, since upstreams repeat prompts."""
    if bodies or not isinstance(error, errors.ProviderError):
        return str(error)
    return f"a provider failed: {error.kind}"


def access(exchange: Exchange, about: Mapping[str, object], seconds: float) -> None:
    """The one record of a request, at its end. ``about``: method, route, status, ids, tenant."""
    if not _access.isEnabledFor(logging.INFO):
        return
    fields = {
        **about,
        "ms": round(seconds * 1e3, 1),
        "key_id": exchange.key_id,
        "bytes": exchange.bytes,
        "events": exchange.events or None,
        "turns": exchange.turns or None,
        "left": exchange.left,
        "first_event_ms": None
        if exchange.first_event is None
        else round(exchange.first_event * 1e3, 1),
    }
    _access.info("%s %s", about["method"], about["route"], extra=fields)

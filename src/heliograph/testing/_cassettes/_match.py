"""Which exchange answers a request: the same method, path and canonical body; else what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from heliograph.testing._cassettes import _pictures, _scrub
from heliograph.testing._cassettes._format import Exchange
from heliograph.testing._fakes import Received

__all__ = ["canonical_body", "canonical_path", "differences", "find", "secrets_in", "without"]

_BASES = ("/api/v1", "/v1")
_NAMED = 5  # differences that a refusal names
_LONGEST = 80
_WHOLE = "$"
_ABSENT = object()


def canonical_path(target: str, base: str = "") -> str:
    """``/responses/resp_1?starting_after=3``: below the base path, the query sorted, no secrets."""
    path, _, query = target.partition("?")
    for prefix in (base.rstrip("/"), *_BASES):
        if prefix and path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix)
            break
    asked = parse_qsl(query, keep_blank_values=True)
    kept = sorted((k, _scrub.scrub_value({k: v})[k]) for k, v in asked)
    return f"{path}?{urlencode(kept)}" if kept else path


def secrets_in(request: Received, more: Iterable[str] = ()) -> set[str]:
    """The secrets that a request brought, wherever it did."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    return _scrub.secrets_of(request.headers, [body, request.query], more)


def canonical_body(request: Received, secrets: Iterable[str] = ()) -> Any:
    """What a request's body says, whatever the order of its keys: JSON, pictures by name."""
    if not request.body:
        return None
    if "multipart/form-data" in request.headers.get("content-type", ""):
        fields = [[name, _text(value)] for name, value in request.form()]
        return {"form": _scrub.scrub_value(sorted(fields), secrets)}
    try:
        value = json.loads(request.body)
    except ValueError:
        return {"text": _scrub.scrub_value(_text(request.body), secrets)}
    return _pictures.name_in(_scrub.scrub_value(value, secrets))


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return _pictures.named(value)


def without(body: Any, ignored: Sequence[str]) -> Any:
    """``body`` without the fields whose paths (``metadata.run``) are ignored."""
    if not ignored:
        return body
    body = json.loads(json.dumps(body))
    for path in ignored:
        *way, last = path.split(".")
        place = body
        for name in way:
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(last, None)
    return body


def find(
    exchanges: Sequence[Exchange], used: set[int], method: str, path: str, body: Any,
    ignored: Sequence[str],
) -> int | None:  # fmt: skip
    """The first fitting exchange not yet used, else the last fitting one."""
    fitting = [
        index
        for index, one in enumerate(exchanges)
        if (one.method, one.path) == (method, path)
        and without(one.body, ignored) == without(body, ignored)
    ]
    return next((index for index in fitting if index not in used), fitting[-1] if fitting else None)


def differences(
    exchanges: Sequence[Exchange], method: str, path: str, body: Any, ignored: Sequence[str]
) -> tuple[str | None, str]:
    """The field at fault and what differs from the nearest exchange, in words."""
    if not exchanges:
        return None, "it holds no exchange"
    place = (method, _bare(path))
    same = [i for i, one in enumerate(exchanges) if (one.method, _bare(one.path)) == place]
    if not same:
        held = ", ".join(dict.fromkeys(one.name for one in exchanges))
        return None, f"it holds {_short(held)}"
    found = {
        i: _all(exchanges[i], path, without(body, ignored), without(exchanges[i].body, ignored))
        for i in same
    }
    nearest = min(found, key=lambda i: len(found[i]))
    told = [
        f"{where}: recorded {_say(was)}, asked {_say(now)}" for where, was, now in found[nearest]
    ]
    more = f"; and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    first = found[nearest][0][0]
    words = f"exchange {nearest + 1} differs at {'; '.join(told[:_NAMED])}{more}"
    return re.split(r"[.\[]", first)[0] if first not in (_WHOLE, "query") else first, words


def _all(exchange: Exchange, path: str, now: Any, was: Any) -> list[tuple[str, Any, Any]]:
    found = list(_differ(_WHOLE, was, now))
    if exchange.path != path:
        found += _differ("query", _query(exchange.path), _query(path))
    return found


def _differ(where: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*was, *now]):
            inner = name if where == _WHOLE else f"{where}.{name}"
            yield from _differ(inner, was.get(name, _ABSENT), now.get(name, _ABSENT))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differ(f"{where}[{index}]", one, other)
    elif was is _ABSENT or now is _ABSENT or was != now:
        yield where, was, now


def _bare(path: str) -> str:
    return path.partition("?")[0]


def _query(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


def _say(value: Any) -> str:
    return "nothing" if value is _ABSENT else _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."

"""Assertions about streams, whichever client read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx2

from heliograph import errors, lifecycle, models, sse

__all__ = ["assert_resumable", "assert_valid_stream"]

_TOLD = 10  # violations that a message names
_POINTS = 25  # places that are resumed from, at most
_DONE = b"[DONE]"
_SECONDS = 60.0


def assert_valid_stream(
    events: bytes | str | Iterable[Any], *, dialect: str = "strict"
) -> lifecycle.Report:
    """Raise ``AssertionError`` unless the events are a whole stream that breaks no rule.

    ``events`` are a captured body of server-sent events, or events as a client gave them: ours,
    those of ``openai`` and ``openrouter`` (any pydantic model), JSON values, or JSON text.
    ``dialect`` names habits to allow, as for ``heliograph check``. Returns what was counted.
    """
    habits = lifecycle.Dialect.parse(dialect)
    if isinstance(events, str):
        events = events.encode()
    given = _frames(events) if isinstance(events, bytes) else map(_wire, events)
    report = lifecycle.check((_decoded(i, e) for i, e in enumerate(given)), habits)
    if not report.events:
        raise AssertionError("the stream holds no event")
    if report.violations:
        told = [
            f"{v.rule} event {v.index}: {v.message}; right: {v.expected}"
            for v in report.violations[:_TOLD]
        ]
        if len(report.violations) > _TOLD:
            told.append(f"and {len(report.violations) - _TOLD} more")
        raise AssertionError("\n".join([f"the stream is not valid ({habits.name}):", *told]))
    return report


def assert_resumable(
    endpoint: Any, response_id: str, *, api_key: str | None = None, after: Iterable[int] = ()
) -> int:
    """Raise ``AssertionError`` unless a stored response's stream can be taken up from any event.

    ``endpoint`` is a base URL, or what has ``base_url`` and ``api_key``: the fixture
    ``heliograph_server``, a client of ``openai``. The stream is read whole, then from after each
    event (25 spread evenly where there are more; or those of ``after``): what comes must be just
    the events that followed, byte for byte. Returns how many events there are.
    """
    base = str(getattr(endpoint, "base_url", endpoint)).rstrip("/")
    key = api_key or getattr(endpoint, "api_key", None)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx2.Client(headers=headers, timeout=_SECONDS) as client:
        url = f"{base}/responses/{response_id}"
        whole = _read(client, url, None)
        if not whole:
            raise AssertionError(f"the stream of {response_id} holds no event")
        numbers = [_number(data) for data in whole]
        for number in tuple(after) or numbers[:: max(1, -(-len(numbers) // _POINTS))]:
            left = [data for data, one in zip(whole, numbers, strict=True) if one > number]
            got = _read(client, url, number)
            if got != left:
                raise AssertionError(
                    f"resumed after event {number} of {response_id}: {_difference(got, left)}"
                )
    return len(whole)


def _read(client: httpx2.Client, url: str, after: int | None) -> list[bytes]:
    asked = {"stream": "true"} | ({} if after is None else {"starting_after": str(after)})
    answer = client.get(url, params=asked)
    if answer.status_code != 200:
        where = "" if after is None else f" (starting_after={after})"
        raise AssertionError(f"GET {url}{where} answered {answer.status_code}: {answer.text[:300]}")
    return list(_frames(answer.content))


def _difference(got: list[bytes], right: list[bytes]) -> str:
    for index, (one, other) in enumerate(zip(got, right, strict=False)):
        if one != other:
            return f"event {index} of it is {_name(one)}, right: {_name(other)}"
    if len(got) < len(right):
        return f"{len(got)} events came, right: {len(right)}; the first missing is " + _name(
            right[len(got)]
        )
    return f"{len(got)} events came, right: {len(right)}; one too many is " + _name(got[len(right)])


def _name(data: bytes) -> str:
    value = json.loads(data)
    return f"{value.get('type')} (sequence_number {value.get('sequence_number')})"


def _number(data: bytes) -> int:
    number = json.loads(data).get("sequence_number")
    if not isinstance(number, int):
        raise AssertionError(f"{_name(data)}: without a number nothing can be resumed from it")
    return number


def _frames(body: bytes) -> Iterator[bytes]:
    decoder = sse.Decoder()
    for frame in decoder.feed(body):
        if frame.data != _DONE:
            yield bytes(frame.data)
    decoder.close()


def _wire(event: Any) -> Any:
    """An event's JSON text, or the event itself where it is ours."""
    if isinstance(event, (models.Event, models.UnknownEvent, errors.InvalidEvent, bytes)):
        return event
    if isinstance(event, str):
        return event.encode()
    if isinstance(event, Mapping):
        return json.dumps(event).encode()
    if hasattr(event, "model_dump_json"):
        return event.model_dump_json(by_alias=True, exclude_unset=True).encode()
    raise errors.UsageError(
        f"events: {type(event).__name__} is no event; expected ours, a pydantic model, a dict, JSON"
    )


def _decoded(index: int, event: Any) -> Any:
    return lifecycle.read_event(event, index) if isinstance(event, bytes) else event

"""Whatever an endpoint answers, the battery comes to its end and gives a verdict on each case."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.server.kit import Running
from tests.testing.conformance.endpoint import KEY, WORDS, endpoint
from tests.testing.conformance.twisting import Exchange, Twister, nothing

from heliograph.testing import conformance
from heliograph.testing.conformance import Target, Verdict

RUNS = int(os.environ.get("HELIOGRAPH_ANSWERS", "4"))
ODD = (None, True, 5, -1.5, "", "x", [], {}, [1], [None], {"a": 1}, ["completed"], {"type": "x"})
NO_JSON = (b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"\\ud800": "\\ud800"}')


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with endpoint() as it:
        yield it


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a value, with a key in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in list(inner):
        yield value, key
        if isinstance(one, dict | list):
            yield from places(one)


def spoil(value: Any, dice: random.Random) -> None:
    """One value in it is another, or gone."""
    found = list(places(value))
    if found:
        where, key = dice.choice(found)
        if dice.random() < 0.3:
            del where[key]
        else:
            where[key] = dice.choice(ODD)


@pytest.mark.parametrize("seed", range(RUNS))
def test_any_answer_leads_to_a_verdict(here: Running, seed: int) -> None:
    dice = random.Random(seed)

    def answers(x: Exchange) -> None:
        if x.case == "text" or dice.random() < 0.3:
            return  # so that the cases that need it are tried, and later answers are reached
        kind = dice.random()
        if kind < 0.1:
            x.body = dice.choice(NO_JSON)
        elif kind < 0.15:
            x.status = dice.choice((200, 204, 302, 400, 404, 418, 500))
        elif "event-stream" in x.kind:
            told = x.events
            spoil(told, dice)
            frames = [f"event: {dice.choice(['x', 'response.created'])}\n" * (dice.random() < 0.1)
                      + f"data: {json.dumps(event)}\n\n" for event in told]  # fmt: skip
            x.body = "".join(frames).encode()
        else:
            document = x.json
            spoil(document, dice)
            x.json = document

    cases = conformance.select(skip=["websocket"], images=seed % 3 == 0)
    with Twister(here.url, nothing, answers) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY, timeout=2)
        results = conformance.check_endpoint(told, cases)
    assert [result.case for result in results] == [*cases]
    assert {result.verdict for result in results} <= {*Verdict}
    json.loads(conformance.report_json(told, results))
    conformance.report_junit(told, results)

"""Events that no spec names: given or skipped, and told of either way."""

from __future__ import annotations

from typing import Any

import pytest
from tests.client.scripted import Scripted, stream
from tests.client.streams import numbered, text_events, wire
from tests.client.ways import WAYS, client, read

from heliograph import Heliograph, errors, models

TEXT = text_events("a", "b")
NEW = {"type": "vendor:progress", "percent": 40}
MIXED = numbered(*TEXT[:3], NEW, *TEXT[3:6], {**NEW, "percent": 80}, *TEXT[6:])
all_ways = pytest.mark.parametrize("way", WAYS)


@all_ways
@pytest.mark.parametrize("unknown", ["give", "skip"])
async def test_each_is_told_of_in_its_place(way: str, unknown: str) -> None:
    order: list[Any] = []
    tell = order.append
    with Scripted(stream(wire(MIXED))) as server:
        async with client(way, server.url, unknown=unknown, on_unknown=tell) as made:
            async with made.responses.stream(model="m", input="x") as events:
                async for event in events:
                    order.append(event)
                    assert events.last_sequence == event.sequence_number if _known(event) else True
            assert (await events.get_final_response()).status == "completed"
            assert events.last_sequence == len(MIXED) - 1
    assert all(isinstance(event, models.UnknownEvent) for event in order if not _known(event))
    told = [event.fields["percent"] for event in order if not _known(event)]
    kinds = [event.type for event in order]
    if unknown == "give":  # the hook first, then the loop, of the same event
        assert told == [40, 40, 80, 80]
        assert kinds[3] == kinds[4] == NEW["type"]
    else:
        assert told == [40, 80]
        assert kinds == [event["type"] for event in MIXED]


def _known(event: Any) -> bool:
    return not event.type.startswith("vendor:")


@all_ways
async def test_skipping_needs_no_hook_and_can_be_chosen_later(way: str) -> None:
    with Scripted(stream(wire(MIXED))) as server:
        async with client(way, server.url) as made:
            for some, count in ((made, 2), (made.with_options(unknown="skip"), 0)):
                async with some.responses.stream(model="m", input="x") as events:
                    seen = [event async for event in events]
                assert sum(not _known(event) for event in seen) == count
                assert len(seen) == len(TEXT) + count


@all_ways
async def test_what_the_hook_raises_ends_the_loop(way: str) -> None:
    def refuse(event: models.UnknownEvent) -> None:
        raise ValueError(event.type)

    with Scripted(stream(wire(MIXED))) as server:
        async with client(way, server.url, on_unknown=refuse) as made:
            seen: list[Any] = []
            with pytest.raises(ValueError, match="vendor:progress"):
                await read(made.responses.stream(model="m", input="x"), seen)
            assert [event.type for event in seen] == [event["type"] for event in MIXED[:3]]


@pytest.mark.parametrize("wrong", [{"unknown": "raise"}, {"on_unknown": 3}])
def test_a_choice_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.UsageError, match=next(iter(wrong))):
        Heliograph(base_url="http://h/v1", **wrong)

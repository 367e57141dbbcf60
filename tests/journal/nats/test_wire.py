"""The connection to NATS, where nats-py alone would do otherwise."""

from __future__ import annotations

import asyncio

import pytest

from heliograph.journal._nats._connection import heeding


async def test_a_cancellation_that_comes_with_the_answer_is_not_lost() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(heeding(asyncio.wait_for(answer, 10)))
    await asyncio.sleep(0)
    answer.set_result(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_who_was_cancelled_before_may_still_ask() -> None:
    async def cleans_up() -> int:
        try:
            await asyncio.sleep(10)
        finally:
            answer = asyncio.get_running_loop().create_future()
            answer.set_result(1)
            found.append(await heeding(asyncio.wait_for(answer, 10)))
        return 0

    found: list[int] = []
    cleaning = asyncio.create_task(cleans_up())
    await asyncio.sleep(0)
    cleaning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cleaning
    assert found == [1]

"""Several image providers for one model, over real servers; and the queue of a device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Any

import pytest

from heliograph import errors
from heliograph.providers import ImageJob, ImagePart, ModelCard, Picture, Preferences, Preview
from heliograph.providers._upstream import Timeouts
from heliograph.providers.chat import RouteSettings
from heliograph.providers.image import (
    Device,
    ImageCandidate,
    OpenAIImages,
    OpenAIImagesSettings,
    Queued,
    RoutedImages,
)
from heliograph.testing import FakeImages

OURS = "our/painter"


def job(**fields: Any) -> ImageJob:
    return ImageJob(**({"model": OURS, "prompt": "a red fox", "size": "64x48"} | fields))


class House:
    """Fakes ``a``, ``b``, ... and a route over them."""

    def __init__(self, *fakes: FakeImages, **settings: Any) -> None:
        self.fakes = fakes
        quick = Timeouts(connect_seconds=5, first_byte_seconds=0.4, silence_seconds=0.4)
        self.route = RoutedImages(
            [
                ImageCandidate(
                    "abc"[n],
                    OpenAIImages(
                        OpenAIImagesSettings(
                            base_url=fake.openai_url,
                            models={OURS: "up"},
                            api_key_env=None,
                            timeouts=quick,
                        )
                    ),
                )
                for n, fake in enumerate(fakes)
            ],
            RouteSettings(**{"wait_first": 0.01, "wait_most": 0.05, **settings}),
        )

    @property
    def asked(self) -> list[int]:
        return [len(fake.requests) for fake in self.fakes]

    async def drawn(self, **fields: Any) -> list[ImagePart]:
        return [part async for part in self.route.draw(job(**fields))]


@pytest.fixture
async def house() -> Any:
    made: list[House] = []
    with ExitStack() as stack:

        def make(*switches: dict[str, Any], **settings: Any) -> House:
            fakes = [stack.enter_context(FakeImages(**given)) for given in switches]
            made.append(House(*fakes, **settings))
            return made[-1]

        yield make
        for one in made:
            await one.route.aclose()


async def test_the_first_one_draws(house: Any) -> None:
    both = house({}, {})
    (picture,) = await both.drawn()
    assert picture.data == both.fakes[0].made[0]
    assert both.asked == [1, 0]


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        ({"status": 500}, 2),
        ({"status": 401}, 1),
        ({"silent": 5}, 2),
        ({"status": 429, "retry_after": 60}, 1),
    ],
)
async def test_failover_before_the_first_preview(
    house: Any, trouble: dict[str, Any], tries: int
) -> None:
    both = house(trouble, {})
    parts = await both.drawn(partial_images=2)
    assert [type(part) for part in parts] == [Preview, Preview, Picture]
    assert both.asked == [tries, 1]


async def test_a_short_retry_after_is_waited_for(house: Any) -> None:
    one = house({"status": 429, "retry_after": 0.05, "times": 1}, wait_most=1)
    begun = asyncio.get_running_loop().time()
    assert len(await one.drawn()) == 1
    assert asyncio.get_running_loop().time() - begun >= 0.05


async def test_no_failover_after_a_preview(house: Any) -> None:
    both = house({"cut": 1}, {})
    async with aclosing(both.route.draw(job(partial_images=2))) as parts:
        assert isinstance(await anext(parts), Preview)
        with pytest.raises(errors.ProviderError):
            await anext(parts)
    assert both.asked == [1, 0]


async def test_a_fault_of_the_job_is_tried_nowhere_else(house: Any) -> None:
    both = house({"status": 400}, {})
    with pytest.raises(errors.ProviderError) as caught:
        await both.drawn()
    assert caught.value.kind == "bad_request"
    assert both.asked == [1, 0]


async def test_one_that_fails_again_and_again_is_left_alone(house: Any) -> None:
    both = house({"status": 500}, {}, attempts=1, failures=2, rest=30)
    for _ in range(3):
        await both.drawn()
    assert both.asked == [2, 3]
    rests = both.route.rests()
    assert rests["a"] > 0 == rests["b"]


async def test_when_all_rest_it_says_for_how_long(house: Any) -> None:
    one = house({"status": 500}, attempts=1, failures=1, rest=30)
    for _ in range(2):
        with pytest.raises(errors.ProviderError) as caught:
            await one.drawn()
    assert caught.value.retry_after == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    ("prefer", "asked"),
    [
        (Preferences(order=("b",)), [0, 1]),
        (Preferences(only=("b",)), [0, 1]),
        (Preferences(ignore=("a",)), [0, 1]),
    ],
)
async def test_preferences(house: Any, prefer: Preferences, asked: list[int]) -> None:
    both = house({}, {})
    await both.drawn(prefer=prefer)
    assert both.asked == asked


async def test_preferences_that_leave_nobody_are_refused(house: Any) -> None:
    one = house({})
    with pytest.raises(errors.ProviderError) as caught:
        one.route.check(job(prefer=Preferences(ignore=("a",))))
    assert (caught.value.kind, caught.value.param) == ("bad_request", "prefer")


async def test_one_that_cannot_draw_it_is_passed_over(house: Any) -> None:
    both = house({}, {})
    refusing = Slow(refuses=True)
    route = RoutedImages(
        [ImageCandidate("x", refusing), ImageCandidate("a", both.route._candidates["a"])]
    )
    route.check(job())
    assert len([part async for part in route.draw(job())]) == 1
    assert refusing.drawing == 0


# -- the queue of a device --------------------------------------------------------------------


class Slow:
    """Draws when it is let, and counts how many it draws at once."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.gate = asyncio.Event()
        self.drawing = self.most = 0
        self.prompts: list[str] = []

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        return (
            ModelCard(id=OURS, name="", description="", kind="image", created=0, owned_by="tests"),
        )

    def check(self, job: ImageJob) -> None:
        if self.refuses:
            raise errors.ProviderError("not this", kind="bad_request", param="size")

    def seed_for(self, job: ImageJob) -> int | None:
        return 7

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        self.drawing += 1
        self.most = max(self.most, self.drawing)
        self.prompts.append(job.prompt)
        try:
            for stage in range(job.partial_images):
                await self.gate.wait()
                yield Preview(stage, b"p")
            await self.gate.wait()
            yield Picture(data=b"d", output_format="png", size="", quality="", background="")
        finally:
            self.drawing -= 1


async def finished(provider: Queued, prompt: str) -> list[ImagePart]:
    return [part async for part in provider.draw(job(prompt=prompt, partial_images=2))]


async def test_providers_of_one_device_draw_one_after_the_other_in_order() -> None:
    slow, device = Slow(), Device("gpu:0")
    one, other = Queued(slow, device), Queued(slow, device)
    tasks = [
        asyncio.create_task(finished(provider, str(n)))
        for n, provider in enumerate((one, other, one, other))
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert device.waiting == 3
    slow.gate.set()
    found = await asyncio.gather(*tasks)
    assert [len(parts) for parts in found] == [3, 3, 3, 3]
    assert slow.most == 1
    assert slow.prompts == ["0", "1", "2", "3"]
    assert one.seed_for(job()) == 7
    assert one.cards[0].id == OURS


async def test_a_cancelled_job_gives_its_place_to_the_next() -> None:
    slow, device = Slow(), Device("gpu:0")
    provider = Queued(slow, device)
    drawing, waiting, last = (asyncio.create_task(finished(provider, n)) for n in "abc")
    await asyncio.sleep(0.01)
    waiting.cancel()
    drawing.cancel()
    await asyncio.wait([drawing, waiting])
    slow.gate.set()
    assert len(await last) == 3
    assert slow.prompts == ["a", "c"]


async def test_a_queue_is_bounded() -> None:
    slow, device = Slow(), Device("gpu:0", max_waiting=1)
    provider = Queued(slow, device)
    tasks = [asyncio.create_task(finished(provider, n)) for n in "ab"]
    await asyncio.sleep(0.01)
    with pytest.raises(errors.ProviderError, match="max_waiting is 1") as caught:
        await finished(provider, "c")
    assert (caught.value.kind, caught.value.retryable) == ("rate_limit", True)
    slow.gate.set()
    await asyncio.gather(*tasks)

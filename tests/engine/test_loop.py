"""One response from the request to its end."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.kit import TOOL, House, ask, draws, last, types

from heliograph import models

Build = Callable[..., House]


async def test_a_picture_passes_every_stage(house: Build) -> None:
    home = house(draws("a fox"))
    events = await home.draw(ask(tools=[TOOL | {"partial_images": 2}]))
    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        "image_generation_call.partial_image",
        "image_generation_call.partial_image",
        "image_generation_call.completed",
        "output_item.done",
        "completed",
    ]
    response = last(events)
    item = response.output[0]
    assert isinstance(item, models.OutputImageGenerationCallItem)
    assert item.status == "completed"
    assert item.revised_prompt == "a fox"
    assert item.image_bytes() == b"a fox/%d/9" % sum(b"a fox")

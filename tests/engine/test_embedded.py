"""The two embedded models through the engine."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from tests.engine.kit import Clock, House, last, types

from heliograph import journal, models, providers


async def test_a_fox_is_drawn_in_stages_and_drawn_the_same_again() -> None:
    store = journal.MemoryJournal()
    await store.start()
    made = []
    for _ in range(2):
        home = Embedded(store)
        body: dict[str, Any] = {
            "model": "heliograph/direct",
            "input": "a red fox under the moon",
            "tools": [{"type": "image_generation", "size": "256x256", "partial_images": 2}],
        }
        events = await home.draw(body)
        await home.engine.stop(1)
        await home.check_all()
        assert types(events).count("image_generation_call.partial_image") == 2
        item = last(events).output[0]
        assert isinstance(item, models.OutputImageGenerationCallItem)
        assert Image.open(io.BytesIO(item.image_bytes())).size == (256, 256)
        made.append(item.image_bytes())
    assert made[0] == made[1]
    await store.stop()


class Embedded(House):
    """A house with the embedded catalog and the real clock's pace."""

    def __init__(self, store: journal.Journal) -> None:
        super().__init__(store, providers.embedded().chat("heliograph/direct"), clock=Clock())
        self.catalog = providers.embedded()
        self.engine = self.new_engine()

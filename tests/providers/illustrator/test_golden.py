"""Pictures stay what they were: thumbnails against stored ones, by pixels."""

import pytest
from PIL import Image, ImageChops, ImageStat
from tests.providers.illustrator.golden import FOLDER, PROMPTS, thumbnail

TOLERANCE = 2.0
"""Mean difference per channel (0 to 255) that another platform's arithmetic may make."""


@pytest.mark.parametrize("name", sorted(PROMPTS))
async def test_the_picture_is_the_golden_one(name: str) -> None:
    with Image.open(FOLDER / f"{name}.png") as stored:
        drawn = await thumbnail(PROMPTS[name])
        means = ImageStat.Stat(ImageChops.difference(stored.convert("RGB"), drawn)).mean
    assert max(means) < TOLERANCE

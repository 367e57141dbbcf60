"""The golden pictures: small thumbnails of fixed prompts, compared by pixels.

Run as a script to draw them anew after a change that was meant, and look at the result:
``python tests/providers/illustrator/golden.py``
"""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from PIL import Image

from heliograph.providers import ImageJob, Picture
from heliograph.providers.image.illustrator import MODEL, Illustrator

FOLDER = Path(__file__).with_name("golden")
SIDE = 64
PROMPTS = {
    "fox": "a red fox under the moon",
    "boats": "three sailing boats at sunset",
    "sofa": "a cat sleeping on a sofa by the window in the rain",
    "lighthouse": "a lighthouse in a storm",
    "astronauts": "two astronauts on the moon",
    "ramen": "a bowl of ramen on a table",
    "torii": "雪の中の赤い鳥居",
    "penguin": "a penguin riding a bicycle in the snow",
    "fish": "three blue fish under the sea",
    "castle": "a castle on a hill with a rainbow",
    "nothing": "blorf",
}


async def thumbnail(prompt: str) -> Image.Image:
    """A prompt's picture, scaled down."""
    job = ImageJob(model=MODEL, prompt=prompt, size="512x512")
    async for part in Illustrator().draw(job):
        if isinstance(part, Picture):
            image = Image.open(io.BytesIO(part.data)).convert("RGB")
            return image.resize((SIDE, SIDE), Image.Resampling.BOX)
    raise AssertionError("no picture")


def main() -> None:
    """Draws all golden pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, prompt in PROMPTS.items():
        asyncio.run(thumbnail(prompt)).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

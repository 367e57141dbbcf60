"""Draws ``docs/images/edits.png``: a picture, and four edits of it one after another."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from PIL import Image

from heliograph.providers import ImageJob, Picture
from heliograph.providers.image.illustrator import MODEL, Illustrator

FILE = Path(__file__).parents[1] / "images" / "edits.png"
PROMPTS = (
    "a red fox by a lake",
    "add a boat",
    "make it night",
    "make the fox blue and give it a hat",
    "turn the boat into a whale",
)
SIDE, GAP = 208, 8


async def _pictures() -> list[bytes]:
    made: list[bytes] = []
    for prompt in PROMPTS:
        job = ImageJob(model=MODEL, prompt=prompt, size="auto", images=tuple(made[-1:]))
        parts = [part async for part in Illustrator().draw(job)]
        made.extend(part.data for part in parts if isinstance(part, Picture))
    return made


def main() -> None:
    """Draws them side by side."""
    sheet = Image.new("RGB", (len(PROMPTS) * (SIDE + GAP) - GAP, SIDE), "white")
    for index, data in enumerate(asyncio.run(_pictures())):
        with Image.open(io.BytesIO(data)) as image:
            small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(small, (index * (SIDE + GAP), 0))
    sheet.quantize(192).save(FILE, optimize=True)


if __name__ == "__main__":
    main()

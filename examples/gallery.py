"""Draws the prompts of ``gallery.txt`` with the embedded illustrator.

Writes one contact sheet, ``out/gallery.png``, and each picture on its own,
``out/gallery/01.png`` and so on. Without ``--captions`` the sheet shows pictures and nothing else.

    python examples/gallery.py [--prompts FILE] [--out DIR] [--side 512] [--columns 5] [--captions]
"""

from __future__ import annotations

import argparse
import asyncio
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from heliograph.providers import ImageJob, Picture
from heliograph.providers.image.illustrator import MODEL, Illustrator

GAP = 12
CAPTION = 26


async def draw(prompt: str, side: int) -> bytes:
    """One picture, as PNG."""
    job = ImageJob(model=MODEL, prompt=prompt, size=f"{side}x{side}", quality="high")
    async for part in Illustrator().draw(job):
        if isinstance(part, Picture):
            return part.data
    raise RuntimeError("the illustrator ended without a picture")


def sheet(
    pictures: list[bytes], prompts: list[str], columns: int, *, captions: bool
) -> Image.Image:
    """All pictures in rows; with captions, each under its picture (Latin script only)."""
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    side, below = images[0].width, CAPTION if captions else 0
    rows = -(-len(images) // columns)
    size = (columns * (side + GAP) + GAP, rows * (side + below + GAP) + GAP)
    page = Image.new("RGB", size, "#F4F1EA")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(17)
    for i, (image, prompt) in enumerate(zip(images, prompts, strict=True)):
        x = GAP + (i % columns) * (side + GAP)
        y = GAP + (i // columns) * (side + below + GAP)
        page.paste(image, (x, y))
        if captions:
            text = f"{i + 1}. {prompt}" if prompt.isascii() else f"{i + 1}."
            pen.text((x + 2, y + side + 4), text, fill="#333333", font=font)
    return page


def main() -> None:
    """Parses the command line, draws, writes."""
    parser = argparse.ArgumentParser(description="Draw the gallery.")
    parser.add_argument("--prompts", type=Path, default=Path(__file__).with_name("gallery.txt"))
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--captions", action="store_true")
    asked = parser.parse_args()
    lines = asked.prompts.read_text("utf-8").splitlines()
    prompts = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    singles = asked.out / "gallery"
    singles.mkdir(parents=True, exist_ok=True)
    pictures = []
    for number, prompt in enumerate(prompts, 1):
        data = asyncio.run(draw(prompt, asked.side))
        (singles / f"{number:02}.png").write_bytes(strip(data))
        pictures.append(data)
    sheet(pictures, prompts, asked.columns, captions=asked.captions).save(asked.out / "gallery.png")
    print(f"{len(prompts)} pictures: {asked.out / 'gallery.png'} and {singles}/")


def strip(data: bytes) -> bytes:
    """The picture without its metadata, so that a blind reader's copy does not hold the prompt."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    main()

"""Draw docs/images/draw.png: one `heliograph draw`, its events and the stages of its picture.

Runs the real command; run it again when the illustrator or the events change.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from heliograph import models

PROMPT = "a red fox under the moon"
OUT = Path(__file__).resolve().parent.parent / "images" / "draw.png"
SIDE, GAP, LINE, TOP = 300, 16, 24, 64
GROUND, PLAIN, BRIGHT = (22, 24, 33), (150, 156, 176), (240, 214, 140)


def events() -> list[models.StreamEvent]:
    """The events of one run of the command."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events.jsonl"
        command = [sys.executable, "-m", "heliograph.cli", "draw", PROMPT, "--json"]
        files = ["--events", str(log), "--output", str(Path(folder) / "fox.png")]
        subprocess.run([*command, *files], check=True, stdout=subprocess.DEVNULL)
        return [models.decode_event(line) for line in log.read_bytes().splitlines()]


def main() -> None:
    happened = events()
    shown: list[tuple[str, bytes]] = []
    for event in happened:
        if isinstance(event, models.ImageGenCallPartialImageEvent):
            shown.append((f"partial_image {event.partial_image_index}", event.image_bytes()))
        elif isinstance(event, models.OutputItemDoneEvent):
            item = event.item
            assert isinstance(item, models.OutputImageGenerationCallItem)
            shown.append(("output_item.done", item.image_bytes()))

    width = GAP + len(shown) * (SIDE + GAP)
    height = TOP + SIDE + LINE + GAP + len(happened) * LINE + GAP
    sheet = Image.new("RGB", (width, height), GROUND)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(16)
    pen.text(
        (GAP, 22), f'$ heliograph draw "{PROMPT}"', font=ImageFont.load_default(20), fill="white"
    )
    for column, (name, data) in enumerate(shown):
        left = GAP + column * (SIDE + GAP)
        stage = Image.open(io.BytesIO(data)).convert("RGB").resize((SIDE, SIDE))
        sheet.paste(stage, (left, TOP))
        pen.text((left, TOP + SIDE + 4), name, font=font, fill=BRIGHT)
    for row, event in enumerate(happened):
        top = TOP + SIDE + LINE + GAP + row * LINE
        bright = "image_generation_call" in event.type
        pen.text((GAP, top), f"{event.sequence_number:>2}", font=font, fill=PLAIN)
        pen.text((GAP + 40, top), event.type, font=font, fill=BRIGHT if bright else PLAIN)
    sheet.quantize(128).save(OUT, optimize=True)


if __name__ == "__main__":
    main()

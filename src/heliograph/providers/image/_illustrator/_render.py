"""Pixels and files: SVG to a picture of the asked size, then PNG, WebP or JPEG with its credit."""

from __future__ import annotations

import io
import json
from typing import Final

import resvg_py
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from heliograph._version import __version__

__all__ = ["CREDIT", "KEY", "encode", "rasterise", "read_notes"]

CREDIT: Final = (
    "Composed by Heliograph's illustrator from emoji art designed by OpenMoji "
    "(https://openmoji.org), adapted. License: CC BY-SA 4.0 "
    "(https://creativecommons.org/licenses/by-sa/4.0/)"
)
KEY: Final = "heliograph"
_COPYRIGHT: Final = 0x8298
_DESCRIPTION: Final = 0x010E
_SOFTWARE: Final = 0x0131
_EXIF_MAX: Final = 48_000
_PNG_LEVEL: Final = {"low": 3, "medium": 5, "high": 7}
_WEBP_EFFORT: Final = {"low": 2, "medium": 3, "high": 4}


def rasterise(svg: str, width: int, height: int, over: int) -> Image.Image:
    """Draws an SVG at ``over`` times the size and scales down (1: no supersampling)."""
    png = resvg_py.svg_to_bytes(
        svg_string=svg, width=width * over, height=height * over, skip_system_fonts=True
    )
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    if over > 1:
        image = image.resize((width, height), Image.Resampling.BOX)
    return image


def encode(
    image: Image.Image,
    output_format: str,
    compression: int,
    quality: str,
    notes: dict[str, object],
    *,
    transparent: bool,
) -> bytes:
    """The file's bytes. ``compression`` 0..100 is WebP's and JPEG's quality (PNG is lossless).

    ``notes`` (prompt, seed, ...) go into the metadata together with the art's credit.
    """
    if not transparent:
        image = image.convert("RGB")
    text = json.dumps(notes, ensure_ascii=False, sort_keys=True)
    out = io.BytesIO()
    if output_format == "png":
        info = PngInfo()
        info.add_itxt("Title", str(notes.get("prompt", "")), zip=True)
        info.add_itxt("Copyright", CREDIT)
        info.add_itxt("Software", f"Heliograph {__version__}")
        info.add_itxt(KEY, text, zip=True)
        image.save(out, "PNG", pnginfo=info, compress_level=_PNG_LEVEL[quality])
        return out.getvalue()
    exif = Image.Exif()
    exif[_COPYRIGHT] = CREDIT
    exif[_SOFTWARE] = f"Heliograph {__version__}"
    exif[_DESCRIPTION] = _short(notes)
    if output_format == "webp":
        image.save(
            out, "WEBP", quality=compression, method=_WEBP_EFFORT[quality], exif=exif.tobytes()
        )
    else:
        image.save(out, "JPEG", quality=max(1, compression), exif=exif.tobytes(), optimize=True)
    return out.getvalue()


def _short(notes: dict[str, object]) -> str:
    """Notes that fit in EXIF; where they do not, what remains does not tell how it was made."""
    text = json.dumps(notes, sort_keys=True)
    if len(text) <= _EXIF_MAX:
        return text
    return json.dumps({"prompt": str(notes.get("prompt"))[:1000], "flat": True}, sort_keys=True)


def read_notes(image: Image.Image) -> dict[str, object]:
    """The notes of a picture that the illustrator made; empty for any other picture."""
    text = image.info.get(KEY)
    if text is None:
        text = image.getexif().get(_DESCRIPTION)
    if not isinstance(text, str) or not text.startswith("{"):
        return {}
    try:
        notes = json.loads(text)
    except ValueError:
        return {}
    return notes if isinstance(notes, dict) and "prompt" in notes else {}

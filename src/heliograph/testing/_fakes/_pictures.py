"""Small real pictures for fakes."""

from __future__ import annotations

import hashlib
import io

from heliograph import errors

__all__ = ["make_picture"]


def make_picture(
    text: str, stage: int, width: int, height: int, output_format: str, quality: int = 100
) -> bytes:
    """A gradient whose colours come from ``text`` and ``stage``: other words, other bytes.

    ``output_format`` is ``png``, ``jpeg`` or ``webp``; a few kilobytes whatever the size. Raises
    ``MissingExtra`` without Pillow.
    """
    try:
        from PIL import Image
    except ImportError:
        raise errors.MissingExtra("FakeImages", "local") from None
    seed = hashlib.sha256(f"{stage} {text}".encode()).digest()
    tile = Image.frombytes("RGB", (2, 2), seed[:12])
    picture = tile.resize((width, height), Image.Resampling.NEAREST)
    out = io.BytesIO()
    if output_format == "png":
        picture.save(out, "png", compress_level=1)
    else:
        picture.save(out, output_format, quality=min(quality, 95))
    return out.getvalue()

"""Outdoor ground: which painter draws a setting, and what lies on top of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from heliograph.providers.image._illustrator._canvas import MAIN, Canvas
from heliograph.providers.image._illustrator._far import draw_far
from heliograph.providers.image._illustrator._meadows import blooms, forest, hill, meadow, swamp
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._scenery import put
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._town import (
    city,
    rails,
    road,
    roadside,
    street,
    village,
)
from heliograph.providers.image._illustrator._water import (
    beach,
    cliff,
    island,
    lake,
    lakeside,
    sea,
    shore,
    waterfall,
)
from heliograph.providers.image._illustrator._worlds import (
    abstract,
    desert,
    moonscape,
    peak,
    snowfield,
    underwater,
)

__all__ = ["draw_ground"]


def draw_ground(canvas: Canvas, setting: Setting, reading: Reading) -> None:
    """Draws the far distance and the ground of an outdoor setting."""
    horizon = canvas.height * setting.horizon
    if setting.ground in ("sky", "space"):
        return
    canvas.mark("far")
    draw_far(canvas, setting, reading, horizon)
    canvas.mark("ground")
    painter = _PAINTERS.get(setting.ground, meadow)
    painter(canvas, setting, horizon)
    bloom = next((art for art in reading.land if not art.startswith("@")), "")
    if setting.ground == "flowerfield" and bloom:
        blooms(canvas, horizon, bloom, reading.land[bloom])
    if "roadside" in reading.places and setting.ground not in ("roadside", "city", "street"):
        road(canvas, setting)
    if "@wave" in reading.land:
        put(canvas, MAIN, "1F30A", canvas.width * 0.66, canvas.height * 0.84, canvas.height * 0.5)
    if "@waterfall" in reading.land:
        waterfall(canvas, setting, horizon)


_PAINTERS: Final[dict[str, Callable[[Canvas, Setting, float], None]]] = {
    "sea": sea, "lake": lake, "shore": shore, "beach": beach, "lakeside": lakeside,
    "island": island, "cliff": cliff, "desert": desert, "snowfield": snowfield,
    "forest": forest, "jungle": forest, "swamp": swamp, "city": city, "street": street,
    "village": village, "roadside": roadside, "rails": rails, "moonscape": moonscape,
    "marsscape": moonscape, "underwater": underwater, "hill": hill, "peak": peak,
    "abstract": abstract,
}  # fmt: skip

"""What stands far off, at the horizon: mountains, a volcano, a skyline, houses."""

from __future__ import annotations

from heliograph.providers.image._illustrator._canvas import (
    BACKDROP,
    Canvas,
    ellipse,
    path,
    polygon,
    rect,
)
from heliograph.providers.image._illustrator._colour import mix
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._scenery import put, snowy, tree_row
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = ["draw_far", "houses", "mountains", "skyline", "volcano"]


def draw_far(canvas: Canvas, setting: Setting, reading: Reading, horizon: float) -> None:
    land = reading.land
    places = reading.places
    if "@mountains" in land or "mountains" in places or setting.ground == "mountains":
        mountains(canvas, setting, horizon, 3, snow="@snowmountain" in land or True)
    if "@snowmountain" in land:
        mountains(canvas, setting, horizon, 1, snow=True)
    if "@mountain" in land:
        mountains(canvas, setting, horizon, 1, snow=snowy(setting))
    if "@volcano" in land:
        volcano(canvas, setting, horizon)
    ground = setting.ground
    if "@skyline" in land or ("city" in places and ground != "city"):
        skyline(canvas, setting, horizon, tall=0.3)
    if ground == "city":
        skyline(canvas, setting, horizon, tall=0.5)
    if ground != "village" and "village" in places:
        houses(canvas, setting, horizon)
    if "forest" in places and ground != "forest":
        tree_row(canvas, setting, horizon, 0.16)
    if "@island" in land and ground in ("sea", "shore", "beach", "underwater"):
        x = canvas.width * 0.75
        d = (
            f"M{x - 170:.0f} {horizon + 6:.0f}C{x - 90:.0f} {horizon - 60:.0f} "
            f"{x + 80:.0f} {horizon - 70:.0f} {x + 170:.0f} {horizon + 6:.0f}"
            "Z"
        )
        canvas.add(BACKDROP, path(d, tint("#7DBB55", setting)))
        put(canvas, BACKDROP, "1F334", x - 20, horizon - 30, 120)


def mountains(canvas: Canvas, setting: Setting, horizon: float, count: int, *, snow: bool) -> None:
    rng = canvas.rng
    veil = "#B9D3E8" if setting.time == "day" else "#6A6FA8"
    for i in range(count):
        x = canvas.width * ((i + 0.5) / count) + rng.uniform(-40, 40)
        if count == 1:
            x = canvas.width * rng.uniform(0.44, 0.62)
        half = canvas.width / count * rng.uniform(0.6, 0.75) if count > 1 else min(
            canvas.width * 0.5, 480
        )  # fmt: skip
        top = horizon * (rng.uniform(0.26, 0.45) if count > 1 else 0.17)
        base = horizon + 25
        rock, shade = tint(mix("#7D8794", veil, 0.12), setting), tint("#5D6675", setting)
        peak = (x, top)
        canvas.add(BACKDROP, polygon([(x - half, base), peak, (x + half, base)], rock))
        canvas.add(
            BACKDROP,
            polygon(
                [
                    peak,
                    (x + half, base),
                    (x + half * 0.25, base),
                    (x + half * 0.1, top + (base - top) * 0.55),
                    (x + half * 0.16, top + (base - top) * 0.3),
                ],
                shade,
            ),
        )
        if snow:
            k = 0.33
            y = top + (base - top) * k
            w = half * k
            cap = [
                peak,
                (x + w, y),
                (x + w * 0.5, y - 18),
                (x + w * 0.12, y + 22),
                (x - w * 0.3, y - 12),
                (x - w * 0.62, y + 16),
                (x - w, y),
            ]
            canvas.add(
                BACKDROP,
                polygon(cap, tint("#FFFFFF", setting) if setting.time != "night" else "#C3CBEA"),
            )


def volcano(canvas: Canvas, setting: Setting, horizon: float) -> None:
    x, top, base = canvas.width * 0.55, horizon * 0.3, horizon + 25
    half = min(canvas.width * 0.42, 420)
    rock = tint("#6B5650", setting)
    canvas.add(BACKDROP, ellipse(x, top - 60, 330, 220, canvas.glow("#FF8A3C", 0.55)))
    for dx, dy, r in ((-30, -120, 60), (40, -170, 75), (-10, -235, 85), (60, -280, 70)):
        canvas.add(BACKDROP, ellipse(x + dx, top + dy, r, r * 0.8, tint("#7E7B80", setting)))
    canvas.add(
        BACKDROP,
        polygon([(x - half, base), (x - 75, top), (x + 75, top), (x + half, base)], rock),
    )
    d = (
        f"M{x - 75:.0f} {top:.0f}C{x - 40:.0f} {top - 90:.0f} {x - 20:.0f} "
        f"{top - 60:.0f} {x:.0f} {top - 130:.0f}"
        f"C{x + 20:.0f} {top - 60:.0f} {x + 50:.0f} {top - 80:.0f} {x + 75:.0f} {top:.0f}"
        f"L{x + 110:.0f} {top + 150:.0f}L{x + 60:.0f} {top + 90:.0f}L{x + 30:.0f} {top + 230:.0f}"
        f"L{x:.0f} {top + 110:.0f}L{x - 60:.0f} {top + 190:.0f}L{x - 50:.0f} {top + 70:.0f}Z"
    )
    canvas.add(BACKDROP, path(d, "#F2542D") + ellipse(x, top, 72, 14, "#FFC23D"))


def skyline(canvas: Canvas, setting: Setting, horizon: float, tall: float) -> None:
    rng = canvas.rng
    x = -20.0
    night = setting.time == "night"
    shapes = []
    while x < canvas.width:
        w = rng.uniform(70, 130)
        h = canvas.height * tall * rng.uniform(0.45, 1.0)
        colour = tint(rng.choice(("#8FA9C4", "#A7BACD", "#7C93B5", "#B8A7BC", "#9DB3B8")), setting)
        shapes.append(rect(x, horizon - h, w, h + 40, colour))
        if rng.random() < 0.3:
            shapes.append(rect(x + w / 2 - 3, horizon - h - 46, 6, 46, colour))
        pane = "#FFE27A" if night else mix(colour, "#FFFFFF", 0.45)
        wy = horizon - h + 18
        while wy < horizon - 24:
            shapes += [
                rect(x + 14 + k * 24, wy, 12, 16, pane)
                for k in range(int((w - 20) // 24))
                if rng.random() < (0.6 if night else 0.85)
            ]
            wy += 32
        x += w + rng.uniform(-4, 10)
    canvas.add(BACKDROP, "".join(shapes))


def houses(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    veil = tint("#C9D8E6", setting)
    count = max(4, int(canvas.width / 190))
    for i in range(count):
        x = canvas.width * (i + 0.5) / count + rng.uniform(-20, 20)
        art = rng.choice(("1F3E0", "1F3E1", "1F3E0", "@cabin"))
        if i == count // 2:
            art = "26EA"
        size = rng.uniform(120, 160)
        put(canvas, BACKDROP, art, x, horizon + rng.uniform(8, 40), size, veil=veil, share=0.15)

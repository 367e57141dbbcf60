"""Grass and fields: meadow, farm, garden, park, hill, forest, savanna."""

from __future__ import annotations

import math

from heliograph.providers.image._illustrator._canvas import BACKDROP, Canvas, ellipse, path
from heliograph.providers.image._illustrator._colour import mix
from heliograph.providers.image._illustrator._scenery import grass, put, tree, tree_row, tufts
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = [
    "blooms",
    "cornfield",
    "farm",
    "flowers",
    "forest",
    "garden",
    "graves",
    "hill",
    "meadow",
    "park",
    "savanna",
    "swamp",
]


def meadow(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = grass(setting)
    canvas.add(BACKDROP, path(canvas.hill(horizon - 10, 34, 4), mix(a, "#BFE3F0", 0.18)))
    ground = setting.ground
    if ground in ("meadow", "park", "garden", "hill", "flowerfield", "farm", "lakeside", "wind"):
        rng = canvas.rng
        for _ in range(3):
            x = canvas.width * rng.choice((rng.uniform(0.02, 0.25), rng.uniform(0.75, 0.98)))
            tree(
                canvas,
                setting,
                rng.choice(("@tree", "@pine")),
                x,
                horizon + rng.uniform(10, 40),
                rng.uniform(90, 140),
                0.3,
            )
    canvas.add(BACKDROP, path(canvas.hill(horizon + 40, 24, 3), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + (canvas.height - horizon) * 0.36, 18, 3), b))
    canvas.add(BACKDROP, path(canvas.hill(horizon + (canvas.height - horizon) * 0.74, 14, 2), c))
    tufts(canvas, setting, horizon + 60, mix(c, "#2F5D2B", 0.35))
    extra = {
        "farm": farm, "cornfield": cornfield, "garden": garden, "park": park,
        "flowerfield": flowers, "graveyard": graves, "savanna": savanna,
    }.get(ground)  # fmt: skip
    if extra:
        extra(canvas, setting, horizon)
    elif setting.season == "spring":
        flowers(canvas, setting, horizon, some=True)


def flowers(canvas: Canvas, setting: Setting, horizon: float, *, some: bool = False) -> None:
    rng = canvas.rng
    colours = ("#F888AE", "#FFD83B", "#FFFFFF", "#C7A9E0", "#F0603C")
    dots = []
    count = int((50 if some else 170) * canvas.width / 1000)
    spots = sorted(
        (rng.uniform(horizon + 55, canvas.height - 5), rng.uniform(0, canvas.width))
        for _ in range(count)
    )
    for y, x in spots:
        s = 3.5 + 9 * (y - horizon) / max(1, canvas.height - horizon)
        colour = tint(rng.choice(colours), setting)
        dots.append(
            f'<path d="M{x:.0f} {y:.0f}v{s * 2.2:.1f}" stroke="#3F7A35" '
            f'stroke-width="{s * 0.3:.1f}"/>'
        )
        for k in range(5):
            a = k * math.tau / 5
            dots.append(
                ellipse(
                    x + math.cos(a) * s * 0.75, y + math.sin(a) * s * 0.75, s * 0.6, s * 0.6, colour
                )
            )
        dots.append(ellipse(x, y, s * 0.45, s * 0.45, "#F4AA2B"))
    canvas.add(BACKDROP, "".join(dots))


def blooms(canvas: Canvas, horizon: float, art: str, colour: str) -> None:
    """A field of one kind of flower, in rows that grow towards the viewer."""
    rng = canvas.rng
    depth = canvas.height - horizon
    colours = (colour,) if colour else ()
    for row in range(6):
        y = horizon + depth * (0.14 + 0.17 * row)
        size = depth * (0.14 + 0.035 * row)
        count = max(4, int(canvas.width / (size * 0.8)))
        for i in range(count):
            x = canvas.width * (i + 0.5 + 0.5 * (row % 2)) / count + rng.uniform(-8, 8)
            put(canvas, BACKDROP, art, x, y + rng.uniform(-6, 6), size, colours)


def farm(canvas: Canvas, setting: Setting, horizon: float) -> None:
    y = horizon + 70
    for i in range(int(canvas.width / 120) + 1):
        put(canvas, BACKDROP, "@fence", i * 125, y, 62)
    rows = []
    for i in range(9):
        x = canvas.width * (0.55 + i * 0.06)
        rows.append(
            f"M{x:.0f} {y + 8:.0f}L{canvas.width * (0.45 + i * 0.13):.0f} "
            f"{canvas.height * 0.82:.0f}"
        )
    extra = f'stroke="{tint("#B98A4A", setting)}" stroke-width="7" opacity="0.35"'
    canvas.add(BACKDROP, path("".join(rows), "none", extra))


def cornfield(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    for row in range(3):
        y = horizon + 70 + row * 46
        count = int(canvas.width / (54 + 12 * row))
        for i in range(count):
            x = canvas.width * (i + 0.5) / count + rng.uniform(-8, 8)
            put(canvas, BACKDROP, "1F33E", x, y, 84 + 16 * row)


def garden(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    y = horizon + 62
    for i in range(int(canvas.width / 118) + 1):
        put(canvas, BACKDROP, "@fence", i * 118, y, 66)
    for i in range(7):
        x = canvas.width * (i + 0.5) / 7 + rng.uniform(-30, 30)
        art = rng.choice(("1F33B", "1F337", "1F33C", "1F33A", "@bush"))
        put(canvas, BACKDROP, art, x, y + rng.uniform(24, 44), 80)


def park(canvas: Canvas, setting: Setting, horizon: float) -> None:
    y0, y1 = horizon + 50, canvas.height
    x = canvas.width * 0.62
    d = (
        f"M{x:.0f} {y0:.0f}C{x - 240:.0f} {y0 + 90:.0f} {x + 260:.0f} "
        f"{y0 + 170:.0f} {x - 120:.0f} {y1:.0f}H{x + 190:.0f}C{x + 460:.0f} "
        f"{y0 + 170:.0f} {x - 150:.0f} {y0 + 80:.0f} {x + 26:.0f} {y0:.0f}"
        "Z"
    )
    canvas.add(BACKDROP, path(d, tint("#E9D3A6", setting)))
    put(canvas, BACKDROP, "@bench", canvas.width * 0.14, horizon + 110, 80)
    put(canvas, BACKDROP, "@lamppost", canvas.width * 0.9, horizon + 120, 190)


def graves(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    put(canvas, BACKDROP, "1FABE", canvas.width * 0.1, horizon + 60, 260)
    for i in range(6):
        x = canvas.width * (i + 0.5) / 6 + rng.uniform(-30, 30)
        put(canvas, BACKDROP, "1FAA6", x, horizon + rng.uniform(50, 110), 84)


def savanna(canvas: Canvas, setting: Setting, horizon: float) -> None:
    for x, size in ((0.13, 210), (0.88, 165)):
        cx, base = canvas.width * x, horizon + 40
        trunk = (
            f"M{cx:.0f} {base:.0f}L{cx - 4:.0f} {base - size * 0.55:.0f}"
            f"L{cx - size * 0.4:.0f} {base - size * 0.8:.0f}M{cx - 4:.0f} "
            f"{base - size * 0.55:.0f}L{cx + size * 0.4:.0f} {base - size * 0.8:.0f}"
        )
        extra = f'stroke="{tint("#6A4A2F", setting)}" stroke-width="12" stroke-linecap="round"'
        canvas.add(BACKDROP, path(trunk, "none", extra))
        for dx, dy, w in ((0, 0.95, 0.62), (-0.35, 0.85, 0.4), (0.35, 0.85, 0.4)):
            canvas.add(
                BACKDROP,
                ellipse(
                    cx + dx * size,
                    base - dy * size,
                    w * size,
                    0.13 * size,
                    tint("#7A9A48", setting),
                ),
            )


def hill(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = grass(setting)
    w, h = canvas.width, canvas.height
    canvas.add(BACKDROP, path(canvas.hill(horizon + 60, 24, 4), mix(a, "#BFE3F0", 0.25)))
    top = h * 0.64
    d = (
        f"M{-w * 0.1:.0f} {h:.0f}C{w * 0.15:.0f} {h * 0.93:.0f} {w * 0.25:.0f} "
        f"{top:.0f} {w * 0.5:.0f} {top:.0f}C{w * 0.75:.0f} {top:.0f} "
        f"{w * 0.85:.0f} {h * 0.93:.0f} {w * 1.1:.0f} {h:.0f}Z"
    )
    canvas.add(BACKDROP, path(d, b))
    canvas.add(BACKDROP, path(canvas.hill(h * 0.94, 12, 3), c))


def forest(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = grass(setting)
    tree_row(canvas, setting, horizon, 0.3)
    canvas.add(BACKDROP, path(canvas.hill(horizon + 6, 14, 4), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + 110, 14, 3), b))
    for x, size in ((0.06, 0.62), (0.95, 0.66), (0.2, 0.42), (0.82, 0.44)):
        art = "@pine" if size > 0.5 else canvas.rng.choice(("@tree", "@pine"))
        if setting.ground == "jungle":
            art = "1F334" if size > 0.5 else "@tree"
        tree(
            canvas,
            setting,
            art,
            canvas.width * x,
            horizon + (120 if size > 0.5 else 60),
            canvas.height * size,
            0.1,
        )
    canvas.add(BACKDROP, path(canvas.hill(canvas.height * 0.9, 12, 3), c))
    tufts(canvas, setting, horizon + 60, mix(c, "#1F4D2B", 0.35))
    for x in (0.12, 0.9):
        put(
            canvas,
            BACKDROP,
            "@bush" if setting.ground == "jungle" else "1F344",
            canvas.width * x,
            canvas.height * 0.93,
            56,
        )


def swamp(canvas: Canvas, setting: Setting, horizon: float) -> None:
    forest(canvas, setting, horizon)
    for x, y, w in ((0.3, 0.8, 220), (0.7, 0.88, 260)):
        canvas.add(
            BACKDROP, ellipse(canvas.width * x, canvas.height * y, w, 34, tint("#5E8C7A", setting))
        )

"""Outdoor ground: meadow, water, sand, snow, streets, other worlds, and what stands far off."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from heliograph.providers.image._illustrator._canvas import (
    BACKDROP,
    MAIN,
    Canvas,
    ellipse,
    path,
    polygon,
    rect,
)
from heliograph.providers.image._illustrator._colour import mix
from heliograph.providers.image._illustrator._figures import figure
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = ["draw_ground", "put", "snowy"]

_GRASS: Final = {
    "": ("#A5D86E", "#86C653", "#6AB043"),
    "spring": ("#B4E27A", "#93D260", "#74BE4C"),
    "summer": ("#A5D86E", "#86C653", "#6AB043"),
    "autumn": ("#DDB75A", "#CC9A45", "#B57F38"),
    "winter": ("#F2F7FB", "#E1ECF4", "#D0DFEB"),
    "dry": ("#E6CF7E", "#D8B860", "#C5A04C"),
    "dark": ("#7FA95B", "#628F47", "#4C7839"),
}


def put(
    canvas: Canvas, stage: int, art: str, x: float, base: float, height: float,
    colours: tuple[str, ...] = (), *, veil: str = "", share: float = 0.0, flip: bool = False,
) -> None:  # fmt: skip
    """Places one drawing of the far or middle ground, its foot at (x, base).

    ``veil`` and ``share`` paint it over with a colour, so that it recedes.
    """
    drawn = figure(art, "far", colours)
    scale = height / drawn.height
    x0, _, x1, y1 = drawn.box
    sign = -1 if flip else 1
    place = (
        f'transform="translate({x:.1f} {base:.1f}) scale({sign * scale:.4f} {scale:.4f}) '
        f'translate({-(x0 + x1) / 2:.2f} {-y1:.2f})"'
    )
    name = canvas.symbol(drawn.inked(scale))
    over = ""
    if veil:
        mask = canvas.symbol(drawn.outline(veil, 0))
        over = f'<use xlink:href="#{mask}" opacity="{share:g}"/>'
    canvas.add(stage, f'<g {place}><use xlink:href="#{name}"/>{over}</g>')


def snowy(setting: Setting) -> bool:
    """Whether snow lies on the ground."""
    return setting.season == "winter" or setting.has("snow") or setting.ground == "snowfield"


def _grass(setting: Setting) -> tuple[str, str, str]:
    name = "winter" if snowy(setting) else setting.season
    if setting.ground in ("savanna",):
        name = "dry"
    if setting.ground in ("forest", "jungle", "swamp", "graveyard") and name in ("", "summer"):
        name = "dark"
    a, b, c = _GRASS[name]
    return tint(a, setting), tint(b, setting), tint(c, setting)


def draw_ground(canvas: Canvas, setting: Setting, reading: Reading) -> None:
    """Draws the far distance and the ground of an outdoor setting."""
    horizon = canvas.height * setting.horizon
    if setting.ground in ("sky", "space"):
        return
    _far(canvas, setting, reading, horizon)
    painter = _PAINTERS.get(setting.ground, _meadow)
    painter(canvas, setting, horizon)
    if "@waterfall" in reading.land:
        _waterfall(canvas, setting, horizon)


def _far(canvas: Canvas, setting: Setting, reading: Reading, horizon: float) -> None:
    land = reading.land
    places = reading.places
    if "@mountains" in land or "mountains" in places or setting.ground == "mountains":
        _mountains(canvas, setting, horizon, 3, snow="@snowmountain" in land or True)
    if "@snowmountain" in land:
        _mountains(canvas, setting, horizon, 1, snow=True)
    if "@mountain" in land:
        _mountains(canvas, setting, horizon, 1, snow=snowy(setting))
    if "@volcano" in land:
        _volcano(canvas, setting, horizon)
    ground = setting.ground
    if "@skyline" in land or ("city" in places and ground != "city"):
        _skyline(canvas, setting, horizon, tall=0.3)
    if ground == "city":
        _skyline(canvas, setting, horizon, tall=0.5)
    if ground != "village" and "village" in places:
        _houses(canvas, setting, horizon)
    if "forest" in places and ground != "forest":
        _tree_row(canvas, setting, horizon, 0.16)
    if "@island" in land and ground in ("sea", "shore", "beach", "underwater"):
        x = canvas.width * 0.75
        d = f"M{x - 170:.0f} {horizon + 6:.0f}C{x - 90:.0f} {horizon - 60:.0f} {x + 80:.0f} {horizon - 70:.0f} {x + 170:.0f} {horizon + 6:.0f}Z"
        canvas.add(BACKDROP, path(d, tint("#7DBB55", setting)))
        put(canvas, BACKDROP, "1F334", x - 20, horizon - 30, 120)


def _mountains(canvas: Canvas, setting: Setting, horizon: float, count: int, *, snow: bool) -> None:
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


def _volcano(canvas: Canvas, setting: Setting, horizon: float) -> None:
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
        f"M{x - 75:.0f} {top:.0f}C{x - 40:.0f} {top - 90:.0f} {x - 20:.0f} {top - 60:.0f} {x:.0f} {top - 130:.0f}"
        f"C{x + 20:.0f} {top - 60:.0f} {x + 50:.0f} {top - 80:.0f} {x + 75:.0f} {top:.0f}"
        f"L{x + 110:.0f} {top + 150:.0f}L{x + 60:.0f} {top + 90:.0f}L{x + 30:.0f} {top + 230:.0f}"
        f"L{x:.0f} {top + 110:.0f}L{x - 60:.0f} {top + 190:.0f}L{x - 50:.0f} {top + 70:.0f}Z"
    )
    canvas.add(BACKDROP, path(d, "#F2542D") + ellipse(x, top, 72, 14, "#FFC23D"))


def _skyline(canvas: Canvas, setting: Setting, horizon: float, tall: float) -> None:
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
            for k in range(int((w - 20) // 24)):
                if rng.random() < (0.6 if night else 0.85):
                    shapes.append(rect(x + 14 + k * 24, wy, 12, 16, pane))
            wy += 32
        x += w + rng.uniform(-4, 10)
    canvas.add(BACKDROP, "".join(shapes))


def _houses(canvas: Canvas, setting: Setting, horizon: float) -> None:
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


def _tree_row(canvas: Canvas, setting: Setting, base: float, tall: float) -> None:
    rng = canvas.rng
    count = max(6, int(canvas.width / 90))
    arts = ("@pine", "@pine", "@tree")
    if setting.season == "autumn":
        arts = ("@tree", "@tree", "@pine")
    for i in range(count):
        x = canvas.width * (i + 0.5) / count + rng.uniform(-25, 25)
        _tree(
            canvas,
            setting,
            rng.choice(arts),
            x,
            base + rng.uniform(5, 30),
            canvas.height * tall * rng.uniform(0.8, 1.2),
            0.25,
        )


def _tree(
    canvas: Canvas, setting: Setting, art: str, x: float, base: float, height: float, share: float
) -> None:
    colours: tuple[str, ...] = ()
    if setting.season == "autumn" and art == "@tree":
        colours = (canvas.rng.choice(("orange", "red", "gold")),)
    if snowy(setting):
        colours = ("white",) if art == "@pine" and canvas.rng.random() < 0.5 else ()
    if setting.season == "winter" and art == "@tree":
        art = "1FABE"
    if setting.season == "spring" and art == "@tree" and canvas.rng.random() < 0.5:
        colours = ("pink",)
    veil = tint("#8FB58A" if setting.time != "night" else "#4A5C80", setting)
    put(canvas, BACKDROP, art, x, base, height, colours, veil=veil, share=share)


def _meadow(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = _grass(setting)
    canvas.add(BACKDROP, path(canvas.hill(horizon - 10, 34, 4), mix(a, "#BFE3F0", 0.18)))
    ground = setting.ground
    if ground in ("meadow", "park", "garden", "hill", "flowerfield", "farm", "lakeside", "wind"):
        rng = canvas.rng
        for _ in range(3):
            x = canvas.width * rng.choice((rng.uniform(0.02, 0.25), rng.uniform(0.75, 0.98)))
            _tree(
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
    _tufts(canvas, setting, horizon + 60, mix(c, "#2F5D2B", 0.35))
    extra = {
        "farm": _farm, "garden": _garden, "park": _park, "flowerfield": _flowers,
        "graveyard": _graves, "savanna": _savanna,
    }.get(ground)  # fmt: skip
    if extra:
        extra(canvas, setting, horizon)
    elif setting.season == "spring":
        _flowers(canvas, setting, horizon, some=True)


def _tufts(canvas: Canvas, setting: Setting, top: float, colour: str) -> None:
    if canvas.detail == 0 or snowy(setting):
        return
    rng = canvas.rng
    blades = []
    for _ in range(int(26 * canvas.detail * canvas.width / 1000)):
        x, y = rng.uniform(0, canvas.width), rng.uniform(top, canvas.height)
        s = 6 + 12 * (y - top) / max(1, canvas.height - top)
        blades.append(
            f"M{x:.0f} {y:.0f}l{-s * 0.5:.1f} {-s:.1f}M{x:.0f} {y:.0f}v{-s * 1.2:.1f}M{x:.0f} {y:.0f}l{s * 0.5:.1f} {-s:.1f}"
        )
    extra = f'stroke="{colour}" stroke-width="3" stroke-linecap="round" opacity="0.7"'
    canvas.add(BACKDROP, path("".join(blades), "none", extra))


def _flowers(canvas: Canvas, setting: Setting, horizon: float, *, some: bool = False) -> None:
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
            f'<path d="M{x:.0f} {y:.0f}v{s * 2.2:.1f}" stroke="#3F7A35" stroke-width="{s * 0.3:.1f}"/>'
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


def _farm(canvas: Canvas, setting: Setting, horizon: float) -> None:
    y = horizon + 70
    for i in range(int(canvas.width / 120) + 1):
        put(canvas, BACKDROP, "@fence", i * 125, y, 62)
    rows = []
    for i in range(9):
        x = canvas.width * (0.55 + i * 0.06)
        rows.append(
            f"M{x:.0f} {y + 8:.0f}L{canvas.width * (0.45 + i * 0.13):.0f} {canvas.height * 0.82:.0f}"
        )
    extra = f'stroke="{tint("#B98A4A", setting)}" stroke-width="7" opacity="0.35"'
    canvas.add(BACKDROP, path("".join(rows), "none", extra))


def _garden(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    y = horizon + 62
    for i in range(int(canvas.width / 118) + 1):
        put(canvas, BACKDROP, "@fence", i * 118, y, 66)
    for i in range(7):
        x = canvas.width * (i + 0.5) / 7 + rng.uniform(-30, 30)
        art = rng.choice(("1F33B", "1F337", "1F33C", "1F33A", "@bush"))
        put(canvas, BACKDROP, art, x, y + rng.uniform(24, 44), 80)


def _park(canvas: Canvas, setting: Setting, horizon: float) -> None:
    y0, y1 = horizon + 50, canvas.height
    x = canvas.width * 0.62
    d = f"M{x:.0f} {y0:.0f}C{x - 240:.0f} {y0 + 90:.0f} {x + 260:.0f} {y0 + 170:.0f} {x - 120:.0f} {y1:.0f}H{x + 190:.0f}C{x + 460:.0f} {y0 + 170:.0f} {x - 150:.0f} {y0 + 80:.0f} {x + 26:.0f} {y0:.0f}Z"
    canvas.add(BACKDROP, path(d, tint("#E9D3A6", setting)))
    put(canvas, BACKDROP, "@bench", canvas.width * 0.14, horizon + 110, 80)
    put(canvas, BACKDROP, "@lamppost", canvas.width * 0.9, horizon + 120, 190)


def _graves(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    put(canvas, BACKDROP, "1FABE", canvas.width * 0.1, horizon + 60, 260)
    for i in range(6):
        x = canvas.width * (i + 0.5) / 6 + rng.uniform(-30, 30)
        put(canvas, BACKDROP, "1FAA6", x, horizon + rng.uniform(50, 110), 84)


def _savanna(canvas: Canvas, setting: Setting, horizon: float) -> None:
    for x, size in ((0.13, 210), (0.88, 165)):
        cx, base = canvas.width * x, horizon + 40
        trunk = f"M{cx:.0f} {base:.0f}L{cx - 4:.0f} {base - size * 0.55:.0f}L{cx - size * 0.4:.0f} {base - size * 0.8:.0f}M{cx - 4:.0f} {base - size * 0.55:.0f}L{cx + size * 0.4:.0f} {base - size * 0.8:.0f}"
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


def _hill(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = _grass(setting)
    w, h = canvas.width, canvas.height
    canvas.add(BACKDROP, path(canvas.hill(horizon + 60, 24, 4), mix(a, "#BFE3F0", 0.25)))
    top = h * 0.64
    d = f"M{-w * 0.1:.0f} {h:.0f}C{w * 0.15:.0f} {h * 0.93:.0f} {w * 0.25:.0f} {top:.0f} {w * 0.5:.0f} {top:.0f}C{w * 0.75:.0f} {top:.0f} {w * 0.85:.0f} {h * 0.93:.0f} {w * 1.1:.0f} {h:.0f}Z"
    canvas.add(BACKDROP, path(d, b))
    canvas.add(BACKDROP, path(canvas.hill(h * 0.94, 12, 3), c))


def _peak(canvas: Canvas, setting: Setting, horizon: float) -> None:
    w, h = canvas.width, canvas.height
    _mountains(canvas, setting, horizon, 3, snow=True)
    top = h * 0.62
    rock, shade = tint("#8C8F99", setting), tint("#686C78", setting)
    canvas.add(
        BACKDROP, polygon([(-w * 0.15, h), (w * 0.34, top), (w * 0.66, top), (w * 1.15, h)], rock)
    )
    canvas.add(
        BACKDROP,
        polygon([(w * 0.66, top), (w * 1.15, h), (w * 0.6, h), (w * 0.56, h * 0.8)], shade),
    )
    snow = tint("#FFFFFF", setting)
    canvas.add(
        BACKDROP,
        polygon(
            [
                (w * 0.27, top + 42),
                (w * 0.34, top),
                (w * 0.66, top),
                (w * 0.74, top + 48),
                (w * 0.64, top + 26),
                (w * 0.56, top + 58),
                (w * 0.46, top + 24),
                (w * 0.36, top + 60),
            ],
            snow,
        ),
    )


def water_colours(setting: Setting) -> tuple[str, str]:
    """Far and near colour of open water."""
    far, near = "#58B4E0", "#2C7FC0"
    if setting.time == "sunset":
        far, near = "#E58A72", "#6A4E93"
    elif setting.time == "dawn":
        far, near = "#F0C4B8", "#6E9CCB"
    elif setting.time == "night":
        far, near = "#33407F", "#141C4C"
    if setting.has("storm"):
        far, near = mix(far, "#3D4A57", 0.6), mix(near, "#202B3A", 0.6)
    elif setting.has("rain", "fog"):
        far, near = mix(far, "#8899A6", 0.45), mix(near, "#66788A", 0.45)
    return far, near


def _water(canvas: Canvas, setting: Setting, top: float, bottom: float) -> None:
    far, near = water_colours(setting)
    canvas.add(
        BACKDROP, rect(0, top, canvas.width, bottom - top, canvas.gradient([(0, far), (1, near)]))
    )
    if setting.time in ("sunset", "dawn"):
        canvas.add(
            BACKDROP,
            ellipse(
                canvas.width / 2,
                top,
                canvas.width * 0.3,
                (bottom - top) * 0.9,
                canvas.glow("#FFD98A", 0.7),
                canvas.clip(rect(0, top, canvas.width, bottom - top, "#000")),
            ),
        )
    rng = canvas.rng
    swing = 15 if setting.has("storm") else 5
    y = top + 26
    while y < bottom:
        step = 18 + (y - top) * 0.16
        colour = mix(far, "#FFFFFF", 0.35)
        dashes = []
        for _ in range(int(canvas.width / 190)):
            x, w = rng.uniform(0, canvas.width), step * rng.uniform(1.4, 3)
            dashes.append(f"M{x:.0f} {y:.0f}q{w / 4:.0f} {-swing:.0f} {w / 2:.0f} 0t{w / 2:.0f} 0")
        extra = f'stroke="{colour}" stroke-width="{3 + (y - top) * 0.012:.1f}" stroke-linecap="round" opacity="0.6"'
        canvas.add(BACKDROP, path("".join(dashes), "none", extra))
        y += step
    if setting.has("storm"):
        for i, k in enumerate((0.2, 0.45)):
            level = top + (bottom - top) * k
            d = canvas.wave(level, 26 + 10 * i, 300, rng.uniform(0, 6)) + f"V{bottom:.0f}H0Z"
            canvas.add(BACKDROP, path(d, mix(far, near, 0.3 + 0.4 * i)))


def _sea(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _water(canvas, setting, horizon, canvas.height)


def _lake(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, _, _ = _grass(setting)
    _tree_row(canvas, setting, horizon - 14, 0.12)
    canvas.add(BACKDROP, path(canvas.hill(horizon - 14, 10, 4), a))
    _water(canvas, setting, horizon + 14, canvas.height)
    rng = canvas.rng
    for x in (0.03, 0.09, 0.93, 0.98):
        put(
            canvas, BACKDROP, "1F33E", canvas.width * x, canvas.height * rng.uniform(0.86, 1.0), 150
        )


def _shore(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _beach(canvas, setting, horizon, sand=False)


def _beach(canvas: Canvas, setting: Setting, horizon: float, *, sand: bool = True) -> None:
    edge = canvas.height * 0.68
    _water(canvas, setting, horizon, edge + 60)
    colour = tint("#F5DDA0" if sand else "#8FBF5D", setting)
    if not sand and snowy(setting):
        colour = tint("#EDF4F9", setting)
    foam = tint("#FFFFFF", setting)
    line = canvas.wave(edge, 14, 420, canvas.rng.uniform(0, 6))
    canvas.add(
        BACKDROP,
        path(line + f"V{canvas.height:.0f}H0Z", foam if sand else tint("#8A8F98", setting)),
    )
    line = canvas.wave(edge + 18, 14, 420, canvas.rng.uniform(0, 6))
    canvas.add(BACKDROP, path(line + f"V{canvas.height:.0f}H0Z", colour))
    if sand:
        canvas.add(
            BACKDROP, path(canvas.hill(canvas.height * 0.9, 12, 3), mix(colour, "#D9A85C", 0.25))
        )
        put(canvas, BACKDROP, "1F41A", canvas.width * 0.08, canvas.height * 0.95, 40)
        put(canvas, BACKDROP, "@starfish", canvas.width * 0.92, canvas.height * 0.96, 46)
        put(canvas, BACKDROP, "1F334", canvas.width * 0.96, canvas.height * 0.76, 300, flip=True)
    else:
        canvas.add(
            BACKDROP, path(canvas.hill(canvas.height * 0.88, 12, 3), mix(colour, "#4C7839", 0.25))
        )


def _lakeside(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, _, _ = _grass(setting)
    _tree_row(canvas, setting, horizon - 14, 0.12)
    canvas.add(BACKDROP, path(canvas.hill(horizon - 14, 10, 4), a))
    _beach(canvas, setting, horizon + 14, sand=False)


def _island(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _water(canvas, setting, horizon, canvas.height)
    w, h = canvas.width, canvas.height
    top = h * 0.7
    d = f"M{w * 0.1:.0f} {h * 0.9:.0f}C{w * 0.16:.0f} {top:.0f} {w * 0.34:.0f} {top - 20:.0f} {w * 0.5:.0f} {top - 10:.0f}C{w * 0.7:.0f} {top - 20:.0f} {w * 0.86:.0f} {top:.0f} {w * 0.9:.0f} {h * 0.9:.0f}C{w * 0.74:.0f} {h * 0.95:.0f} {w * 0.26:.0f} {h * 0.95:.0f} {w * 0.1:.0f} {h * 0.9:.0f}Z"
    canvas.add(
        BACKDROP,
        path(d, tint("#F5DDA0", setting), f'stroke="{tint("#FFFFFF", setting)}" stroke-width="10"'),
    )
    put(canvas, BACKDROP, "1F334", w * 0.24, h * 0.76, h * 0.34)


def _cliff(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _water(canvas, setting, horizon, canvas.height)
    w, h = canvas.width, canvas.height
    top = h * 0.64
    a, _, _ = _grass(setting)
    rock = tint("#9A8873", setting)
    canvas.add(
        BACKDROP,
        polygon(
            [
                (w * 0.18, h),
                (w * 0.24, h * 0.86),
                (w * 0.22, top + 30),
                (w * 0.26, top),
                (w + 5, top - 20),
                (w + 5, h),
            ],
            rock,
        ),
    )
    extra = f'stroke="{mix(rock, "#3B3027", 0.35)}" stroke-width="6" stroke-linecap="round"'
    canvas.add(
        BACKDROP,
        path(
            f"M{w * 0.32:.0f} {top + 70:.0f}v90M{w * 0.45:.0f} {top + 120:.0f}v110M{w * 0.62:.0f} {top + 80:.0f}v80M{w * 0.8:.0f} {top + 140:.0f}v90M{w * 0.93:.0f} {top + 80:.0f}v70",
            "none",
            extra,
        ),
    )
    canvas.add(
        BACKDROP,
        polygon(
            [
                (w * 0.2, top + 40),
                (w * 0.26, top - 4),
                (w + 5, top - 24),
                (w + 5, top + 36),
                (w * 0.7, top + 50),
                (w * 0.4, top + 34),
            ],
            a,
        ),
    )


def _desert(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = (tint(x, setting) for x in ("#F6DB9C", "#EBC478", "#DCAA58"))
    canvas.add(BACKDROP, path(canvas.hill(horizon, 36, 4), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + 80, 34, 3), b))
    canvas.add(BACKDROP, path(canvas.hill(horizon + (canvas.height - horizon) * 0.62, 24, 2), c))
    put(canvas, BACKDROP, "1F335", canvas.width * 0.1, horizon + 90, 110)
    put(canvas, BACKDROP, "1F335", canvas.width * 0.93, horizon + 60, 80)


def _snowfield(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = (tint(x, setting) for x in ("#E3EEF6", "#F1F7FB", "#FFFFFF"))
    ice = tint("#BBD9EC", setting)
    w = canvas.width
    canvas.add(
        BACKDROP,
        polygon(
            [
                (0, horizon + 20),
                (w * 0.12, horizon - 120),
                (w * 0.2, horizon - 60),
                (w * 0.3, horizon - 160),
                (w * 0.46, horizon + 20),
            ],
            ice,
        ),
    )
    canvas.add(
        BACKDROP,
        polygon(
            [
                (w * 0.6, horizon + 20),
                (w * 0.76, horizon - 110),
                (w * 0.88, horizon - 40),
                (w, horizon - 130),
                (w, horizon + 20),
            ],
            mix(ice, "#FFFFFF", 0.3),
        ),
    )
    canvas.add(BACKDROP, path(canvas.hill(horizon + 10, 18, 3), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + 110, 18, 3), b))
    canvas.add(BACKDROP, path(canvas.hill(canvas.height * 0.88, 14, 2), c))


def _forest(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = _grass(setting)
    _tree_row(canvas, setting, horizon, 0.3)
    canvas.add(BACKDROP, path(canvas.hill(horizon + 6, 14, 4), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + 110, 14, 3), b))
    for x, size in ((0.06, 0.62), (0.95, 0.66), (0.2, 0.42), (0.82, 0.44)):
        art = "@pine" if size > 0.5 else canvas.rng.choice(("@tree", "@pine"))
        if setting.ground == "jungle":
            art = "1F334" if size > 0.5 else "@tree"
        _tree(
            canvas,
            setting,
            art,
            canvas.width * x,
            horizon + (120 if size > 0.5 else 60),
            canvas.height * size,
            0.1,
        )
    canvas.add(BACKDROP, path(canvas.hill(canvas.height * 0.9, 12, 3), c))
    _tufts(canvas, setting, horizon + 60, mix(c, "#1F4D2B", 0.35))
    for x in (0.12, 0.9):
        put(
            canvas,
            BACKDROP,
            "@bush" if setting.ground == "jungle" else "1F344",
            canvas.width * x,
            canvas.height * 0.93,
            56,
        )


def _swamp(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _forest(canvas, setting, horizon)
    for x, y, w in ((0.3, 0.8, 220), (0.7, 0.88, 260)):
        canvas.add(
            BACKDROP, ellipse(canvas.width * x, canvas.height * y, w, 34, tint("#5E8C7A", setting))
        )


def _city(canvas: Canvas, setting: Setting, horizon: float) -> None:
    w, h = canvas.width, canvas.height
    canvas.add(BACKDROP, rect(0, horizon, w, h - horizon, tint("#C9CBD1", setting)))
    top = horizon + (h - horizon) * 0.28
    canvas.add(BACKDROP, rect(0, top, w, h - top, tint("#6B6F78", setting)))
    canvas.add(BACKDROP, rect(0, top, w, 8, tint("#EDEDEF", setting)))
    mid = top + (h - top) * 0.55
    for i in range(int(w / 150) + 1):
        canvas.add(BACKDROP, rect(i * 150 + 20, mid, 80, 10, tint("#F4E9A6", setting)))


def _street(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    count = max(4, int(canvas.width / 230))
    colours = [("red",), ("yellow",), ("blue",), ("green",), ("pink",), ("orange",)]
    for i in range(count):
        x = canvas.width * (i + 0.5) / count
        h = canvas.height * rng.uniform(0.34, 0.46)
        w = canvas.width / count + 2
        base = ("#E8B48F", "#D98F7A", "#A9C5C9", "#E6CF95", "#B9A7C8")[i % 5]
        colour = tint(base, setting)
        shapes = [
            rect(x - w / 2, horizon - h, w, h + 20, colour),
            rect(x - w / 2 - 4, horizon - h - 12, w + 8, 18, tint("#7A4F3F", setting)),
        ]
        pane = "#FFE27A" if setting.time == "night" else tint("#DDF0F8", setting)
        rows = int((h - 90) // 95)
        for r in range(max(1, rows)):
            for k in (-0.26, 0.08):
                shapes.append(
                    rect(
                        x + w * k,
                        horizon - h + 34 + r * 92,
                        w * 0.19,
                        54,
                        pane,
                        'stroke="#5B4A44" stroke-width="3"',
                    )
                )
        shapes.append(rect(x - w * 0.12, horizon - 78, w * 0.24, 98, tint("#6A4632", setting)))
        canvas.add(BACKDROP, "".join(shapes))
    del colours
    _city(canvas, setting, horizon)
    put(canvas, BACKDROP, "@lamppost", canvas.width * 0.07, horizon + 60, canvas.height * 0.34)


def _village(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _meadow(canvas, setting, horizon)
    _houses(canvas, setting, horizon + 40)
    _path(canvas, setting, horizon + 70)


def _path(canvas: Canvas, setting: Setting, top: float) -> None:
    w, h = canvas.width, canvas.height
    d = f"M{w * 0.49:.0f} {top:.0f}C{w * 0.4:.0f} {top + 90:.0f} {w * 0.6:.0f} {h - 160:.0f} {w * 0.3:.0f} {h:.0f}H{w * 0.7:.0f}C{w * 0.8:.0f} {h - 170:.0f} {w * 0.5:.0f} {top + 90:.0f} {w * 0.52:.0f} {top:.0f}Z"
    canvas.add(BACKDROP, path(d, tint("#E3CB9C", setting)))


def _roadside(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _meadow(canvas, setting, horizon)
    w, h = canvas.width, canvas.height
    top, bottom = h * 0.78, h * 0.95
    canvas.add(BACKDROP, rect(0, top, w, bottom - top, tint("#5E636E", setting)))
    for y in (top, bottom - 7):
        canvas.add(BACKDROP, rect(0, y, w, 7, tint("#E8E8EA", setting)))
    for i in range(int(w / 150) + 1):
        canvas.add(
            BACKDROP, rect(i * 150 + 30, (top + bottom) / 2 - 4, 80, 8, tint("#F4E9A6", setting))
        )


def _rails(canvas: Canvas, setting: Setting, horizon: float) -> None:
    _meadow(canvas, setting, horizon)
    w, y = canvas.width, canvas.height * 0.86
    sleepers = "".join(
        rect(i * 52, y - 4, 24, 26, tint("#7A5438", setting)) for i in range(int(w / 52) + 1)
    )
    canvas.add(BACKDROP, rect(0, y - 14, w, 52, tint("#B9AFA0", setting)) + sleepers)
    canvas.add(
        BACKDROP,
        rect(0, y - 4, w, 7, tint("#6E7178", setting))
        + rect(0, y + 15, w, 7, tint("#6E7178", setting)),
    )


def _moonscape(canvas: Canvas, setting: Setting, horizon: float) -> None:
    mars = setting.ground == "marsscape"
    a, b, c = ("#D98A5E", "#C06F45", "#9C5333") if mars else ("#C9CAD3", "#B1B3BE", "#8F92A0")
    rng = canvas.rng
    canvas.add(BACKDROP, path(canvas.hill(horizon, 26, 4), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + 110, 20, 3), b))
    for _ in range(9):
        y = rng.uniform(horizon + 50, canvas.height - 20)
        s = 26 + 70 * (y - horizon) / (canvas.height - horizon)
        x = rng.uniform(0, canvas.width)
        canvas.add(
            BACKDROP,
            ellipse(x, y, s, s * 0.28, c)
            + ellipse(x, y + s * 0.06, s * 0.82, s * 0.2, mix(c, "#20202A", 0.22)),
        )


def _underwater(canvas: Canvas, setting: Setting, horizon: float) -> None:
    w, h, rng = canvas.width, canvas.height, canvas.rng
    deep = (
        ("#3FB3DE", "#1F7DBE", "#12508F")
        if setting.time != "night"
        else ("#1B3F7F", "#102A60", "#0A1A44")
    )
    canvas.add(
        BACKDROP, rect(0, 0, w, h, canvas.gradient([(0, deep[0]), (0.5, deep[1]), (1, deep[2])]))
    )
    for _ in range(5):
        x = rng.uniform(0, w)
        canvas.add(
            BACKDROP,
            polygon(
                [(x, 0), (x + 70, 0), (x - 60, h * 0.8), (x - 260, h * 0.8)],
                "#FFFFFF",
                'opacity="0.08"',
            ),
        )
    canvas.add(BACKDROP, path(canvas.hill(horizon, 16, 3), mix("#E8CF94", deep[2], 0.25)))
    canvas.add(BACKDROP, path(canvas.hill(h * 0.93, 12, 3), mix("#F0DBA6", deep[2], 0.15)))
    for x, size in ((0.06, 180), (0.93, 200), (0.8, 110)):
        put(canvas, BACKDROP, "1FAB8", w * x, horizon + rng.uniform(30, 70), size)
    for x in (0.16, 0.87, 0.22):
        d = []
        for k in range(3):
            px, top = w * x + k * 22, horizon - rng.uniform(60, 170)
            d.append(
                f"M{px:.0f} {horizon + 60:.0f}C{px - 30:.0f} {horizon - 10:.0f} {px + 34:.0f} {top + 70:.0f} {px:.0f} {top:.0f}"
            )
        canvas.add(
            BACKDROP,
            path("".join(d), "none", 'stroke="#2F9E6B" stroke-width="13" stroke-linecap="round"'),
        )
    bubbles = []
    for _ in range(16):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h * 0.8), rng.uniform(5, 15)
        bubbles.append(
            ellipse(
                x,
                y,
                r,
                r,
                "#FFFFFF",
                'fill-opacity="0.16" stroke="#DDF3FF" stroke-width="2.5" stroke-opacity="0.8"',
            )
        )
    canvas.add(BACKDROP, "".join(bubbles))


def _waterfall(canvas: Canvas, setting: Setting, horizon: float) -> None:
    w = canvas.width
    x, top, base = w * 0.5, canvas.height * 0.14, horizon + 70
    rock = tint("#7E7568", setting)
    canvas.add(
        BACKDROP,
        polygon(
            [
                (x - 330, base),
                (x - 270, top + 30),
                (x - 110, top),
                (x + 120, top - 10),
                (x + 280, top + 40),
                (x + 340, base),
            ],
            rock,
        ),
    )
    canvas.add(
        BACKDROP,
        polygon(
            [
                (x - 280, top + 40),
                (x - 110, top - 22),
                (x + 120, top - 30),
                (x + 290, top + 50),
                (x + 110, top + 18),
                (x - 110, top + 22),
            ],
            tint("#76B24F", setting),
        ),
    )
    far, _ = water_colours(setting)
    canvas.add(BACKDROP, rect(x - 95, top - 8, 190, base - top, mix(far, "#FFFFFF", 0.35)))
    lines = "".join(
        f"M{x - 80 + 32 * i:.0f} {top + 5 + 14 * (i % 3):.0f}V{base - 30:.0f}" for i in range(6)
    )
    canvas.add(
        BACKDROP,
        path(
            lines, "none", 'stroke="#FFFFFF" stroke-width="9" stroke-linecap="round" opacity="0.75"'
        ),
    )
    canvas.add(BACKDROP, ellipse(x, base + 6, 250, 44, mix(far, "#FFFFFF", 0.15)))
    for dx in (-110, -50, 10, 70, 120):
        canvas.add(BACKDROP, ellipse(x + dx, base - 12, 46, 26, "#FFFFFF", 'opacity="0.85"'))


def _abstract(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    colours = ["#F28B7D", "#FFD83B", "#5FAE3F", "#3C84D6", "#C7A9E0", "#35B5A9", "#F08A24"]
    rng.shuffle(colours)
    for i in range(7):
        r = rng.uniform(70, 230)
        x, y = rng.uniform(0, canvas.width), rng.uniform(0.1, 0.75) * canvas.height
        canvas.add(
            MAIN if i > 3 else BACKDROP, ellipse(x, y, r, r, colours[i % 7], 'opacity="0.75"')
        )
    for i in range(3):
        canvas.add(MAIN, path(canvas.hill(horizon + i * 100, 60, 4), colours[i], 'opacity="0.9"'))


_PAINTERS: Final[dict[str, Callable[[Canvas, Setting, float], None]]] = {
    "sea": _sea, "lake": _lake, "shore": _shore, "beach": _beach, "lakeside": _lakeside,
    "island": _island, "cliff": _cliff, "desert": _desert, "snowfield": _snowfield,
    "forest": _forest, "jungle": _forest, "swamp": _swamp, "city": _city, "street": _street,
    "village": _village, "roadside": _roadside, "rails": _rails, "moonscape": _moonscape,
    "marsscape": _moonscape, "underwater": _underwater, "hill": _hill, "peak": _peak,
    "abstract": _abstract,
}  # fmt: skip

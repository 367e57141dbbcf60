"""Water and its edges: sea, lake, beach, shore, island, cliff, waterfall."""

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
from heliograph.providers.image._illustrator._scenery import grass, put, snowy, tree_row
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = [
    "beach",
    "cliff",
    "draw_water",
    "island",
    "lake",
    "lakeside",
    "sea",
    "shore",
    "water_colours",
    "waterfall",
]


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


def draw_water(canvas: Canvas, setting: Setting, top: float, bottom: float) -> None:
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
        extra = f'stroke="{colour}" stroke-width="{3 + (y - top) * 0.012:.1f}" opacity="0.6"'
        canvas.add(BACKDROP, path("".join(dashes), "none", extra))
        y += step
    if setting.has("storm"):
        for i, k in enumerate((0.2, 0.45)):
            level = top + (bottom - top) * k
            d = canvas.wave(level, 26 + 10 * i, 300, rng.uniform(0, 6)) + f"V{bottom:.0f}H0Z"
            canvas.add(BACKDROP, path(d, mix(far, near, 0.3 + 0.4 * i)))


def sea(canvas: Canvas, setting: Setting, horizon: float) -> None:
    draw_water(canvas, setting, horizon, canvas.height)


def lake(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, _, _ = grass(setting)
    tree_row(canvas, setting, horizon - 14, 0.12)
    canvas.add(BACKDROP, path(canvas.hill(horizon - 14, 10, 4), a))
    draw_water(canvas, setting, horizon + 14, canvas.height)
    rng = canvas.rng
    for x in (0.03, 0.09, 0.93, 0.98):
        put(
            canvas, BACKDROP, "1F33E", canvas.width * x, canvas.height * rng.uniform(0.86, 1.0), 150
        )


def shore(canvas: Canvas, setting: Setting, horizon: float) -> None:
    beach(canvas, setting, horizon, sand=False)


def beach(canvas: Canvas, setting: Setting, horizon: float, *, sand: bool = True) -> None:
    edge = canvas.height * 0.68
    draw_water(canvas, setting, horizon, edge + 60)
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


def lakeside(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, _, _ = grass(setting)
    tree_row(canvas, setting, horizon - 14, 0.12)
    canvas.add(BACKDROP, path(canvas.hill(horizon - 14, 10, 4), a))
    beach(canvas, setting, horizon + 14, sand=False)


def island(canvas: Canvas, setting: Setting, horizon: float) -> None:
    draw_water(canvas, setting, horizon, canvas.height)
    w, h = canvas.width, canvas.height
    top = h * 0.7
    d = (
        f"M{w * 0.1:.0f} {h * 0.9:.0f}C{w * 0.16:.0f} {top:.0f} {w * 0.34:.0f} "
        f"{top - 20:.0f} {w * 0.5:.0f} {top - 10:.0f}C{w * 0.7:.0f} {top - 20:.0f} "
        f"{w * 0.86:.0f} {top:.0f} {w * 0.9:.0f} {h * 0.9:.0f}C{w * 0.74:.0f} "
        f"{h * 0.95:.0f} {w * 0.26:.0f} {h * 0.95:.0f} {w * 0.1:.0f} "
        f"{h * 0.9:.0f}Z"
    )
    canvas.add(
        BACKDROP,
        path(d, tint("#F5DDA0", setting), f'stroke="{tint("#FFFFFF", setting)}" stroke-width="10"'),
    )
    put(canvas, BACKDROP, "1F334", w * 0.24, h * 0.76, h * 0.34)


def cliff(canvas: Canvas, setting: Setting, horizon: float) -> None:
    draw_water(canvas, setting, horizon, canvas.height)
    w, h = canvas.width, canvas.height
    top = h * 0.64
    a, _, _ = grass(setting)
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
            (
                f"M{w * 0.32:.0f} {top + 70:.0f}v90M{w * 0.45:.0f} {top + 120:.0f}v110"
                f"M{w * 0.62:.0f} {top + 80:.0f}v80M{w * 0.8:.0f} {top + 140:.0f}v90"
                f"M{w * 0.93:.0f} {top + 80:.0f}v70"
            ),
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


def waterfall(canvas: Canvas, setting: Setting, horizon: float) -> None:
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

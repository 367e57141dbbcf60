"""The sky: gradients by time and weather, sun, moon, stars, clouds, and what hangs there."""

from __future__ import annotations

import math
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
from heliograph.providers.image._illustrator._colour import PALETTE, mix
from heliograph.providers.image._illustrator._figures import figure
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._setting import Setting

__all__ = ["draw_over", "draw_sky", "sky_colours", "tint"]

_SKIES: Final[dict[str, tuple[str, ...]]] = {
    "day": ("#6FC1F0", "#B5E2F8", "#E8F7FD"),
    "sunset": ("#54418F", "#C4588F", "#F58A5B", "#FFD27A"),
    "dawn": ("#86AEE6", "#E9C3DD", "#FFD9B5", "#FFF0C9"),
    "night": ("#0A1036", "#1B2762", "#3D4390"),
    "storm": ("#252D3A", "#46515F", "#6D7884"),
    "rain": ("#74879A", "#9FB0BE", "#C6D2DA"),
    "fog": ("#AFBCC5", "#D0D8DC", "#E9EDEE"),
    "snow": ("#9DB8D1", "#C9DAE8", "#EEF4F9"),
    "cloudy": ("#8FA6B8", "#BDCCD6", "#DFE8EC"),
    "space": ("#070A22", "#131A45", "#251B52"),
    "mars": ("#C98A63", "#E3B08A", "#F1D3B4"),
}
_VEILS: Final = {
    "night": ("#070C33", 0.62), "sunset": ("#E8663A", 0.3), "dawn": ("#FFC2A0", 0.24)
}  # fmt: skip
_RAINBOW: Final = ("#E0352B", "#F08A24", "#FFD83B", "#5FAE3F", "#3C84D6", "#4B3F9E", "#8A5CC0")


def sky_colours(setting: Setting, reading: Reading) -> tuple[str, ...]:
    """The gradient's colours, top to horizon."""
    if setting.ground in ("space", "moonscape"):
        return _SKIES["space"]
    if setting.ground == "marsscape":
        return _SKIES["mars"] if setting.time != "night" else _SKIES["space"]
    if reading.sky_colour in PALETTE:
        light, base, dark = PALETTE[reading.sky_colour]
        return (dark, base, light) if setting.time == "night" else (base, light, "#FFF8EA")
    if setting.time == "night":
        if setting.has("storm"):
            return ("#0B0F1F", "#1D2436", "#39425A")
        return _SKIES["night"]
    for name in ("storm", "rain", "fog"):
        if setting.has(name) and setting.time == "day":
            return _SKIES[name]
    if setting.time in ("sunset", "dawn"):
        colours = _SKIES[setting.time]
        if setting.has("storm", "rain"):
            return tuple(mix(c, "#4B5563", 0.45) for c in colours)
        return colours
    if setting.has("snow", "cloudy"):
        return _SKIES["snow" if setting.has("snow") else "cloudy"]
    return _SKIES["day"]


def tint(colour: str, setting: Setting) -> str:
    """A ground colour as the time and the weather light it."""
    if setting.time == "night":
        colour = mix(colour, "#141B4D", 0.6)
    elif setting.time == "sunset":
        colour = mix(colour, "#B0463F", 0.26)
    elif setting.time == "dawn":
        colour = mix(colour, "#F3B49C", 0.2)
    if setting.has("storm"):
        colour = mix(colour, "#2E3744", 0.42)
    elif setting.has("rain"):
        colour = mix(colour, "#6B7885", 0.24)
    elif setting.has("fog"):
        colour = mix(colour, "#CBD3D8", 0.35)
    return colour


def draw_sky(canvas: Canvas, setting: Setting, reading: Reading) -> None:
    """Draws the sky down to the horizon and everything named that belongs in it."""
    colours = sky_colours(setting, reading)
    stops = [(i / (len(colours) - 1), c) for i, c in enumerate(colours)]
    horizon = min(1.0, setting.horizon + 0.02) * canvas.height
    canvas.add(BACKDROP, rect(0, 0, canvas.width, horizon + 60, canvas.gradient(stops)))
    starry = setting.time == "night" or setting.ground in ("space", "moonscape")
    if starry and not setting.has("storm", "fog", "rain") and "@stars" not in reading.without:
        _stars(canvas, horizon, many="@stars" in reading.sky or setting.ground == "space")
    if "@milkyway" in reading.sky or (setting.ground == "space" and not reading.sky):
        _milkyway(canvas, horizon, faint="@milkyway" not in reading.sky)
    if "@aurora" in reading.sky:
        _aurora(canvas, horizon)
    canvas.mark("lights")
    _lights(canvas, setting, reading, horizon)
    if "@rainbow" in reading.sky:
        _rainbow(canvas, horizon)
    canvas.mark("clouds")
    _clouds(canvas, setting, reading, horizon)
    if setting.has("storm") or "@lightning" in reading.sky:
        _lightning(canvas, horizon)
    _hung(canvas, reading, horizon)


def draw_over(canvas: Canvas, setting: Setting, reading: Reading) -> None:
    """What a prompt names of the sky, and its light, over a backdrop that is somebody else's."""
    horizon = canvas.height * 0.5
    shade, strength = _VEILS.get(setting.time, ("", 0.0))
    if setting.has("storm"):
        shade, strength = "#252D3A", 0.45
    if shade:
        canvas.add(
            BACKDROP, rect(0, 0, canvas.width, canvas.height, shade, f'opacity="{strength}"')
        )
    named = reading.sky
    if "@stars" in named or (setting.time == "night" and "@stars" not in reading.without):
        _stars(canvas, horizon, many="@stars" in named)
    if "@milkyway" in named:
        _milkyway(canvas, horizon, faint=False)
    if "@aurora" in named:
        _aurora(canvas, horizon)
    if named.keys() & {"@sun", "@moon", "@crescent"}:
        _lights(canvas, setting, reading, horizon)
    if "@rainbow" in named:
        _rainbow(canvas, horizon * 1.3)
    if named.keys() & {"@clouds", "@cloud"}:
        _clouds(canvas, setting, reading, horizon)
    if setting.has("storm") or "@lightning" in named:
        _lightning(canvas, horizon)
    _hung(canvas, reading, horizon)


def _stars(canvas: Canvas, horizon: float, *, many: bool) -> None:
    rng = canvas.rng
    count = int((150 if many else 70) * (0.7 + 0.3 * canvas.detail) * canvas.width / 1000)
    dots = []
    for _ in range(count):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, horizon * 0.95)
        r = rng.choice((1.4, 1.8, 2.2, 3.0))
        dots.append(ellipse(x, y, r, r, rng.choice(("#FFFFFF", "#FFF3C4", "#D7E3FF"))))
    for _ in range(14 if many else 6):
        x, y = rng.uniform(30, canvas.width - 30), rng.uniform(20, horizon * 0.7)
        s = rng.uniform(7, 13) * (1.6 if many else 1)
        d = (
            f"M{x:.0f} {y - s:.1f}Q{x:.0f} {y:.0f} {x + s:.1f} {y:.0f}Q{x:.0f} "
            f"{y:.0f} {x:.0f} {y + s:.1f}"
        )
        d += f"Q{x:.0f} {y:.0f} {x - s:.1f} {y:.0f}Q{x:.0f} {y:.0f} {x:.0f} {y - s:.1f}Z"
        dots.append(path(d, "#FFF6CF"))
    canvas.add(BACKDROP, "".join(dots))


def _milkyway(canvas: Canvas, horizon: float, *, faint: bool) -> None:
    rng = canvas.rng
    turn = -24 if rng.random() < 0.5 else 24
    shapes = []
    for i in range(3):
        paint = canvas.glow(("#8C7BD8", "#5B8BE0", "#E7B3E6")[i], 0.25 if faint else 0.6)
        shapes.append(ellipse(0, (i - 1) * 40, canvas.width * 0.75, 130 - 25 * i, paint))
    for _ in range(20 if faint else 160):
        x, y = rng.gauss(0, canvas.width * 0.32), rng.gauss(0, 45)
        shapes.append(ellipse(x, y, 1.8, 1.8, "#FFFFFF"))
    x, y = canvas.width / 2, min(horizon, canvas.height) * 0.45
    canvas.add(
        BACKDROP, f'<g transform="translate({x:.0f} {y:.0f}) rotate({turn})">{"".join(shapes)}</g>'
    )


def _aurora(canvas: Canvas, horizon: float) -> None:
    """Curtains of light: upright strips whose lower edge swings."""
    rng = canvas.rng
    curtains = (("#8E6BEA", 0.42, 0.4), ("#3BE8A0", 0.62, 0.5), ("#45E0C9", 0.82, 0.42))
    for colour, low, tall in curtains:
        name = f"g{len(canvas.defs)}"
        canvas.defs.append(
            f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" '
            f'stop-color="{colour}" stop-opacity="0"/><stop offset="0.8" stop-color="{colour}" '
            f'stop-opacity="0.75"/><stop offset="1" stop-color="{colour}" stop-opacity="0"/>'
            "</linearGradient>"
        )
        phase, strip = rng.uniform(0, 6), 26.0
        strips: list[str] = []
        x = -10.0
        while x < canvas.width:
            swing = math.sin(phase + x / canvas.width * 7) * 0.09 + math.sin(phase + x / 70) * 0.015
            top = horizon * (low + swing - tall * rng.uniform(0.8, 1.0))
            strips.append(rect(x, top, strip + 1, horizon * (low + swing) - top, f"url(#{name})"))
            x += strip
        canvas.add(BACKDROP, "".join(strips))


def _lights(canvas: Canvas, setting: Setting, reading: Reading, horizon: float) -> None:
    """Sun and moon."""
    sky, rng = reading.sky, canvas.rng
    side = rng.choice((0.2, 0.8))
    if "@moon" in sky or "@crescent" in sky:
        art = "@moon" if "@moon" in sky else "@crescent"
        colour = PALETTE[sky[art]][1] if sky[art] in PALETTE else "#FFF1B8"
        x = canvas.width * rng.choice((0.26, 0.74))
        size, y = 112.0, min(horizon, canvas.height) * 0.24
        if setting.ground in ("space", "sky"):
            x, y, size = canvas.width * rng.choice((0.16, 0.84)), canvas.height * 0.18, 120
        if reading.big_disc:
            x, y, size = canvas.width * 0.5, min(horizon * 0.62, canvas.height * 0.4), 250
        _moon(canvas, x, y, size, colour, full=art == "@moon")
        return
    if setting.ground == "moonscape":
        globe = figure("@earth", "space")
        size = 170 / globe.height
        canvas.add(
            BACKDROP,
            f'<g transform="translate({canvas.width * side - 85:.0f} {horizon * 0.16:.0f}) '
            f'scale({size:.3f}) translate({-globe.box[0]:g} {-globe.box[1]:g})">'
            f"{globe.markup}</g>",
        )
        return
    if setting.time == "night" and setting.ground != "space":
        if not setting.has("storm", "rain", "fog", "snow") and not reading.without & {
            "sky",
            "@moon",
        }:
            x = canvas.width * side
            _moon(canvas, x, min(horizon, canvas.height) * 0.22, 58, "#FFF1B8", full=False)
        return
    if setting.ground in ("space", "underwater") or "@sun" in reading.without:
        return
    if setting.has("storm", "rain", "fog", "snow", "cloudy") and "@sun" not in sky:
        return
    big = "@sun" in sky
    colour = PALETTE[sky["@sun"]][1] if big and sky["@sun"] in PALETTE else "#FFDA3D"
    if setting.time in ("sunset", "dawn"):
        x = canvas.width * rng.uniform(0.3, 0.7)
        y = horizon - (40 if setting.time == "sunset" else 70)
        glow = canvas.glow("#FFE9A8", 0.9)
        canvas.add(BACKDROP, ellipse(x, y, 420, 330, glow))
        colour = "#FFB43C" if setting.time == "sunset" else "#FFE37A"
        canvas.add(BACKDROP, ellipse(x, y, 118, 118, colour))
        return
    radius = 88 if big else 62
    x, y = canvas.width * (0.14 if side < 0.5 else 0.86), min(horizon, canvas.height) * 0.22
    if reading.big_disc:
        x, y, radius = canvas.width * 0.5, min(horizon * 0.6, canvas.height * 0.4), 190
    canvas.add(BACKDROP, ellipse(x, y, radius * 2.6, radius * 2.6, canvas.glow("#FFF3B0", 0.9)))
    rays = []
    for i in range(12 if big else 0):
        a = i * math.tau / 12
        r0, r1 = radius * 1.22, radius * 1.6
        rays.append(
            f"M{x + math.cos(a) * r0:.0f} {y + math.sin(a) * r0:.0f}"
            f"L{x + math.cos(a) * r1:.0f} {y + math.sin(a) * r1:.0f}"
        )
    if rays:
        extra = f'stroke="{colour}" stroke-width="12" stroke-linecap="round"'
        canvas.add(BACKDROP, path("".join(rays), "none", extra))
    canvas.add(BACKDROP, ellipse(x, y, radius, radius, colour))


def _moon(canvas: Canvas, x: float, y: float, r: float, colour: str, *, full: bool) -> None:
    y = max(y, r + 40)
    canvas.add(BACKDROP, ellipse(x, y, r * 2.5, r * 2.5, canvas.glow(colour, 0.5)))
    if full:
        shade = mix(colour, "#B9A463", 0.45)
        canvas.add(
            BACKDROP,
            ellipse(x, y, r, r, colour)
            + ellipse(x - r * 0.35, y - r * 0.3, r * 0.2, r * 0.18, shade)
            + ellipse(x + r * 0.3, y + r * 0.1, r * 0.26, r * 0.24, shade)
            + ellipse(x - r * 0.25, y + r * 0.45, r * 0.15, r * 0.13, shade)
            + ellipse(x + r * 0.2, y - r * 0.5, r * 0.11, r * 0.1, shade),
        )
        return
    d = (
        f"M{x + r * 0.35:.1f} {y - r * 0.94:.1f}A{r:.1f} {r:.1f} 0 1 0 {x + r * 0.35:.1f} "
        f"{y + r * 0.94:.1f}A{r * 0.8:.1f} {r * 0.95:.1f} 0 1 1 {x + r * 0.35:.1f} "
        f"{y - r * 0.94:.1f}Z"
    )
    canvas.add(BACKDROP, path(d, colour))


def _rainbow(canvas: Canvas, horizon: float) -> None:
    x, y = canvas.width / 2, horizon + 40
    outer = min(canvas.width * 0.47, horizon * 0.98)
    band = outer * 0.052
    arcs = []
    for i, colour in enumerate(_RAINBOW):
        r = outer - i * band
        arcs.append(
            path(
                f"M{x - r:.0f} {y:.0f}A{r:.0f} {r:.0f} 0 0 1 {x + r:.0f} {y:.0f}", "none",
                f'stroke="{colour}" stroke-width="{band + 1:.1f}" opacity="0.85"',
            )
        )  # fmt: skip
    canvas.add(MAIN, "".join(arcs))


def cloud(x: float, y: float, size: float, colour: str, shade: str) -> str:
    """A flat cloud, ``size`` units wide, its base at ``y``."""
    u = size / 10
    d = (
        f"M{x - 5 * u:.1f} {y:.1f}c{-u * 0.9:.1f} 0 {-u * 0.9:.1f} {-u * 1.9:.1f} {u * 0.5:.1f} "
        f"{-u * 2:.1f}c{u * 0.1:.1f} {-u * 1.7:.1f} {u * 2.2:.1f} {-u * 2.2:.1f} {u * 3:.1f} "
        f"{-u * 0.9:.1f}c{u * 0.8:.1f} {-u * 2.2:.1f} {u * 4:.1f} {-u * 1.8:.1f} {u * 4.1:.1f} "
        f"{u * 0.5:.1f}c{u * 1.7:.1f} {-u * 0.6:.1f} {u * 2.7:.1f} {u * 1.9:.1f} {u * 1.1:.1f} "
        f"{u * 2.4:.1f}z"
    )
    return path(d, colour) + path(
        f"M{x - 3.6 * u:.1f} {y:.1f}h{6.8 * u:.1f}c{u:.1f} {-u * 0.8:.1f} {-u * 5.5:.1f} "
        f"{-u * 0.9:.1f} {-u * 6.8:.1f} 0z",
        shade,
    )


def _clouds(canvas: Canvas, setting: Setting, reading: Reading, horizon: float) -> None:
    if setting.ground in ("space", "moonscape", "underwater", "marsscape"):
        return
    if {"@clouds", "@cloud", "sky"} & reading.without:
        return
    rng = canvas.rng
    named = "@clouds" in reading.sky
    heavy = setting.has("storm", "rain")
    if heavy:
        count, colour, shade = 7, ("#5C6775", "#4A5462"), "#3E4754"
        if not setting.has("storm"):
            colour, shade = ("#A3AFBA", "#8C99A6"), "#7C8996"
    elif setting.has("cloudy", "snow"):
        count, colour, shade = 6, ("#EEF3F6", "#DCE5EB"), "#C9D5DD"
    else:
        count = 8 if named or setting.ground == "sky" else 1 if "@cloud" in reading.sky else 3
        colour, shade = ("#FFFFFF", "#FFFFFF"), "#DCEBF5"
        if setting.has("sunny") and not named:
            count = 0
    if setting.time == "night":
        colour = mix(colour[0], "#1B2459", 0.62), mix(colour[1], "#1B2459", 0.62)
        shade = mix(shade, "#1B2459", 0.7)
        count = min(count, 5) if heavy or named else 2
    elif setting.time in ("sunset", "dawn"):
        warm = "#FF9E7A" if setting.time == "sunset" else "#FFC9C0"
        colour = mix(colour[0], warm, 0.4), mix(colour[1], warm, 0.4)
        shade = mix(shade, "#B0588A", 0.35)
    top = min(horizon, canvas.height)
    for i in range(count):
        size = rng.uniform(150, 260) * (1.6 if heavy else 1.0) * (1.7 if named and i < 3 else 1)
        x = canvas.width * ((i + 0.5) / count) + rng.uniform(-60, 60)
        y = top * (rng.uniform(0.1, 0.28) if heavy else rng.uniform(0.16, 0.62))
        if setting.ground == "sky":
            y = canvas.height * rng.uniform(0.12, 0.97)
        canvas.add(BACKDROP, cloud(x, y + size * 0.15, size, colour[i % 2], shade))
    if "@cloud" in reading.sky:
        x = canvas.width * 0.5
        canvas.add(MAIN, cloud(x, top * 0.34, 380, colour[0], shade))


def _lightning(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    for i in range(2):
        x = canvas.width * (0.22 + 0.56 * i) + rng.uniform(-60, 60)
        y, h = horizon * 0.22, horizon * rng.uniform(0.5, 0.7)
        w = h * 0.16
        points = [
            (x, y), (x - w * 1.1, y + h * 0.5), (x - w * 0.1, y + h * 0.46), (x - w * 0.8, y + h),
            (x + w * 1.1, y + h * 0.36), (x + w * 0.25, y + h * 0.4), (x + w, y),
        ]  # fmt: skip
        canvas.add(BACKDROP, ellipse(x, y + h / 2, h * 0.5, h * 0.6, canvas.glow("#FFF6B0", 0.35)))
        canvas.add(BACKDROP, polygon(points, "#FFE14D", 'stroke="#FFF8D0" stroke-width="4"'))


def _hung(canvas: Canvas, reading: Reading, horizon: float) -> None:
    """Fireworks, shooting stars and single stars, from the art."""
    rng = canvas.rng
    top = min(horizon, canvas.height)
    if "1F386" in reading.sky:
        for i in range(5):
            x = canvas.width * (0.14 + 0.18 * i) + rng.uniform(-20, 20)
            y = top * rng.uniform(0.16, 0.5)
            _burst(canvas, x, y, rng.uniform(70, 130), _RAINBOW[(i * 3) % 7])
    if "1F320" in reading.sky:
        for _ in range(3):
            x, y = canvas.width * rng.uniform(0.3, 0.9), top * rng.uniform(0.08, 0.4)
            paint = canvas.gradient([(0, "#FFF6CF"), (1, "#3D4390")], vertical=False)
            canvas.add(BACKDROP, polygon([(x, y - 5), (x, y + 5), (x + 190, y - 95)], paint))
            _star(canvas, x, y, 24)
    if "@star" in reading.sky:
        _star(canvas, canvas.width * rng.choice((0.3, 0.7)), top * 0.25, 80)


def _star(canvas: Canvas, x: float, y: float, r: float) -> None:
    points = []
    for i in range(10):
        a = -math.pi / 2 + i * math.pi / 5
        k = r if i % 2 == 0 else r * 0.45
        points.append((x + math.cos(a) * k, y + math.sin(a) * k))
    canvas.add(BACKDROP, ellipse(x, y, r * 2, r * 2, canvas.glow("#FFF1B8", 0.6)))
    canvas.add(BACKDROP, polygon(points, "#FFE14D"))


def _burst(canvas: Canvas, x: float, y: float, r: float, colour: str) -> None:
    lines, dots = [], []
    for i in range(14):
        a = i * math.tau / 14
        c, s = math.cos(a), math.sin(a)
        lines.append(
            f"M{x + c * r * 0.3:.0f} {y + s * r * 0.3:.0f}L{x + c * r * 0.85:.0f} "
            f"{y + s * r * 0.85:.0f}"
        )
        dots.append(ellipse(x + c * r, y + s * r, 6, 6, "#FFF6CF"))
    canvas.add(BACKDROP, ellipse(x, y, r * 1.3, r * 1.3, canvas.glow(colour, 0.5)))
    extra = f'stroke="{colour}" stroke-width="6" stroke-linecap="round"'
    canvas.add(BACKDROP, path("".join(lines), "none", extra) + "".join(dots))

"""Rooms: walls, floors, windows that show the weather, and what each kind of room holds."""

from __future__ import annotations

from typing import Final

from heliograph.providers.image._illustrator._canvas import (
    BACKDROP,
    Canvas,
    ellipse,
    path,
    polygon,
    rect,
)
from heliograph.providers.image._illustrator._colour import PALETTE, mix
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._scenery import put
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import sky_colours

__all__ = ["draw_room", "window_box"]

_WALLS: Final = {
    "room": ("#F3D9B8", "#B97A45"), "bedroom": ("#D9CFEA", "#C79A6B"),
    "kitchen": ("#FBE7B8", "#D9C7B0"), "bathroom": ("#CFEAF0", "#E8EEF1"),
    "library": ("#D9BE98", "#8A5A34"), "classroom": ("#DCE8D2", "#C79A6B"),
    "office": ("#DDE4EC", "#A9AEB8"), "cafe_in": ("#E8C9A8", "#8A5A34"),
    "party": ("#FBE3C8", "#C98F5C"), "table": ("#F6E3C5", "#B97A45"),
    "stage": ("#5B1F2E", "#8A5A34"), "cave": ("#3B3340", "#54485A"),
}  # fmt: skip


def draw_room(canvas: Canvas, setting: Setting, reading: Reading) -> None:
    """Draws an indoor setting: wall, floor, a window, and furniture that says which room it is."""
    wall, floor = _WALLS[setting.ground]
    named = next((t.colours for t in reading.things if t.art == "@table" and t.colours), [])
    if setting.ground == "table" and named and named[0] in PALETTE:
        floor = mix(PALETTE[named[0]][1], "#FFFFFF", 0.15)
    if setting.time == "night":
        wall, floor = mix(wall, "#2B2550", 0.42), mix(floor, "#1F1A3A", 0.4)
    w, h = canvas.width, canvas.height
    line = h * setting.horizon
    canvas.add(
        BACKDROP,
        rect(0, 0, w, line + 2, canvas.gradient([(0, mix(wall, "#FFFFFF", 0.12)), (1, wall)])),
    )
    if setting.ground == "stage":
        _stage(canvas, line)
        return
    if setting.ground == "cave":
        _cave(canvas, line)
        return
    if setting.ground == "bathroom":
        _tiles(canvas, line, mix(wall, "#7FB3C4", 0.35))
    elif setting.ground not in ("table", "library"):
        _stripes(canvas, line, mix(wall, "#FFFFFF", 0.25))
    canvas.add(BACKDROP, rect(0, line, w, h - line, floor))
    if setting.ground != "table":
        boards = "".join(
            f"M{w * (0.5 + (i - 5) * 0.07):.0f} {line:.0f}L{w * (0.5 + (i - 5) * 0.2):.0f} {h:.0f}"
            for i in range(11)
        )
        canvas.add(
            BACKDROP,
            path(
                boards,
                "none",
                f'stroke="{mix(floor, "#3B2416", 0.3)}" stroke-width="4" opacity="0.6"',
            ),
        )
        canvas.add(BACKDROP, rect(0, line - 16, w, 20, mix(wall, "#FFFFFF", 0.6)))
    window = reading.named("1FA9F")
    if window or setting.ground not in ("library", "classroom", "office"):
        big = window or setting.weather or reading.time or reading.sky
        sill = any(
            reading.figures(i, "on") for i, t in enumerate(reading.things) if t.art == "1FA9F"
        )
        _window(canvas, setting, reading, 0.5 if sill else 0.3 if big else 0.2)
    if setting.ground == "table":
        canvas.add(BACKDROP, rect(0, line, w, 26, mix(floor, "#FFFFFF", 0.3)))
        grain = "".join(
            (
                f"M0 {line + 60 + i * 62:.0f}Q{w / 2:.0f} {line + 46 + i * 66:.0f} "
                f"{w:.0f} {line + 64 + i * 62:.0f}"
            )
            for i in range(7)
        )
        canvas.add(
            BACKDROP,
            path(
                grain,
                "none",
                f'stroke="{mix(floor, "#3B2416", 0.25)}" stroke-width="4" opacity="0.5"',
            ),
        )
        return
    _furnish(canvas, setting, reading, line)


def _stripes(canvas: Canvas, line: float, colour: str) -> None:
    bars = "".join(
        rect(i * 96 + 20, 0, 26, line, colour) for i in range(int(canvas.width / 96) + 1)
    )
    canvas.add(BACKDROP, f'<g opacity="0.5">{bars}</g>')


def _tiles(canvas: Canvas, line: float, colour: str) -> None:
    d = "".join(f"M{x} 0V{line:.0f}" for x in range(0, int(canvas.width) + 70, 70))
    d += "".join(f"M0 {y}H{canvas.width:.0f}" for y in range(0, int(line), 70))
    canvas.add(BACKDROP, path(d, "none", f'stroke="{colour}" stroke-width="3"'))


def window_box(
    canvas: Canvas, setting: Setting, *, large: bool
) -> tuple[float, float, float, float]:
    """Where the room's window is: left, top, width, height of the panes."""
    line = canvas.height * setting.horizon
    side = min(canvas.width * (0.5 if large else 0.3), canvas.height * (0.5 if large else 0.36))
    height = min(side * 1.15, line * 0.74)
    x = canvas.width * (0.5 if large else 0.73) - side / 2
    return x, line * 0.1, side, height


def _window(canvas: Canvas, setting: Setting, reading: Reading, size: float) -> None:
    """A window with the sky outside, its weather and its moon."""
    x, y, side, height = window_box(canvas, setting, large=size > 0.4)
    if size < 0.28:
        x, side, height = x + side * 0.2, side * 0.68, height * 0.68
    outside = Setting("meadow", 0.7, setting.time, setting.weather, setting.season)
    colours = sky_colours(outside, reading)
    stops = [(i / (len(colours) - 1), c) for i, c in enumerate(colours)]
    clip = canvas.clip(rect(x, y, side, height, "#000"))
    rng = canvas.rng
    view = [rect(x, y, side, height, canvas.gradient(stops))]
    if setting.time == "night":
        view += [
            ellipse(x + rng.uniform(0, side), y + rng.uniform(0, height * 0.8), 2.5, 2.5, "#FFFFFF")
            for _ in range(14)
        ]
        view.append(
            ellipse(x + side * 0.68, y + height * 0.26, side * 0.12, side * 0.12, "#FFF1B8")
        )
    elif not setting.weather:
        view.append(ellipse(x + side * 0.75, y + height * 0.25, side * 0.1, side * 0.1, "#FFDA3D"))
    if setting.time == "sunset":
        view.append(ellipse(x + side * 0.4, y + height * 0.72, side * 0.16, side * 0.16, "#FFB43C"))
    green = "#EAF2F7" if setting.has("snow") or setting.season == "winter" else "#7FB55A"
    if setting.time == "night":
        green = mix(green, "#141B4D", 0.6)
    view.append(ellipse(x + side * 0.5, y + height * 1.12, side * 0.9, height * 0.36, green))
    if setting.has("rain", "storm"):
        drops = "".join(
            f"M{x + rng.uniform(0, side):.0f} {y + rng.uniform(0, height):.0f}l-8 30"
            for _ in range(46)
        )
        view.append(path(drops, "none", 'stroke="#EAF4FB" stroke-width="4" stroke-linecap="round"'))
    if setting.has("snow"):
        view += [
            ellipse(x + rng.uniform(0, side), y + rng.uniform(0, height), 5, 5, "#FFFFFF")
            for _ in range(40)
        ]
    if setting.has("storm"):
        view.append(
            polygon(
                [
                    (x + side * 0.3, y),
                    (x + side * 0.18, y + height * 0.4),
                    (x + side * 0.3, y + height * 0.38),
                    (x + side * 0.2, y + height * 0.75),
                    (x + side * 0.45, y + height * 0.28),
                    (x + side * 0.32, y + height * 0.3),
                    (x + side * 0.45, y),
                ],
                "#FFE14D",
            )
        )
    frame = 'stroke="#FFFFFF" stroke-width="14"'
    canvas.add(BACKDROP, f"<g {clip}>{''.join(view)}</g>")
    canvas.add(BACKDROP, rect(x, y, side, height, "none", frame))
    canvas.add(
        BACKDROP,
        path(
            f"M{x + side / 2:.0f} {y:.0f}v{height:.0f}M{x:.0f} {y + height * 0.5:.0f}h{side:.0f}",
            "none",
            'stroke="#FFFFFF" stroke-width="9"',
        ),
    )
    canvas.add(
        BACKDROP,
        rect(x - 7, y - 7, side + 14, height + 14, "none", 'stroke="#6A4632" stroke-width="3"'),
    )
    canvas.add(
        BACKDROP,
        rect(x - 22, y + height + 4, side + 44, 18, "#FFFFFF", 'stroke="#6A4632" stroke-width="3"'),
    )
    if setting.ground in ("room", "bedroom", "table"):
        cloth = "#D9694F" if setting.ground != "bedroom" else "#8A7CC8"
        for left in (True, False):
            cx = x - 36 if left else x + side - 24
            sway = 14 if left else -14
            canvas.add(
                BACKDROP,
                path(
                    (
                        f"M{cx:.0f} {y - 26:.0f}h60q{sway} {height / 2:.0f} {-sway // 2} "
                        f"{height + 60:.0f}h-54z"
                    ),
                    cloth,
                    'stroke="#6A2F25" stroke-width="3"',
                ),
            )
        canvas.add(BACKDROP, rect(x - 60, y - 36, side + 120, 13, "#6A4632"))


def _furnish(canvas: Canvas, setting: Setting, reading: Reading, line: float) -> None:
    w, h = canvas.width, canvas.height
    ground = setting.ground
    if ground == "library" and not reading.named("@bookshelf"):
        count = max(3, round(w / (line * 0.62)))
        for i in range(count):
            put(canvas, BACKDROP, "@bookshelf", w * (i + 0.5) / count, line + 10, line * 0.92)
    elif ground == "classroom":
        canvas.add(
            BACKDROP,
            rect(
                w * 0.2,
                line * 0.16,
                w * 0.6,
                line * 0.46,
                "#2F6B4F",
                'stroke="#8A5A34" stroke-width="14"',
            ),
        )
        d = (
            f"M{w * 0.27:.0f} {line * 0.5:.0f}l90 -70l60 50l80 -90M{w * 0.6:.0f} "
            f"{line * 0.3:.0f}a40 40 0 1 0 1 0"
        )
        canvas.add(
            BACKDROP, path(d, "none", 'stroke="#EAF3EC" stroke-width="6" stroke-linecap="round"')
        )
    elif ground == "kitchen":
        canvas.add(
            BACKDROP,
            rect(0, line - 150, w, 165, "#8FB9A8", 'stroke="#4F7466" stroke-width="4"')
            + rect(0, line - 168, w, 24, "#EDE6DA", 'stroke="#4F7466" stroke-width="3"'),
        )
        for i in range(int(w / 150) + 1):
            canvas.add(
                BACKDROP,
                rect(
                    i * 150 + 14, line - 132, 122, 128, "none", 'stroke="#4F7466" stroke-width="4"'
                )
                + ellipse(i * 150 + 120, line - 70, 6, 6, "#F4BE2E"),
            )
        if not reading.named("@stove"):
            put(canvas, BACKDROP, "@stove", w * 0.16, line + 20, 215)
        if not reading.named("@fridge"):
            put(canvas, BACKDROP, "@fridge", w * 0.94, line + 24, 360)
    elif ground == "bathroom" and not reading.named("1F6C1"):
        put(canvas, BACKDROP, "1F6C1", w * 0.2, line + 40, 220)
    elif ground == "bedroom" and not reading.named("1F6CF"):
        put(canvas, BACKDROP, "1F6CF", w * 0.24, line + 50, 220)
    elif ground == "office":
        put(canvas, BACKDROP, "1F5A5", w * 0.2, line - 60, 130)
        canvas.add(
            BACKDROP,
            rect(w * 0.04, line - 62, w * 0.34, 18, "#8A5A34")
            + rect(w * 0.06, line - 50, 16, 130, "#6A4632")
            + rect(w * 0.34, line - 50, 16, 130, "#6A4632"),
        )
    elif ground == "party":
        _party(canvas, line)
    elif ground == "room":
        if not reading.named("1F5BC") and not reading.named("1FA9F"):
            put(canvas, BACKDROP, "1F5BC", w * 0.2, line * 0.42, 120)
        put(canvas, BACKDROP, "1FAB4", w * 0.05, line + 60, 150)
    if ground in ("room", "bedroom"):
        canvas.add(
            BACKDROP,
            ellipse(w * 0.5, h * 0.9, w * 0.42, h * 0.075, "#C9604E")
            + ellipse(
                w * 0.5, h * 0.9, w * 0.35, h * 0.055, "none", 'stroke="#F6D9A8" stroke-width="6"'
            ),
        )


def _party(canvas: Canvas, line: float) -> None:
    """Bunting across the wall and balloons in the corners."""
    w, colours = canvas.width, ("#E0352B", "#FFD83B", "#3C84D6", "#5FAE3F", "#F888AE")
    flags = []
    for i in range(14):
        x = w * (i + 0.5) / 14
        y = line * 0.12 + (1 - ((i - 6.5) / 6.5) ** 2) * line * 0.12
        flags.append(polygon([(x - 26, y), (x + 26, y), (x, y + 62)], colours[i % 5]))
    canvas.add(BACKDROP, "".join(flags))
    for i, x in enumerate((0.06, 0.13, 0.9, 0.96)):
        put(
            canvas, BACKDROP, "1F388", w * x, line * (0.86 - 0.12 * (i % 2)), 190,
            (("red", "blue", "yellow", "green")[i],),
        )  # fmt: skip


def _stage(canvas: Canvas, line: float) -> None:
    w, h = canvas.width, canvas.height
    canvas.add(BACKDROP, rect(0, line, w, h - line, "#A2663A"))
    canvas.add(
        BACKDROP,
        path(
            "".join(
                f"M{w * i / 9:.0f} {line:.0f}L{w * (i - 4.5) / 9 * 1.8 + w / 2:.0f} {h:.0f}"
                for i in range(10)
            ),
            "none",
            'stroke="#7A4A28" stroke-width="4"',
        ),
    )
    canvas.add(
        BACKDROP,
        polygon(
            [(w * 0.46, 0), (w * 0.54, 0), (w * 0.86, h * 0.95), (w * 0.14, h * 0.95)],
            "#FFF3C0",
            'opacity="0.28"',
        )
        + ellipse(w / 2, h * 0.9, w * 0.36, h * 0.06, "#FFF3C0", 'opacity="0.5"'),
    )
    for left in (True, False):
        for k in range(4):
            cw = w * 0.055
            x = k * cw if left else w - (k + 1) * cw
            canvas.add(
                BACKDROP,
                path(
                    f"M{x:.0f} 0h{cw:.0f}v{line + 30 - k * 8:.0f}q{-cw / 2:.0f} 18 {-cw:.0f} 0z",
                    ("#B3202F", "#C8303E")[k % 2],
                ),
            )
    scallops = "".join(
        f"M{i * w / 8:.0f} 0v{h * 0.07:.0f}q{w / 16:.0f} {h * 0.07:.0f} {w / 8:.0f} 0V0z"
        for i in range(8)
    )
    canvas.add(BACKDROP, path(scallops, "#B3202F", 'stroke="#F4BE2E" stroke-width="5"'))


def _cave(canvas: Canvas, line: float) -> None:
    w, h, rng = canvas.width, canvas.height, canvas.rng
    canvas.add(BACKDROP, ellipse(w / 2, h * 0.56, w * 0.5, h * 0.5, "#5E5266"))
    canvas.add(BACKDROP, ellipse(w / 2, h * 0.6, w * 0.36, h * 0.38, "#776A80"))
    canvas.add(BACKDROP, path(canvas.hill(line, 16, 4), "#8A7D86"))
    for i in range(9):
        x, s = w * (i + 0.5) / 9, rng.uniform(60, 190)
        canvas.add(
            BACKDROP, polygon([(x - 46, -5), (x + 46, -5), (x + rng.uniform(-8, 8), s)], "#2B2530")
        )
    for x in (0.05, 0.95, 0.14):
        canvas.add(
            BACKDROP,
            polygon(
                [(w * x - 60, h), (w * x + 60, h), (w * x, h - rng.uniform(120, 230))], "#3B3340"
            ),
        )

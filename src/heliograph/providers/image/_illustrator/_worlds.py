"""Places far from home: desert, snowfield, peak, moon, under water, and none at all."""

from __future__ import annotations

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
from heliograph.providers.image._illustrator._far import mountains
from heliograph.providers.image._illustrator._scenery import put
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = ["abstract", "desert", "moonscape", "peak", "snowfield", "underwater"]


def peak(canvas: Canvas, setting: Setting, horizon: float) -> None:
    w, h = canvas.width, canvas.height
    mountains(canvas, setting, horizon, 3, snow=True)
    top = h * 0.62
    rock, shade = tint("#8C8F99", setting), tint("#686C78", setting)
    canvas.add(BACKDROP, rect(0, horizon + 20, w, h - horizon, mix(rock, shade, 0.5)))
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


def desert(canvas: Canvas, setting: Setting, horizon: float) -> None:
    a, b, c = (tint(x, setting) for x in ("#F6DB9C", "#EBC478", "#DCAA58"))
    canvas.add(BACKDROP, path(canvas.hill(horizon, 36, 4), a))
    canvas.add(BACKDROP, path(canvas.hill(horizon + 80, 34, 3), b))
    canvas.add(BACKDROP, path(canvas.hill(horizon + (canvas.height - horizon) * 0.62, 24, 2), c))
    put(canvas, BACKDROP, "1F335", canvas.width * 0.1, horizon + 90, 110)
    put(canvas, BACKDROP, "1F335", canvas.width * 0.93, horizon + 60, 80)


def snowfield(canvas: Canvas, setting: Setting, horizon: float) -> None:
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


def moonscape(canvas: Canvas, setting: Setting, horizon: float) -> None:
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


def underwater(canvas: Canvas, setting: Setting, horizon: float) -> None:
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
                f"M{px:.0f} {horizon + 60:.0f}C{px - 30:.0f} {horizon - 10:.0f} "
                f"{px + 34:.0f} {top + 70:.0f} {px:.0f} {top:.0f}"
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


def abstract(canvas: Canvas, setting: Setting, horizon: float) -> None:
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

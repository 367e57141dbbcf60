"""Streets, roads and rails."""

from __future__ import annotations

from heliograph.providers.image._illustrator._canvas import BACKDROP, Canvas, path, rect
from heliograph.providers.image._illustrator._far import houses
from heliograph.providers.image._illustrator._meadows import meadow
from heliograph.providers.image._illustrator._scenery import put
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = ["city", "footpath", "rails", "road", "roadside", "street", "village"]


def city(canvas: Canvas, setting: Setting, horizon: float) -> None:
    w, h = canvas.width, canvas.height
    canvas.add(BACKDROP, rect(0, horizon, w, h - horizon, tint("#C9CBD1", setting)))
    top = horizon + (h - horizon) * 0.28
    canvas.add(BACKDROP, rect(0, top, w, h - top, tint("#6B6F78", setting)))
    canvas.add(BACKDROP, rect(0, top, w, 8, tint("#EDEDEF", setting)))
    mid = top + (h - top) * 0.55
    for i in range(int(w / 150) + 1):
        canvas.add(BACKDROP, rect(i * 150 + 20, mid, 80, 10, tint("#F4E9A6", setting)))


def street(canvas: Canvas, setting: Setting, horizon: float) -> None:
    rng = canvas.rng
    count = max(4, int(canvas.width / 230))
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
            y = horizon - h + 34 + r * 92
            frame = 'stroke="#5B4A44" stroke-width="3"'
            shapes += [rect(x + w * k, y, w * 0.19, 54, pane, frame) for k in (-0.26, 0.08)]
        shapes.append(rect(x - w * 0.12, horizon - 78, w * 0.24, 98, tint("#6A4632", setting)))
        canvas.add(BACKDROP, "".join(shapes))
    city(canvas, setting, horizon)
    put(canvas, BACKDROP, "@lamppost", canvas.width * 0.07, horizon + 60, canvas.height * 0.34)


def village(canvas: Canvas, setting: Setting, horizon: float) -> None:
    meadow(canvas, setting, horizon)
    houses(canvas, setting, horizon + 40)
    footpath(canvas, setting, horizon + 70)


def footpath(canvas: Canvas, setting: Setting, top: float) -> None:
    w, h = canvas.width, canvas.height
    d = (
        f"M{w * 0.49:.0f} {top:.0f}C{w * 0.4:.0f} {top + 90:.0f} {w * 0.6:.0f} "
        f"{h - 160:.0f} {w * 0.3:.0f} {h:.0f}H{w * 0.7:.0f}C{w * 0.8:.0f} "
        f"{h - 170:.0f} {w * 0.5:.0f} {top + 90:.0f} {w * 0.52:.0f} {top:.0f}"
        "Z"
    )
    canvas.add(BACKDROP, path(d, tint("#E3CB9C", setting)))


def roadside(canvas: Canvas, setting: Setting, horizon: float) -> None:
    meadow(canvas, setting, horizon)
    road(canvas, setting)


def road(canvas: Canvas, setting: Setting) -> None:
    w, h = canvas.width, canvas.height
    top, bottom = h * 0.78, h * 0.95
    canvas.add(BACKDROP, rect(0, top, w, bottom - top, tint("#5E636E", setting)))
    for y in (top, bottom - 7):
        canvas.add(BACKDROP, rect(0, y, w, 7, tint("#E8E8EA", setting)))
    for i in range(int(w / 150) + 1):
        canvas.add(
            BACKDROP, rect(i * 150 + 30, (top + bottom) / 2 - 4, 80, 8, tint("#F4E9A6", setting))
        )


def rails(canvas: Canvas, setting: Setting, horizon: float) -> None:
    meadow(canvas, setting, horizon)
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

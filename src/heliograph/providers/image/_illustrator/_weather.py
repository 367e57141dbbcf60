"""What falls and blows in front of everything: rain, snow, fog, wind, leaves; sparkles of joy."""

from __future__ import annotations

from heliograph.providers.image._illustrator._canvas import FINISH, Canvas, ellipse, path, rect
from heliograph.providers.image._illustrator._setting import Setting

__all__ = ["draw_weather"]


def draw_weather(canvas: Canvas, setting: Setting) -> None:
    """Draws the weather of an outdoor setting over the things."""
    if setting.indoors or setting.ground in ("underwater", "space", "moonscape"):
        return
    rng = canvas.rng
    w, h = canvas.width, canvas.height
    amount = (0.7 + 0.3 * canvas.detail) * w * h / 1_000_000
    if setting.has("rain", "storm"):
        slant = -34 if setting.has("storm", "wind") else -14
        drops: list[str] = []
        fine: list[str] = []
        for _ in range(int(150 * amount)):
            x, y, s = rng.uniform(0, w + 60), rng.uniform(-20, h), rng.uniform(26, 54)
            target = drops if rng.random() < 0.5 else fine
            target.append(f"M{x:.0f} {y:.0f}l{slant * s / 54:.1f} {s:.0f}")
        extra = 'stroke="#DCEBF7" stroke-linecap="round"'
        canvas.add(FINISH, path("".join(fine), "none", f'{extra} stroke-width="3" opacity="0.6"'))
        canvas.add(FINISH, path("".join(drops), "none", f'{extra} stroke-width="5" opacity="0.75"'))
    if setting.has("snow"):
        flakes = []
        for _ in range(int(150 * amount)):
            x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.choice((4, 5, 7, 10))
            flakes.append(ellipse(x, y, r, r, "#FFFFFF"))
        canvas.add(
            FINISH, f'<g opacity="0.92" stroke="#B9CCDC" stroke-width="0.8">{"".join(flakes)}</g>'
        )
    if setting.has("fog"):
        for i in range(5):
            y = h * (0.38 + 0.13 * i)
            paint = canvas.glow("#F1F4F5", 0.75)
            x = w * rng.uniform(0.2, 0.8)
            canvas.add(FINISH, ellipse(x, y, w * 0.75, h * 0.1, paint))
        canvas.add(FINISH, rect(0, 0, w, h, "#E6EBED", 'opacity="0.28"'))
    if setting.has("wind"):
        d = []
        for _ in range(6):
            x, y, s = rng.uniform(0, w * 0.7), rng.uniform(h * 0.08, h * 0.7), rng.uniform(120, 230)
            d.append(f"M{x:.0f} {y:.0f}h{s:.0f}c60 0 60 -62 18 -62c-26 0 -30 34 -6 36")
        canvas.add(
            FINISH,
            path(
                "".join(d),
                "none",
                'stroke="#FFFFFF" stroke-width="7" stroke-linecap="round" opacity="0.85"',
            ),
        )
    if setting.season == "autumn" or (setting.has("wind") and setting.season in ("", "autumn")):
        _leaves(canvas, 26 if setting.season == "autumn" else 10)


def _leaves(canvas: Canvas, count: int) -> None:
    rng = canvas.rng
    for _ in range(count):
        x, y, turn = (
            rng.uniform(0, canvas.width),
            rng.uniform(0, canvas.height),
            rng.uniform(0, 360),
        )
        colour = rng.choice(("#E0752B", "#C9452B", "#E8B13A", "#B5652B"))
        s = rng.uniform(0.8, 1.4)
        canvas.add(
            FINISH,
            f'<g transform="translate({x:.0f} {y:.0f}) rotate({turn:.0f}) scale({s:.2f})">'
            + path("M0 -14C12 -8 12 8 0 15C-12 8 -12 -8 0 -14Z", colour)
            + path("M0 -10V20", "none", 'stroke="#7A3F1B" stroke-width="2"')
            + "</g>",
        )

"""What every outdoor ground uses: placing a drawing, trees, grass, snow."""

from __future__ import annotations

from typing import Final

from heliograph.providers.image._illustrator._canvas import BACKDROP, Canvas, path
from heliograph.providers.image._illustrator._figures import figure
from heliograph.providers.image._illustrator._setting import Setting
from heliograph.providers.image._illustrator._sky import tint

__all__ = ["grass", "put", "snowy", "tree", "tree_row", "tufts"]


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


_GRASS: Final = {
    "": ("#A5D86E", "#86C653", "#6AB043"),
    "spring": ("#B4E27A", "#93D260", "#74BE4C"),
    "summer": ("#A5D86E", "#86C653", "#6AB043"),
    "autumn": ("#DDB75A", "#CC9A45", "#B57F38"),
    "winter": ("#F2F7FB", "#E1ECF4", "#D0DFEB"),
    "dry": ("#E6CF7E", "#D8B860", "#C5A04C"),
    "dark": ("#7FA95B", "#628F47", "#4C7839"),
}


def grass(setting: Setting) -> tuple[str, str, str]:
    name = "winter" if snowy(setting) else setting.season
    if setting.ground in ("savanna",):
        name = "dry"
    if setting.ground in ("forest", "jungle", "swamp", "graveyard") and name in ("", "summer"):
        name = "dark"
    a, b, c = _GRASS[name]
    return tint(a, setting), tint(b, setting), tint(c, setting)


def tree_row(canvas: Canvas, setting: Setting, base: float, tall: float) -> None:
    rng = canvas.rng
    count = max(6, int(canvas.width / 90))
    arts = ("@pine", "@pine", "@tree")
    if setting.season == "autumn":
        arts = ("@tree", "@tree", "@pine")
    for i in range(count):
        x = canvas.width * (i + 0.5) / count + rng.uniform(-25, 25)
        tree(
            canvas,
            setting,
            rng.choice(arts),
            x,
            base + rng.uniform(5, 30),
            canvas.height * tall * rng.uniform(0.8, 1.2),
            0.25,
        )


def tree(
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


def tufts(canvas: Canvas, setting: Setting, top: float, colour: str) -> None:
    if canvas.detail == 0 or snowy(setting):
        return
    rng = canvas.rng
    blades = []
    for _ in range(int(26 * canvas.detail * canvas.width / 1000)):
        x, y = rng.uniform(0, canvas.width), rng.uniform(top, canvas.height)
        s = 6 + 12 * (y - top) / max(1, canvas.height - top)
        blades.append(
            f"M{x:.0f} {y:.0f}l{-s * 0.5:.1f} {-s:.1f}M{x:.0f} {y:.0f}v{-s * 1.2:.1f}"
            f"M{x:.0f} {y:.0f}l{s * 0.5:.1f} {-s:.1f}"
        )
    extra = f'stroke="{colour}" stroke-width="3" stroke-linecap="round" opacity="0.7"'
    canvas.add(BACKDROP, path("".join(blades), "none", extra))

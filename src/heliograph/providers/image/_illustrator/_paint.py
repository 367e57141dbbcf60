"""Draws a cluster: shadows, rims, what is under water or behind an edge, and signs of its poses."""

from __future__ import annotations

from heliograph.providers.image._illustrator._canvas import (
    BACKDROP,
    THINGS,
    Canvas,
    ellipse,
    path,
    rect,
)
from heliograph.providers.image._illustrator._cluster import Cluster, Placement, Sprite
from heliograph.providers.image._illustrator._figures import Figure, figure
from heliograph.providers.image._illustrator._setting import Setting

__all__ = ["draw_cluster"]


def draw_cluster(
    canvas: Canvas,
    setting: Setting,
    cluster: Cluster,
    x: float,
    base: float,
    scale: float,
    stage: int,
    *,
    wet: bool = False,
) -> None:
    """Draws a cluster with its plane's origin at (x, base), ``scale`` units a story unit."""
    canvas.placed.append(Placement(cluster, x, base, scale, stage, wet))
    for sprite in sorted(cluster.sprites, key=lambda s: s.z):
        part = stage if sprite.main else THINGS
        cx, foot, tall = x + sprite.x * scale, base - sprite.y * scale, sprite.height * scale
        wide = sprite.width * scale
        if sprite.shadow and not wet and setting.ground not in ("sky", "space", "underwater"):
            colour = "#0B1030" if setting.dark else "#3A3A20"
            canvas.add(
                part,
                ellipse(cx, foot - 2, wide * 0.5, max(6.0, wide * 0.075), colour, 'opacity="0.22"'),
            )
        if sprite.glow and setting.time == "night":
            _glow(canvas, cx, foot - tall * 0.6, min(260.0, max(tall, wide) * 1.5))
        _extras_behind(canvas, sprite, cx, foot, wide, tall, part)
        canvas.add(part, _sprite(canvas, setting, sprite, cx, foot, tall))
        if sprite.sunk:
            _ripples(canvas, cx, foot - 0.0 * tall, wide, part)
        _extras(canvas, sprite, cx, foot, wide, tall, part)


def _glow(canvas: Canvas, cx: float, cy: float, reach: float) -> None:
    """Warm light around a flame or lamp, over the backdrop and under every thing."""
    light = ellipse(cx, cy, reach, reach, canvas.glow("#FFC85A", 0.75))
    under = next((i for i, (stage, _) in enumerate(canvas.layers) if stage != BACKDROP), None)
    canvas.layers.insert(len(canvas.layers) if under is None else under, (BACKDROP, light))


def _sprite(
    canvas: Canvas, setting: Setting, sprite: Sprite, cx: float, foot: float, tall: float
) -> str:
    drawn = sprite.figure
    scale = tall / drawn.height
    x0, y0, x1, y1 = drawn.box
    sign = -1 if sprite.flip else 1
    sink = sprite.sunk * drawn.height
    turn = f" rotate({sprite.turn:g} 0 {-tall / 2:.1f})" if sprite.turn else ""
    place = (
        f'transform="translate({cx:.1f} {foot:.1f}){turn} scale({sign * scale:.4f} {scale:.4f}) '
        f'translate({-(x0 + x1) / 2:.2f} {-y1 + sink:.2f})"'
    )
    rim = max(0.5, min(1.6, (9.0 if setting.dark else 5.0) / scale))
    colour = "#FFFFFF" if not setting.dark else "#FFFDF0"
    body = f'<use xlink:href="#{canvas.symbol(drawn.inked(scale))}"/>'
    halo = f'<use xlink:href="#{canvas.symbol(drawn.outline(colour, rim))}"/>'
    if sprite.front_of:
        top = y1 - drawn.height * sprite.front_of
        clip = canvas.clip(rect(x0 - 4, top, x1 - x0 + 8, y1 - top + 4, "#000"))
        return f"<g {place}><g {clip}>{body}</g></g>"
    if sprite.sunk:
        level = y1 - sink
        wave = f"M{x0 - 6:.1f} {y0 - 20:.1f}H{x1 + 6:.1f}V{level:.1f}"
        steps = 6
        for i in range(steps):
            step = (x1 - x0 + 12) / steps
            wave += f"q{-step / 2:.2f} {(1.8 if i % 2 else -1.8):.1f} {-step:.2f} 0"
        clip = canvas.clip(path(wave + "Z", "#000"))
        return f"<g {place}><g {clip}>{halo}{body}</g></g>"
    return f"<g {place}>{halo}{body}</g>"


def _ripples(canvas: Canvas, cx: float, y: float, wide: float, stage: int) -> None:
    d = ""
    for i, k in enumerate((1.05, 1.25, 0.85)):
        half, low = wide * k / 2, y + 5 + i * 12
        d += (
            f"M{cx - half:.0f} {low:.0f}q{half / 3:.0f} -9 {half * 2 / 3:.0f} "
            f"0t{half * 2 / 3:.0f} 0t{half * 2 / 3:.0f} 0"
        )
    canvas.add(
        stage,
        path(d, "none", 'stroke="#FFFFFF" stroke-width="5" stroke-linecap="round" opacity="0.7"'),
    )


def _stamp(
    canvas: Canvas, stage: int, drawn: Figure, x: float, foot: float, size: float, *,
    turn: float = 0.0, left: bool = False, flip: bool = False,
) -> None:  # fmt: skip
    """Draws a small figure ``size`` units high, its foot's middle (or left end) at (x, foot)."""
    scale = size / drawn.height
    x0, _, x1, y1 = drawn.box
    origin = x0 if left else (x0 + x1) / 2
    name = canvas.symbol(drawn.outline("#FFFFFF", 1.2) + drawn.inked(scale))
    canvas.add(
        stage,
        f'<g transform="translate({x:.1f} {foot:.1f}) rotate({turn:g}) '
        f"scale({-scale if flip else scale:.3f} {scale:.3f}) "
        f'translate({-origin:g} {-y1:g})"><use xlink:href="#{name}"/></g>',
    )


def _extras_behind(
    canvas: Canvas, sprite: Sprite, cx: float, foot: float, wide: float, tall: float, stage: int
) -> None:
    if sprite.extra == "wings":
        wing = figure("1FABD", "object")
        for sign in (1, -1):
            _stamp(
                canvas, stage, wing, cx + sign * wide * 0.08, foot - tall * 0.62, tall * 0.75,
                turn=-18 * sign, left=True, flip=sign < 0,
            )  # fmt: skip
    elif sprite.extra == "dust":
        facing = 1 if sprite.flip else -1
        x = cx - facing * wide * 0.52
        for i, r in enumerate((0.09, 0.065, 0.045)):
            puff = ellipse(
                x - facing * wide * 0.11 * i, foot - tall * (0.06 + 0.05 * i), tall * r * 1.2,
                tall * r, "#FFFFFF", 'opacity="0.8"',
            )  # fmt: skip
            canvas.add(stage, puff)
        lines = "".join(
            f"M{x - facing * wide * 0.05:.0f} {foot - tall * k:.0f}h{-facing * wide * 0.22:.0f}"
            for k in (0.35, 0.52, 0.69)
        )
        extra = 'stroke="#FFFFFF" stroke-width="6" stroke-linecap="round" opacity="0.85"'
        canvas.add(stage, path(lines, "none", extra))


def _extras(
    canvas: Canvas, sprite: Sprite, cx: float, foot: float, wide: float, tall: float, stage: int
) -> None:
    match sprite.extra:
        case "sleep":
            _snores(canvas, sprite, cx, foot, tall, stage)
        case "notes":
            size = max(46.0, tall * 0.2)
            _stamp(canvas, stage, figure("1F3B5", "object"), cx - wide * 0.5, foot - tall, size)
            _stamp(
                canvas, stage, figure("1F3B6", "object"), cx + wide * 0.5, foot - tall - 20, size
            )
        case "splash":
            drop = tall * 0.035
            for i in range(9):
                dx, up = (i - 4) * wide * 0.13, tall * (0.22 - 0.045 * abs(i - 4))
                shape = ellipse(cx + dx, foot - up, drop, drop * 1.4, "#FFFFFF", 'opacity="0.9"')
                canvas.add(stage, shape)
        case "breath":
            flame = figure("1F525", "object")
            _stamp(canvas, stage, flame, cx + wide * 0.42, foot - tall * 0.66, wide * 0.5, turn=90)
        case "fire":
            for dx in (-0.24, 0.2):
                flame = figure("1F525", "object")
                _stamp(canvas, stage, flame, cx + wide * dx, foot - tall * 0.72, tall * 0.5)
        case "tears":
            for dx in (-0.1, 0.1):
                d = f"M{cx + wide * dx:.0f} {foot - tall * 0.62:.0f}q-12 20 0 26q12 -6 0 -26z"
                canvas.add(stage, path(d, "#61B2E4", 'stroke="#000" stroke-width="2"'))
        case _:
            pass


def _snores(
    canvas: Canvas, sprite: Sprite, cx: float, foot: float, tall: float, stage: int
) -> None:
    """Three zigzags rising from the head, the comics' sign of sleep."""
    drawn = sprite.figure
    unit = tall / drawn.height
    x = cx + (drawn.head[0] - (drawn.box[0] + drawn.box[2]) / 2) * unit
    y = foot - tall - 8
    d = ""
    for i, s in enumerate((16, 23, 31)):
        px, py = x + 14 + i * 30, y - i * 34
        d += f"M{px:.0f} {py - s:.0f}h{s}l{-s} {s}h{s}"
    for colour, width in (("#FFFFFF", 15), ("#4B5FA8", 7)):
        extra = f'stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
        canvas.add(stage, path(d, "none", extra + ' stroke-linejoin="round"'))

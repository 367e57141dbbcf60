"""The drawing surface: layers of SVG in four stages, with shapes that every part uses."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Final

from heliograph.providers.image._illustrator._cluster import Placement

__all__ = ["BACKDROP", "FINISH", "MAIN", "THINGS", "Canvas", "ellipse", "path", "polygon", "rect"]

BACKDROP: Final = 0
MAIN: Final = 1
THINGS: Final = 2
FINISH: Final = 3
"""The stages of a composition, in the order in which previews show them."""


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _cheap(fill: str, extra: str) -> str:
    """Opacity of the paint: opacity of the element would cost the rasteriser a layer each."""
    return extra.replace(' opacity="', ' stroke-opacity="' if fill == "none" else ' fill-opacity="')


def rect(x: float, y: float, w: float, h: float, fill: str, extra: str = "") -> str:
    """A rectangle."""
    extra = _cheap(fill, f" {extra}")
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" fill="{fill}"{extra}/>'


def ellipse(x: float, y: float, rx: float, ry: float, fill: str, extra: str = "") -> str:
    """An ellipse."""
    extra = _cheap(fill, f" {extra}")
    return f'<ellipse cx="{_n(x)}" cy="{_n(y)}" rx="{_n(rx)}" ry="{_n(ry)}" fill="{fill}"{extra}/>'


def path(d: str, fill: str = "none", extra: str = "") -> str:
    """A path."""
    extra = _cheap(fill, f" {extra}")
    return f'<path d="{d}" fill="{fill}"{extra}/>'


def polygon(points: list[tuple[float, float]], fill: str, extra: str = "") -> str:
    """A polygon."""
    text = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    extra = _cheap(fill, f" {extra}")
    return f'<polygon points="{text}" fill="{fill}"{extra}/>'


@dataclass(slots=True)
class Canvas:
    """``width`` x ``height`` units, the shorter side 1000; ``rng`` is the scene's only chance.

    ``detail`` 0..2 (quality low to high) scales how much small decoration is drawn.
    """

    width: float
    height: float
    rng: random.Random
    detail: int = 1
    defs: list[str] = field(default_factory=list)
    layers: list[tuple[int, str]] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    marks: dict[str, object] = field(default_factory=dict)
    placed: list[Placement] = field(default_factory=list)

    def mark(self, part: str) -> None:
        """Begin a part: it takes the chance that it had in the picture that ``marks`` are from.

        So a sky that changes does not move the hills. Without marks it only remembers.
        """
        known = self.marks.get(part)
        if known is None:
            self.marks[part] = self.rng.getstate()
        else:
            self.rng.setstate(known)  # type: ignore[arg-type]

    def add(self, stage: int, markup: str) -> None:
        """Draw on top of what is there; shown from ``stage`` on."""
        self.layers.append((stage, markup))

    def gradient(self, stops: list[tuple[float, str]], *, vertical: bool = True) -> str:
        """A linear gradient from top to bottom (or left to right); returns its paint."""
        name = f"g{len(self.defs)}"
        end = 'x2="0" y2="1"' if vertical else 'x2="1" y2="0"'
        marks = "".join(f'<stop offset="{o:g}" stop-color="{c}"/>' for o, c in stops)
        self.defs.append(
            f'<linearGradient id="{name}" x1="0" y1="0" {end}>{marks}</linearGradient>'
        )
        return f"url(#{name})"

    def glow(self, colour: str, strength: float = 0.8) -> str:
        """A radial gradient that fades ``colour`` out; returns its paint."""
        name = f"g{len(self.defs)}"
        self.defs.append(
            f'<radialGradient id="{name}"><stop offset="0" stop-color="{colour}" '
            f'stop-opacity="{strength:g}"/><stop offset="1" stop-color="{colour}" '
            'stop-opacity="0"/></radialGradient>'
        )
        return f"url(#{name})"

    def clip(self, shape: str) -> str:
        """A clip path of a shape; returns the attribute that applies it."""
        name = f"c{len(self.defs)}"
        self.defs.append(f'<clipPath id="{name}">{shape}</clipPath>')
        return f'clip-path="url(#{name})"'

    def symbol(self, markup: str) -> str:
        """Keep a drawing once; returns the id that ``use`` refers to."""
        if markup not in self.named:
            self.named[markup] = f"s{len(self.named)}"
            self.defs.append(f'<g id="{self.named[markup]}">{markup}</g>')
        return self.named[markup]

    def wave(self, y: float, swing: float, length: float, phase: float) -> str:
        """The ``d`` of a wavy line across the whole width, without its closing."""
        steps = max(4, int(self.width / length * 4))
        points = []
        for i in range(steps + 1):
            x = self.width * i / steps
            points.append((x, y + math.sin(phase + x / length * math.tau) * swing))
        return self.smooth(points)

    @staticmethod
    def smooth(points: list[tuple[float, float]]) -> str:
        """A smooth curve through points, as the ``d`` of a path."""
        text = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
        for i in range(1, len(points)):
            (x0, y0), (x1, y1) = points[i - 1], points[i]
            mid = (x0 + x1) / 2
            text.append(f"C{_n(mid)} {_n(y0)} {_n(mid)} {_n(y1)} {_n(x1)} {_n(y1)}")
        return "".join(text)

    def hill(self, base: float, swing: float, bumps: int) -> str:
        """The ``d`` of rolling land from ``base`` down to the bottom edge."""
        points = []
        for i in range(bumps + 1):
            x = self.width * i / bumps
            points.append((x, base + self.rng.uniform(-swing, swing)))
        return f"{self.smooth(points)}V{_n(self.height)}H0Z"

    def svg(self, upto: int, width: int, height: int) -> str:
        """The whole picture up to a stage, for a pixel size."""
        body = "".join(markup for stage, markup in self.layers if stage <= upto)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {_n(self.width)} {_n(self.height)}" width="{width}" height="{height}" '
            f'preserveAspectRatio="none"><defs>{"".join(self.defs)}</defs>{body}</svg>'
        )

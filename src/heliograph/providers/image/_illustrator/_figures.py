"""Drawings ready to place: recoloured, given a body where OpenMoji has only a head, measured."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import resvg_py
from PIL import Image

from heliograph.providers.image._illustrator import _art, _colour, _people
from heliograph.providers.image._illustrator._colour import mix
from heliograph.providers.image._illustrator._supports import part_fill

__all__ = ["Figure", "figure"]

_INK: Final = (
    '<g stroke="#000" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" fill="none">'
)
_PLAIN_GROUP: Final = (
    '<g fill="#000" stroke="none" stroke-width="1" stroke-linejoin="miter" stroke-linecap="butt">'
)
_PART: Final = re.compile(r"\{(\S+?)(?: (\w+))?\}")
_STROKE: Final = re.compile(r'\sstroke(?:-[a-z]+)?="[^"]*"')
_FILL: Final = re.compile(r'fill="#[0-9A-Fa-f]+"')
_GRID: Final = 72
_INK_UNITS: Final = 6.2
"""Thickness of a line in a picture whose shorter side is 1000."""
_SKIN_FILLS: Final = frozenset({"#FCEA2B", "#F1B31C", *_colour.TONES})
_WATER: Final = re.compile(
    r'<(?:path|rect|polygon|polyline|line)[^>]*fill="#(?:92D3F5|92d3f5|61B2E4|61b2e4)"[^>]*/>'
)
_DROP_WATER: Final = frozenset(
    [
        "26F5",
        "1F6A2",
        "26F4",
        "1F6A4",
        "1F6E5",
        "1F6F3",
        "1F3CA",
        "1F6A3",
        "1F93D",
        "E189",
        "E212",
        "1F40B",
    ]
) - {"1F40B"}
_WAVE_LINE: Final = re.compile(r'<path fill="none"[^>]*d="[^"]*"[^>]*/>')
_FLOWERS: Final = frozenset(
    ["1F33C", "1F337", "1F339", "1F33A", "1F33B", "1F338", "1FAB7", "1FABB", "E002", "1F490"]
)
"""Coloured by their petals: leaves and stalks stay green."""
_TAILS: Final = {
    "1F98A": ("M53 98 C74 104 84 86 76 68 C71 58 62 64 66 76 C68 86 62 90 53 90Z", True),
    "1F43A": ("M53 98 C72 104 82 88 76 72 C71 62 63 68 66 78 C68 86 62 90 53 90Z", False),
    "1F981": ("M54 98 C70 102 76 90 72 76", False),
    "1F42F": ("M54 98 C70 102 76 90 72 76", False),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing on its own grid.

    ``markup`` is SVG; ``box`` its visible bounds (x0, y0, x1, y1) in grid units; ``head`` the
    middle of the top of its head and the head's width, where hats go.
    """

    markup: str
    box: tuple[float, float, float, float]
    head: tuple[float, float, float]

    @property
    def width(self) -> float:
        """Width of the visible part."""
        return max(1.0, self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        """Height of the visible part."""
        return max(1.0, self.box[3] - self.box[1])

    def inked(self, scale: float) -> str:
        """The markup with lines that stay about as thick however large it is drawn."""
        if scale < _INK_UNITS / 1.9:
            return self.markup
        width = max(0.8, round(_INK_UNITS / scale * 5) / 5)
        return self.markup.replace('stroke-width="2"', f'stroke-width="{width:g}"')

    def outline(self, colour: str, width: float) -> str:
        """The silhouette in one colour, ``width`` grid units wider on each side."""
        bare = _FILL.sub(f'fill="{colour}"', _STROKE.sub("", self.markup))
        return (
            f'<g stroke="{colour}" stroke-width="{2 + 2 * width:g}" stroke-linejoin="round" '
            f'stroke-linecap="round">{bare}</g>'
        )


def _image(markup: str, view: tuple[int, int, int, int]) -> Image.Image:
    x, y, width, height = view
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}" '
        f'width="{width}" height="{height}">{markup}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return Image.open(io.BytesIO(png)).convert("RGBA")


def _areas(markup: str) -> dict[str, int]:
    image = _image(markup, (0, 0, _GRID, _GRID))
    counts: dict[str, int] = {}
    for count, pixel in image.getcolors(_GRID * _GRID) or ():
        if isinstance(pixel, tuple) and pixel[3] > 200:
            key = f"#{pixel[0]:02X}{pixel[1]:02X}{pixel[2]:02X}"
            counts[key] = counts.get(key, 0) + int(count)
    return counts


@lru_cache(maxsize=512)
def _plain(art: str) -> str:
    """An art's markup with its parts put in and painted water taken out."""
    text = _art.source(art)
    if art.startswith("@"):
        text = _PART.sub(lambda m: f"{_PLAIN_GROUP}{_part(m[1], m[2])}</g>", text)
        return f"{_INK}{text}</g>"
    if art in _DROP_WATER:
        text = _WATER.sub("", text)
    return text


def _part(art: str, colour: str | None) -> str:
    return _coloured(art, (colour,) if colour else ())


@lru_cache(maxsize=1024)
def _coloured(art: str, colours: tuple[str, ...]) -> str:
    markup = _plain(art)
    if not colours:
        return markup
    if art == "1F98A" and colours[0] == "red":
        return markup.replace("#E27022", "#DA4A1C")
    keep = _SKIN_FILLS if "skin" in markup else frozenset()
    if art in _FLOWERS:
        keep = frozenset(f.upper() for f in _colour.greens(markup))
    hair = re.search(r'<g id="hair">(.*?)</g>', markup, re.DOTALL)
    if hair:
        keep = keep | frozenset(f.upper() for f in re.findall(r"#[0-9A-Fa-f]{6}", hair[1]))
    return _colour.recolour(markup, colours, _areas(markup), keep=keep)


def _sitting(art: str, markup: str) -> str:
    """An animal's head on a small sitting body of its own colours, on a grid 72 wide, 108 high."""
    areas = _areas(markup)
    groups = _colour.families(markup, areas)
    main = max(groups[0], key=lambda f: areas.get(f.upper(), 0)) if groups else "#9B9B9A"
    belly, limbs = mix(main, "#FFFFFF", 0.55), main
    if art == "1F43C":
        main, limbs, belly = "#FFFFFF", "#3A3A42", "#FFFFFF"
    if art == "1F98A":
        belly = "#FFFFFF"
    tail, tip = _TAILS.get(art, ("", False))
    parts = [_INK]
    if tail.endswith("Z"):
        parts.append(f'<path fill="{main}" d="{tail}"/>')
        if tip:
            parts.append(
                '<path fill="#FFFFFF" d="M76 68 C71 58 62 64 66 76 L70 79 L73 75 L78 77 '
                'C78 74 77 71 76 68Z"/>'
            )
    elif tail:
        parts.append(f'<path stroke="#000" stroke-width="6" d="{tail}"/>')
        parts.append(f'<path stroke="{main}" stroke-width="3" d="{tail}"/>')
        parts.append('<circle cx="72" cy="74" r="4.5" fill="#6A462F"/>')
    parts.append(
        f'<path fill="{main}" d="M36 46 C22 46 14 70 14 90 C14 102 22 105 36 105 '
        f'C50 105 58 102 58 90 C58 70 50 46 36 46Z"/>'
        f'<ellipse cx="36" cy="78" rx="10" ry="19" fill="{belly}" stroke="none"/>'
        f'<ellipse cx="17" cy="100" rx="9" ry="5.500" fill="{limbs}"/>'
        f'<ellipse cx="55" cy="100" rx="9" ry="5.500" fill="{limbs}"/>'
        f'<path fill="{limbs}" '
        f'd="M25 72 C24 84 25 94 25 99 C24 106 35 106 34 99 C34 92 34 86 34 80"/>'
        f'<path fill="{limbs}" '
        f'd="M47 72 C48 84 47 94 47 99 C48 106 37 106 38 99 C38 92 38 86 38 80"/>'
        f'</g><g transform="translate(5.400 -1) scale(.85)">{markup}</g>'
    )
    return "".join(parts)


def _lying(art: str, markup: str) -> str:
    """An animal curled up asleep, its head to the left, on a grid 96 wide and about 56 high."""
    areas = _areas(markup)
    groups = _colour.families(markup, areas)
    main = max(groups[0], key=lambda f: areas.get(f.upper(), 0)) if groups else "#9B9B9A"
    if art == "1F43C":
        main = "#FFFFFF"
    dark = mix(main, "#3A2A22", 0.25)
    return (
        f'{_INK}<path fill="{dark}" d="M70 62 C92 66 98 46 88 38 C84 36 82 40 84 44 '
        f'C86 52 80 54 70 52Z"/>'
        f'<path fill="{main}" d="M14 66 C8 40 34 22 58 24 C82 26 92 48 84 66 C80 71 20 71 14 66Z"/>'
        f'<path d="M62 66 C54 60 56 48 66 46"/>'
        f'<path fill="{main}" '
        f'd="M6 70 C6 62 30 60 34 66 C36 71 30 72 22 72 H10 C7 72 6 71 6 70Z"/></g>'
        f'<g transform="translate(-6 14) scale(.72)">{markup}</g>'
    )


_BODIES: Final = {
    "person": _people.standing, "rider": _people.rider, "seated": _people.seated
}  # fmt: skip
_BODILESS: Final = frozenset({"1F476", "1F47B", "1F9DE", "1F47C"})


@lru_cache(maxsize=512)
def figure(
    art: str, kind: str, colours: tuple[str, ...] = (), tone: str = "",
    parts: tuple[tuple[str, str], ...] = (),
) -> Figure:  # fmt: skip
    """A thing's drawing. ``kind`` is its class (or how a person is cut), ``tone`` the skin colour
    of a person, ``parts`` the colours of parts by name (door, window, roof)."""
    markup = _coloured(art, colours)
    for part, colour in parts:
        fill = part_fill(art, part)
        if fill and colour in _colour.PALETTE:
            markup = markup.replace(f'fill="{fill}"', f'fill="{_colour.PALETTE[colour][1]}"')
    if tone:
        markup = _people.dressed(art, kind, _colour.skin(markup, tone), tone)
    if kind == "head":
        markup = _sitting(art, markup)
    elif kind == "lying":
        markup = _lying(art, markup)
    elif kind in _BODIES and art not in _BODILESS:
        bust = _image(markup, (0, 0, _GRID, _GRID))
        markup = _BODIES[kind](art, markup, tone or "#FADCBC", bust)
    image = _image(markup, (-20, -20, 120, 140))
    bounds = image.getchannel("A").point(lambda a: 255 if a > 40 else 0).getbbox()
    x0, y0, x1, y1 = bounds or (20, 20, 92, 92)
    box = (x0 - 20.0, y0 - 20.0, x1 - 20.0, y1 - 20.0)
    return Figure(markup, box, _head(kind, image, box))


def _head(
    kind: str, image: Image.Image, box: tuple[float, float, float, float]
) -> tuple[float, float, float]:
    """Where a hat sits: the middle and top of the head, and its width."""
    x0, y0, x1, y1 = box
    if kind == "head":
        return (36.0, y0 + 9, 36.0)
    if kind == "lying":
        return (20.0, y0 + 9, 30.0)
    if kind in ("person", "bust", "rider", "seated"):
        return (36.0, max(y0, 6.0) + 5, 30.0)
    if kind in ("face",):
        return ((x0 + x1) / 2, y0 + 5, (x1 - x0) * 0.75)
    alpha = image.getchannel("A")
    depth = max(4, int((y1 - y0) * 0.3))
    left_half = x0 + (x1 - x0) * 0.42
    strip = alpha.crop((int(x0) + 20, int(y0) + 20, int(x1) + 20, int(y0) + 20 + depth))
    if kind in ("beast", "bird", "flier", "seabeast", "fish"):
        strip = alpha.crop((int(x0) + 20, int(y0) + 20, int(left_half) + 20, int(y0) + 20 + depth))
        inner = strip.point(lambda a: 255 if a > 40 else 0).getbbox()
        if inner is None or inner[2] - inner[0] < 4:
            strip = alpha.crop((int(x0) + 20, int(y0) + 20, int(left_half) + 20, int(y1) + 20))
    inner = strip.point(lambda a: 255 if a > 40 else 0).getbbox() or (0, 0, 20, 10)
    middle = x0 + (inner[0] + inner[2]) / 2
    return (middle, y0 + inner[1] + 3, max(12.0, min(30.0, (inner[2] - inner[0]) * 0.95)))

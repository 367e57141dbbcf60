"""People: OpenMoji draws them to the chest; here they get legs, a seat, hair and clothes."""

from __future__ import annotations

import re
from typing import Final

from PIL import Image

from heliograph.providers.image._illustrator._colour import TONES, mix

__all__ = ["dressed", "rider", "seated", "standing"]

_INK: Final = (
    '<g stroke="#000" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" fill="none">'
)
_SKIRTS: Final = frozenset(
    ["1F467", "1F469", "1F478", "1F475", "@queen", "@witch", "1F9DA", "1F470", "E188", "1F9D5"]
)
_PLAIN_CLOTH: Final = "#92D3F5"
_PLAIN: Final = frozenset(
    {"1F466", "1F467", "1F468", "1F469", "1F9D1", "1F9D2", "1F471", "1F474", "1F475", "1F9D3"}
    | {"1F9D4", "@fisherman"}
)
_CLOTHES: Final = ("#92D3F5", "#EA5A47", "#8FBF5A", "#F4BE2E", "#B399C8", "#F08A24")
_SUITS: Final = ("#3C84D6", "#D9473A", "#4E9A45", "#E0A92A", "#8A5CC0", "#E07A2A")
_HAIR: Final = ("#F1B31C", "#7A4A2A", "#3F2A20", "#2E2622", "#B4582A", "#2A2422")
_HAIR_GROUP: Final = re.compile(r'(<g id="hair">)(.*?)(</g>)', re.DOTALL)
_SKIN_GROUP: Final = re.compile(r'(<g id="skin"[^>/]*>)(.*?)(</g>)', re.DOTALL)
_LIMB: Final = re.compile(r"<(?:path|poly)[^>]*>")
_OWN_HAIR: Final = frozenset({"1F471", "1F385", "1F936"})
_BAND: Final = (20, 47, 52, 57)
"""Where on the grid a bust's clothes show: left, top, right, bottom."""


def dressed(art: str, kind: str, markup: str, tone: str) -> str:
    """A person's hair and plain clothes in colours that go with ``tone``: no two look the same.

    Of a ``figure``, whose whole body OpenMoji draws in the colour of skin, all but the head.
    """
    if tone not in TONES:
        return markup
    index = TONES.index(tone)
    if kind in ("figure", "surfer") and not _SKIN_GROUP.search(markup):
        return _LIMB.sub(lambda m: re.sub("#FCEA2B|#fcea2b", _SUITS[index], m[0]), markup)
    if kind in ("figure", "surfer"):
        return _SKIN_GROUP.sub(
            lambda m: m[1] + _LIMB.sub(lambda p: p[0].replace(tone, _SUITS[index]), m[2]) + m[3],
            markup,
        )
    if art in _PLAIN:
        markup = markup.replace(_PLAIN_CLOTH, _CLOTHES[index])
    if art in _OWN_HAIR:
        return markup
    return _HAIR_GROUP.sub(
        lambda m: m[1] + re.sub("#F1B31C|#A57939|#f1b31c|#a57939", _HAIR[index], m[2]) + m[3],
        markup,
    )


def _cloth(image: Image.Image) -> str:
    """The commonest colour of a bust's chest, lines left out."""
    counts: dict[tuple[int, ...], int] = {}
    for count, pixel in image.crop(_BAND).getcolors(4096) or ():
        if isinstance(pixel, tuple) and pixel[3] > 250 and sum(pixel[:3]) > 150:
            counts[pixel[:3]] = int(count)
    if not counts:
        return "#5AA9DC"
    red, green, blue = max(counts, key=lambda colour: (counts[colour], colour))
    return f"#{red:02X}{green:02X}{blue:02X}"


def _boots(x: float, y: float) -> str:
    return (
        f'<path fill="#3A3A42" d="M{x - 6:g} {y:g} C{x - 6:g} {y - 8:g} {x + 6:g} {y - 8:g} '
        f'{x + 6:g} {y:g}Z"/>'
    )


def _waist(art: str, cloth: str) -> str:
    if art in _SKIRTS:
        return ""
    return (
        f'<path fill="{cloth}" d="M19 59 C19 66 20 72 21 77 C30 80 42 80 51 77 '
        f'C52 72 53 66 53 59Z"/>'
    )


def standing(art: str, markup: str, tone: str, image: Image.Image) -> str:
    """A bust on legs: a small full figure, 72 wide and about 98 high."""
    cloth = _cloth(image)
    dark = mix(cloth, "#1B2340", 0.45)
    if art in _SKIRTS:
        lower = (
            f'<path fill="{tone}" d="M27 78 H33 V94 H27Z M39 78 H45 V94 H39Z"/>'
            f"{_boots(29, 98)}{_boots(43, 98)}"
            f'<path fill="{cloth}" d="M19 59 C19 66 15 76 12 83 C28 88 44 88 60 83 '
            f'C57 76 53 66 53 59Z"/>'
        )
    else:
        lower = (
            f'<path fill="{dark}" d="M23 72 H49 L48 93 H38 L36 79 L34 93 H24Z"/>'
            f"{_boots(27, 98)}{_boots(45, 98)}{_waist(art, cloth)}"
        )
    return f"{_INK}{lower}</g>{markup}{_join(cloth)}"


def _join(cloth: str) -> str:
    return f'<path fill="{cloth}" stroke="none" d="M20 57 H52 V61 H20Z"/>'


def rider(art: str, markup: str, tone: str, image: Image.Image) -> str:
    """A bust astride: one leg hangs at the near side, on a grid 72 wide and about 92 high."""
    cloth = _cloth(image)
    leg = tone if art in _SKIRTS else mix(cloth, "#1B2340", 0.45)
    lower = (
        f'<path fill="{cloth}" d="M19 59 C19 64 20 68 21 71 C30 75 42 75 51 71 '
        f'C52 68 53 64 53 59Z"/>'
        f'<path fill="{leg}" d="M30 66 C38 62 48 65 47 72 L42 88 H32 L34 75Z"/>{_boots(35, 92)}'
    )
    return f"{_INK}{lower}</g>{markup}{_join(cloth)}"


def seated(art: str, markup: str, tone: str, image: Image.Image) -> str:
    """A bust on a lap, knees to the front, on a grid 72 wide and about 88 high."""
    cloth = _cloth(image)
    leg = tone if art in _SKIRTS else mix(cloth, "#1B2340", 0.45)
    lap = cloth if art in _SKIRTS else leg
    lower = (
        f'<path fill="{leg}" d="M22 70 H33 V84 H22Z M39 70 H50 V84 H39Z"/>'
        f"{_boots(27, 89)}{_boots(45, 89)}"
        f'<path fill="{cloth}" d="M19 58 H53 V70 H19Z"/>'
        f'<path fill="{lap}" d="M17 74 C16 62 56 62 55 74 C54 79 18 79 17 74Z"/>'
    )
    return f"{_INK}{lower}</g>{markup}{_join(cloth)}"

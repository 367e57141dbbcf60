"""Colours: the palette that words name, and recolouring a drawing by its main family of hues."""

from __future__ import annotations

import colorsys
import re
from typing import Final

__all__ = ["PALETTE", "TONES", "greens", "mix", "recolour", "shades", "skin"]

PALETTE: Final[dict[str, tuple[str, str, str]]] = {
    "red": ("#F28B7D", "#E0352B", "#A8261B"),
    "orange": ("#F9C27A", "#F08A24", "#C4651A"),
    "yellow": ("#FFF176", "#FFD83B", "#E0A92A"),
    "green": ("#B8DB6B", "#5FAE3F", "#357A33"),
    "blue": ("#8FC7F2", "#3C84D6", "#23549B"),
    "turquoise": ("#9FE5DC", "#35B5A9", "#1D7F7A"),
    "purple": ("#C7A9E0", "#8A5CC0", "#5A3488"),
    "pink": ("#FFC9DA", "#F888AE", "#D2557F"),
    "brown": ("#B98B5A", "#8A5A34", "#5E3A22"),
    "black": ("#6A6A72", "#3A3A42", "#23232A"),
    "white": ("#FFFFFF", "#FBFBFB", "#CDD3DA"),
    "grey": ("#CFCFD2", "#A2A5AB", "#6E7178"),
    "gold": ("#FFE58A", "#F4BE2E", "#C18B16"),
}
"""Light, base and dark shade of each colour that a prompt can name."""

TONES: Final = ("#FADCBC", "#E3B98A", "#C58C5C", "#96613F", "#F6CFA6", "#6E4630")
"""Natural skin colours; the seed picks one for each person."""

_HEX: Final = re.compile(r'fill="(#[0-9A-Fa-f]{3,6})"')
_SKIN_GROUP: Final = re.compile(r'(<g id="skin"[^>/]*>)(.*?)(</g>)', re.DOTALL)
_SKIN: Final = re.compile(r"#FCEA2B|#fcea2b|#F1B31C|#f1b31c")


def _rgb(colour: str) -> tuple[int, int, int]:
    text = colour.lstrip("#")
    if len(text) == 3:
        text = "".join(c * 2 for c in text)
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(a: str, b: str, share: float) -> str:
    """The colour ``share`` of the way from ``a`` to ``b`` (0..1)."""
    pairs = zip(_rgb(a), _rgb(b), strict=True)
    return "#" + "".join(f"{round(x + (y - x) * share):02X}" for x, y in pairs)


def shades(name: str) -> tuple[str, str, str]:
    """Light, base and dark of a named colour."""
    return PALETTE[name]


def _family(colour: str) -> str:
    red, green, blue = (c / 255 for c in _rgb(colour))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < 0.16 or light > 0.97:
        if light > 0.72:
            return "white"
        return "grey" if light > 0.32 else "black"
    degrees = hue * 360
    for limit, name in ((18, "red"), (48, "warm"), (68, "yellow"), (165, "green"), (255, "blue")):
        if degrees < limit:
            return name
    return "violet" if degrees < 300 else "red"


def _luminance(colour: str) -> float:
    red, green, blue = _rgb(colour)
    return 0.3 * red + 0.59 * green + 0.11 * blue


def families(markup: str, areas: dict[str, int]) -> list[list[str]]:
    """The fills of a drawing, grouped by hue, the family with the largest area first."""
    groups: dict[str, list[str]] = {}
    for fill in dict.fromkeys(_HEX.findall(markup)):
        colour = fill.upper()
        if colour in ("#000000", "#000"):
            continue
        groups.setdefault(_family(colour), []).append(fill)
    warm = groups.get("warm")
    if warm and "red" in groups and groups["red"]:
        area = sum(areas.get(f.upper(), 0) for f in groups["red"])
        if area < 60:
            warm.extend(groups.pop("red"))

    def weight(fills: list[str]) -> int:
        return sum(areas.get(fill.upper(), 0) for fill in fills)

    return sorted(groups.values(), key=weight, reverse=True)


def greens(markup: str) -> list[str]:
    """The green fills of a drawing."""
    return [fill for fill in _HEX.findall(markup) if _family(fill) == "green"]


def recolour(
    markup: str, colours: tuple[str, ...], areas: dict[str, int], *, keep: frozenset[str]
) -> str:
    """A drawing with its main family of hues (and the second, for two colours) painted anew.

    ``areas`` is pixels by fill; ``keep`` holds fills (upper case) that stay, as skin does.
    """
    groups = [
        [fill for fill in group if fill.upper() not in keep] for group in families(markup, areas)
    ]
    groups = [group for group in groups if group]
    changes: dict[str, str] = {}
    for name, group in zip(colours, groups, strict=False):
        if name not in PALETTE:
            continue
        light, base, dark = PALETTE[name]
        main = max(group, key=lambda fill: areas.get(fill.upper(), 0))
        for fill in group:
            if fill == main:
                changes[fill] = base
            else:
                changes[fill] = light if _luminance(fill) > _luminance(main) else dark
    return _HEX.sub(lambda m: f'fill="{changes.get(m[1], m[1])}"', markup)


def skin(markup: str, tone: str) -> str:
    """A person with a natural skin colour for OpenMoji's yellow."""
    return _SKIN_GROUP.sub(lambda m: m[1] + _SKIN.sub(tone, m[2]) + m[3], markup)

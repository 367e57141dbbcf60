"""How things carry each other: where a seat, a roof or a rim is, as fractions of the drawing."""

from __future__ import annotations

from typing import Final

__all__ = ["DEEP", "OPEN_BELOW", "inside_line", "seat"]

_SEATS: Final[dict[str, tuple[float, float]]] = {
    "@table": (0.99, 0.5), "@sofa": (0.45, 0.5), "E141": (0.4, 0.5), "1FA91": (0.47, 0.55),
    "1F6CF": (0.47, 0.6), "@bench": (0.36, 0.5), "@throne": (0.34, 0.5), "1F6B2": (0.66, 0.45),
    "1F3CD": (0.68, 0.4), "1F6F5": (0.62, 0.42), "1F6F4": (0.16, 0.5), "1F6F9": (0.9, 0.5),
    "1F3E0": (0.9, 0.48), "@cabin": (0.94, 0.5), "1F3F0": (0.62, 0.5), "@barn": (0.97, 0.5),
    "@tree": (0.6, 0.5), "@treehouse": (0.5, 0.5), "@pine": (0.9, 0.5), "1FABE": (0.72, 0.45),
    "@cherrytree": (0.62, 0.5), "1F334": (0.86, 0.45), "1F319": (0.12, 0.52), "2601": (0.62, 0.5),
    "1F344": (0.94, 0.5), "1F422": (0.9, 0.6), "1F40B": (0.8, 0.55), "1F6F7": (0.5, 0.5),
    "1F69C": (0.7, 0.6), "@wagon": (0.75, 0.5), "1F697": (0.98, 0.5), "1F68C": (0.98, 0.5),
    "1F682": (0.75, 0.7), "1F9F9": (0.5, 0.5), "@rug": (0.6, 0.5), "1F6C1": (0.7, 0.5),
    "1FA9F": (0.04, 0.5), "@rowboat": (0.45, 0.45), "26F5": (0.25, 0.5), "1F6F6": (0.5, 0.5),
    "@galleon": (0.35, 0.5), "1F3D4": (0.9, 0.5), "1F418": (0.9, 0.45), "1F40E": (0.74, 0.55),
    "@unicorn": (0.7, 0.55), "1F409": (0.6, 0.5), "1F992": (0.5, 0.55), "1F995": (0.5, 0.4),
    "1F42A": (0.8, 0.5), "@bookshelf": (1.0, 0.5), "@piano": (0.98, 0.4), "@fence": (0.95, 0.5),
    "1F6D6": (0.95, 0.5), "1F680": (0.6, 0.5), "1F382": (0.84, 0.5), "@lamppost": (0.99, 0.5),
    "@stove": (0.99, 0.5), "1F525": (0.5, 0.5), "@campfire": (0.6, 0.5), "1FA9C": (0.75, 0.5), "@branch": (0.55, 0.35), "1F578": (0.22, 0.5), "@lilypad": (0.3, 0.45), "@haystack": (0.9, 0.5), "1F33B": (0.72, 0.4), "1F33C": (0.72, 0.4), "1F339": (0.75, 0.5), "@swing": (0.2, 0.5), "@hammock": (0.3, 0.5), "@wall": (0.95, 0.5), "@bush": (0.7, 0.5), "@picnic": (0.15, 0.3), "@bridge": (0.9, 0.5), "@skyscraper": (0.93, 0.4),
    "1F6D2": (0.6, 0.5), "1F308": (0.9, 0.5), "@mountain": (0.9, 0.5), "1F985": (0.6, 0.5),
    "1F9A2": (0.5, 0.6), "1FABF": (0.5, 0.6), "1F433": (0.7, 0.6), "1F42C": (0.75, 0.5),
    "1F40A": (0.9, 0.55), "1F407": (0.7, 0.6),
}  # fmt: skip
_BEASTS: Final = (0.76, 0.52)
_DEFAULT: Final = (0.96, 0.5)

OPEN_BELOW: Final = frozenset(
    ["@table", "@tree", "@pine", "1F334", "@cherrytree", "1FABE", "2602", "26F1", "@bridge", "1F384", "@piano", "@treehouse", "1F6CF", "1F344", "1F308", "@gate", "1F3EA", "@lamppost", "@balloon", "@bench", "1FA91", "26FA"]
)
"""Things with room beneath them: what is under them stands within their width."""

DEEP: Final[dict[str, float]] = {
    "@box": 0.72, "1F9FA": 0.45, "1FAA3": 0.8, "1F6C1": 0.68, "1FAB9": 0.55, "@rowboat": 0.66,
    "1F6F6": 0.6, "@wagon": 0.95, "1F6D2": 0.75, "1F963": 0.6, "2615": 0.55, "1F381": 0.75,
    "26B1": 0.92, "1F3FA": 0.92, "1FAD9": 0.9, "1F392": 0.9, "1F9F3": 0.85, "E343": 0.7,
    "@cradle": 0.7, "1F37D": 0.4, "1FA8E": 0.7, "1F6F8": 0.5, "1F697": 0.6, "1F699": 0.62,
    "1F3CE": 0.6, "@balloon": 0.12, "1F6F7": 0.5, "26FA": 0.3, "1FAB4": 0.4, "1F68C": 0.6,
    "1F45C": 0.7, "1F6FB": 0.6, "1F69C": 0.6, "1F681": 0.55, "1F695": 0.62, "@fishbowl": 0.8, "@aquarium": 0.8, "@snowglobe": 0.8, "@hammock": 0.45, "1F52E": 0.8, "1F3A9": 0.55,
    "1F95B": 0.8, "1F377": 0.6, "@well": 0.35, "1F372": 0.6, "1F957": 0.5, "26F5": 0.25,
    "1F6E5": 0.5, "1F6A4": 0.5, "@galleon": 0.32, "1FA91": 0.45, "E141": 0.4, "1F6CF": 0.42,
}  # fmt: skip
"""Things that hold others: the height of the rim behind which what is inside disappears."""


def seat(art: str, kind: str) -> tuple[float, float]:
    """Where something stands on an art: height (0 foot, 1 top) and place across (0 left)."""
    if art in _SEATS:
        return _SEATS[art]
    if kind in ("beast", "seabeast"):
        return _BEASTS
    if kind == "vehicle":
        return (0.97, 0.5)
    if kind == "boat":
        return (0.4, 0.5)
    return _DEFAULT


def inside_line(art: str) -> float | None:
    """The rim of a container, or None for what cannot be seen into."""
    return DEEP.get(art)

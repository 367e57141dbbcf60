"""How things carry each other and where they live: the tables of ``data/placing.txt``."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from heliograph.providers.image._illustrator import _art

__all__ = ["home", "is_open_below", "listed", "neck", "part_fill", "rim", "seat"]

_CARRIERS: Final = {
    "beast": (0.76, 0.52), "seabeast": (0.76, 0.52), "vehicle": (0.97, 0.5), "person": (0.55, 0.98)
}  # fmt: skip
_BOAT: Final = (0.4, 0.5)
_DEFAULT: Final = (0.96, 0.5)


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, list[str]]]:
    """Section to first word of a line to the other words."""
    tables: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in _art.lines("placing.txt"):
        if line.startswith("["):
            section = line.strip("[]")
            tables[section] = {}
            continue
        first, *rest = line.split()
        tables[section][first] = rest
    return tables


@lru_cache(maxsize=1)
def _homes() -> dict[str, str]:
    return {art: place for place, arts in _tables()["home"].items() for art in arts}


@lru_cache(maxsize=16)
def listed(section: str) -> frozenset[str]:
    """The arts of a section that only lists: ``open``, ``holds``, ``afloat``, ``cabin``, ...."""
    return frozenset(word for first, rest in _tables()[section].items() for word in (first, *rest))


def seat(art: str, kind: str) -> tuple[float, float]:
    """Where something stands on an art: height (0 foot, 1 top) and place across (0 left)."""
    known = _tables()["seat"].get(art)
    if known:
        return float(known[0]), float(known[1])
    return _BOAT if kind == "boat" else _CARRIERS.get(kind, _DEFAULT)


def rim(art: str) -> float | None:
    """The rim of a container (share of its height), or None for what cannot be seen into."""
    known = _tables()["rim"].get(art)
    return float(known[0]) if known else None


def neck(art: str) -> tuple[float, float, float] | None:
    """Where an art's head is if it cannot be measured: middle, top and width on its grid."""
    known = _tables()["head"].get(art)
    return (float(known[0]), float(known[1]), float(known[2])) if known else None


def part_fill(art: str, part: str) -> str:
    """The fill by which a part (door, window, roof) is painted in an art, or an empty string."""
    known = _tables()["parts"].get(art, [])
    return next((pair.partition("=")[2] for pair in known if pair.startswith(part + "=")), "")


def is_open_below(art: str) -> bool:
    """Whether there is room beneath an art."""
    return art in listed("open")


def home(art: str) -> str:
    """The setting an art asks for, or an empty string."""
    return _homes().get(art, "")

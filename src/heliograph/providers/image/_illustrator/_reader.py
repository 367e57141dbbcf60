"""Reading a prompt: where the pass stands, what is pending, and looking around from there."""

from __future__ import annotations

from typing import Final

from heliograph.providers.image._illustrator._lexicon import kind_of
from heliograph.providers.image._illustrator._limits import MAX_THINGS
from heliograph.providers.image._illustrator._match import Match
from heliograph.providers.image._illustrator._reading import Link, Reading, Thing
from heliograph.providers.image._illustrator._supports import listed

__all__ = ["FEELING", "TRANSITIVE", "Cursor"]

_POSTPOSED: Final = frozenset({"ja", "ko", "zh", "tr"})
_VERB_LAST: Final = frozenset({"ja", "ko", "tr"})
TRANSITIVE: Final = {
    "read": "hold", "hold": "hold", "eat": "eat", "drink": "eat", "wear": "wear", "play": "hold",
    "ride": "on", "chase": "chase", "fight": "face", "look": "face", "cook": "hold",
    "paint": "face", "climb": "on", "hang": "on", "light": "", "hide": "", "sail": "", "fly": "",
    "burn": "", "jump": "", "water": "face", "cross": "on", "build": "face",
    "have": "", "lean": "", "pull": "pull", "rake": "face", "spray": "face", "feed": "face",
    "write": "face", "photograph": "face", "guard": "beside",
}  # fmt: skip
"""Verbs with an object: how the two are tied."""
FEELING: Final = frozenset({"person", "figure", "beast", "head", "bird"})


class Cursor:
    """State of the one pass over a prompt's phrases."""

    def __init__(self, language: str, found: list[Match]) -> None:
        self.out = Reading(language=language)
        self.found = found
        self.at = 0
        self.post = language in _POSTPOSED
        self.number = 0
        self.counted = False
        self.colours: list[str] = []
        self.size = 1.0
        self.pose = ""
        self.rel = ""
        self.verb = ""
        self.negative = False
        self.group: list[int] = []
        self.figures: list[int] = []
        self.subjects: list[int] = []
        self.grounds: set[int] = set()
        self.after: list[tuple[str, int]] = []
        self.joined = False
        self.heap = ""
        self.waiting: list[tuple[str, str]] = []

    def peek(self, skip: frozenset[str], start: int = 1) -> Match | None:
        """The next phrase that is not only of the kinds in ``skip``."""
        for match in self.found[self.at + start :]:
            if match.stop:
                return None
            if match.senses and match.senses[0].kind in skip and not match.has("thing"):
                continue
            return match
        return None

    def previous(self) -> Match | None:
        return self.found[self.at - 1] if self.at else None

    def next_is_noun(self, *extra: str) -> bool:
        skip = frozenset({"colour", "size", "filler", "multi", "style", *extra})
        match = self.peek(skip)
        return match is not None and (match.has("thing") or match.has("part"))

    def peek_rel(self) -> str:
        nxt = self.peek(frozenset({"filler"}))
        return nxt.value("rel") if nxt else ""

    def verb_last(self) -> bool:
        return self.out.language in _VERB_LAST

    def and_before(self) -> bool:
        """Whether the present noun phrase was joined to the one before by ``and`` or a comma."""
        i = self.at - 1
        while i >= 0:
            match = self.found[i]
            if match.has("and") or match.text in ",、，":
                return True
            known = match.senses[0].kind if match.senses else "unknown"
            if known not in ("number", "colour", "size", "filler", "multi", "style", "unknown"):
                return False
            i -= 1
        return False

    def link(self, rel: str, figure: int, ground: int) -> None:
        link = Link(rel, figure, ground)
        if figure != ground and link not in self.out.links:
            self.out.links.append(link)

    def holds_last(self) -> bool:
        """Whether the thing named last is a container: what follows ``with`` is in it alone."""
        return bool(self.group) and self.out.things[self.group[-1]].art in listed("holds")

    def owners(self) -> list[int]:
        """Who wears, holds or rides the thing that was named last."""
        return [
            k.figure
            for k in self.out.links
            if k.ground in self.group and k.rel in ("wear", "hold", "eat", "with", "contain")
        ]

    def extra(self, art: str, rel: str, figures: list[int]) -> None:
        """A thing that the verb implies (reading: a book)."""
        if len(self.out.things) >= MAX_THINGS:
            return
        if not figures:
            self.waiting.append((art, rel))
            return
        kind = kind_of(art)
        self.out.things.append(Thing(art, kind.name, kind.height, kind.facing))
        index = len(self.out.things) - 1
        self.grounds.add(index)
        for figure in figures:
            self.link(rel, figure, index)
        self.verb = ""

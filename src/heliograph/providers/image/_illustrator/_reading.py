"""What a prompt asks for, as facts: the result of reading it and the input of composing."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Link", "Reading", "Thing"]


@dataclass(slots=True)
class Thing:
    """One kind of thing named by the prompt.

    ``art`` is the drawing's id, ``kind`` its class in ``things.txt``, ``height`` metres, ``count``
    how many, ``size`` a factor on the height, ``pose`` what it does (``fly``, ``sleep``, ...),
    ``body`` how a person is cut (``bust``, ``rider``, ``seated``; else standing), ``heap`` how its
    copies lie (``pile``, ``stack``; else side by side).
    """

    art: str
    kind: str
    height: float
    facing: int = -1
    count: int = 1
    colours: list[str] = field(default_factory=list)
    size: float = 1.0
    pose: str = ""
    plural: bool = False
    name: str = ""
    counted: bool = False
    body: str = ""
    heap: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Link:
    """A relation between two things, by their index: ``figure`` is ``rel`` (on, ...) ``ground``."""

    rel: str
    figure: int
    ground: int


@dataclass(slots=True)
class Reading:
    """Everything that was understood of a prompt.

    ``places`` in order, the first is the setting; ``sky`` and ``land`` are the arts of sky and
    landform that were named, with their colours; ``without`` what must not be drawn; ``unknown``
    the words that mean nothing here.
    """

    language: str = "en"
    things: list[Thing] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    sky: dict[str, str] = field(default_factory=dict)
    land: dict[str, str] = field(default_factory=dict)
    time: str = ""
    weather: list[str] = field(default_factory=list)
    season: str = ""
    sky_colour: str = ""
    without: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    on_moon: bool = False
    big_disc: bool = False

    def named(self, art: str) -> bool:
        """Whether an art is among the things."""
        return any(thing.art == art for thing in self.things)

    def grounds(self, figure: int, *rels: str) -> list[int]:
        """The things that ``figure`` stands in one of the relations to."""
        return [k.ground for k in self.links if k.figure == figure and k.rel in rels]

    def figures(self, ground: int, *rels: str) -> list[int]:
        """The things that stand in one of the relations to ``ground``."""
        return [k.figure for k in self.links if k.ground == ground and k.rel in rels]

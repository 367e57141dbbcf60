"""Reads what a prompt asks to be changed in a scene, and changes the scene's reading.

A prompt is cut into clauses, one for each word that asks for something (add, remove, replace,
make). A clause's other words are read as any prompt is; which of its things the scene has already
decides whether they are changed or added. Nothing here fails: what is not understood changes
nothing.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace
from typing import Final

from heliograph.providers.image._illustrator._clauses import Clause, clauses_of, words_for
from heliograph.providers.image._illustrator._lexicon import lexicon
from heliograph.providers.image._illustrator._limits import (
    MAX_COPIES,
    MAX_PROMPT_CHARS,
    MAX_THINGS,
)
from heliograph.providers.image._illustrator._match import Match, matches
from heliograph.providers.image._illustrator._read import read
from heliograph.providers.image._illustrator._reader import FEELING
from heliograph.providers.image._illustrator._reading import Link, Reading, Thing

__all__ = ["Changed", "changed"]

_FAMILIES: Final = frozenset({"tree", "boat", "flower", "bird", "fish", "building", "hat", "plant"})
"""Kinds whose members answer to each other's names: ``the tree`` may be a pine."""
_WORN: Final = frozenset({"hat", "glasses", "scarf"})
_ARTICLES: Final = "the|der|die|das|den|dem|le|la|les|el|los|las|il|lo|gli|os|as|het"
_LEAST, _MOST = 0.3, 3.0  # of a thing's size
_SIZES: Final = {"tiny": 0.42, "small": 0.68, "big": 1.4, "huge": 2.0}
_WHOLE: Final = re.compile(r"\b(?:scene|picture|view|landscape|place)\b")
_LINKING: Final = frozenset({"rel", "act"})


@dataclass(slots=True)
class Changed:
    """``reading`` after the change. ``moved``: it plays somewhere else now. ``grey``: without
    colours."""

    reading: Reading
    moved: bool = False
    grey: bool = False


def changed(reading: Reading, prompt: str) -> Changed:
    """The scene of ``reading`` changed as ``prompt`` says; ``reading`` itself stays as it is."""
    out = Changed(copy.deepcopy(reading))
    for clause in clauses_of(prompt[:MAX_PROMPT_CHARS]):
        _Change(out, clause).make()
    return out


class _Change:
    """One clause, made."""

    def __init__(self, out: Changed, clause: Clause) -> None:
        self.out = out
        self.scene = out.reading
        self.clause = clause
        self.meant: set[int] = set()
        self.text = self._without_pronouns(clause.text)
        self.said = read(self.text, clause.language)
        self.tokens: list[Match] = matches(self.text, lexicon(), clause.language)[1]

    def _subject(self) -> int | None:
        """The thing that ``it`` means: the first that is there."""
        return next((i for i, t in enumerate(self.scene.things) if t.count), None)

    def _without_pronouns(self, text: str) -> str:
        at = self._subject()
        name = self.scene.things[at].name if at is not None else ""
        if not name or not name.isascii():
            return words_for()["it"].sub(" ", text)
        if at is not None and words_for()["it"].search(text):
            self.meant.add(at)
        text = words_for()["it"].sub(f" the {name} ", text)
        opening = matches(text, lexicon())[1][:1]
        if (
            self.clause.op == ""
            and opening
            and opening[0].senses
            and (opening[0].senses[0].kind in _LINKING)
        ):
            return f"the {name} {text}"
        return text

    # -- what is there already -------------------------------------------------------------------

    def _found(self, thing: Thing, *, family: bool = True) -> list[int]:
        """The scene's things that a word for ``thing`` may mean, the likeliest first."""
        here = [(i, t) for i, t in enumerate(self.scene.things) if t.count]
        same = [i for i, t in here if t.art == thing.art]
        if thing.colours:
            coloured = [i for i in same if self.scene.things[i].colours == thing.colours]
            same = coloured or same
        if not same and family and thing.kind in _FAMILIES:
            same = [i for i, t in here if t.kind == thing.kind]
        return same

    # -- the change ------------------------------------------------------------------------------

    def make(self) -> None:
        if "grey" in self.clause.marks:
            self.out.grey = True
        match self.clause.op:
            case "remove":
                self._remove()
            case _ if self.clause.into:
                self._replace()
            case _:
                self._surroundings()
                self._things(always_new=self.clause.op == "add")
                self._stray()

    def _remove(self) -> None:
        scene, said = self.scene, self.said
        for thing in said.things:
            for index in self._found(thing):
                if thing.counted and thing.count < scene.things[index].count:
                    scene.things[index].count -= thing.count
                    break
                self._drop(index)
            else:
                scene.without.add(thing.art)
        for art in said.sky:
            scene.sky.pop(art, None)
            scene.without.add(art)
            if art in ("@clouds", "@cloud"):
                scene.sky.pop("@clouds", None)
                scene.sky.pop("@cloud", None)
        for art in said.land:
            for known in [a for a in scene.land if a.rstrip("s") == art.rstrip("s")]:
                del scene.land[known]
        for weather in said.weather:
            scene.weather = [w for w in scene.weather if w != weather]
            if weather == "snow" and scene.season == "winter":
                scene.season = ""
            if weather == "cloudy":
                scene.without.add("@clouds")
        gone = [place for place in said.places if place in scene.places and place != "sky"]
        if gone:
            scene.places = [place for place in scene.places if place not in gone]
            self.out.moved = True

    def _drop(self, index: int) -> None:
        """Takes a thing away; what it wears or holds goes with it."""
        scene = self.scene
        scene.things[index].count = 0
        for link in scene.links:
            if link.figure == index and link.rel in ("wear", "hold", "eat"):
                scene.things[link.ground].count = 0
        scene.links = [k for k in scene.links if index not in (k.figure, k.ground)]

    def _replace(self) -> None:
        new = read(self.clause.into, self.clause.language)
        whole = _WHOLE.search(self.clause.into) is not None
        if whole or not (new.things and self.said.things):
            self._surroundings(new)
            self.said = new if whole or not self.said.things else self.said
            self._things(always_new=False)
            return
        into = new.things[0]
        for thing in self.said.things[:1]:
            for index in self._found(thing)[:1]:
                old = self.scene.things[index]
                count = into.count if into.counted or into.plural else old.count
                self.scene.things[index] = replace(
                    into, count=count, pose=into.pose or old.pose, body=old.body, size=old.size
                )
        if self.said.sky and not self.said.things:
            for art in self.said.sky:
                self.scene.sky.pop(art, None)
            self.scene.sky.update(new.sky)

    def _surroundings(self, said: Reading | None = None) -> None:
        """Time, weather, season, sky, land and place."""
        said, scene = said or self.said, self.scene
        if said.time:
            if said.time == "day":
                for art in ("@moon", "@crescent", "@stars", "@milkyway", "@aurora"):
                    scene.sky.pop(art, None)
            scene.time = said.time
        if said.weather:
            scene.weather = [w for w in said.weather if w != "sunny"]
            scene.without -= set(said.weather)
            if "sunny" in said.weather:
                scene.weather = ["sunny"]
        if said.season:
            scene.season = said.season
            for thing in scene.things if said.season == "autumn" else ():
                if thing.art in ("@tree", "@bush") and not thing.colours:
                    thing.colours = ["orange"]
            if said.season == "winter" and "snow" not in scene.places:
                scene.weather = [*dict.fromkeys([*scene.weather, *said.weather])]
        elif said.weather and "snow" not in said.weather and scene.season == "winter":
            scene.season = ""
        scene.sky.update(said.sky)
        scene.without -= set(said.sky)
        scene.land.update(said.land)
        if said.sky_colour:
            scene.sky_colour = said.sky_colour
        elif "sky" in said.places and not said.things:
            scene.sky_colour = self._colour() or scene.sky_colour
        places = [place for place in said.places if place != "sky"]
        if said.on_moon:
            scene.on_moon = True
        if places and places[0] not in scene.places[:1]:
            scene.places = [*places, *(p for p in scene.places if p not in places)][:1]
            self.out.moved = True

    def _things(self, *, always_new: bool) -> None:
        """Changes the clause's things where the scene has them, adds them where not."""
        said, scene = self.said, self.scene
        grounds = {k.ground for k in said.links if k.rel not in ("wear", "hold", "eat")}
        here: dict[int, int] = {}
        for index, thing in enumerate(said.things):
            if not thing.count:
                continue
            known = self._found(thing, family=self.clause.op == "change")
            again = [i for i in known if i in self.meant and thing.counted]
            known = again or [i for i in known if i not in here.values()]
            if always_new and index not in grounds and not self._definite(thing, known):
                known = []
            if known and self._more(known[0], thing):
                known = []
            if known:
                here[index] = known[0]
                self._alter(scene.things[known[0]], thing)
            elif len(scene.things) < MAX_THINGS + 4:
                scene.things.append(copy.deepcopy(thing))
                if "sky" in said.places and index not in grounds:
                    scene.things[-1].pose = thing.pose or "fly"
                here[index] = len(scene.things) - 1
                scene.without.discard(thing.art)
                self._dress(here, index)
        for link in said.links:
            if link.figure in here and link.ground in here:
                tie = Link(link.rel, here[link.figure], here[link.ground])
                garment, wearer = scene.things[tie.figure], scene.things[tie.ground]
                if garment.kind in _WORN and wearer.kind in FEELING:
                    tie = Link("wear", tie.ground, tie.figure)
                elif tie.rel == "in" and wearer.kind in FEELING and garment.kind not in FEELING:
                    tie = Link("hold", tie.ground, tie.figure)  # in her hand
                if tie.figure != tie.ground and tie not in scene.links:
                    scene.links.append(tie)

    def _dress(self, here: dict[int, int], index: int) -> None:
        """A hat and the like that is added is worn: by whom the clause names, else the subject."""
        said, scene = self.said, self.scene
        if said.things[index].kind not in _WORN or any(
            index in (k.figure, k.ground) for k in said.links
        ):
            return
        others = [self._found(t)[:1] for t in said.things if t.kind in FEELING]
        named = [found[0] for found in others if found]
        subject = self._subject()
        wearer = named[0] if named else subject
        if wearer is not None and scene.things[wearer].kind in FEELING:
            scene.links.append(Link("wear", wearer, here[index]))

    def _definite(self, thing: Thing, known: list[int]) -> bool:
        """Whether a thing to be added is spoken of as one that is there (``put the fox ...``)."""
        if self.meant & set(known):
            return True
        return bool(re.search(rf"(?<!\w)(?:{_ARTICLES}) {re.escape(thing.name)}(?!\w)", self.text))

    def _more(self, index: int, said: Thing) -> bool:
        """Whether more of a thing stand by themselves: those that are there are tied to others."""
        tied = any(index in (k.figure, k.ground) for k in self.scene.links)
        if "more" not in self.clause.marks or not tied:
            return False
        said.count = said.count if said.counted or said.plural else 1
        return True

    def _alter(self, old: Thing, said: Thing) -> None:
        if said.colours:
            old.colours, old.parts = list(said.colours), []
        if said.size != 1.0:
            old.size = said.size
        if said.pose:
            old.pose = said.pose
        old.body = said.body or old.body
        if "more" in self.clause.marks:
            old.count = min(MAX_COPIES, old.count + (said.count if said.counted else 2))
        elif said.counted or (said.plural and old.count == 1 and self.clause.op != "change"):
            old.count = min(MAX_COPIES, said.count)

    def _colour(self) -> str:
        return next((m.value("colour") for m in self.tokens if m.has("colour")), "")

    def _stray(self) -> None:
        """Colours, sizes and poses that no noun took: of the thing named, else of the subject."""
        named = [i for t in self.said.things for i in self._found(t)[:1]]
        at = named[0] if named else self._subject()
        if at is None:
            return
        thing = self.scene.things[at]
        taken = any(t.colours for t in self.said.things) or self.said.sky_colour
        elsewhere = self.said.sky or self.said.land or "sky" in self.said.places
        if not taken and not elsewhere and self._colour() and self.clause.op != "add":
            thing.colours = [self._colour()]
        factor = 1.4 if "bigger" in self.clause.marks else 1.0
        factor = 0.65 if "smaller" in self.clause.marks else factor
        if not any(t.size != 1.0 for t in self.said.things) and self.clause.op != "add":
            sizes = [m.value("size") for m in self.tokens if m.has("size")]
            factor *= _SIZES[sizes[0]] if sizes else 1.0
        if factor != 1.0:
            thing.size = max(_LEAST, min(_MOST, thing.size * factor))
        if not self.said.things and self.clause.op == "change":
            pose = next((m.value("act") for m in self.tokens if m.has("act")), "")
            thing.pose = pose or thing.pose

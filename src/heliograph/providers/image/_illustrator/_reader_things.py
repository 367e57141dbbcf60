"""Reading a prompt: nouns. A thing takes what is pending and is tied to what waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from heliograph.providers.image._illustrator._lexicon import Kind, kind_of
from heliograph.providers.image._illustrator._limits import MAX_THINGS
from heliograph.providers.image._illustrator._match import Match
from heliograph.providers.image._illustrator._reader import FEELING, TRANSITIVE, Cursor
from heliograph.providers.image._illustrator._reading import Thing

__all__ = ["Nouns"]

_COLOUR_AFTER: Final = frozenset({"fr", "es", "it", "pt", "ar", "fa", "id"})
_JOINS: Final = frozenset({"en", "de", "nl", "zh", "ja", "ko", "tr", "ru"})
_MANY: Final = {"flower": 5, "tree": 5, "flier": 5, "fish": 5, "bird": 4, "plant": 4, "food": 3}
_ONE_WHEN_PLURAL: Final = frozenset({"glasses", "land", "skything", "clothes", "scarf"})
_SAME_PLURAL: Final = frozenset({"fish", "sheep", "deer", "reindeer", "tropical fish", "salmon"})
_SEVERAL: Final[dict[str, tuple[str, ...]]] = {
    "@band": ("@guitarist", "@violinist", "@drummer"), "@people": ("1F9D1", "1F469", "1F468"),
    "@toys": ("1F9F8", "26BD", "@blocks"), "@fruit": ("1F34E", "1F34C", "1F347"),
    "@vegetables": ("1F955", "1F345", "1F966"), "@animals": ("1F98A", "1F407", "1F994"),
    "@pets": ("1F415", "1F408"), "@siblings": ("1F466", "1F467"),
    "1F46B": ("1F468", "1F469"), "1F46A": ("1F468", "1F469", "1F9D2"), "1F46D": ("1F469", "1F467"),
    "1F46C": ("1F468", "1F466"), "1F491": ("1F468", "1F469"), "1F48F": ("1F468", "1F469"),
}  # fmt: skip
_WHOLE_HEAPS: Final = frozenset({"1F95E", "1F4DA", "@goldpile", "@leafpile", "@haystack", "1F4A9"})


class Nouns(Cursor):
    """Takes in things, and the colours that belong to them."""

    def thing(self, art: str, match: Match, *, joined: bool) -> None:
        if self.negative:
            self.out.without.update((art, *_SEVERAL.get(art, ())))
            if kind_of(art).name == "skything":
                self.out.without.add("sky")
            self.negative, self.number, self.colours = False, 0, []
            return
        if art in _SEVERAL:
            self.several(_SEVERAL[art], match)
            return
        kind = kind_of(art)
        if kind.name == "skything" and self.skything(art):
            return
        if kind.name == "land" and self.landform(art):
            return
        if joined and self.group and self.out.language in _JOINS and match.text[0].isalpha():
            self.drop_modifier()
        if len(self.out.things) >= MAX_THINGS:
            return
        index = self.new_thing(art, kind, match)
        self.connect(index)
        self.joined = True
        if self.waiting and kind.name in FEELING:
            waiting, self.waiting = self.waiting, []
            for tool, rel in waiting:
                self.extra(tool, rel, [index])

    def several(self, arts: tuple[str, ...], match: Match) -> None:
        """One word for more than one thing (a couple, a family)."""
        wanted = self.number if self.counted else 0
        self.number, self.counted = 0, False
        room = MAX_THINGS - len(self.out.things)
        if wanted:
            arts = (arts * 4)[: min(wanted, 8)]
        made = [self.new_thing(art, kind_of(art), match) for art in arts[: max(0, room)]]
        if not made:
            return
        self.connect(made[0])
        for link in [k for k in self.out.links if made[0] in (k.figure, k.ground)]:
            for other in made[1:]:
                if link.figure == made[0]:
                    self.link(link.rel, other, link.ground)
                else:
                    self.link(link.rel, link.figure, other)
        self.group = [*self.group, *made[1:]]
        if made[0] in self.subjects:
            self.subjects = [*self.subjects, *made[1:]]

    def new_thing(self, art: str, kind: Kind, match: Match) -> int:
        plural = match.plural and not self.counted
        if match.text in _SAME_PLURAL and not self.number:
            plural = True
        count = self.number or 1
        if plural and self.number <= 1:
            count = _MANY.get(kind.name, 3)
        if kind.name in _ONE_WHEN_PLURAL:
            count = 1
        heap, self.heap = self.heap, ""
        if art in _WHOLE_HEAPS and (heap or not self.counted):
            count, heap = self.number if self.counted else 1, ""
        elif heap and not self.counted:
            count = {"pile": 10, "stack": 4}.get(heap, _MANY.get(kind.name, 3))
        thing = Thing(
            heap=heap, art=art, kind=kind.name, height=kind.height, facing=kind.facing, count=count,
            colours=self.colours, size=self.size, pose=self.pose, plural=count > 1,
            name=match.text, counted=self.counted,
        )  # fmt: skip
        self.number, self.counted, self.colours, self.size, self.pose = 0, False, [], 1.0, ""
        for index, known in enumerate(self.out.things):
            same = known.art == art and known.colours == thing.colours
            apart = index not in self.group or not self.and_before()
            if same and not thing.counted and apart and thing.count == 1:
                return index
        self.out.things.append(thing)
        return len(self.out.things) - 1

    def connect(self, index: int) -> None:
        """Ties a new thing to what waits for it, or lets it join or open a group."""
        if self.after:
            for rel, ground in self.after:
                self.link(rel, index, ground)
            self.after = []
            self.group, self.subjects = [index], self.subjects or [index]
            return
        if self.verb.startswith("?"):
            self.after.append((self.verb[1:], index))
            self.grounds.add(index)
            self.group, self.verb = [], ""
            return
        if self.verb and self.subjects and not self.verb_last():
            for figure in self.subjects:
                self.link(self.verb, figure, index)
            self.grounds.add(index)
            self.group = [index]
            if self.verb not in ("wear", "hold"):
                self.verb = ""
            return
        if self.rel and self.figures and not self.post:
            for figure in self.figures:
                self.link(self.rel, figure, index)
            self.grounds.add(index)
            self.group = [index]
            thing = self.out.things[index]
            if self.rel == "between" and thing.count == 2:
                thing.count = 1
                self.out.things.append(replace(thing, colours=list(thing.colours)))
                for figure in self.figures:
                    self.link("between", figure, len(self.out.things) - 1)
                self.grounds.add(len(self.out.things) - 1)
                self.rel = ""
            if self.rel not in ("between", "with"):
                self.rel = ""
            return
        self.rel = ""
        self.group = [*self.group, index] if self.group and self.and_before() else [index]
        if not self.subjects or self.and_before():
            self.subjects = [*self.subjects, index]
        elif index not in self.grounds:
            self.subjects = [index]

    def drop_modifier(self) -> None:
        """Of two nouns side by side (``chocolate cake``) the last is meant."""
        index = self.group[-1]
        if index != len(self.out.things) - 1 or self.out.things[index].plural:
            return
        gone = self.out.things.pop()
        self.number, self.counted = (
            (gone.count, gone.counted) if gone.counted else (self.number, self.counted)
        )
        self.colours = self.colours or gone.colours or (["grey"] if gone.art == "@robot" else [])
        self.size, self.pose = gone.size, gone.pose
        kept = [k for k in self.out.links if index not in (k.figure, k.ground)]
        lost = [k for k in self.out.links if k.ground == index]
        self.out.links = kept
        self.group = self.group[:-1]
        self.subjects = [i for i in self.subjects if i != index]
        if lost:
            self.rel, self.figures = lost[0].rel, [k.figure for k in lost]
            if lost[0].rel in TRANSITIVE.values():
                self.verb, self.rel = lost[0].rel, ""
                self.subjects = self.figures

    def perch(self, index: int) -> None:
        """``with a parrot on his shoulder``: the one goes on the other."""
        owners = [i for i in self.figures if i != index]
        if owners:
            self.out.links = [k for k in self.out.links if index not in (k.figure, k.ground)]
            self.link("on", index, owners[0])

    def forget(self, index: int) -> None:
        """Takes back a thing that only named a part (a carrot nose)."""
        owners = self.owners()
        self.out.things[index].count = 0
        self.out.links = [k for k in self.out.links if index not in (k.figure, k.ground)]
        self.group, self.rel, self.figures = owners, "with", owners

    def skything(self, art: str) -> bool:
        """Takes the sun, the moon and the like into the sky; False if something sits on it."""
        colour = self.colours[0] if self.colours else ""
        reset = self.number
        self.colours, self.number, self.size = [], 0, 1.0
        nxt = self.peek(frozenset({"filler"}))
        postposed_on = self.post and nxt is not None and nxt.value("rel") == "on"
        on = self.rel in ("on", "in") or self.verb == "on" or postposed_on
        if on and art == "@moon":
            self.out.on_moon = True
            self.out.places.insert(0, "moonscape")
        elif self.rel == "above" and art == "@rainbow":
            self.out.sky[art] = colour
            for i in self.figures:
                self.out.things[i].pose = "leap"
        elif (
            on
            and art in ("@clouds", "@cloud", "@rainbow", "@crescent", "@star")
            and self.rel != "in"
        ):
            self.out.sky.setdefault("@stars" if art in ("@crescent", "@star") else art, colour)
            if art == "@rainbow":
                self.rel = ""
                return True
            real = {"@crescent": "1F319", "@star": "2B50"}.get(art, "2601")
            match = self.found[self.at]
            index = self.new_thing(real, Kind("cloudlike", 1.6), match)
            if self.post:
                self.group = [index]
            else:
                self.connect(index)
            return True
        else:
            if art == "@star" and reset > 1:
                art = "@stars"
            if art in ("@moon", "@sun") and self.rel in ("front", "above"):
                self.out.big_disc = True
            if self.rel == "above" or (self.rel == "in" and art in ("@clouds", "@stars")):
                for i in self.figures:
                    self.out.things[i].pose = "leap"
                if self.rel == "in":
                    self.out.places.append("sky" if art == "@clouds" else "space")
            self.out.sky[art] = colour
        if not self.post:
            self.rel = self.verb = ""
        self.group = []
        return True

    def landform(self, art: str) -> bool:
        """Takes a mountain and the like into the land."""
        if art == "@wave":
            self.out.places.append("sea")
            self.out.land["@wave"] = ""
            self.rel = ""
            return True
        plural = self.found[self.at].plural or self.number > 1
        art = "@mountains" if art == "@mountain" and plural else art
        self.out.land[art] = self.colours[0] if self.colours else ""
        on = self.rel == "on" or (self.post and self.peek_rel() == "on")
        if on and art in ("@mountain", "@mountains", "@hill", "@snowmountain", "@volcano"):
            self.out.places.insert(0, "peak" if art != "@hill" else "hill")
        elif art in ("@island", "@cliff", "@hill"):
            self.out.places.append(art[1:])
        elif art in ("@river", "@pond"):
            self.out.places.append("lake")
        elif art == "@road":
            self.out.places.append("roadside")
        self.number, self.colours, self.size, self.group = 0, [], 1.0, []
        if not self.post:
            self.rel = self.verb = ""
        return True

    def colour(self, name: str) -> None:
        after = self.out.language in _COLOUR_AFTER
        before = self.previous()
        beside = before is not None and (
            before.has("thing") or before.has("colour") or before.has("and")
        )
        noun_next = self.next_is_noun("and")
        if self.group and ((after and beside) or (not after and not noun_next)):
            thing = self.out.things[self.group[-1]]
            if len(thing.colours) < 2:
                thing.colours = [*thing.colours, name]
            return
        nxt = self.peek(frozenset({"colour", "size", "filler", "and"}))
        if nxt is not None and nxt.value("place") == "sky":
            self.out.sky_colour = name
            return
        self.colours = [*self.colours, name][:2]

    def negation(self) -> None:
        if self.out.language in ("ja", "ko", "tr") and self.group:
            gone = self.out.things[self.group[-1]]
            self.out.without.add(gone.art)
            gone.count = 0
            self.group = []
            return
        self.negative = True

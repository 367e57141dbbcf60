"""Reads a prompt: senses in order to things, relations and a setting.

One pass over the phrases, left to right, with what is pending (number, colours, size, a relation or
verb that waits for its object). Three word orders are told apart: relation before its ground
(English), after it (Japanese, Korean, Turkish, and Chinese place words), and colours before or
after the noun. Nothing here fails: what is not understood is kept in ``unknown``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from heliograph.providers.image._illustrator._infer import fold_of, settle_facts
from heliograph.providers.image._illustrator._lexicon import Kind, Sense, kind_of, lexicon
from heliograph.providers.image._illustrator._limits import MAX_COPIES, MAX_THINGS
from heliograph.providers.image._illustrator._match import Match, matches
from heliograph.providers.image._illustrator._reading import Link, Reading, Thing
from heliograph.providers.image._illustrator._supports import listed

__all__ = ["read"]

_SIZES: Final = {"tiny": 0.42, "small": 0.68, "big": 1.4, "huge": 2.0}
_POSTPOSED: Final = frozenset({"ja", "ko", "zh", "tr"})
_VERB_LAST: Final = frozenset({"ja", "ko", "tr"})
_COLOUR_AFTER: Final = frozenset({"fr", "es", "it", "pt", "ar", "fa", "id"})
_JOINS: Final = frozenset({"en", "de", "nl", "zh", "ja", "ko", "tr", "ru"})
_TRANSITIVE: Final = {
    "read": "hold", "hold": "hold", "eat": "eat", "drink": "eat", "wear": "wear", "play": "hold",
    "ride": "on", "chase": "chase", "fight": "face", "look": "face", "cook": "hold",
    "paint": "face", "climb": "on", "hang": "on", "light": "", "hide": "", "sail": "", "fly": "",
    "burn": "", "jump": "", "water": "face", "cross": "on", "build": "face",
    "have": "", "lean": "", "pull": "pull", "rake": "face", "spray": "face", "feed": "face",
    "write": "face", "photograph": "face", "guard": "beside",
}  # fmt: skip
_POSES: Final = frozenset(
    {"fly", "swim", "sleep", "sit", "run", "jump", "dance", "sing", "dive", "float", "climb", "cry"}
    | {"burn", "stand", "fall", "sail", "read"}
)
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


_PEOPLE_ENDINGS: Final = {
    "woman": "1F469", "girl": "1F467", "boy": "1F466", "man": "1F468", "men": "1F468",
    "er": "1F9D1", "ist": "1F9D1", "ian": "1F9D1", "smith": "1F9D1", "keeper": "1F9D1",
}  # fmt: skip
_TOOLS: Final = {
    "knit": "1F9F6", "box": "1F94A", "water": "@wateringcan", "magic": "2728", "read": "1F4D6",
    "cook": "1F372", "fishing": "1F3A3", "paint": "1F3A8", "rake": "@rake", "sweep": "1F9F9",
    "dig": "1FA8F", "chop": "1FA93", "write": "270F", "spray": "@waterjet", "photograph": "1F4F7",
    "sew": "1FAA1", "mop": "1FAA3", "hammer": "1F528", "saw": "1FA9A", "phone": "1F4F1",
    "golf": "26F3", "skate": "26F8",
}  # fmt: skip
"""What somebody who does this has in hand, unless the prompt says what."""
_OBJECT_NAMED: Final = frozenset({"read", "cook", "paint"})
_FEELING: Final = frozenset({"person", "figure", "beast", "head", "bird"})
_WHOLE_HEAPS: Final = frozenset({"1F95E", "1F4DA", "@goldpile", "@leafpile", "@haystack", "1F4A9"})


class _Reader:
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

    # -- looking around ------------------------------------------------------------------------

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

    # -- the pass ------------------------------------------------------------------------------

    def run(self) -> Reading:
        while self.at < len(self.found):
            match = self.found[self.at]
            if match.stop:
                self.stop(match)
            elif not match.senses and not self.stand_in(match):
                self.out.unknown.append(match.text)
                self.joined = False
            elif not match.senses:
                self.thing(self.stand_in(match), match, joined=self.joined)
            else:
                self.take(self.choose(match), match)
            self.at += 1
        self.finish()
        return self.out

    def stand_in(self, match: Match) -> str:
        """A person for an unknown English noun that names one by its ending (a lamplighter)."""
        before, word = self.previous(), match.text
        opens = before is None or before.has("number") or before.has("filler") or before.has("size")
        opens = opens or self.joined
        if self.out.language != "en" or not opens or len(word) < 6 or self.next_is_noun():
            return ""
        return next((art for end, art in _PEOPLE_ENDINGS.items() if word.endswith(end)), "")

    def stop(self, match: Match) -> None:
        self.colours, self.size, self.pose, self.negative = [], 1.0, "", False
        self.number, self.counted, self.joined = 0, False, False
        if match.text not in ",、，":
            self.rel = self.verb = ""

    def choose(self, match: Match) -> Sense:
        """One sense of an ambiguous phrase, by what stands around it."""
        senses = match.senses
        if len(senses) == 1:
            return senses[0]
        kinds = {sense.kind: sense for sense in reversed(senses)}
        thing = kinds.get("thing")
        if thing is None:
            return senses[0]
        before = self.previous()
        noun_before = before is not None and before.senses and before.senses[0].kind in (
            "number", "colour", "size", "not",
        )  # fmt: skip
        if "colour" in kinds:
            return kinds["colour"] if self.next_is_noun() or (
                self.group and not noun_before and self.out.language != "en"
            ) else thing  # fmt: skip
        if "act" in kinds:
            asked = self.pose or self.rel or noun_before or self.counted
            if asked or not (self.group or self.subjects):
                return thing
            return kinds["act"]
        if "part" in kinds:
            owned = self.group and self.rel in ("with", "")
            return kinds["part"] if owned else thing
        if "place" in kinds:
            return kinds["place"] if self.rel in ("in", "beside", "") else thing
        if "number" in kinds:
            return thing if not self.next_is_noun("number") else kinds["number"]
        return senses[0]

    def take(self, sense: Sense, match: Match) -> None:
        joined, self.joined = self.joined, False
        match sense.kind:
            case "thing":
                self.thing(sense.value, match, joined=joined)
            case "number":
                self.number = max(1, min(MAX_COPIES, int(sense.value)))
                self.counted = sense.value != "1" or match.text not in ("a", "an", "another")
                self.pose = ""
            case "colour":
                self.colour(sense.value)
            case "multi":
                self.colours = ["rainbow"]
            case "group":
                self.heap = sense.value
            case "size":
                self.size = _SIZES[sense.value]
            case "not":
                self.negation()
            case "rel":
                self.relation(sense.value)
            case "and":
                self.conjunction()
            case "act":
                self.act(sense.value, match)
            case "place" | "time" | "weather" | "season":
                self.setting(sense)
            case "part":
                owner = self.out.things[self.group[-1]] if self.group else None
                if owner is not None and self.colours and owner.kind in ("building", "vehicle"):
                    owner.parts.append((match.text.removesuffix("s"), self.colours[0]))
                if self.rel == "on" and self.group and self.group[-1] in self.grounds:
                    self.perch(self.group[-1])
                self.colours, self.size, self.number = [], 1.0, 0
                nxt = self.peek(frozenset())
                if nxt is not None and nxt.has("and") and self.rel == "with":
                    return
                if joined and self.group and self.group[-1] in self.grounds:
                    self.forget(self.group[-1])
                elif self.rel == "with":
                    self.rel = ""
            case _:
                pass

    # -- kinds of words ------------------------------------------------------------------------

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
        if self.waiting and kind.name in _FEELING:
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
            if lost[0].rel in _TRANSITIVE.values():
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

    def peek_rel(self) -> str:
        nxt = self.peek(frozenset({"filler"}))
        return nxt.value("rel") if nxt else ""

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

    def relation(self, rel: str) -> None:
        if self.post and (self.group or self.out.places):
            self.postposition(rel)
            return
        self.verb = "" if rel != "with" else self.verb
        if rel == "with" and self.verb in ("hold", "wear"):
            if any(i in self.grounds for i in self.group):
                self.verb, self.rel, self.figures = "", rel, list(self.subjects)
            return
        solid = [i for i in self.group if i not in self.grounds] or self.owners() or self.group
        if rel in ("under", "above", "left", "right", "front", "behind", "with") and self.subjects:
            solid = self.subjects
        if rel == "contain" or (rel == "with" and self.holds_last()):
            solid = self.group[-1:]
        self.rel, self.figures = rel, solid or list(self.subjects)
        if self.pose and not self.figures:
            self.pose = self.pose

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

    def postposition(self, rel: str) -> None:
        """A relation that follows its ground: the figure comes next, or was the first thing."""
        if not self.group:
            return
        ground = self.group[-1]
        self.grounds.add(ground)
        nxt = self.found[self.at + 1] if self.at + 1 < len(self.found) else None
        genitive = nxt is not None and nxt.text in ("的", "の", "의")
        text = self.found[self.at].text
        genitive = genitive or text.endswith(("の", "의", "ki"))
        others = [i for i in range(len(self.out.things)) if i not in self.grounds]
        if others and not genitive:
            for figure in others:
                self.link(rel, figure, ground)
        else:
            self.after.append((rel, ground))
        self.group = []

    def conjunction(self) -> None:
        if self.rel not in ("between", "with"):
            self.rel = ""
        if self.verb not in ("wear", "hold", "eat"):
            self.verb = ""

    def act(self, verb: str, match: Match) -> None:
        rel = _TRANSITIVE.get(verb)
        subjects = [i for i in self.subjects if i not in self.grounds] or self.subjects
        if self.is_premodifier(verb):
            self.pose = verb
            return
        if self.verb_last() and rel and self.group:
            self.object_first(rel, verb)
            return
        if not (self.out.things or self.out.sky or self.out.unknown) and self.nobody(verb, match):
            subjects = self.subjects
        if verb in _POSES:
            if subjects and not (self.after and self.post):
                for i in subjects:
                    self.out.things[i].pose = self.out.things[i].pose or verb
            else:
                self.pose = verb
        if rel:
            self.verb, self.rel = rel, ""
            if self.post and not subjects:
                self.verb = "?" + rel if self.out.language == "zh" else rel
        if verb == "have":
            self.verb, self.rel = "", "with"
            self.figures = subjects
        tool = _TOOLS.get(verb, "")
        if tool and not (verb in _OBJECT_NAMED and self.next_is_noun("number", "and")):
            alive = [i for i, t in enumerate(self.out.things) if t.kind in _FEELING]
            self.extra(tool, "hold", [i for i in subjects if i in alive] or alive[:1])
            self.verb = rel or ""

    def nobody(self, verb: str, match: Match) -> bool:
        """``raking leaves``: somebody must be doing it."""
        if self.out.language != "en" or not match.text.split(" ")[0].endswith("ing"):
            return False
        if verb not in _TOOLS and _TRANSITIVE.get(verb) not in ("hold", "on", "eat"):
            return False
        self.connect(self.new_thing("1F9D1", kind_of("1F9D1"), Match(match.text)))
        return True

    def is_premodifier(self, verb: str) -> bool:
        """``a flying pig``: a participle right before its noun."""
        if verb not in _POSES:
            return False
        nxt = self.found[self.at + 1] if self.at + 1 < len(self.found) else None
        if nxt is None or not (nxt.has("thing") or nxt.has("colour") or nxt.has("size")):
            return False
        if nxt.has("number") or self.verb_last() or self.out.language == "zh":
            return not self.subjects
        before = self.previous()
        kinds = [s.kind for s in before.senses] if before else []
        opens = not kinds or any(k in ("number", "rel", "and", "filler", "colour") for k in kinds)
        return opens and self.next_is_noun()

    def object_first(self, rel: str, verb: str) -> None:
        """A verb after its object: the subject came before the object, or comes next."""
        thing = self.group[-1]
        self.grounds.add(thing)
        others = [i for i in range(len(self.out.things)) if i not in self.grounds]
        if others:
            for figure in others:
                self.link(rel, figure, thing)
                self.out.things[figure].pose = verb if verb in _POSES else ""
        else:
            self.after.append((rel, thing))
        self.group = []

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

    def setting(self, sense: Sense) -> None:
        out = self.out
        if self.negative:
            out.without.add(sense.value)
            self.negative = False
            return
        match sense.kind:
            case "place":
                place, _, flower = sense.value.partition(":")
                sense = Sense("place", place)
                if flower:
                    out.land[flower] = self.colours[0] if self.colours else ""
                if self.rel == "under" and sense.value in ("sea", "lake"):
                    out.places.insert(0, "underwater")
                if not (sense.value == "sky" and self.rel == "under"):
                    out.places.append(sense.value)
                for i in self.subjects if sense.value == "sky" and self.rel in ("in", "on") else ():
                    out.things[i].pose = out.things[i].pose or "fly"
            case "time":
                if sense.value == "candlelight":
                    self.extra("1F56F", "beside", self.subjects)
                out.time = "night" if sense.value == "candlelight" else sense.value
            case "weather":
                out.weather.append(sense.value)
            case _:
                out.season = sense.value
        self.number, self.colours, self.size = 0, [], 1.0
        if not self.post:
            self.rel = ""
        if not self.and_before() and not self.post:
            self.group = []

    def finish(self) -> None:
        out = self.out
        for verb, index in self.after:
            others = [i for i in range(len(out.things)) if i not in self.grounds]
            for figure in others:
                self.link(verb, figure, index)
        if self.pose and out.things and not out.things[-1].pose:
            out.things[-1].pose = self.pose
        settle_facts(out)


def read(prompt: str) -> Reading:
    """The facts of a prompt. Never fails; an empty or unknown prompt gives an empty reading."""
    book = lexicon()
    language, found = matches(prompt, book)
    found = fold_of(found)
    return _Reader(language, found).run()

"""Reads a prompt: senses in order to things, relations and a setting.

One pass over the phrases, left to right, with what is pending (number, colours, size, a relation or
verb that waits for its object). Three word orders are told apart: relation before its ground
(English), after it (Japanese, Korean, Turkish, and Chinese place words), and colours before or
after the noun. Nothing here fails: what is not understood is kept in ``unknown``.
"""

from __future__ import annotations

from typing import Final

from heliograph.providers.image._illustrator._infer import fold_of, settle_facts
from heliograph.providers.image._illustrator._lexicon import Sense, lexicon
from heliograph.providers.image._illustrator._limits import MAX_COPIES
from heliograph.providers.image._illustrator._match import Match, matches
from heliograph.providers.image._illustrator._reader_ties import Ties
from heliograph.providers.image._illustrator._reading import Reading

__all__ = ["read"]

_SIZES: Final = {"tiny": 0.42, "small": 0.68, "big": 1.4, "huge": 2.0}
_PEOPLE_ENDINGS: Final = {
    "woman": "1F469", "girl": "1F467", "boy": "1F466", "man": "1F468", "men": "1F468",
    "er": "1F9D1", "ist": "1F9D1", "ian": "1F9D1", "smith": "1F9D1", "keeper": "1F9D1",
}  # fmt: skip


class _Reader(Ties):
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


def read(prompt: str, language: str | None = None) -> Reading:
    """The facts of a prompt. Never fails; an empty or unknown prompt gives an empty reading.

    ``language`` is what it is known to be in; else it is guessed.
    """
    book = lexicon()
    language, found = matches(prompt, book, language)
    found = fold_of(found)
    return _Reader(language, found).run()

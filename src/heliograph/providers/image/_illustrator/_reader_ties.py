"""Reading a prompt: relations and verbs, which tie things together."""

from __future__ import annotations

from typing import Final

from heliograph.providers.image._illustrator._lexicon import kind_of
from heliograph.providers.image._illustrator._match import Match
from heliograph.providers.image._illustrator._reader import FEELING, TRANSITIVE
from heliograph.providers.image._illustrator._reader_things import Nouns

__all__ = ["Ties"]

_POSES: Final = frozenset(
    {"fly", "swim", "sleep", "sit", "run", "jump", "dance", "sing", "dive", "float", "climb", "cry"}
    | {"burn", "stand", "fall", "sail", "read"}
)
_TOOLS: Final = {
    "knit": "1F9F6", "box": "1F94A", "water": "@wateringcan", "magic": "2728", "read": "1F4D6",
    "cook": "1F372", "fishing": "1F3A3", "paint": "1F3A8", "rake": "@rake", "sweep": "1F9F9",
    "dig": "1FA8F", "chop": "1FA93", "write": "270F", "spray": "@waterjet", "photograph": "1F4F7",
    "sew": "1FAA1", "mop": "1FAA3", "hammer": "1F528", "saw": "1FA9A", "phone": "1F4F1",
    "golf": "26F3", "skate": "26F8",
}  # fmt: skip
"""What somebody who does this has in hand, unless the prompt says what."""
_OBJECT_NAMED: Final = frozenset({"read", "cook", "paint"})


class Ties(Nouns):
    """Takes in relations and verbs."""

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
        rel = TRANSITIVE.get(verb)
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
            alive = [i for i, t in enumerate(self.out.things) if t.kind in FEELING]
            self.extra(tool, "hold", [i for i in subjects if i in alive] or alive[:1])
            self.verb = rel or ""

    def nobody(self, verb: str, match: Match) -> bool:
        """``raking leaves``: somebody must be doing it."""
        if self.out.language != "en" or not match.text.split(" ")[0].endswith("ing"):
            return False
        if verb not in _TOOLS and TRANSITIVE.get(verb) not in ("hold", "on", "eat"):
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

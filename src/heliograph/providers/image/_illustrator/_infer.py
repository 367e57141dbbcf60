"""What follows from a prompt's facts together, before and after they are read in order."""

from __future__ import annotations

from typing import Final

from heliograph.providers.image._illustrator._lexicon import Sense, kind_of
from heliograph.providers.image._illustrator._match import Match
from heliograph.providers.image._illustrator._reading import Link, Reading, Thing
from heliograph.providers.image._illustrator._supports import listed, rim

__all__ = ["fold_of", "settle_facts"]

_PARTS: Final = {"1FA9F": "window", "1F6AA": "door", "@roof": "roof"}
_PICTURES: Final = frozenset({"1F5BC", "1F4F7"})


def settle_facts(out: Reading) -> None:
    """What follows from the facts together: containers, pictures of things, implied times."""
    links: list[Link] = []
    for link in out.links:
        rel = link.rel
        if rel == "contain":
            rel, link = "in", Link("in", link.ground, link.figure)
        elif rel == "with":
            rel, link = _with(out, link)
        figure, ground = out.things[link.figure], out.things[link.ground]
        if rel == "in" and ground.kind in ("tree", "cloudlike"):
            rel = "on"
        if (
            rel == "on"
            and ground.art in listed("cabin")
            and figure.kind in ("person", "head", "beast")
        ):
            rel = "in"
        if rel == "hold" and figure.pose == "read" and ground.art == "1F4D5":
            ground.art = "1F4D6"
        if rel == "in" and figure.kind == "fish" and ground.art in ("1F963", "1F95B", "1FAD9"):
            ground.art = "@fishbowl"
        if rel == "hold" and ground.kind in ("hat", "glasses", "scarf"):
            rel = "wear"
        if rel == "wear" and ground.kind not in ("hat", "glasses", "scarf"):
            rel = "hold"
        if (
            rel == "in"
            and figure.kind in ("person", "beast", "head")
            and ground.kind in ("hat", "scarf")
        ):
            rel = "wear"
        if rel == "in" and ground.kind in ("clothes",):
            rel = "hold"
        large = ground.kind in ("person", "figure", "tree", "building", "furniture", "vehicle")
        if rel == "hold" and large and ground.art not in ("1F476", "@lamp"):
            rel = "beside"
        if rel == "on" and ground.kind == "boat" and rim(ground.art) and figure.kind == "person":
            rel = "in"
        if (
            rel in ("in", "hold")
            and ground.kind == "clothes"
            and ground.colours
            and figure.kind == "person"
        ):
            figure.colours, ground.count = ground.colours, 0
        if (
            rel == "in"
            and figure.kind in ("person", "figure")
            and ground.kind == "object"
            and ground.height < 0.6
            and rim(ground.art) is None
        ):
            rel = "hold"
        if rel == "in" and figure.art == ground.art:
            figure.count = 0
        if rel == "beside" and figure.kind in ("building", "vehicle") and ground.art in _PARTS:
            _part_of(figure, ground)
        if figure.count and ground.count:
            links.append(Link(rel, link.figure, link.ground))
    out.links = links
    _bodies(out)
    if any(t.kind in ("vehicle", "building") for t in out.things):
        for thing in out.things:
            if thing.art == "1FA9F":
                thing.count = 0
    if out.named("@leafpile"):
        out.season = out.season or "autumn"
    for thing in out.things:
        if out.season == "autumn" and thing.art in ("@tree", "@bush") and not thing.colours:
            thing.colours = ["orange"]
    if not out.time and (
        out.sky.keys()
        & {
            "@moon",
            "@crescent",
            "@stars",
            "@milkyway",
            "@aurora",
            "1F320",
            "1F386",
        }
        or {"moonscape", "graveyard", "space"} & set(out.places)
    ):
        out.time = "night"
    if not out.season and "snow" in out.weather:
        out.season = "winter"


def _part_of(owner: Thing, part: Thing) -> None:
    """A door or window that a thing has is no thing of its own: at most it gives a colour."""
    part.count = 0
    if part.colours:
        owner.parts.append((_PARTS[part.art], part.colours[0]))


def _bodies(out: Reading) -> None:
    """How people are cut by what carries them: riders, sitters, what shows over a boat's side."""
    for thing in out.things:
        if thing.kind == "person" and thing.pose == "sit":
            thing.body = "seated"
    for link in out.links:
        figure, ground = out.things[link.figure], out.things[link.ground]
        if link.rel == "on" and ground.art == "1F9F9":
            ground.art, ground.kind = "@flyingbroom", "vehicle"
        if figure.kind != "person" or link.rel not in ("on", "in"):
            continue
        if ground.art in listed("sat"):
            figure.body = "seated"
        elif link.rel == "in" and rim(ground.art) is not None:
            figure.body = "bust"
        elif link.rel == "on" and (
            ground.kind in ("beast", "seabeast", "bird") or ground.art in listed("ridden")
        ):
            figure.body = "rider"


def _with(out: Reading, link: Link) -> tuple[str, Link]:
    """What ``with`` means, by what is with whom."""
    figure, ground = out.things[link.figure], out.things[link.ground]
    if figure.kind == "food" and ground.kind == "food" and ground.height < 0.16:
        return "on", Link("on", link.ground, link.figure)
    living = figure.kind in ("person", "figure", "beast", "head", "bird", "face", "fish", "flier")
    if ground.kind in ("hat", "glasses", "scarf"):
        return "wear", link
    if figure.art == "1F578" and ground.art == "1F577":
        return "on", Link("on", link.ground, link.figure)
    if figure.art in listed("holds") and ground.kind in ("flower", "food", "plant", "object"):
        return "in", Link("in", link.ground, link.figure)
    if figure.art == "1F382" and ground.art == "1F56F":
        ground.art = "@cakecandle"
        return "on", Link("on", link.ground, link.figure)
    if (
        living
        and ground.height < 1.3
        and (ground.kind in ("object", "food", "drink", "clothes", "flower"))
    ):
        return "hold", link
    if figure.kind == "tree" and ground.kind in ("food", "flower", "bird"):
        return "on", Link("on", link.ground, link.figure)
    if figure.kind == "furniture" and ground.kind in ("food", "drink", "object", "flower"):
        return "on", Link("on", link.ground, link.figure)
    return "beside", link


def fold_of(found: list[Match]) -> list[Match]:
    """``a painting of a cat`` is a cat; ``a basket of apples`` is apples in a basket."""
    out: list[Match] = []
    skip = False
    for i, match in enumerate(found):
        if skip:
            skip = False
            continue
        last = found[i - 1] if i else None
        grown = last is not None and kind_of(last.value("thing")).name == "flower"
        if grown and last is not None and match.value("place") in ("meadow", "garden"):
            out[-1] = Match(match.text, (Sense("place", f"flowerfield:{last.value('thing')}"),))
            continue
        if match.text == "of" and last is not None:
            art = last.value("thing")
            if art in _PICTURES and len(found) > i + 1:
                out.pop()
                continue
            if art in listed("holds"):
                out.append(Match("with", (Sense("rel", "contain"),)))
                continue
            flower = found[i + 1].value("thing") if i + 1 < len(found) else ""
            if last.has("place") and kind_of(flower).name == "flower":
                out[-1] = Match(last.text, (Sense("place", f"flowerfield:{flower}"),))
                skip = True
                continue
        out.append(match)
    return out

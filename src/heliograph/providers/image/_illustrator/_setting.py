"""Where a scene plays: the setting that a prompt names, or the one its things belong in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from heliograph.providers.image._illustrator._reading import Reading, Thing
from heliograph.providers.image._illustrator._supports import home, listed

__all__ = ["Setting", "settle"]

INDOORS: Final = frozenset(
    [
        "party",
        "room",
        "bedroom",
        "kitchen",
        "bathroom",
        "library",
        "classroom",
        "office",
        "cafe_in",
        "stage",
        "table",
        "cave",
    ]
)
WATERY: Final = frozenset({"sea", "lake"})
_HORIZON: Final = {
    "sea": 0.5, "lake": 0.5, "beach": 0.46, "shore": 0.46, "island": 0.52, "desert": 0.6,
    "city": 0.7, "street": 0.68, "roadside": 0.6, "village": 0.6, "moonscape": 0.66,
    "marsscape": 0.62, "room": 0.7, "party": 0.7, "bedroom": 0.7, "kitchen": 0.7, "bathroom": 0.7,
    "library": 0.72, "classroom": 0.72, "office": 0.7, "cafe_in": 0.7, "stage": 0.74,
    "table": 0.6, "cave": 0.74, "underwater": 0.84, "sky": 1.02, "space": 1.02, "snowfield": 0.58,
    "cliff": 0.56, "peak": 0.7, "graveyard": 0.62, "swamp": 0.56, "forest": 0.6, "jungle": 0.6,
    "abstract": 0.7,
}  # fmt: skip
_SMALL: Final = frozenset(
    ["food", "drink", "object", "hat", "glasses", "scarf", "clothes", "flower", "plant", "skything"]
)
_LIVING: Final = frozenset({"beast", "head", "person", "figure", "bird"})
_TINY_LIVING: Final = 0.13


@dataclass(slots=True)
class Setting:
    """The stage: ``ground`` names how it is drawn, ``horizon`` where sky meets ground (0..1)."""

    ground: str
    horizon: float
    time: str
    weather: tuple[str, ...]
    season: str

    @property
    def indoors(self) -> bool:
        """Whether there are walls around."""
        return self.ground in INDOORS

    @property
    def dark(self) -> bool:
        """Whether the backdrop is so dark that things need a light rim."""
        return (
            (self.time == "night" and not self.indoors)
            or self.ground in ("space", "moonscape", "cave", "underwater", "stage")
            or "storm" in self.weather
        )

    def has(self, *names: str) -> bool:
        """Whether one of the weathers is on."""
        return any(name in self.weather for name in names)


def _all_small(things: list[Thing]) -> bool:
    return bool(things) and all(t.kind in _SMALL or t.art == "@table" for t in things)


def _home(reading: Reading) -> str:
    """The setting that the things themselves ask for."""
    things = [t for t in reading.things if t.count]
    kinds = {t.kind for t in things}
    outdoors = kinds & {"building", "tree", "vehicle", "craft", "space", "boat"}
    weathered = bool(reading.weather or reading.sky or reading.time in ("sunset", "dawn"))
    if not things:
        return "" if not (reading.land or weathered or reading.season or reading.time) else "meadow"
    poses = {t.pose for t in things}
    contained = {k.figure for k in reading.links if k.rel == "in"}
    fishy = [t for i, t in enumerate(reading.things) if t.kind == "fish" and i not in contained]
    if fishy and "swim" in poses:
        return "underwater"
    if reading.named("@fishbowl") or reading.named("@aquarium"):
        return "room" if not _all_small([t for t in things if t.kind != "fish"]) else "table"
    if fishy and not kinds & {"furniture", "boat", "person"} and "1F37D" not in kinds:
        only = things[0]
        if only.kind == "fish" and (
            only.art not in ("1F980", "1F41A", "1F9AA") and not only.art.startswith("1F9DC")
        ):
            return "underwater"
    if "dive" in poses or reading.named("@submarine"):
        return "underwater"
    if kinds & {"boat", "seabeast", "surfer"} or "sail" in poses:
        return "sea"
    if "swim" in poses:
        return "lake"
    if "space" in kinds and not kinds & {"building", "beast", "head", "tree"}:
        return "space"
    inside = kinds & {"furniture", "wall"}
    served = kinds & {"food", "drink"} and not outdoors and not weathered and not reading.land
    held = {k.ground for k in reading.links if k.rel in ("hold", "eat")}
    large = [t for t in things if t.kind in _LIVING and t.height > 0.4]
    loose = any(t.kind in ("food", "drink") and i not in held for i, t in enumerate(reading.things))
    if served and loose and not large and not kinds & {"flier", "bird"}:
        return "table"
    if inside and not outdoors and not reading.land:
        if _all_small([t for t in things if t.kind != "wall"]) and (
            reading.named("@table") or not kinds & {"furniture"}
        ):
            return "table"
        return next((home(t.art) for t in things if home(t.art) in INDOORS), "room")
    if _all_small(things) and not weathered and not reading.land:
        return "table" if not kinds <= {"flower", "plant"} else "garden"
    asked = next((home(t.art) for t in things if home(t.art)), "")
    if asked:
        return asked
    if any(t.pose == "fly" for t in things[:1]) or (kinds <= {"craft", "flier", "cloudlike"}):
        high = not kinds & {"building", "tree", "flower"} and not reading.land
        return "sky" if high else "meadow"
    return "meadow"


def settle(reading: Reading) -> Setting:
    """The setting of a reading."""
    places = [p for p in reading.places if p not in reading.without]
    ground = places[0] if places else _home(reading)
    living = any(t.kind in _LIVING for t in reading.things)
    others = [p for p in places if p not in ("roadside", "sky", "mountains")]
    if ground == "roadside" and others:
        ground = others[0]
    if ground == "sky" and any(
        (t.kind in ("building", "tree") and t.pose != "leap")
        or (t.kind in _LIVING and t.pose not in ("fly", "leap"))
        for t in reading.things
    ):
        others = [p for p in places if p != "sky"]
        ground = others[0] if others else (_home(reading) or "meadow")
        ground = "meadow" if ground == "sky" else ground
    dry = [t for t in reading.things if t.count and not _afloat(t)]
    wet = [t for t in reading.things if t.count and _afloat(t)]
    attached = {k.figure for k in reading.links if k.rel in ("on", "in")} | {
        k.ground for k in reading.links if k.rel in ("wear", "hold", "eat")
    }
    loose = [
        t
        for i, t in enumerate(reading.things)
        if t in dry
        and i not in attached
        and t.kind not in ("craft", "space", "flier", "skything")
        and t.pose not in ("fly", "swim", "jump")
    ]
    if ground in WATERY and loose and not (wet and not living):
        swimmers = ground == "lake" and all(t.kind == "bird" for t in loose)
        if not swimmers:
            ground = "shore" if ground == "sea" else "lakeside"
    if not ground:
        ground = "abstract"
    weather = tuple(dict.fromkeys(w for w in reading.weather if w not in reading.without))
    season = reading.season
    time = reading.time or "day"
    return Setting(ground, _HORIZON.get(ground, 0.6), time, weather, season)


def _afloat(thing: Thing) -> bool:
    return (
        thing.kind in ("boat", "seabeast", "surfer", "fish")
        or thing.pose in ("swim", "float", "sail", "dive")
        or thing.art in listed("afloat")
        or thing.art == "@submarine"
    )

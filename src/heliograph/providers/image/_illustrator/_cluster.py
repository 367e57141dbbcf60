"""Things that belong together, laid out on a plane of their own: who sits on, holds, wears what.

A cluster's plane has x to the right and y up from the ground, in *story units*: a thing's height is
its true height to the power ``_PRESS``, so that a cat by a house is small but seen.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Final

from heliograph.providers.image._illustrator._figures import Figure, figure
from heliograph.providers.image._illustrator._limits import MAX_SPRITES
from heliograph.providers.image._illustrator._reading import Reading, Thing
from heliograph.providers.image._illustrator._supports import is_open_below, listed, neck, rim, seat

__all__ = ["Cluster", "Placement", "Sprite", "clusters", "look_of"]

_PRESS: Final = 0.36
_CHILD_OF_GROUND: Final = frozenset({"on", "in", "under", "behind", "front"})
_CHILD_OF_FIGURE: Final = frozenset({"wear", "hold", "eat"})
_RAINBOW: Final = ("red", "blue", "yellow", "green", "purple", "orange", "pink", "turquoise")
_PERSONLIKE: Final = frozenset({"person", "figure"})
_LIVING: Final = frozenset({"person", "figure", "beast", "head", "bird", "flier", "face"})
_WINGED: Final = frozenset({"beast", "head", "vehicle", "furniture", "building"})
_GROUPED: Final = frozenset({"food", "drink"})
_VASES: Final = frozenset({"26B1", "1F3FA", "1FAD9", "1FAA3", "1F95B", "1FAB4", "@wateringcan"})
_GLASS: Final = frozenset(
    {"@fishbowl", "@aquarium", "@snowglobe", "@bottle", "1F95B", "1FAD9", "1F52E"}
)


@dataclass(slots=True)
class Sprite:
    """One drawing on a cluster's plane: middle x, foot y, height; ``z`` orders the cluster.

    ``sunk`` is the share of its height that is hidden below (in water, behind a rim).
    ``front_of`` draws only the part below that share again, over what is inside.
    """

    figure: Figure
    x: float
    y: float
    height: float
    z: float = 0.0
    flip: bool = False
    turn: float = 0.0
    sunk: float = 0.0
    front_of: float = 0.0
    shadow: bool = False
    extra: str = ""
    glow: bool = False
    main: bool = True

    @property
    def width(self) -> float:
        """Width on the plane."""
        return self.height * self.figure.width / self.figure.height


@dataclass(slots=True)
class Cluster:
    """Sprites that move together. ``root`` is the index of the thing that carries the rest."""

    root: int
    thing: Thing
    sprites: list[Sprite] = field(default_factory=list)
    members: set[int] = field(default_factory=set)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top on the plane."""
        left = min(s.x - s.width / 2 for s in self.sprites)
        right = max(s.x + s.width / 2 for s in self.sprites)
        return (
            left,
            min(s.y for s in self.sprites),
            right,
            max(s.y + s.height for s in self.sprites),
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a cluster was drawn: its plane's origin in the canvas's units, and units a story unit.

    ``wet``: it is in water.
    """

    cluster: Cluster
    x: float
    base: float
    scale: float
    stage: int
    wet: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in the canvas's units."""
        left, low, right, top = self.cluster.bounds
        return (
            self.x + left * self.scale,
            self.base - top * self.scale,
            self.x + right * self.scale,
            self.base - low * self.scale,
        )


def story_height(thing: Thing, drawn: Figure) -> float:
    """A thing's height on the plane: pressed true height, less for wide drawings."""
    height = float(max(thing.height, 0.02) ** _PRESS) * thing.size
    if thing.pose in ("sit", "read") and thing.art in _FACES:
        height *= 1.2
    height *= _CUTS.get(thing.body, 1.0)
    if thing.pose == "sleep" and (thing.art in _FACES or thing.kind == "head"):
        height *= 0.72
    aspect = drawn.width / drawn.height
    if aspect > 1.3:
        height *= float((1.3 / aspect) ** 0.45)
    return height


_SUNK_IN_SEAT: Final = {"rider": 0.3, "seated": 0.22}
_CUTS: Final = {"bust": 0.62, "rider": 0.94, "seated": 0.9}
"""How tall a person is that is not drawn from head to foot, as a share of one standing."""

_FACES: Final = {
    "1F408": "1F431", "1F408-200D-2B1B": "1F431", "1F415": "1F436", "1F407": "1F430",
    "1F401": "1F42D", "1F400": "1F42D", "1F412": "1F435", "1F416": "1F437", "1F405": "1F42F",
    "1F40E": "1F434", "1F404": "1F42E", "1F415-200D-1F9BA": "1F436", "1F429": "1F436",
}  # fmt: skip
"""Animals that also exist as a face: seated or asleep, they are drawn as head and body."""


def look_of(thing: Thing, index: int, copy: int, tones: list[str]) -> Figure:
    """The drawing of one copy of a thing, in its colours."""
    colours = tuple(thing.colours)
    if colours == ("rainbow",):
        colours = (_RAINBOW[(copy + index) % len(_RAINBOW)],)
    tone = tones[(index * 3 + copy) % len(tones)] if thing.kind in (*_PERSONLIKE, "surfer") else ""
    art, kind = thing.art, thing.kind
    face = _FACES.get(art, art)
    if art == "1F408-200D-2B1B" and thing.pose in ("sit", "sleep", "read"):
        colours = colours or ("black",)
    if thing.pose == "sleep" and (face != art or kind == "head"):
        return figure(face, "lying", colours)
    if thing.pose in ("sit", "read") and face != art:
        return figure(face, "head", colours)
    if art == "1F426" and thing.pose == "fly":
        art = "E009"
    elif art == "1F426-200D-2B1B" and thing.pose == "fly":
        art, colours = "E009", colours or ("black",)
    return figure(art, thing.body or kind, colours, tone, tuple(thing.parts))


class _Builder:
    def __init__(self, reading: Reading, rng: random.Random, tones: list[str]) -> None:
        self.reading = reading
        self.rng = rng
        self.tones = tones
        self.parent: dict[int, tuple[int, str]] = {}
        self.left = MAX_SPRITES
        things = reading.things
        for link in reading.links:
            child, parent = -1, -1
            if link.rel in _CHILD_OF_GROUND:
                child, parent = link.figure, link.ground
                if link.rel == "front" and things[link.ground].kind in ("building", "tree"):
                    continue
            elif link.rel in _CHILD_OF_FIGURE:
                child, parent = link.ground, link.figure
            if child >= 0 and child not in self.parent and not self.loops(child, parent):
                self.parent[child] = (parent, link.rel)

    def loops(self, child: int, parent: int) -> bool:
        seen = {child}
        while parent in self.parent:
            if parent in seen:
                return True
            seen.add(parent)
            parent = self.parent[parent][0]
        return parent in seen

    def children(self, index: int) -> list[tuple[int, str]]:
        return [(c, rel) for c, (p, rel) in self.parent.items() if p == index]

    def build(self) -> list[Cluster]:
        out = []
        for index, thing in enumerate(self.reading.things):
            if index in self.parent or thing.count < 1:
                continue
            cluster = Cluster(index, thing)
            self.place(cluster, index, 0.0, 0.0, 0.0)
            if cluster.sprites:
                out.append(cluster)
        return out

    # -- one thing and what hangs on it --------------------------------------------------------

    def place(
        self,
        cluster: Cluster,
        index: int,
        x: float,
        y: float,
        z: float,
        scale: float = 1.0,
        room: float = 0.0,
    ) -> list[Sprite]:
        """Places a thing's copies around (x, y), then everything tied to it."""
        thing = self.reading.things[index]
        cluster.members.add(index)
        count = min(thing.count, self.left)
        self.left -= count
        looks = [look_of(thing, index, i, self.tones) for i in range(count)]
        if not looks:
            return []
        height = story_height(thing, looks[0]) * scale
        height = self.fit(index, height, looks[0])
        made = self.arrange(thing, looks, x, y, z, height, room)
        for sprite in made:
            sprite.main = not z
            sprite.shadow = y == 0 and not z
        cluster.sprites.extend(made)
        flip = self.turned(index)
        for sprite in made:
            sprite.flip = flip
            sprite.glow = thing.art in listed("lights")
        for child, rel in self.children(index):
            self.attach(cluster, child, rel, index, made)
        self.pose(cluster, thing, made)
        return made

    def fit(self, index: int, height: float, look: Figure) -> float:
        """Makes a carrier large enough for what it carries."""
        thing = self.reading.things[index]
        for child, rel in self.children(index):
            other = self.reading.things[child]
            if other.count < 1:
                continue
            drawn = look_of(other, child, 0, self.tones)
            tall = story_height(other, drawn)
            wide = tall * drawn.width / drawn.height * min(other.count, 4) ** 0.8
            own = height * look.width / look.height
            if rel == "under" and is_open_below(thing.art):
                roomy = 1.75 if other.kind in _LIVING else 2.6
                height = max(height, tall * (1.35 if thing.art == "@table" else roomy))
            elif rel in ("front", "in") and thing.kind == "building":
                height = max(height, tall * 1.3)
            elif rel == "in" and thing.art in _VASES and other.kind in ("flower", "plant"):
                continue
            elif rel == "in" and rim(thing.art) is not None:
                most = 2.2 if other.kind == "food" else 3.2
                height *= max(1.0, min(most, wide * 1.25 / own))
            elif rel == "on" and thing.kind not in ("building", "tree"):
                height *= max(1.0, min(2.2, wide * 1.15 / own))
        return height

    def turned(self, index: int) -> bool:
        """Whether a thing's drawing is mirrored, so that it looks at what it deals with."""
        thing = self.reading.things[index]
        reading = self.reading
        for link in reading.links:
            if link.rel in ("chase", "face") and link.figure == index:
                return thing.facing < 0
            if link.rel == "chase" and link.ground == index:
                return thing.facing < 0
            if link.rel == "face" and link.ground == index:
                return thing.facing > 0
        return False

    def arrange(
        self,
        thing: Thing,
        looks: list[Figure],
        x: float,
        y: float,
        z: float,
        height: float,
        room: float,
    ) -> list[Sprite]:
        """Copies side by side; from five on in staggered rows, the far ones first."""
        count = len(looks)
        width = height * looks[0].width / looks[0].height
        if count == 1:
            return [Sprite(looks[0], x, y, height, z)]
        gap = width * (1.08 if count <= 4 else 1.15)
        if room:
            gap = min(gap, room / count)
        rows = 1 if count <= 4 or room else 2 if count <= 9 else 3
        if thing.kind in ("bird", "flier", "fish", "craft") or thing.pose == "fly":
            return self.flock(looks, x, y, z, height, width)
        if thing.heap:
            return self.heaped(thing, looks, x, y, z, height, room)
        if thing.kind in _GROUPED and count > 2 and not room:
            gap, rows = width * 0.86, 2 if count < 10 else 3
        made = []
        per = -(-count // rows)
        for i, look in enumerate(looks):
            row, place = divmod(i, per)
            depth = rows - 1 - row
            in_row = min(per, count - row * per)
            px = x + (place - (in_row - 1) / 2) * gap + (gap / 2 if depth % 2 else 0)
            px += self.rng.uniform(-0.05, 0.05) * gap
            py = y + depth * height * 0.42 + (self.rng.uniform(0, 0.07) * height if not room else 0)
            size = height * (1 - 0.1 * depth) * self.rng.uniform(0.94, 1.04)
            made.append(Sprite(look, px, py, size, z - 0.01 * depth - py * 0.001))
        return sorted(made, key=lambda s: s.z)

    def heaped(
        self, thing: Thing, looks: list[Figure], x: float, y: float, z: float, height: float,
        room: float,
    ) -> list[Sprite]:  # fmt: skip
        """Copies in a pile (rows, each one shorter than the one below) or one over the other."""
        width = height * looks[0].width / looks[0].height
        if room:
            height *= min(1.0, room / width / (4.0 if thing.heap == "pile" else 1.0))
            width = height * looks[0].width / looks[0].height
        made: list[Sprite] = []
        left, row, across = list(looks), 0, 1
        while across * (across + 1) // 2 < len(looks):
            across += 1
        across = 1 if thing.heap == "stack" else across
        while left:
            some, left = left[:across], left[across:]
            for i, look in enumerate(some):
                px = x + (i - (len(some) - 1) / 2) * width * 0.9
                px += self.rng.uniform(-0.06, 0.06) * width
                lift = height * (0.62 if thing.heap == "pile" else 0.8)
                made.append(Sprite(look, px, y + row * lift, height, z + 0.001 * row))
            row, across = row + 1, max(1, across - 1)
        return made

    def flock(
        self, looks: list[Figure], x: float, y: float, z: float, height: float, width: float
    ) -> list[Sprite]:
        """Copies spread like a flock or a shoal: in offset columns, not touching."""
        count = len(looks)
        columns = 2 if count <= 4 else 3 if count <= 9 else 5
        made = []
        for i, look in enumerate(looks):
            row, column = divmod(i, columns)
            px = x + (column - (columns - 1) / 2) * width * 1.3 + (row % 2) * width * 0.5
            py = y + row * height * 1.25 + (column % 2) * height * 0.45
            px += self.rng.uniform(-0.12, 0.12) * width
            py += self.rng.uniform(-0.1, 0.1) * height
            made.append(Sprite(look, px, py, height * self.rng.uniform(0.9, 1.08), z))
        low = min(s.y for s in made) - y
        for sprite in made:
            sprite.y -= low
        return made

    # -- relations -----------------------------------------------------------------------------

    def attach(
        self, cluster: Cluster, child: int, rel: str, index: int, hosts: list[Sprite]
    ) -> None:
        thing = self.reading.things[child]
        if thing.count < 1:
            cluster.members.add(child)
            return
        if rel in ("wear", "hold", "eat"):
            targets = hosts if thing.count <= 1 or thing.count == len(hosts) else hosts[:1]
            for i, host in enumerate(targets):
                if rel == "wear":
                    self.wear(cluster, child, host, i, self.reading.things[index].art)
                else:
                    self.hold(cluster, child, host, i, rel, self.reading.things[index])
            cluster.members.add(child)
            return
        host = hosts[len(hosts) // 2] if len(hosts) > 1 else hosts[0]
        if rel == "on" and len(hosts) > 1 and thing.count == len(hosts):
            self.pairwise(cluster, child, index, hosts)
            return
        getattr(self, f"_{rel}")(cluster, child, index, host)

    def pairwise(self, cluster: Cluster, child: int, index: int, hosts: list[Sprite]) -> None:
        thing = self.reading.things[child]
        for i, host in enumerate(hosts):
            part = replace(thing, count=1)
            self.reading.things[child] = part
            self._on(cluster, child, index, host)
            self.reading.things[child] = thing
            del i

    def _on(self, cluster: Cluster, child: int, index: int, host: Sprite) -> None:
        ground, thing = self.reading.things[index], self.reading.things[child]
        up, across = seat(ground.art, ground.kind)
        x = host.x + (across - 0.5) * host.width * (-1 if host.flip else 1)
        y = host.y + host.height * up
        look = look_of(thing, child, 0, self.tones)
        tall = story_height(thing, look)
        limit = host.height * (0.75 if ground.kind == "building" else 1.25)
        if ground.kind in ("tree", "person"):
            limit = host.height * 0.34
        wide = tall * look.width / look.height
        flat = ground.kind not in ("building", "tree", "person")
        others = [c for c, rel in self.children(index) if rel == "on"]
        scale = min(1.0, 9.0 if flat else limit / tall, host.width * 1.35 / max(wide, 0.01))
        if ground.kind in ("furniture",) and thing.kind in ("food", "drink", "object", "flower"):
            share = 0.5 if len(others) == 1 else 0.8 / len(others)
            scale = max(scale, min(1.5, host.width * share / max(wide * min(thing.count, 3), 0.01)))
            scale = min(scale, host.width * 0.9 / len(others) / max(wide, 0.01))
        if thing.kind in ("food", "object") and ground.kind == "food":
            row = wide * (1 + 0.86 * (min(thing.count, 4) - 1))
            scale = min(1.0, host.width * 0.72 / row, host.height * 0.55 / tall)
            y -= tall * scale * 0.2
        if len(others) > 1:
            x = host.x + (others.index(child) + 0.5 - len(others) / 2) * host.width * 0.8 / len(
                others
            )
        made = self.place(cluster, child, x, y, host.z + 0.1, scale, host.width * 0.9)
        for sprite in made:
            sprite.y -= sprite.height * _SUNK_IN_SEAT.get(thing.body, 0.0)
        if ground.kind in ("beast", "vehicle") and thing.kind in ("person", "head"):
            for sprite in made if not thing.body else ():
                sprite.y -= sprite.height * 0.12
                sprite.z = (
                    host.z - 0.05
                    if ground.kind == "vehicle" and ground.art in ("1F6B2",)
                    else sprite.z
                )
        for sprite in made:
            sprite.shadow = False

    def _in(self, cluster: Cluster, child: int, index: int, host: Sprite) -> None:
        ground = self.reading.things[index]
        edge = rim(ground.art)
        if edge is None and self.reading.things[child].body:
            self._on(cluster, child, index, host)
            return
        if edge is None:
            self._front(cluster, child, index, host)
            return
        thing = self.reading.things[child]
        look = look_of(thing, child, 0, self.tones)
        tall = story_height(thing, look)
        wide = tall * look.width / look.height * min(thing.count, 3) ** 0.8
        scale = min(1.6, host.width * 0.78 / max(wide, 0.01), host.height * 1.6 / tall)
        sunk = 0.45 if thing.kind in ("person", "head") else 0.34
        if thing.body == "bust":
            sunk = 0.14
        elif thing.body == "seated":
            sunk = 0.3
        if ground.art in listed("lies") and thing.body:
            self.lie(cluster, child, host, min(scale, host.height * 0.95 / tall))
            return
        if ground.art in listed("cabin"):
            scale = min(scale, host.height * 0.52 / tall)
        if thing.kind in ("food", "flower"):
            sunk = 0.22
        y = host.y + host.height * edge - tall * scale * sunk
        if ground.art == "@balloon":
            scale, y = host.height * 0.24 / tall, host.y + host.height * 0.06
        if thing.kind in ("flower", "plant") and ground.art in _VASES:
            self.bunch(cluster, child, host, edge)
            return
        if ground.art in _GLASS:
            scale = min(host.width * 0.52 / max(wide, 0.01), host.height * 0.5 / tall)
            made = self.place(
                cluster, child, host.x, host.y + host.height * 0.24, host.z + 0.1, scale,
                host.width * 0.6,
            )  # fmt: skip
            for sprite in made:
                sprite.shadow = False
            return
        made = self.place(
            cluster, child, host.x, max(y, host.y + 0.02), host.z + 0.1, scale, host.width * 0.75
        )
        for sprite in made:
            sprite.shadow = False
        front = replace(host, z=host.z + 0.3, front_of=edge, shadow=False)
        cluster.sprites.append(front)

    def lie(self, cluster: Cluster, child: int, host: Sprite, scale: float) -> None:
        """On the back, head at the left, covered to the chest by the front of the bed."""
        made = self.place(cluster, child, host.x, host.y, host.z + 0.1, scale)
        for i, sprite in enumerate(made):
            sprite.turn, sprite.shadow = -90.0, False
            sprite.x = host.x - host.width * (0.22 - 0.3 * i)
            sprite.y = host.y + host.height * 0.58 - sprite.height / 2
        cluster.sprites.append(replace(host, z=host.z + 0.3, front_of=0.47, shadow=False))

    def bunch(self, cluster: Cluster, child: int, host: Sprite, edge: float) -> None:
        """Flowers fanned out of a vase."""
        thing = self.reading.things[child]
        cluster.members.add(child)
        count = min(max(thing.count, 1), 7)
        for i in range(count):
            lean = (i - (count - 1) / 2) / max(1, count - 1)
            look = look_of(thing, child, i, self.tones)
            tall = host.height * (0.82 - 0.25 * abs(lean))
            x = host.x + lean * host.width * 1.5
            y = host.y + host.height * edge * 0.86
            z = host.z - 0.05 - 0.01 * abs(lean)
            cluster.sprites.append(Sprite(look, x, y, tall, z, turn=lean * 34))

    def _under(self, cluster: Cluster, child: int, index: int, host: Sprite) -> None:
        ground = self.reading.things[index]
        if is_open_below(ground.art):
            others = [c for c, rel in self.children(index) if rel == "under"]
            shift = host.width * (0.24 if ground.kind == "tree" else 0.0)
            shift -= others.index(child) * host.width * 0.5
            self.place(cluster, child, host.x + shift, 0.0, host.z + 0.2)
        else:
            made = self.place(cluster, child, host.x, 0.0, host.z + 0.2)
            lift = max((s.height for s in made), default=0.0) * 1.12
            for sprite in cluster.sprites:
                if sprite not in made:
                    sprite.y += lift
                    sprite.shadow = False
        for sprite in cluster.sprites:
            if sprite.y == 0 and sprite.z >= host.z + 0.2:
                sprite.shadow = True

    def _behind(self, cluster: Cluster, child: int, index: int, host: Sprite) -> None:
        thing = self.reading.things[child]
        look = look_of(thing, child, 0, self.tones)
        tall = story_height(thing, look)
        wide = tall * look.width / look.height
        lift = host.height * 0.1
        if tall < host.height * 1.1:
            x = host.x + host.width / 2 + wide * 0.08
        else:
            x = host.x + host.width * 0.2
        self.place(cluster, child, x, lift, host.z - 0.5)

    def _front(self, cluster: Cluster, child: int, index: int, host: Sprite) -> None:
        """Before its ground, lower on the page; several stand side by side, off its middle."""
        thing = self.reading.things[child]
        look = look_of(thing, child, 0, self.tones)
        tall = story_height(thing, look)
        wide = tall * look.width / look.height
        scale = max(1.0, 0.36 * host.height / tall) if thing.kind in _LIVING else 1.0
        others = [c for c, rel in self.children(index) if rel in ("front", "in")]
        place = others.index(child) if child in others else 0
        if place == 0:
            lift = tall * scale * (0.3 if wide > host.width * 0.6 else 0.16)
            for sprite in cluster.sprites:
                sprite.y += lift
        shift = host.width * 0.36 - place * wide * scale * 1.1
        self.place(cluster, child, host.x - shift, 0.0, host.z + 0.6 + 0.01 * place, scale)
        for sprite in cluster.sprites:
            if sprite.z >= host.z + 0.6:
                sprite.shadow, sprite.main = sprite.y == 0, True

    def wear(
        self, cluster: Cluster, child: int, host: Sprite, copy: int, host_art: str
    ) -> None:  # fmt: skip
        thing = self.reading.things[child]
        look = look_of(thing, child, copy, self.tones)
        unit = host.height / host.figure.height
        head_x, head_y, head_w = neck(host_art) or host.figure.head
        side = head_x - (host.figure.box[0] + host.figure.box[2]) / 2
        x = host.x + side * unit * (-1 if host.flip else 1)
        top = host.y + (host.figure.box[3] - head_y) * unit
        face = 0.3 * head_w * unit
        if thing.kind == "hat":
            width = head_w * unit * 1.2 * min(1.5, thing.size)
            height = width * look.height / look.width
            if height > width * 1.1:
                height, width = width * 0.95, width * 0.95 * look.width / look.height
            y = top - height * 0.22
        elif thing.kind == "glasses":
            height = head_w * unit * 0.85 * look.height / look.width
            y = (
                top
                - face
                - height * (1.0 if self.reading.things[cluster.root].kind == "person" else 1.3)
            )
        else:
            height = head_w * unit * 1.0 * look.height / look.width
            y = top - head_w * unit * 0.85 - height * 0.75
        cluster.sprites.append(Sprite(look, x, y, height, host.z + 0.4 + 0.01 * child))

    def hold(
        self, cluster: Cluster, child: int, host: Sprite, copy: int, rel: str, holder: Thing
    ) -> None:
        thing = self.reading.things[child]
        count = min(thing.count, 3) if thing.count > 1 else 1
        look = look_of(thing, child, copy, self.tones)
        tall = story_height(thing, look)
        facing = holder.facing * (-1 if host.flip else 1)
        person = holder.kind in ("person", "figure", "head", "face") or holder.art in ("@robot",)
        size = max(host.height * 0.3, min(tall, host.height * 0.62))
        if rel == "eat":
            size = max(host.height * 0.26, min(tall, host.height * 0.4))
        if holder.kind not in ("person", "figure"):
            size = min(size, host.height * 0.46)
        size *= thing.size * (0.72 if count > 1 else 1.0)
        wide = size * look.width / look.height
        if wide > host.width * 0.95:
            size *= host.width * 0.95 / wide
            wide = host.width * 0.95
        x = host.x + facing * (host.width / 2 + wide * 0.18)
        y = host.y + host.height * 0.18
        if person:
            x, y = host.x + host.width * 0.5, host.y + host.height * 0.22
            if thing.art in listed("chest"):
                x, y = host.x, host.y + host.height * 0.14
                size = min(size, host.height * 0.4) if thing.art != "1F3B8" else host.height * 0.55
        elif thing.art in ("1F4D6", "1F4D5", "1F4F0"):
            x, y = host.x + facing * host.width * 0.3, host.y + host.height * 0.02
            size = host.height * 0.36
        if thing.art in ("2602", "1F302"):
            size = host.height * 0.95
            x, y = host.x + (host.width * 0.3 if person else 0.0), host.y + host.height * 0.42
        elif thing.art in ("1F388", "1FA81"):
            size = host.height * (0.62 if thing.art == "1F388" else 0.7)
            x, y = host.x + host.width * 0.62, host.y + host.height * 0.72
        elif thing.art in listed("long"):
            size = host.height * 0.72
            x, y = (
                host.x + facing * host.width * 0.52 if not person else host.x + host.width * 0.55,
                host.y + host.height * 0.25,
            )
        for i in range(count):
            one = look_of(thing, child, i + copy, self.tones)
            shift = (i - (count - 1) / 2) * wide * 0.55
            cluster.sprites.append(
                Sprite(one, x + shift, y + abs(shift) * -0.12, size, host.z + 0.5 + i * 0.01)
            )

    def carried(self, thing: Thing) -> bool:
        """Whether something else does the flying (a broom, a carpet, a dragon)."""
        index = self.reading.things.index(thing)
        return bool(self.reading.grounds(index, "on", "in"))

    # -- poses ---------------------------------------------------------------------------------

    def pose(self, cluster: Cluster, thing: Thing, made: list[Sprite]) -> None:
        for sprite in made:
            match thing.pose:
                case "sleep":
                    sprite.extra = "sleep"
                case "sing" | "dance":
                    sprite.extra = "notes"
                    sprite.turn = 6.0 if thing.pose == "dance" else 0.0
                case "run" if thing.kind in ("beast", "person", "vehicle", "figure", "head"):
                    sprite.extra = "dust"
                case "burn":
                    sprite.extra = "breath" if thing.art == "1F409" else "fire"
                case "cry":
                    sprite.extra = "tears"
                case "jump":
                    sprite.y += sprite.height * 0.3
                    sprite.turn = -10.0
                case "fly" if not self.carried(thing) and thing.kind in _WINGED:
                    sprite.extra = "wings"
                case _:
                    pass


def clusters(reading: Reading, rng: random.Random, tones: list[str]) -> list[Cluster]:
    """Everything to draw on the ground, in the air and in the water, tied together by relation."""
    return _Builder(reading, rng, tones).build()

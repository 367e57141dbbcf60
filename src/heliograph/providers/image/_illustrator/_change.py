"""Changes a composed scene: what stays, stays where it was and as it was.

Theory. A scene remembers where each cluster was drawn, and the chance with which each part of its
backdrop began (``Canvas.marks``). A change gives a new reading. Its clusters are matched with those
that were drawn, by the thing that carries them: an unchanged one is used as it is, a changed one is
built anew at its old place, a new one is put where there is room. The stage stays the old one, in
the new time, weather and season; only where the reading names another place, the whole is composed
anew. Nothing is rasterised between one change and the next.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final

from heliograph.providers.image._illustrator._canvas import MAIN, THINGS, Canvas
from heliograph.providers.image._illustrator._cluster import Cluster, Placement, clusters
from heliograph.providers.image._illustrator._compose import (
    Rows,
    Scene,
    compose,
    draw_backdrop,
    draw_finish,
    sink,
    sort_row,
)
from heliograph.providers.image._illustrator._edits import changed
from heliograph.providers.image._illustrator._paint import draw_cluster
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._setting import Setting, settle
from heliograph.providers.image._illustrator._sky import draw_over
from heliograph.providers.image._illustrator._weather import draw_weather

__all__ = ["Box", "edited", "over", "put_in"]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in the canvas's units."""

_SHRINKS: Final = (1.0, 0.85, 0.7, 0.55)
_COLUMNS: Final = 32
_OVERLAP: Final = 0.25
_MARGIN: Final = 0.03
_RAISED: Final = {"hill": 0.7, "peak": 0.67, "cliff": 0.68, "island": 0.84}


def edited(
    scene: Scene,
    prompt: str,
    seed: int,
    width: int,
    height: int,
    *,
    detail: int,
    bare: bool,
    box: Box | None = None,
) -> tuple[Scene, bool]:
    """``scene`` changed as ``prompt`` says, and whether it lost its colours.

    ``seed`` decides where new things go, or ``box``, where one is given; the rest is as in
    ``compose``.
    """  # fmt: skip
    change = changed(scene.reading, prompt)
    reading = change.reading
    if change.moved:
        made = compose(reading, scene.seed, width, height, detail=detail, bare=bare)
        return made, change.grey
    settled = settle(reading)
    setting = replace(settled, ground=scene.setting.ground, horizon=scene.setting.horizon)
    layout = _Layout(scene, reading, setting, seed)
    placed = layout.placements(box)
    canvas = Canvas(
        scene.canvas.width,
        scene.canvas.height,
        random.Random(scene.seed),
        detail,
        marks=dict(scene.canvas.marks),
    )
    if not bare:
        draw_backdrop(canvas, setting, reading)
    _draw(canvas, setting, placed)
    if not bare:
        draw_finish(canvas, setting)
    return Scene(reading, setting, canvas, scene.tones, scene.seed), change.grey


def put_in(scene: Scene, box: Box) -> Scene:
    """The things of ``scene`` drawn anew inside ``box``, side by side."""
    canvas = Canvas(
        scene.canvas.width, scene.canvas.height, random.Random(scene.seed), scene.canvas.detail
    )
    found = [p.cluster for p in scene.canvas.placed]
    layout = _Layout(scene, scene.reading, scene.setting, scene.seed)
    _draw(canvas, scene.setting, layout.boxed(found, box))
    return replace(scene, canvas=canvas)


def over(scene: Scene) -> Canvas:
    """The things of a scene with the sky and the weather that it names, and no ground: to be laid
    over somebody else's picture."""
    drawn = scene.canvas
    layout = _Layout(scene, scene.reading, scene.setting, scene.seed)
    placed: list[Placement] = []
    for place in drawn.placed:  # rows that overlap in a landscape of ours must not in this one
        if _covered(place.box, [p.box for p in placed]) > _OVERLAP:
            layout.insert(placed, place.cluster)
        else:
            placed.append(place)
    canvas = Canvas(drawn.width, drawn.height, random.Random(scene.seed), drawn.detail)
    draw_over(canvas, scene.setting, scene.reading)
    _draw(canvas, scene.setting, placed)
    draw_weather(canvas, replace(scene.setting, ground="meadow"))
    return canvas


def _draw(canvas: Canvas, setting: Setting, placed: list[Placement]) -> None:
    for place in placed:
        draw_cluster(
            canvas, setting, place.cluster, place.x, place.base, place.scale, place.stage,
            wet=place.wet,
        )  # fmt: skip


@dataclass(slots=True)
class _Spot:
    """A place for a new cluster, and how bad it is."""

    cost: float
    x: float
    base: float
    scale: float


class _Layout:
    """Where everything of a changed scene goes."""

    def __init__(self, scene: Scene, reading: Reading, setting: Setting, seed: int) -> None:
        self.scene = scene
        self.reading = reading
        self.setting = setting
        self.width, self.height = scene.canvas.width, scene.canvas.height
        self.rng = random.Random(seed)
        self.was = len(scene.reading.things)

    def placements(self, box: Box | None) -> list[Placement]:
        """Every cluster of the reading, in the order in which they are drawn."""
        rng = random.Random(self.scene.seed)
        rng.setstate(self.scene.canvas.marks["things"])  # type: ignore[arg-type]
        built = {c.root: c for c in clusters(self.reading, rng, self.scene.tones)}
        placed: list[Placement] = []
        done: set[int] = set()
        for old in self.scene.canvas.placed:
            root = old.cluster.root
            if root in built and root not in done:
                placed.append(self._again(old, built[root]))
                done.add(root)
                continue
            for member in sorted(old.cluster.members):  # its carrier is gone
                if member in built and member not in done:
                    placed.append(self._again(old, built[member]))
                    done.add(member)
        rest = [c for r, c in built.items() if r not in done and r >= self.was]
        if box is not None:
            return [*placed, *self.boxed(rest, box)]
        for cluster in rest:
            self.insert(placed, cluster)
        return placed

    # -- what was there --------------------------------------------------------------------------

    def _same(self, old: Cluster, new: Cluster) -> bool:
        if old.members != new.members:
            return False
        before, now = self.scene.reading, self.reading
        ties = [{k for k in r.links if k.figure in old.members} for r in (before, now)]
        return ties[0] == ties[1] and all(before.things[i] == now.things[i] for i in old.members)

    def _again(self, old: Placement, new: Cluster) -> Placement:
        """A cluster at its old place; one that has grown is kept inside the picture."""
        if self._same(old.cluster, new):
            return old
        if old.wet:
            sink(new)
        elif not any(sprite.shadow for sprite in old.cluster.sprites):
            for sprite in new.sprites:
                sprite.shadow = False
        place = replace(old, cluster=new)
        if new.root != old.cluster.root:
            middle = (old.box[0] + old.box[2]) / 2
            left, _, right, _ = new.bounds
            place = replace(place, x=middle - (left + right) / 2 * place.scale)
        return self._inside(place)

    def _inside(self, place: Placement) -> Placement:
        left, _, right, top = place.cluster.bounds
        room = place.base - self.height * 0.02
        scale = min(place.scale, self.width * 0.94 / (right - left), room / max(top, 0.01))
        x0, _, x1, _ = replace(place, scale=scale).box
        shift = max(0.0, self.width * 0.02 - x0) - max(0.0, x1 - self.width * 0.98)
        return replace(place, scale=scale, x=place.x + shift)

    # -- what is new -----------------------------------------------------------------------------

    def boxed(self, row: list[Cluster], box: Box) -> list[Placement]:
        """Clusters side by side inside a box, standing on its lower edge."""
        if not row:
            return []
        left, top, right, bottom = box
        widths = [c.bounds[2] - c.bounds[0] for c in row]
        total = sum(widths) + 0.15 * (len(row) - 1)
        high = max(c.bounds[3] - min(0.0, c.bounds[1]) for c in row)
        scale = min((right - left) * 0.92 / total, (bottom - top) * 0.92 / high)
        x = (left + right) / 2 - total * scale / 2
        base = bottom - ((bottom - top) - high * scale) * 0.3
        placed = []
        for cluster, wide in zip(row, widths, strict=True):
            foot = base + min(0.0, cluster.bounds[1]) * scale
            placed.append(
                Placement(cluster, x - cluster.bounds[0] * scale, foot, scale, THINGS, wet=False)
            )
            x += (wide + 0.15) * scale
        return placed

    def insert(self, placed: list[Placement], cluster: Cluster) -> None:
        """Puts a new cluster where there is most room for it, behind what is nearer."""
        rows = Rows()
        if any(p.wet or p.stage == MAIN for p in placed):
            rows.near.extend(p.cluster for p in placed[:1])
        sort_row(rows, cluster, self.setting, self.reading)
        name = next(
            n for n in ("sky", "wall", "far", "water", "near") if cluster in getattr(rows, n)
        )
        spot = self._spot(placed, cluster, name)
        if name == "water":
            sink(cluster)
        elif name in ("sky", "wall"):
            for sprite in cluster.sprites:
                sprite.shadow = False
        place = Placement(cluster, spot.x, spot.base, spot.scale, THINGS, wet=name == "water")
        at = len(placed)
        if name not in ("sky", "wall"):
            behind = [i for i, p in enumerate(placed) if p.base > spot.base + 1]
            at = behind[0] if behind else at
        placed.insert(at, place)

    def _bases(self, placed: list[Placement], name: str) -> list[float]:
        """Heights at which the foot may stand, the best first."""
        h = self.height
        dry = [p.base for p in placed if not p.wet and p.cluster.sprites[0].shadow]
        match name:
            case "sky":
                return [h * f for f in (0.3, 0.36, 0.24, 0.42)]
            case "wall":
                return [h * 0.36]
            case "water":
                wet = [p.base for p in placed if p.wet]
                line = self.setting.horizon * h
                own = wet[:1] or [h * 0.82 if self.setting.ground in ("sea", "lake") else h * 0.66]
                return [own[0], max(line + h * 0.05, own[0] - h * 0.12), own[0] + h * 0.05]
            case "far":
                own = [max(dry)] if dry else [h * 0.84]
                back = max(self.setting.horizon + 0.1, 0.72) * h
                raised = self.setting.ground in _RAISED
                return own if raised else [back, own[0], back + h * 0.06]
            case _:
                own = [max(dry)] if dry else [h * _RAISED.get(self.setting.ground, 0.9)]
                if self.setting.ground in _RAISED:
                    return own
                return [own[0], min(h * 0.96, own[0] + h * 0.05), own[0] - h * 0.08]

    def _scale(self, placed: list[Placement], cluster: Cluster, name: str) -> float:
        """Units a story unit, as what stands there has it, within what fits."""
        left, low, right, top = cluster.bounds
        like = sorted(p.scale for p in placed if p.wet == (name == "water"))
        tall = {"sky": 0.2, "wall": 0.24, "water": 0.3, "far": 0.5}.get(name, 0.46)
        most = min(self.height * tall / (top - low), self.width * 0.5 / (right - left))
        if not like or name in ("sky", "wall"):
            return most * (1.0 if like or name in ("sky", "wall") else 0.9)
        return max(min(like[len(like) // 2], most), most * 0.3)

    def _spot(self, placed: list[Placement], cluster: Cluster, name: str) -> _Spot:
        left, low, right, top = cluster.bounds
        scale = self._scale(placed, cluster, name)
        boxes = [p.box for p in placed]
        side, target = self._wish(placed, cluster)
        best: _Spot | None = None
        nudge = self.rng.uniform(-1, 1)
        for shrink in _SHRINKS:
            size = scale * shrink
            wide, high = (right - left) * size, (top - low) * size
            for turn, base in enumerate(self._bases(placed, name)):
                base = max(base, high + self.height * _MARGIN)
                for column in range(_COLUMNS + 1):
                    x0 = self.width * _MARGIN + column / _COLUMNS * (
                        self.width * (1 - 2 * _MARGIN) - wide
                    )
                    box = (x0, base - top * size, x0 + wide, base - low * size)
                    middle = (x0 + wide / 2) / self.width
                    cost = 9.0 * _covered(box, boxes) + 1.6 * (1 - shrink) + 0.25 * turn
                    cost += abs(middle - target) * (0.8 if side else 0.25)
                    if side and (middle - target) * side < 0:
                        cost += 3.0
                    cost += 0.15 * nudge * middle
                    if best is None or cost < best.cost:
                        best = _Spot(cost, x0 - left * size, base, size)
        assert best is not None  # noqa: S101 -- there is always a first
        return best

    def _wish(self, placed: list[Placement], cluster: Cluster) -> tuple[int, float]:
        """On which side (-1, 0, 1) of which middle (0 to 1) the cluster belongs."""
        for link in self.reading.links:
            if link.figure in cluster.members and link.rel in ("left", "right", "beside", "face"):
                side = {"left": -1, "right": 1}.get(link.rel, 0)
                for place in placed:
                    if link.ground in place.cluster.members:
                        return side, (place.box[0] + place.box[2]) / 2 / self.width
        return 0, 0.5


def _covered(box: Box, others: list[Box]) -> float:
    """The share of a box, or of one of the others, that the two have in common; the most of all."""
    most = 0.0
    left, top, right, bottom = box
    area = max(1.0, (right - left) * (bottom - top))
    for x0, y0, x1, y1 in others:
        wide, high = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
        if wide > 0 and high > 0:
            most = max(most, wide * high / area, wide * high / max(1.0, (x1 - x0) * (y1 - y0)))
    return most

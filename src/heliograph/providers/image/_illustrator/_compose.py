"""Composes a scene: chooses rows (sky, wall, far, water, near), sizes the clusters, draws them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from heliograph.providers.image._illustrator import _ground, _indoors, _sky, _weather
from heliograph.providers.image._illustrator._canvas import (
    FINISH,
    MAIN,
    THINGS,
    Canvas,
    rect,
)
from heliograph.providers.image._illustrator._cluster import Cluster, clusters
from heliograph.providers.image._illustrator._colour import TONES
from heliograph.providers.image._illustrator._paint import draw_cluster
from heliograph.providers.image._illustrator._reading import Reading, Thing
from heliograph.providers.image._illustrator._setting import Setting, settle
from heliograph.providers.image._illustrator._supports import listed

__all__ = [
    "Rows",
    "Scene",
    "blank",
    "compose",
    "draw_backdrop",
    "draw_finish",
    "sink",
    "sort_row",
]

_FAR_KINDS: Final = frozenset({"building", "tree"})
_AIR_KINDS: Final = frozenset({"craft", "flier", "space", "cloudlike"})
_WATERS: Final = frozenset(
    {"sea", "lake", "shore", "lakeside", "beach", "island", "cliff", "swamp"}
)
_SOARERS: Final = frozenset({"1F985", "1F987", "1F426-200D-1F525", "1F54A"})


@dataclass(slots=True)
class Scene:
    """A composed picture, with all that it takes to change it: see ``_change``."""

    reading: Reading
    setting: Setting
    canvas: Canvas
    tones: list[str]
    seed: int


def compose(
    reading: Reading, seed: int, width: int, height: int, *, detail: int, bare: bool
) -> Scene:
    """The scene of a reading on a canvas of the picture's proportions.

    ``bare`` leaves the backdrop out (a transparent background).
    """
    canvas = blank(seed, width, height, detail)
    setting = settle(reading)
    if setting.ground == "table":
        _clear_table(reading)
    if not bare:
        draw_backdrop(canvas, setting, reading)
    tones = list(TONES)
    canvas.rng.shuffle(tones)
    canvas.mark("things")
    _things(canvas, setting, reading, clusters(reading, canvas.rng, tones), bare=bare)
    if not bare:
        draw_finish(canvas, setting)
    return Scene(reading, setting, canvas, tones, seed)


def blank(seed: int, width: int, height: int, detail: int) -> Canvas:
    """An empty canvas of a picture's proportions."""
    short = min(width, height)
    return Canvas(1000 * width / short, 1000 * height / short, random.Random(seed), detail)


def draw_finish(canvas: Canvas, setting: Setting) -> None:
    """What lies over everything."""
    _weather.draw_weather(canvas, setting)
    if (
        setting.time == "night"
        and not setting.indoors
        and setting.ground not in ("space", "moonscape", "underwater")
    ):
        canvas.add(FINISH, rect(0, 0, canvas.width, canvas.height, "#0A1036", 'opacity="0.1"'))


def _clear_table(reading: Reading) -> None:
    """In a still life the table is the ground itself, not one more thing on it."""
    for index, thing in enumerate(reading.things):
        if thing.art == "@table":
            thing.count = 0
            reading.links = [k for k in reading.links if k.ground != index]


def draw_backdrop(canvas: Canvas, setting: Setting, reading: Reading) -> None:
    """The stage: a room, or sky and ground."""
    if setting.indoors:
        _indoors.draw_room(canvas, setting, reading)
        return
    _sky.draw_sky(canvas, setting, reading)
    _ground.draw_ground(canvas, setting, reading)


class Rows:
    """The clusters by where they go."""

    def __init__(self) -> None:
        self.sky: list[Cluster] = []
        self.wall: list[Cluster] = []
        self.far: list[Cluster] = []
        self.water: list[Cluster] = []
        self.near: list[Cluster] = []

    def of(self, cluster: Cluster) -> str:
        """The name of the row that a cluster is in."""
        for name in ("sky", "wall", "far", "water"):
            if any(one is cluster for one in getattr(self, name)):
                return name
        return "near"


def _things(
    canvas: Canvas, setting: Setting, reading: Reading, all_: list[Cluster], *, bare: bool
) -> None:
    rows = Rows()
    for cluster in all_:
        if (
            cluster.thing.art == "1FA9F"
            and setting.indoors
            and not bare
            and len(cluster.members) == 1
        ):
            continue
        sort_row(rows, cluster, setting, reading)
    if bare and not (rows.near or rows.far):
        rows.near, rows.sky, rows.water = rows.sky + rows.water + rows.wall, [], []
        rows.wall = []
    _near_and_far(canvas, setting, reading, rows)
    _water_row(canvas, setting, rows)
    _sky_row(canvas, setting, reading, rows)
    _wall_row(canvas, setting, rows)


def sort_row(rows: Rows, cluster: Cluster, setting: Setting, reading: Reading) -> None:
    thing = cluster.thing
    index = cluster.root
    above = bool(reading.grounds(index, "above"))
    if setting.ground == "underwater":
        low = thing.art in ("1F980", "1F41A", "@starfish", "1FAB8", "1F99E", "1FA8E", "1F40C")
        if thing.kind in ("building", "furniture", "tree", "vehicle") or low:
            rows.near.append(cluster)
        else:
            rows.sky.append(cluster)
        return
    if thing.kind == "wall" and setting.indoors:
        rows.wall.append(cluster)
        return
    tied = any(
        k.rel in ("face", "chase", "pull") and index in (k.figure, k.ground) for k in reading.links
    )
    air = thing.kind in _AIR_KINDS or thing.pose in ("fly", "leap") or above
    air = air or (
        thing.art in _SOARERS and not setting.indoors and len(cluster.members) == 1 and not tied
    )
    air = air or (
        thing.kind == "bird"
        and not tied
        and thing.pose not in ("sit", "eat")
        and thing.count > 2
        and not setting.indoors
        and setting.ground not in ("farm", "snowfield")
    )
    air = air or (thing.art in ("1F388", "1FA81") and len(cluster.members) == 1)
    if setting.ground in ("space", "sky"):
        air = True
    if thing.kind == "bird" and thing.art in ("1F427",) and thing.pose != "fly":
        air = setting.ground in ("space", "sky")
    if (
        thing.art == "1F680"
        and setting.ground not in ("space", "sky")
        and not above
        and thing.pose != "fly"
    ):
        air = bool(rows.near or rows.far)
    if air:
        rows.sky.append(cluster)
        return
    wet = (
        thing.kind in ("boat", "seabeast", "surfer", "fish")
        or thing.pose in ("swim", "float", "sail")
        or thing.art in listed("afloat")
    )
    if thing.art in ("1F980", "1F41A", "@starfish") or setting.indoors:
        wet = False
    if (wet and setting.ground in _WATERS) or (
        setting.ground in ("sea", "lake") and thing.kind not in ("building",)
    ):
        rows.water.append(cluster)
    elif thing.kind in _FAR_KINDS and not setting.indoors:
        rows.far.append(cluster)
    else:
        rows.near.append(cluster)


def _order(row: list[Cluster], reading: Reading) -> list[Cluster]:
    """Left to right as the relations ask."""
    row = list(row)

    def position(index: int) -> int:
        return next((i for i, c in enumerate(row) if index in c.members), -1)

    for link in reading.links:
        a, b = position(link.figure), position(link.ground)
        if a < 0 or b < 0 or a == b:
            continue
        if (link.rel == "left" and a > b) or (link.rel == "right" and a < b):
            row[a], row[b] = row[b], row[a]
        elif link.rel in ("chase", "pull") and a > b:
            row.insert(b, row.pop(a))
    for index in {k.figure for k in reading.links if k.rel == "between"}:
        grounds = reading.grounds(index, "between")
        if len(grounds) >= 2:
            a, left, right = position(index), position(grounds[0]), position(grounds[1])
            if min(a, left, right) >= 0 and len({a, left, right}) == 3:
                middle, first, last = row[a], row[left], row[right]
                rest = [c for c in row if c not in (middle, first, last)]
                row = [first, middle, last, *rest]
            elif a >= 0 and left == right:
                pass
    return row


def _span(row: list[Cluster], gap: float) -> tuple[float, float]:
    """Width and height of clusters side by side, in story units."""
    widths = [c.bounds[2] - c.bounds[0] for c in row]
    heights = [c.bounds[3] - min(0.0, c.bounds[1]) for c in row]
    return sum(widths) + gap * (len(row) - 1), max(heights)


def _near_and_far(canvas: Canvas, setting: Setting, reading: Reading, rows: Rows) -> None:
    w, h = canvas.width, canvas.height
    near, far = _order(rows.near, reading), _order(rows.far, reading)
    tied = any(
        k.rel in ("left", "right", "between", "beside")
        and any(k.figure in c.members for c in near)
        and any(k.ground in c.members for c in far)
        for k in reading.links
    )
    raised = setting.ground in ("hill", "peak", "cliff", "island")
    base = h * 0.9
    if raised:
        base = h * {"hill": 0.7, "peak": 0.67, "cliff": 0.68, "island": 0.84}[setting.ground]
    if setting.ground in ("roadside", "rails") and any(c.thing.kind == "vehicle" for c in near):
        base = h * 0.9
    if setting.ground == "underwater":
        base = h * 0.95
    middle = w * (0.62 if setting.ground == "cliff" else 0.5)
    width = w * (0.62 if setting.ground == "cliff" else 0.5 if raised else 0.9)
    if setting.ground == "hill" and sum(len(c.sprites) for c in near) > 3:
        base, width = h * 0.76, w * 0.8
    if len(near) == 1 and not raised:
        width = w * (0.72 if len(near[0].sprites) == 1 else 0.84)
    if rows.water and near and not raised:
        middle, width = w * 0.68, w * 0.56
    if tied or (raised and near and far):
        near, far = _order([*near, *far], reading), []
    tall = 0.56 if not rows.sky else 0.48
    before = any(k.rel == "front" for k in reading.links)
    apart = 0.07 if before else 0.14
    if setting.ground == "table":
        tall = 0.5
    if near:
        gap = 0.22
        total, high = _span(near, gap)
        room = base - h * (0.1 if raised else 0.14)
        scale = min(
            width / total,
            min(room, h * (tall + (0.1 if len(near[0].members) > 1 or tied else 0.0))) / high,
        )
        if far:
            scale = min(scale, h * 0.4 / high, w * (0.62 if len(near) < 3 else 0.92) / total)
        x = middle - total * scale / 2
        side = 1 if canvas.rng.random() < 0.5 else -1
        if far and total * scale < w * 0.6:
            x = w * (0.5 - side * apart) - total * scale / 2
        far_side = side
    else:
        scale, far_side, gap, high, x = 0.0, 0, 0.2, 0.0, 0.0
    if far:
        _far_row(canvas, setting, far, far_side if near else 0, scale, apart)
    front, back = _two_rows(near) if near and high * scale < h * 0.3 and not far else (near, [])
    for row, lift in ((back, 0.2), (front, 0.0)):
        if back:
            total, high = max(_span(r, gap) for r in (front, back))
            scale = min(width / total, h * 0.36 / high)
            x = middle - _span(row, gap)[0] * scale / 2
        _draw_row(canvas, setting, row, x, base - h * lift, scale, gap)


def _two_rows(row: list[Cluster]) -> tuple[list[Cluster], list[Cluster]]:
    """Many things in two rows: people and animals in front, the rest behind; else half and half."""
    if len(row) < 5:
        return row, []
    front = [c for c in row if c.thing.kind in ("person", "figure", "beast", "head", "bird")]
    back = [c for c in row if c not in front]
    if not front or not back:
        front, back = row[len(row) // 2 :], row[: len(row) // 2]
    return front, back


def _draw_row(
    canvas: Canvas, setting: Setting, row: list[Cluster], left: float, base: float, scale: float,
    gap: float,
) -> None:  # fmt: skip
    """Clusters side by side from ``left`` on."""
    for cluster in row:
        bounds = cluster.bounds
        stage = MAIN if cluster.root == 0 else THINGS
        draw_cluster(canvas, setting, cluster, left - bounds[0] * scale, base, scale, stage)
        left += (bounds[2] - bounds[0] + gap) * scale


def _far_row(
    canvas: Canvas,
    setting: Setting,
    far: list[Cluster],
    side: int,
    near_scale: float,
    apart: float,
) -> None:
    """Buildings and trees: stand further back, and beside what is near."""
    w, h = canvas.width, canvas.height
    gap = 0.14
    total, high = _span(far, gap)
    alone = side == 0
    raised = {"hill": 0.7, "peak": 0.67, "cliff": 0.68, "island": 0.84}.get(setting.ground)
    base = h * (raised or (0.86 if alone else max(setting.horizon + 0.1, 0.72)))
    if setting.ground in ("shore", "beach", "lakeside"):
        base = h * (0.84 if alone else 0.78)
    if setting.ground in ("sea", "lake"):
        base = h * 0.8
    width = w * (0.88 if alone else 0.8)
    if raised:
        width = w * (0.6 if setting.ground == "cliff" else 0.46)
    limit = (base - h * 0.1) if alone else h * 0.56
    scale = min(width / total, limit / high)
    if near_scale:
        scale = min(scale, near_scale * 1.35)
    if alone and len(far) == 1 and far[0].thing.count == 1:
        scale = min(scale, h * (0.6 if not raised else 0.52) / high)
    middle = w * (0.62 if setting.ground == "cliff" else 0.5)
    if side and total * scale < w * 0.66:
        middle = w * (0.5 + side * apart * 1.15)
    _draw_row(canvas, setting, far, middle - total * scale / 2, base, scale, gap)


def _water_row(canvas: Canvas, setting: Setting, rows: Rows) -> None:
    if not rows.water:
        return
    w, h = canvas.width, canvas.height
    busy = bool(rows.near or rows.far)
    total, high = _span(rows.water, 0.2)
    open_ = setting.ground in ("sea", "lake")
    scale = min(w * 0.88 / total, h * (0.56 if open_ and not busy else 0.27) / high)
    if rows.near:
        scale = min(scale, w * 0.44 / total)
    base = h * (0.82 if open_ and not busy else 0.66 if not open_ else 0.8)
    if setting.ground in ("cliff", "island"):
        scale, base = (
            min(w * 0.22 / total, h * 0.2 / high),
            h * (0.86 if setting.ground == "cliff" else 0.62),
        )
    left = w / 2 - total * scale / 2
    if busy:
        left = w * 0.27 - total * scale / 2 if rows.near else left
        left = max(w * 0.04, left)
    if setting.ground in ("cliff",):
        left = w * 0.02
    for i, cluster in enumerate(rows.water):
        bounds = cluster.bounds
        sink(cluster)
        y = base + (i % 2) * h * 0.05
        draw_cluster(
            canvas,
            setting,
            cluster,
            left - bounds[0] * scale,
            y,
            scale,
            MAIN if cluster.root == 0 else THINGS,
            wet=True,
        )
        left += (bounds[2] - bounds[0] + 0.2) * scale


def sink(cluster: Cluster) -> None:
    """Puts what floats partly under water."""
    for sprite in cluster.sprites:
        if abs(sprite.y) < 0.35 * sprite.height and sprite.z <= 0.05 and not sprite.front_of:
            sprite.sunk = _depth(cluster.thing)
            sprite.shadow = False
            if cluster.thing.pose == "jump":
                sprite.y, sprite.sunk, sprite.extra = 0.0, 0.2, "splash"


def _depth(thing: Thing) -> float:
    """How much of a swimmer or boat is under water."""
    if thing.kind == "boat":
        return 0.1
    if thing.kind == "seabeast":
        return 0.16
    if thing.kind == "surfer":
        return 0.08
    if thing.art in listed("afloat"):
        return 0.14
    if thing.kind == "fish":
        return 0.3 if thing.art != "1F988" else 0.4
    return 0.42


def _sky_row(canvas: Canvas, setting: Setting, reading: Reading, rows: Rows) -> None:
    if not rows.sky:
        return
    w, h, rng = canvas.width, canvas.height, canvas.rng
    only = not (rows.near or rows.far or rows.water)
    free = setting.ground in ("space", "sky", "underwater") or only
    row = _order(rows.sky, reading)
    count = len(row)
    spread = 2 if count > 2 and free else 1
    per = -(-count // spread)
    for i, cluster in enumerate(row):
        line, place = divmod(i, per)
        in_line = min(per, count - line * per)
        left, low, right, top = cluster.bounds
        tall = h * (0.56 if count == 1 else 0.4 if count == 2 else 0.32) if free else h * 0.27
        wide = (
            w * (0.8 if in_line == 1 else 0.84 / in_line)
            if free
            else w * (0.56 if in_line == 1 else 0.8 / in_line)
        )
        big = cluster.thing.size
        if big < 1 and (count > 1 or not free):
            tall *= max(0.5, big)
        if sum(1 for s in cluster.sprites) > 3 and not free:
            tall = h * 0.36
        if cluster.thing.kind == "flier" and not free:
            tall *= 0.62 if cluster.thing.count == 1 else 1.0
        scale = min(tall / (top - low), wide / (right - left))
        x = w * (place + 0.5) / in_line
        grounds = reading.grounds(cluster.root, "above")
        if in_line == 1 and not free and not grounds:
            x = w * rng.choice((0.34, 0.62))
        y = h * (0.5 if spread == 1 else (0.3, 0.72)[line]) if free else h * 0.24
        if setting.ground == "underwater" and rows.near:
            y = h * 0.4
        if not free and cluster.thing.kind == "flier":
            y = h * 0.4
        if free and count > 1:
            y += h * rng.uniform(-0.05, 0.05)
        base = y + (top - low) * scale / 2 + low * scale
        base = max(base, (top - low) * scale + h * 0.03)
        for sprite in cluster.sprites:
            sprite.shadow = False
        draw_cluster(
            canvas,
            setting,
            cluster,
            x - (left + right) / 2 * scale,
            base,
            scale,
            MAIN if cluster.root == 0 else THINGS,
        )


def _on_sill(canvas: Canvas, setting: Setting, cluster: Cluster) -> None:
    """What is on a window stands on the sill of the room's own one."""
    x, y, side, height = _indoors.window_box(canvas, setting, large=True)
    cluster.sprites = [s for s in cluster.sprites if s.z > 0]
    if not cluster.sprites:
        return
    left, low, right, top = cluster.bounds
    scale = min(height * 0.8 / (top - low), side * 0.8 / (right - left))
    middle = x + side / 2 - (left + right) / 2 * scale
    foot = y + height + 6 + low * scale
    draw_cluster(canvas, setting, cluster, middle, foot, scale, MAIN)


def _wall_row(canvas: Canvas, setting: Setting, rows: Rows) -> None:
    w, h = canvas.width, canvas.height
    for i, cluster in enumerate(rows.wall):
        left, low, right, top = cluster.bounds
        if cluster.thing.art == "1FA9F":
            _on_sill(canvas, setting, cluster)
            continue
        tall = h * (0.34 if not (rows.near or rows.far) else 0.24)
        scale = min(tall / (top - low), w * 0.3 / (right - left))
        x = w * ((0.22, 0.5, 0.36)[i % 3] if rows.near else (i + 0.5) / len(rows.wall))
        for sprite in cluster.sprites:
            sprite.shadow = False
        draw_cluster(
            canvas,
            setting,
            cluster,
            x - (left + right) / 2 * scale,
            h * 0.36 + low * scale,
            scale,
            THINGS,
        )

"""Each room has one public face: its package's `__all__` names just what the package exports."""

from __future__ import annotations

import importlib
import re
import types
from pathlib import Path

import pytest

import heliograph

TOP = Path(heliograph.__file__).parent
FOLDERS = (init.parent.relative_to(TOP.parent) for init in TOP.rglob("*/__init__.py"))
ROOMS = sorted(
    ".".join(folder.parts)
    for folder in FOLDERS
    if not any(part.startswith("_") for part in folder.parts)
)
FACES = ["heliograph", "heliograph.errors", *ROOMS]


def exported(face: types.ModuleType) -> set[str]:
    """Public names bound in the module: ours, and plain values (which know no module)."""
    return {
        name
        for name, value in vars(face).items()
        if not name.startswith("_")
        and name != "TYPE_CHECKING"
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", "heliograph").partition(".")[0] == "heliograph"
        and type(value).__module__ != "__future__"
    }


def order(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Constants, then classes, then the rest; numbers within a name count as numbers."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    parts = re.findall(r"\d+|\D+", name)
    return kind, [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts]


def parts(face: types.ModuleType, names: list[str]) -> list[list[str]]:
    """The list itself; for a face that gives its modules whole (`models`), each module's list and
    what the face adds."""
    inside = [m for m in vars(face).values() if isinstance(m, types.ModuleType)]
    private = [m for m in inside if m.__name__.startswith(f"{face.__name__}._")]
    lists = [m.__all__ for m in private if set(getattr(m, "__all__", ["?"])) <= set(names)]
    added = [name for name in names if not any(name in part for part in lists)]
    return [*lists, added] if len(added) < len(lists) else [names]


@pytest.mark.parametrize("name", FACES)
def test_all_names_just_what_the_face_exports(name: str) -> None:
    face = importlib.import_module(name)
    names = getattr(face, "__all__", [])
    for public in names:
        assert getattr(face, public) is not None, f"{name}.__all__ names {public}, which is absent"
    assert exported(face) - set(names) == set(), f"exported by {name} and not in its __all__"


@pytest.mark.parametrize("name", FACES)
def test_all_is_sorted_and_names_nothing_twice(name: str) -> None:
    face = importlib.import_module(name)
    names = list(getattr(face, "__all__", []))
    assert len(names) == len(set(names))
    for part in parts(face, names):
        assert part == sorted(part, key=order)


def test_there_are_rooms_to_look_at() -> None:
    assert {"heliograph.models", "heliograph.sse", "heliograph.client"} <= set(ROOMS)

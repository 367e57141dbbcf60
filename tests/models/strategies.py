"""Wire objects for property tests, built from the types' own plans."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from heliograph.models import Model
from heliograph.models._plan import TypePlan, class_plan, type_plan

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
DEPTH = 4


def models(cls: type[Model], *, full: bool, depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """Objects of ``cls`` with only the fields decoding needs, or with every field."""
    fields = {
        field.name: values(field.type, full=full, depth=depth - 1)
        for field in class_plan(cls).fields.values()
        if field.required or (full and depth > 0)
    }
    return st.builds(cls, **fields)


def values(plan: TypePlan, *, full: bool, depth: int) -> st.SearchStrategy[Any]:
    """Values that one annotation accepts, enumerated strings mostly from their enumeration."""
    options: list[st.SearchStrategy[Any]] = []
    if plan.anything:
        options.append(JSON)
    if str in plan.scalars:
        options.append(st.sampled_from(plan.known) | TEXT if plan.known else TEXT)
    if int in plan.scalars:
        options.append(st.integers(0, 2**63))
    if float in plan.scalars:
        options.append(st.floats(allow_nan=False, allow_infinity=False))
    if bool in plan.scalars:
        options.append(st.booleans())
    if plan.model is not None:
        options.append(models(plan.model, full=full, depth=depth))
    if plan.tagged:
        classes = sorted(plan.tagged.values(), key=lambda cls: cls.__name__)
        options.append(
            st.sampled_from(classes).flatmap(lambda cls: models(cls, full=full, depth=depth))
        )
    if plan.item is not None:
        inner = plan.item
        options.append(
            st.deferred(lambda: st.lists(values(inner, full=full, depth=depth), max_size=2))
            if depth > 0
            else st.builds(list)
        )
    if plan.value is not None:
        mapped = plan.value
        options.append(
            st.deferred(
                lambda: st.dictionaries(TEXT, values(mapped, full=full, depth=depth), max_size=2)
            )
            if depth > 0
            else st.builds(dict)
        )
    if type(None) in plan.scalars and (not full or not options):
        options.append(st.none())
    return st.one_of(options)


def plan_of(annotation: Any) -> TypePlan:
    """The plan of a union or a class."""
    return type_plan(annotation)

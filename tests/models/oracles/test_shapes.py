"""Our types beside each oracle's: the same fields, the same demands, the same JSON types.

What differs is in `differences`, by hand, each with its reason. A difference that is not there
fails, and so does an entry that no longer holds.
"""

from __future__ import annotations

import pytest

from heliograph import models

from . import tables
from .compare import Difference
from .differences import DIFFERENCES, OURS_ALONE
from .roots import PAIRS, walked
from .shapes import demanded, obj


@pytest.mark.parametrize("oracle", PAIRS)
def test_differences_are_those_listed(oracle: str) -> None:
    found = {str(difference) for difference in walked().walks[oracle].differences}
    listed = DIFFERENCES[oracle]
    assert sorted(found - listed.keys()) == [], "not listed"
    assert sorted(listed.keys() - found) == [], "listed, and no longer so"


@pytest.mark.parametrize("oracle", PAIRS)
def test_every_listed_difference_has_a_reason(oracle: str) -> None:
    assert all(len(reason) > 10 for reason in DIFFERENCES[oracle].values())


def test_enough_types_were_compared() -> None:
    counts = {oracle: len(walk.pairs) for oracle, walk in walked().walks.items()}
    assert counts["openai"] > 550
    assert counts["openrouter"] > 300
    assert counts["open responses"] > 80


def test_what_we_have_and_no_oracle_has_is_listed() -> None:
    assert sorted(_ours_alone() - OURS_ALONE.keys()) == [], "not listed"
    assert sorted(OURS_ALONE.keys() - _ours_alone()) == [], "listed, and no longer so"


def _ours_alone() -> set[str]:
    seen = walked().seen
    found = set()
    for cls in seen.types:
        for name, field in obj(cls).fields.items():
            where = f"{cls.__name__}.{name}"
            known = seen.get((cls, name))
            if known is None or not known.kinds:
                found.add(str(Difference(where, "nobody has it")))
                continue
            if name in demanded(cls) and not known.required_by:
                found.add(str(Difference(where, "nobody requires it")))
            if "any" not in known.kinds:
                more = field.shape.kinds - known.kinds
                found |= {str(Difference(where, f"nobody allows {kind}")) for kind in more}
    return found


def test_the_seed_union_is_ours_under_its_names() -> None:
    """The 27 events of the first SDK: their names are our classes, their fields our fields, and
    each field it requires is one that strict mode asks for."""
    seed = tables.seed()
    assert len(seed) == 27
    for name, fields in seed.items():
        cls = getattr(models, name)
        assert models.EVENTS[cls.type] is cls
        # `error` comes in four shapes and asks for none of them.
        assert set(fields) <= set(demanded(cls)) or cls is models.ErrorEvent, name
        assert set(fields) <= set(obj(cls).fields), name


def test_what_some_provider_leaves_out_is_asked_for_and_not_needed() -> None:
    """Fields that every specification requires and some provider drops: strict mode reports their
    absence, decoding does not mind."""
    dropped = [(cls, "sequence_number") for cls in models.EVENTS.values()]
    dropped += [
        (models.TextDeltaEvent, "logprobs"),
        (models.TextDoneEvent, "logprobs"),
        (models.FunctionCallArgsDoneEvent, "name"),
        (models.OpenResponsesResult, "usage"),
    ]
    for cls, name in dropped:
        assert name in demanded(cls), f"{cls.__name__}.{name}"
        assert not obj(cls).fields[name].required, f"{cls.__name__}.{name}"
    assert obj(models.OpenResponsesResult).fields["usage"].shape.accepts("null")

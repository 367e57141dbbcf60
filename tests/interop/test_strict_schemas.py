"""Our strict schemas, as openai-agents judges them: there is nothing left for it to change."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from agents.strict_schema import ensure_strict_json_schema
from tests.client.test_functions import weather
from tests.client.test_strict import FITTING

from heliograph import models
from heliograph.client._core import TextFormat


@pytest.mark.parametrize("kind", [kind for kind, _ in FITTING], ids=lambda kind: kind.__name__)
def test_a_types_schema_is_left_as_it_is(kind: type[Any]) -> None:
    schema = TextFormat(kind).format["schema"]
    assert ensure_strict_json_schema(copy.deepcopy(schema)) == schema


def test_so_is_a_functions() -> None:
    assert isinstance(weather.definition, models.FunctionTool)
    schema = weather.definition.parameters
    assert isinstance(schema, dict)
    assert ensure_strict_json_schema(copy.deepcopy(schema)) == schema

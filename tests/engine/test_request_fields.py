"""docs/requests.md says what the engine does with every request field."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openai.types.responses import response_create_params
from tests.engine.kit import Chat, House, ask, last

from heliograph import errors
from heliograph.engine import _ask
from heliograph.providers import Finish, Text

TOOL = Path(__file__).parents[2] / "docs" / "_tools" / "request_fields.py"

LABELS: dict[str, Any] = {
    "prompt_cache_options": {"mode": "explicit"},
    "prompt_cache_retention": "24h",
    "trace": {"trace_id": "t"},
    "client_metadata": {"a": "b"},
}


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("request_fields", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tables_say(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), (
        "run python docs/_tools/request_fields.py"
    )


def test_every_field_of_every_specification_has_its_fate(tool: ModuleType) -> None:
    openai = response_create_params.ResponseCreateParamsBase.__annotations__.keys()
    for name in {*set.union(*tool.asked().values()), *openai}:
        assert tool.fate(name) in ("served", "label", "in part", "refused"), name


@pytest.mark.parametrize("name", sorted(_ask._REFUSED))
async def test_what_is_refused_is_refused_by_name(house: Callable[..., House], name: str) -> None:
    body = ask(**{name: {"id": "x", "type": "x", "model": "x", "completion_window": "2h"}})
    with pytest.raises((errors.BadRequest, errors.InvalidBody)) as refused:
        await house(Chat([Finish()])).submit(body)
    assert str(refused.value).startswith(name)


@pytest.mark.parametrize("name", sorted(_ask._LABELS))
async def test_a_label_is_taken_and_changes_nothing(house: Callable[..., House], name: str) -> None:
    home = house(Chat([Text("Hi"), Finish()]))
    response = last(await home.draw(ask(**{name: LABELS.get(name, "x")})))
    assert response.status == "completed"
    assert response.output[0].content[0].text == "Hi"  # type: ignore[union-attr]

"""docs/lifecycle.md is drawn from the tables and not stale."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from heliograph.lifecycle import RULES, TABLES, TOLERANCES

TOOL = Path(__file__).parents[2] / "docs" / "_tools" / "lifecycle_diagram.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lifecycle_diagram", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tables_say(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), (
        "run python docs/_tools/lifecycle_diagram.py"
    )


def test_every_table_rule_and_tolerance_is_on_the_page(tool: ModuleType) -> None:
    page = tool.page()
    assert page.count("```mermaid") == len(TABLES)
    for name in [*RULES, *TOLERANCES]:
        assert f"`{name}`" in page


def test_a_diagram_has_every_row_of_its_table(tool: ModuleType) -> None:
    for table in TABLES.values():
        drawn = tool.diagram(table)
        for (source, event), target in table.items():
            label = event.removeprefix("response.").partition(":")[0]
            arrow = next(
                line
                for line in drawn.splitlines()
                if line.startswith(f"    {source} --> {target}:")
            )
            assert label in arrow

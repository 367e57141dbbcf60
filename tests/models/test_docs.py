"""docs/models: no page is stale, every example runs and gives what its page shows."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from heliograph import models

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "models"
NAMES = sorted(path.name for path in PAGES.glob("*.md") if path.name != "index.md")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    sys.path.insert(0, str(ROOT / "docs" / "_tools"))
    import model_pages

    return model_pages


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def run(page: str) -> Any:
    """Run the page's example; gives what it calls `value`."""
    (example,) = blocks(page, "python")
    scope: dict[str, Any] = {}
    exec(example, scope)
    return scope["value"]


def test_no_page_is_stale(generator: ModuleType) -> None:
    assert generator.stale() == []


def test_every_model_has_a_page() -> None:
    shown = {
        *models.EVENTS.values(),
        *models.ITEMS.values(),
        *models.INPUT_ITEMS.values(),
        *models.CONTENT_PARTS.values(),
        *models.TOOLS.values(),
        *models.IMAGE_EVENTS.values(),
        models.ResponsesRequest,
        models.OpenResponsesResult,
    }
    assert {f"{cls.__name__.lower()}.md" for cls in shown} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_runs_and_gives_what_the_page_shows(name: str) -> None:
    page = (PAGES / name).read_text(encoding="utf-8")
    value = run(page)
    shown = [json.loads(block) for block in blocks(page, "json")]
    wire = json.loads(models.encode(value))
    sdk = models.to_sdk(value)
    assert shown == ([wire] if sdk == wire else [wire, sdk])
    assert page.startswith(f"# {type(value).__name__}\n")
    assert models.decode(type(value), models.encode(value)) == value
    assert models.from_sdk(type(value), sdk) == value


@pytest.mark.parametrize("name", NAMES)
def test_the_example_has_all_that_some_specification_requires(name: str) -> None:
    assert models.missing_fields(run((PAGES / name).read_text(encoding="utf-8"))) == []


def test_links_lead_to_pages_and_headings() -> None:
    headings = {
        line.removeprefix("### ").lower()
        for line in (PAGES / "index.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("### ")
    }
    for path in PAGES.glob("*.md"):
        for target, anchor in re.findall(
            r"\]\(([\w.]+\.md)(?:#(\w+))?\)", path.read_text(encoding="utf-8")
        ):
            assert (PAGES / target).exists(), f"{path.name} links to {target}"
            assert not anchor or anchor in headings, f"{path.name} links to {target}#{anchor}"


def test_every_field_is_described_and_no_note_is_left_over(generator: ModuleType) -> None:
    import facts
    import field_notes

    fields = {(cls.__name__, f.wire) for cls in facts.all_models() for f in facts.fields_of(cls)}
    by_model = {tuple(key.split(".")) for key in field_notes.BY_MODEL}
    names = {name for _, name in fields}
    assert names - field_notes.BY_NAME.keys() == set()
    assert field_notes.BY_NAME.keys() - names == set()
    assert by_model - fields == set()


def test_the_seed_page_is_among_them() -> None:
    """The model whose page this project began with: same fields, all required, same values."""
    page = (PAGES / "imagegencallinprogressevent.md").read_text(encoding="utf-8")
    _, sdk = (json.loads(block) for block in blocks(page, "json"))
    assert sdk == {
        "type": "response.image_generation_call.in_progress",
        "itemId": "item-abc123",
        "outputIndex": 0,
        "sequenceNumber": 1,
    }
    required = re.findall(r"^\| `(\w+)` .*:heavy_check_mark:", page, flags=re.MULTILINE)
    assert required == ["type", "item_id", "output_index", "sequence_number"]
    assert "models.OpenResponsesStreamEventResponseImageGenerationCallInProgress" in page

"""The protocol within bounds: every state, and what ``docs/protocol.md`` says of that."""

from __future__ import annotations

import pytest
from docs._tools.protocol import PAGE, figures_on, page
from tests.journal.model.explore import explore
from tests.journal.model.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_state_breaks_a_promise_and_each_run_ends(name: str) -> None:
    assert explore(SCENARIOS[name]) == figures_on(PAGE.read_text("utf-8"))[name]


def test_the_page_is_what_the_tables_say() -> None:
    text = PAGE.read_text("utf-8")
    assert page(figures_on(text)) == text

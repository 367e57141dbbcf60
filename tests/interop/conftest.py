"""A server that draws with the illustrator and keeps the sha256 of what it made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.kit import Recorder, Running, running

from heliograph.providers import embedded


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    with running(Recorder(embedded().image("heliograph/illustrator"))) as here:
        yield here

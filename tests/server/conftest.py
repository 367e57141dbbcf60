"""One server for the tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from tests.server.kit import Running, running


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    with running() as here:
        yield here


@pytest.fixture
def http(shared: Running) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=shared.url, timeout=20) as client:
        yield client

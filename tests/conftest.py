"""Whatever a server sends in any test is held against our OpenAPI and the specifications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from tests import tap

from heliograph.server import _serve


@pytest.fixture(scope="session", autouse=True)
def _tapped() -> Iterator[None]:
    create_app = _serve.create_app

    def create(*args: Any, **kwargs: Any) -> Starlette:
        app = create_app(*args, **kwargs)
        app.add_middleware(tap.Tap)
        return app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_serve, "create_app", create)
        yield


@pytest.fixture(autouse=True)
def _valid() -> Iterator[None]:
    yield
    found, tap.problems[:] = list(tap.problems), []
    assert not found, "\n".join(found[:20])

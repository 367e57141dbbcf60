"""For all tests: what a server sends is valid, and no property test is timed.

Whatever a server sends in any test is held against our OpenAPI and the specifications. Hypothesis
judges by what it finds, never by how long a shared machine took.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from starlette.applications import Starlette
from tests import nats_servers, s3_server, tap

from heliograph import errors
from heliograph.server import _serve, _socket_wire

settings.register_profile(
    "heliograph",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("heliograph")


@pytest.fixture(scope="session", autouse=True)
def _tapped() -> Iterator[None]:
    create_app = _serve.create_app

    def create(*args: Any, **kwargs: Any) -> Starlette:
        app = create_app(*args, **kwargs)
        app.add_middleware(tap.Tap)
        return app

    envelope = _socket_wire.error_envelope

    def told(error: errors.APIError) -> bytes:
        """What goes out below the app, which no middleware sees."""
        data = envelope(error)
        tap.take_message("below the app", data)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_serve, "create_app", create)
        patch.setattr(_socket_wire, "error_envelope", told)
        yield


@pytest.fixture(autouse=True)
def _valid() -> Iterator[None]:
    yield
    found, tap.problems[:] = list(tap.problems), []
    assert not found, "\n".join(found[:20])


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    yield
    nats_servers.stop_all()
    s3_server.stop_all()

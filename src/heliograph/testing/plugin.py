"""The pytest plugin: loaded by pytest where Heliograph is installed, off with ``-p no:heliograph``.

Nothing of Heliograph is imported before a test asks for one of the fixtures. They are plain
synchronous fixtures, servers in threads of their own: tests may be synchronous or asynchronous,
under any plugin.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from heliograph.server import Settings
    from heliograph.testing import Cassette, FakeChat, FakeImages, Recorder, Replayer, RunningServer

__all__ = [
    "CassetteServer",
    "heliograph_cassette",
    "heliograph_chat",
    "heliograph_images",
    "heliograph_server",
    "heliograph_settings",
]

_FAILED = pytest.StashKey[bool]()
_MARKER = "heliograph_cassette"
_WORDS = ("ignore", "name", "resume", "scrub", "speed", "upstream")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--heliograph-record``, ``--heliograph-upstream`` and its ini value."""
    group = parser.getgroup("heliograph", "Heliograph")
    group.addoption(
        "--heliograph-record",
        choices=("none", "once", "all"),
        default="none",
        help="cassettes: replay only (none, the default), record those not there, record all anew",
    )
    group.addoption(
        "--heliograph-upstream", metavar="URL", help="the endpoint that cassettes are recorded from"
    )
    parser.addini("heliograph_upstream", "the endpoint that cassettes are recorded from")


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(name, upstream, ignore, scrub, speed, resume): what the fixture of that name "
        "plays (a path without .jsonl, from the test's folder) and how",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps whether a test failed: what it recorded is not kept then."""
    report = yield
    if report.when == "call" and _MARKER in getattr(item, "fixturenames", ()):
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def heliograph_settings() -> Settings | None:
    """The settings of ``heliograph_server``: override it to serve other models or limits."""
    return None


@pytest.fixture(scope="session")
def heliograph_server(heliograph_settings: Settings | None) -> Iterator[RunningServer]:
    """Heliograph itself, with the illustrator: ``base_url``, ``openrouter_url``, ``api_key``.

    One for the session; responses are kept in memory.
    """
    from heliograph.testing import RunningServer

    with RunningServer(heliograph_settings) as server:
        yield server


@pytest.fixture
def heliograph_chat() -> Iterator[FakeChat]:
    """A scripted chat upstream (chat completions, Responses) that can misbehave: ``set(...)``."""
    from heliograph.testing import FakeChat

    with FakeChat() as fake:
        yield fake


@pytest.fixture
def heliograph_images() -> Iterator[FakeImages]:
    """A fake of OpenAI's and OpenRouter's Images APIs that can misbehave: ``set(...)``."""
    from heliograph.testing import FakeImages

    with FakeImages() as fake:
        yield fake


@dataclass
class CassetteServer:
    """What ``heliograph_cassette`` gives: an endpoint, recorded or being recorded.

    ``api_key`` is the endpoint's own while recording (``HELIOGRAPH_API_KEY``,
    ``OPENROUTER_API_KEY`` or ``OPENAI_API_KEY``, by its host), ``replayed`` otherwise.
    """

    server: Recorder | Replayer
    api_key: str
    recording: bool

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return self.server.url

    @property
    def base_url(self) -> str:
        """What to give to a client: the endpoint's own path, on loopback."""
        return self.server.base_url

    @property
    def cassette(self) -> Cassette:
        """The exchanges."""
        return self.server.cassette


@pytest.fixture
def heliograph_cassette(request: pytest.FixtureRequest) -> Iterator[CassetteServer]:
    """An endpoint out of ``cassettes/MODULE/TEST.jsonl``, recorded by ``--heliograph-record``.

    A request that was not recorded gets a 400 that says what differs, and fails the test at its
    end. A test that fails while it is recorded leaves no cassette.
    """
    told = _told(request)
    mode = request.config.getoption("--heliograph-record")
    path = _path(request, told.pop("name", None))
    upstream = told.pop("upstream", None)
    if mode == "all" or (mode == "once" and not path.exists()):
        yield from _record(request, path, upstream, told.get("scrub", ()))
        return
    told.pop("scrub", None)
    if not path.exists():
        pytest.fail(f"{path} is not there: record it with --heliograph-record=once", pytrace=False)
    from heliograph.testing import Replayer

    with Replayer(path, **told) as server:
        yield CassetteServer(server, "replayed", recording=False)
        if server.unmatched:
            pytest.fail("\n".join(server.unmatched), pytrace=False)


def _record(
    request: pytest.FixtureRequest, path: Path, upstream: str | None, scrub: Any
) -> Iterator[CassetteServer]:
    from heliograph.testing import Recorder, key_for

    config = request.config
    upstream = (
        config.getoption("--heliograph-upstream")
        or upstream
        or config.getini("heliograph_upstream")
        or os.environ.get("HELIOGRAPH_BASE_URL")
    )
    if not upstream:
        pytest.fail(
            f"{path.name}: no endpoint to record from; name it with --heliograph-upstream=URL, "
            "heliograph_upstream in the configuration, or HELIOGRAPH_BASE_URL",
            pytrace=False,
        )
    with Recorder(upstream, path, scrub=scrub) as server:
        yield CassetteServer(server, key_for(upstream, os.environ) or "none", recording=True)
    if request.node.stash.get(_FAILED, True) or not len(server.cassette):
        path.unlink()


def _told(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the marker says. Its one positional argument is the name."""
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None:
        return {}
    told: dict[str, Any] = dict(zip(("name",), marker.args, strict=False)) | marker.kwargs
    for word in told:
        if word not in _WORDS or len(marker.args) > 1:
            pytest.fail(f"{_MARKER}: {word!r} is none of {', '.join(_WORDS)}", pytrace=False)
    return told


def _path(request: pytest.FixtureRequest, name: str | None) -> Path:
    folder = request.path.parent / "cassettes"
    if name is None:
        test = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
        name = f"{request.path.stem}/{test}"
    return folder / f"{name}.jsonl"

"""A server with stored keys, and clients that bear them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from tests.server.kit import Running, running

from heliograph.server import Keyring


class Keyed:
    """``running`` with keys in its data folder; ``ring`` makes more."""

    def __init__(self, here: Running, ring: Keyring) -> None:
        self.here = here
        self.ring = ring
        self.url = here.url

    def http(self, key: str | None, **options: Any) -> httpx2.Client:
        """A client that sends ``key``."""
        headers = {} if key is None else bearer(key)
        return httpx2.Client(base_url=self.url, headers=headers, timeout=20, **options)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@contextmanager
def keyed(folder: Path, painter: Any = None, **settings: Any) -> Iterator[Keyed]:
    """A server whose data is in ``folder``."""
    with running(painter, data=str(folder), **settings) as here:
        yield Keyed(here, Keyring(folder))

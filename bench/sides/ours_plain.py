"""Ours, synchronous, on a plain ``httpx2.Client`` that the caller made."""

from __future__ import annotations

import httpx2
from bench.sides._side import main
from bench.sides.ours_sync import read

from heliograph import Heliograph


def open_client(url: str) -> Heliograph:
    return Heliograph(base_url=url, api_key="sk-bench", http_client=httpx2.Client())


if __name__ == "__main__":
    main(open_client, read)

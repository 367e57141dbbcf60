"""Ours, synchronous, in strict mode: every event held to every rule, no habit forgiven."""

from __future__ import annotations

from bench.sides._side import main
from bench.sides.ours_sync import read

from heliograph import Heliograph


def open_client(url: str) -> Heliograph:
    return Heliograph(base_url=url, api_key="sk-bench", strict=True, dialect="heliograph")


if __name__ == "__main__":
    main(open_client, read)

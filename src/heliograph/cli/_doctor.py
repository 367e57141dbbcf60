"""``heliograph doctor``: what is right and what is wrong with a deployment, seen from here."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, TextIO

import msgspec

from heliograph.cli._extras import needing

if TYPE_CHECKING:
    from heliograph import server

OK, BROKEN = 0, 1


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print a line for each check. Returns 1 where one failed, else 0.

    Raises ``ConfigError`` for a file that does not decode.
    """
    with needing("local", "doctor"):
        from heliograph import server

    settings = server.load_settings(args.config)
    log = logging.getLogger("heliograph")
    level = log.level
    log.setLevel(logging.CRITICAL)  # each line says it already
    try:
        counts = asyncio.run(_print(settings, args, out))
    finally:
        log.setLevel(level)
    if not args.json:
        told = ", ".join(f"{counts[status]} {status}" for status in ("ok", "warning", "failed"))
        print(told, file=out)
    return BROKEN if counts["failed"] else OK


async def _print(settings: server.Settings, args: argparse.Namespace, out: TextIO) -> Counter[str]:
    from heliograph import server

    counts: Counter[str] = Counter()
    found = []
    async for one in server.diagnose(settings, args.gateway):
        counts[one.status] += 1
        found.append(msgspec.to_builtins(one))
        if not args.json:
            print(f"{one.status:7}  {one.what}: {one.said}", file=out, flush=True)
    if args.json:
        print(json.dumps(found, indent=2), file=out)
    return counts

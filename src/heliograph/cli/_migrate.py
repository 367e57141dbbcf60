"""``heliograph migrate``: all that a data folder has, into the journal of a configuration file."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from heliograph import errors
from heliograph.cli._extras import needing

if TYPE_CHECKING:
    from heliograph.journal.migration import Stock, Tally

OK, LEFT_BEHIND = 0, 1

_EVERY_SECONDS = 2.0


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Migrate, or count what there is. Returns 1 where something could not be brought, else 0.

    Progress goes to ``err``, and a line for each response that could not be brought. Raises
    ``ConfigError``, ``UsageError`` and ``JournalError``.
    """
    with needing("local", "migrate"):
        from heliograph import server
        from heliograph.journal import migration

    settings = server.load_settings(args.config)
    target = settings.journal
    if not isinstance(target, server.NatsSettings):
        raise errors.UsageError(
            f"{args.config}: journal.kind must be 'nats': that is where the folder is brought to"
        )
    folder = Path(args.folder)
    if args.dry_run:
        stock = asyncio.run(migration.stock_of(folder))
        print(_json(stock) if args.json else _said_of(stock), file=out)
        return LEFT_BEHIND if stock.missing_blobs else OK

    def refused(response_id: str, why: str) -> None:
        print(f"{response_id}: {why}", file=err, flush=True)

    work = migration.migrate(folder, target.journal(), progress=_Progress(err), refused=refused)
    tally = asyncio.run(work)
    print(_json(tally) if args.json else _told(tally), file=out)
    for line in [] if args.json else _notes(folder, server.FOLDER_FILES):
        print(line, file=out)
    return LEFT_BEHIND if tally.refused else OK


class _Progress:
    """A line now and then."""

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._next = time.monotonic() + _EVERY_SECONDS

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _EVERY_SECONDS
            done = tally.brought + tally.there + tally.expired + tally.erased + tally.refused
            print(f"{done} of {tally.total} responses", file=self._err, flush=True)


def _json(found: Stock | Tally) -> str:
    return msgspec.json.encode(found).decode()


def _said_of(stock: Stock) -> str:
    missing = f", of which {stock.missing_blobs} are missing" if stock.missing_blobs else ""
    return (
        f"{stock.responses} responses of {stock.tenants} tenants "
        f"({stock.queued} queued, {stock.running} in progress) with {stock.events} events, "
        f"{stock.blobs} pictures ({stock.blob_bytes / 1e6:.1f} MB){missing}, "
        f"{stock.keys} idempotency keys; nothing was written"
    )


def _told(tally: Tally) -> str:
    told = [
        f"{tally.brought} responses were brought, with {tally.events} events, {tally.blobs} "
        f"references to pictures and {tally.keys} idempotency keys; {tally.there} were there",
        f"{tally.waiting} of all these wait for a worker",
        f"{tally.tombstones} ids stay erased",
    ]
    if tally.erased:
        told.append(f"{tally.erased} were left: they have been erased there")
    if tally.expired:
        told.append(f"{tally.expired} were left: they have expired")
    if tally.refused:
        told.append(f"{tally.refused} could not be brought, see above")
    return "\n".join(told)


def _notes(folder: Path, files: tuple[str, ...]) -> list[str]:
    there = [name for name in files if (folder / name).exists()]
    return [f"give each server's data folder a copy of {folder / name}" for name in there]

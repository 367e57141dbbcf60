"""``heliograph worker``: a process that runs responses for a server here, or for all on NATS."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TextIO

import msgspec

from heliograph import errors
from heliograph.cli._extras import needing
from heliograph.cli._serve import with_log


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Work until a signal. Returns the exit status."""
    with needing("local", "worker"):
        from heliograph import server

    settings = server.Settings()
    if args.supervised:
        settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=server.Settings)
    elif args.config:
        settings = server.load_settings(args.config)
    settings = with_log(settings, args)
    if args.concurrency is not None:
        limits = msgspec.structs.replace(settings.limits, concurrency=args.concurrency)
        settings = msgspec.structs.replace(settings, limits=limits)
    path: Path | None
    if isinstance(settings.journal, server.NatsSettings):
        _no_socket(args)
        path, where = None, ", ".join(settings.journal.servers)
    else:
        path = _socket(args, settings.data)
        where = str(path.parent)
    server.setup_logging(settings.log)
    wanted = [name for names in args.capability for name in names]
    worker = server.Worker(settings, path, capabilities=wanted, metrics=args.metrics)

    def announce(running: server.Worker) -> None:
        can = ", ".join(running.engine.capabilities)
        print(f"Heliograph works for {where}: {can}", file=out, flush=True)
        if running.metrics_url is not None:
            print(f"metrics: {running.metrics_url}", file=out, flush=True)

    server.run_worker(worker, announce, lifeline=0 if args.supervised else None)
    return 0


def _no_socket(args: argparse.Namespace) -> None:
    """On NATS a worker finds its work there; an option that says otherwise is a mistake."""
    for option in ("socket", "data"):
        if getattr(args, option):
            raise errors.UsageError(
                f"--{option}: the file's journal is on NATS, where a worker needs no server's "
                "folder or socket; leave it out"
            )


def _socket(args: argparse.Namespace, data: str | None) -> Path:
    from heliograph.journal import SOCKET

    if args.socket:
        return Path(args.socket)
    folder = args.data or data
    if folder is None:
        raise errors.UsageError(
            "which server? --data DIR, the folder that 'heliograph serve' was given, or --socket; "
            "or --config FILE with a journal on NATS"
        )
    return Path(folder) / SOCKET

"""``heliograph worker``: a process that runs responses for a server on this machine."""

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
    path = _socket(args, settings.data)
    server.setup_logging(settings.log)
    wanted = [name for names in args.capability for name in names]
    worker = server.Worker(settings, path, capabilities=wanted)

    def announce(running: server.Worker) -> None:
        can = ", ".join(running.engine.capabilities)
        print(f"Heliograph works for {path.parent}: {can}", file=out, flush=True)

    server.run_worker(worker, announce, lifeline=0 if args.supervised else None)
    return 0


def _socket(args: argparse.Namespace, data: str | None) -> Path:
    from heliograph.journal import SOCKET

    if args.socket:
        return Path(args.socket)
    folder = args.data or data
    if folder is None:
        raise errors.UsageError(
            "which server? --data DIR, the folder that 'heliograph serve' was given, or --socket"
        )
    return Path(folder) / SOCKET

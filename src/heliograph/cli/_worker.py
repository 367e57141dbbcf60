"""``heliograph worker``: a process that runs responses for a server on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from heliograph import errors
from heliograph.cli._serve import with_log


def run(args: argparse.Namespace) -> int:
    """Work until a signal. Returns the exit status."""
    try:
        from heliograph import server
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("heliograph"):
            raise
        raise errors.MissingExtra("worker", "local") from None

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
    wanted = [name.strip() for given in args.capability for name in given.split(",")]
    worker = server.Worker(settings, path, capabilities=wanted)

    def announce(running: server.Worker) -> None:
        can = ", ".join(running.engine.capabilities)
        print(f"Heliograph works for {path.parent}: {can}", flush=True)

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

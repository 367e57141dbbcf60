"""``heliograph serve``: the server as a process."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TextIO

import msgspec

from heliograph.cli._extras import needing

if TYPE_CHECKING:
    from heliograph import server


def with_log(settings: server.Settings, args: argparse.Namespace) -> server.Settings:
    """The settings with what the options say of the log."""
    log = {"format": args.log_format, "level": args.log_level}
    log = {name: value for name, value in log.items() if value is not None}
    return msgspec.structs.replace(settings, log=msgspec.structs.replace(settings.log, **log))


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Serve until a signal; options win over the file's values. Returns the exit status."""
    with needing("local", "serve"):
        from heliograph import server

    settings = server.load_settings(args.config) if args.config else server.Settings()
    options = {
        "host": args.host,
        "port": args.port,
        "data": args.data,
        "workers": args.workers,
    }
    told = {name: value for name, value in options.items() if value is not None}
    settings = with_log(msgspec.structs.replace(settings, **told), args)
    server.setup_logging(settings.log)

    def announce(running: server.Server) -> None:
        if isinstance(settings.journal, server.NatsSettings):
            kept = f"journal: {', '.join(settings.journal.servers)}"
        else:
            kept = f"data: {settings.data or 'a temporary folder, erased at the end'}"
        print(f"Heliograph serves {running.url}/v1 ({kept})", file=out, flush=True)

    server.run(settings, announce)
    out.flush()
    return 0

"""``heliograph serve``: the server as a process."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import msgspec

from heliograph import errors

if TYPE_CHECKING:
    from heliograph import server


def with_log(settings: server.Settings, args: argparse.Namespace) -> server.Settings:
    """The settings with what the options say of the log."""
    log = {"format": args.log_format, "level": args.log_level}
    log = {name: value for name, value in log.items() if value is not None}
    return msgspec.structs.replace(settings, log=msgspec.structs.replace(settings.log, **log))


def run(args: argparse.Namespace) -> int:
    """Serve until a signal; options win over the file's values. Returns the exit status."""
    try:
        from heliograph import server
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("heliograph"):
            raise
        raise errors.MissingExtra("serve", "local") from None

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
        kept = settings.data or "a temporary folder, erased at the end"
        print(f"Heliograph serves {running.url}/v1 (data: {kept})", flush=True)

    server.run(settings, announce)
    sys.stdout.flush()
    return 0

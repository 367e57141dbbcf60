"""``heliograph serve``: the server as a process."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import msgspec

from heliograph import errors

if TYPE_CHECKING:
    from heliograph.server import Settings


def _kept(settings: Settings) -> str:
    if not isinstance(settings.journal, str) and hasattr(settings.journal, "servers"):
        return f"journal: {', '.join(settings.journal.servers)}"
    return f"data: {settings.data or 'a temporary folder, erased at the end'}"


def run(args: argparse.Namespace) -> int:
    """Serve until a signal; options win over the file's values. Returns the exit status."""
    try:
        from heliograph import server
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("heliograph"):
            raise
        raise errors.MissingExtra("serve", "local") from None

    settings = server.load_settings(args.config) if args.config else server.Settings()
    options = {"host": args.host, "port": args.port, "data": args.data}
    told = {name: value for name, value in options.items() if value is not None}
    settings = msgspec.structs.replace(settings, **told)
    log = {"format": args.log_format, "level": args.log_level}
    log = {name: value for name, value in log.items() if value is not None}
    settings = msgspec.structs.replace(settings, log=msgspec.structs.replace(settings.log, **log))
    server.setup_logging(settings.log)

    def announce(running: server.Server) -> None:
        print(f"Heliograph serves {running.url}/v1 ({_kept(settings)})", flush=True)

    server.run(settings, announce)
    sys.stdout.flush()
    return 0

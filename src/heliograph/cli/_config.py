"""``heliograph config check``: a configuration file, read as ``serve`` would read it."""

from __future__ import annotations

import argparse
from typing import TextIO

from heliograph import errors
from heliograph.cli._extras import needing


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print what would be served: each model, its kind and who serves it, in the order asked.

    Returns the exit status. Raises ``ConfigError`` for what ``serve`` would refuse; no upstream is
    asked, nothing is opened.
    """
    with needing("local", "config check"):
        from heliograph import server

    file: str = args.file
    settings = server.load_settings(file)
    try:
        settings.check()
        installed = settings.install()
    except errors.ConfigError as error:
        raise errors.ConfigError(f"{file}: {error}") from None
    print(f"{file}: would serve on {settings.host} port {settings.port}", file=out)
    if isinstance(settings.journal, server.NatsSettings):
        print(f"  journal  {', '.join(settings.journal.servers)}", file=out)
        if isinstance(settings.journal.blobs, server.S3Settings):
            print(f"  blobs    {settings.journal.blobs.where(settings.journal.prefix)}", file=out)
    cards = installed.catalog.cards()
    width = max(len(card.id) for card in cards)
    for card in cards:
        who = ", then ".join(installed.servers[card.id])
        print(f"  {card.kind:5}  {card.id:{width}}  {who}", file=out)
    return 0

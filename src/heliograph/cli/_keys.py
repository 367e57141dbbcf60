"""``heliograph keys``: API keys, in a data folder or in the journal on NATS; a running server sees
what changes."""

from __future__ import annotations

import argparse
import re
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TextIO

import msgspec

from heliograph import errors
from heliograph.cli._extras import needing

if TYPE_CHECKING:
    from heliograph import server

_SPAN = re.compile(r"([1-9]\d{0,8})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Do what ``args.verb`` says; returns the exit status.

    A new key goes to ``out`` alone, so that it can be piped on; what is said of it goes to ``err``.
    Raises ``UsageError``, ``ConfigError``.
    """
    with needing("local", "keys"):
        from heliograph import server

    ring = _ring(args)
    if args.verb == "create":
        return _create(ring, args, out, err)
    if args.verb == "import":
        return _import(ring, server.Keyring(args.folder), out)
    if args.verb == "revoke":
        key = ring.revoke(args.id)
        print(f"hg_{key.id} is revoked since {_time(key.revoked)}", file=out)
        return 0
    keys = ring.list()
    if keys or args.json:
        _list(keys, args.json, out)
    else:
        print(f"no keys in {ring.where}: 'heliograph keys create' makes one", file=out)
    return 0


def _ring(args: argparse.Namespace) -> server.Keyring | server.SharedKeyring:
    """Where the keys are."""
    from heliograph import server

    if args.config is None:
        return server.Keyring(args.data)
    settings = server.load_settings(args.config)
    if isinstance(settings.journal, server.NatsSettings):
        return server.SharedKeyring(settings.journal)
    if settings.data is None:
        raise errors.ConfigError(f"{args.config}: it names no 'data' folder to keep keys in")
    return server.Keyring(settings.data)


def _import(
    ring: server.Keyring | server.SharedKeyring, source: server.Keyring, out: TextIO
) -> int:
    from heliograph import server

    if isinstance(ring, server.Keyring):
        raise errors.UsageError("--config: its journal is not on NATS; keys are in its data folder")
    keys = source.list()
    if not keys:
        raise errors.UsageError(f"no keys in {source.where}")
    copied = ring.add(keys)
    print(f"{copied} of {len(keys)} keys copied; {len(keys) - copied} were there", file=out)
    return 0


def _create(
    ring: server.Keyring | server.SharedKeyring, args: argparse.Namespace, out: TextIO, err: TextIO
) -> int:
    key, text = ring.create(
        name=args.name,
        tenant=args.tenant,
        expires=_expires(args.expires, time.time()),
        requests_per_minute=args.requests_per_minute,
        concurrent=args.concurrent,
    )
    print(text, file=out)
    print(
        f"This key is shown once and cannot be shown again. Id: {key.id}; tenant: {key.tenant}; "
        f"expires: {_time(key.expires)}.",
        file=err,
    )
    return 0


def _expires(text: str | None, now: float) -> float | None:
    """Seconds since the epoch. Raises ``UsageError``."""
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + int(span[1]) * _SECONDS[span[2]]
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    except ValueError:
        raise errors.UsageError(
            f"--expires: {text!r} is neither a time from now (90d, 12h, 30m) nor a date "
            "(2027-01-31)"
        ) from None


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _limit(number: int | None) -> str:
    if number is None:
        return "server's"
    return str(number) if number else "none"


_HEAD = ("ID", "STATE", "TENANT", "CREATED (UTC)", "EXPIRES", "PER MINUTE", "AT ONCE", "NAME")


def _list(keys: list[server.Key], as_json: bool, out: TextIO) -> None:
    now = time.time()
    if as_json:
        shown = [
            {name: value for name, value in msgspec.structs.asdict(key).items() if name != "digest"}
            | {"state": key.state(now)}
            for key in keys
        ]
        print(msgspec.json.encode(shown).decode(), file=out)
        return
    rows = [_HEAD] + [
        (
            key.id,
            key.state(now),
            key.tenant,
            _time(key.created),
            _time(key.expires),
            _limit(key.requests_per_minute),
            _limit(key.concurrent),
            key.name,
        )
        for key in keys
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip(), file=out)

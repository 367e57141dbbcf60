"""The server's secret, which its sealed contents are bound to: where it comes from.

``HELIOGRAPH_SECRET`` where it is set (one for every server of a fleet); else the file ``secret`` in
the data folder, made when it is first needed; else one that lives as long as the process.
"""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

from heliograph import errors
from heliograph.engine import MIN_SECRET, Seals

__all__ = ["FILE", "VARIABLE", "seals_of"]

VARIABLE = "HELIOGRAPH_SECRET"
FILE = "secret"

_log = logging.getLogger("heliograph.server")


def seals_of(data: str | None) -> Seals:
    """The seals of a server with this data folder. Raises ``ConfigError`` for a secret in the
    environment or in the folder that is too short, or a file that cannot be read."""
    told = os.environ.get(VARIABLE)
    if told is not None:
        secret = _checked(told.encode(errors="surrogateescape"), f"the variable {VARIABLE}")
        return Seals(lambda: secret)
    if data is None:
        return Seals()
    path = Path(data) / FILE
    if path.exists():
        secret = _read(path)
        return Seals(lambda: secret)
    return Seals(lambda: _made(path))


def _checked(secret: bytes, where: str) -> bytes:
    secret = secret.strip()
    if len(secret) < MIN_SECRET:
        raise errors.ConfigError(
            f"{where} has a secret of {len(secret)} bytes; it takes {MIN_SECRET} at least "
            "('openssl rand -hex 32' makes one)"
        )
    return secret


def _read(path: Path) -> bytes:
    try:
        secret = path.read_bytes()
        if os.name == "posix" and path.stat().st_mode & 0o077:
            _log.warning("others may read %s; run: chmod 600 %s", path, path)
    except OSError as error:
        raise errors.ConfigError(f"{path}: {error.strerror}") from None
    return _checked(secret, str(path))


def _made(path: Path) -> bytes:
    """Make the file, whole or not at all; of several processes that do so at once one wins."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(MIN_SECRET).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
    except OSError as error:
        raise errors.ConfigError(f"{path}: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
    return _read(path)

"""One API key: how it is made, and what is kept of it.

A key is ``hg_<id>_<secret>``: the id is public and finds the key's row, the secret is 256 bits
from the system's generator. Only the secret's SHA-256 is kept. Slow hashes (bcrypt, scrypt,
argon2) exist to make the guessing of *human* passwords dear; nobody guesses 256 random bits,
whatever a guess costs, and each request would pay for the slowness.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Protocol, TypedDict, Unpack

import msgspec

from heliograph import errors

__all__ = [
    "LOOK_SECONDS",
    "STALE_SECONDS",
    "Key",
    "KeyOptions",
    "Watch",
    "digest",
    "make_key",
    "named",
    "parse",
]

LOOK_SECONDS = 0.5
"""How often at most a running server looks whether the keys have changed."""
STALE_SECONDS = 10.0
"""How long a running server goes by the keys it knows while they cannot be read."""

_MAX_NAME = 100
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(rb"hg_([0-9a-f]{12})_([0-9a-f]{64})")
_ID = re.compile(r"(?:hg_)?([0-9a-f]{12})(?:_[0-9a-f]*)?")


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key: all but its secret. Times are seconds since the epoch.

    ``requests_per_minute`` and ``concurrent`` are its own limits, 0 for none, None for the
    server's.
    """

    id: str
    digest: bytes
    name: str
    tenant: str
    created: float
    expires: float | None = None
    revoked: float | None = None
    requests_per_minute: int | None = None
    concurrent: int | None = None

    def state(self, now: float) -> str:
        """``active``, ``revoked`` or ``expired``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


def digest(secret: bytes) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret).digest()


def parse(key: bytes) -> tuple[str, bytes] | None:
    """A key's id and secret; None for what is no key of ours."""
    match = _KEY.fullmatch(key)
    return None if match is None else (match[1].decode(), match[2])


class KeyOptions(TypedDict, total=False):
    """What may be said of a key when it is made, as in ``Key``."""

    name: str
    tenant: str | None
    expires: float | None
    requests_per_minute: int | None
    concurrent: int | None


def make_key(now: float, **options: Unpack[KeyOptions]) -> tuple[Key, str]:
    """A key and its whole text. Its ``tenant`` is ``key-<id>``, its own, unless named.

    Raises ``UsageError`` for a name, a tenant or a time that cannot be.
    """
    name, tenant, expires = options.get("name", ""), options.get("tenant"), options.get("expires")
    if not name.isprintable() or len(name) > _MAX_NAME:
        raise errors.UsageError(f"name: at most {_MAX_NAME} characters on one line")
    if tenant is not None and not _TENANT.fullmatch(tenant):
        raise errors.UsageError(
            f"tenant: {tenant[:80]!r} must be 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first"
        )
    if expires is not None and expires <= now:
        raise errors.UsageError("expires: that time has passed already")
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    key = Key(
        id=key_id,
        digest=digest(secret.encode()),
        name=name,
        tenant=tenant if tenant is not None else f"key-{key_id}",
        created=now,
        expires=expires,
        requests_per_minute=options.get("requests_per_minute"),
        concurrent=options.get("concurrent"),
    )
    return key, f"hg_{key_id}_{secret}"


def named(text: str, keys: list[Key], where: str) -> Key:
    """The key that ``text`` (an id, ``hg_<id>``, a whole key) means.

    Raises ``UsageError`` where there is none.
    """
    match = _ID.fullmatch(text)
    found = {key.id: key for key in keys}.get(match[1]) if match else None
    if found is None:
        raise errors.UsageError(
            f"no key {text[:15]!r} in {where}; 'heliograph keys list' shows all"
        )
    return found


class Watch(Protocol):
    """The stored keys as a running server sees them."""

    required: bool
    """Once keys were seen one is required for good."""

    async def start(self) -> None:
        """See them for the first time. Raises ``JournalError``."""

    def get(self, key_id: str) -> Key | None:
        """A key by its id. Raises ``ServerError`` where they could not be read for long."""

    def look(self) -> None:
        """Take in what has changed. Raises as ``get``."""

    def close(self) -> None:
        """Look no more."""

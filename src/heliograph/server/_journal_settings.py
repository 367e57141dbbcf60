"""Where responses are kept: what the configuration's ``journal`` may say."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from heliograph import journal
from heliograph.server._blob_settings import BlobSettings, NatsBlobSettings, S3Settings, secret

__all__ = ["JournalSettings", "NatsSettings", "SqliteSettings"]

_SCHEMES = ("nats://", "tls://", "ws://", "wss://")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SqliteSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sqlite"
):
    """In the data folder; the same as ``journal = "sqlite"``."""


class NatsSettings(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="nats",
):
    """On NATS JetStream, shared by all servers that name it.

    ``replicas`` 3 survives the loss of a server. ``shards`` can only grow. ``prefix`` begins all
    its streams and subjects. ``monitors`` are the servers' monitoring addresses. Secrets are in the
    environment variables that ``password_env`` and ``token_env`` name, or in the file
    ``credentials``; ``ca`` is a file of certificates. ``blobs`` says where pictures are.
    """

    servers: tuple[str, ...] = ("nats://127.0.0.1:4222",)
    replicas: int = 3
    shards: int = 64
    prefix: str = "heliograph"
    monitors: tuple[str, ...] = ()
    user: str | None = None
    password_env: str | None = None
    token_env: str | None = None
    credentials: str | None = None
    ca: str | None = None
    blobs: BlobSettings = NatsBlobSettings()

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("journal.servers is empty; name at least one, nats://host:4222")
        for server in self.servers:
            if not server.startswith(_SCHEMES):
                raise ValueError(
                    f"journal.servers: an address begins with one of {', '.join(_SCHEMES)}"
                )
            if "@" in server:
                raise ValueError(
                    "journal.servers: no user or password in an address; use journal.user and "
                    "journal.password_env"
                )
        if self.replicas not in (1, 3, 5):
            raise ValueError(f"journal.replicas is {self.replicas}; allowed: 1, 3, 5")
        if not 1 <= self.shards <= 256:
            raise ValueError(f"journal.shards is {self.shards}, not 1 to 256")
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError("journal.prefix: up to 32 letters, digits, _ and -")

    def check(self) -> None:
        """Raises ``ConfigError`` for a variable that is not set, ``MissingExtra``."""
        self.login()
        if isinstance(self.blobs, S3Settings):
            self.blobs.login()

    def login(self) -> journal.Login:
        """Who it is on the servers. Raises ``ConfigError`` for a variable that is not set."""
        return journal.Login(
            user=self.user,
            password=secret("password_env", self.password_env),
            token=secret("token_env", self.token_env),
            credentials=self.credentials,
            ca=self.ca,
        )

    def bucket(self) -> journal.S3Bucket | None:
        """Where the pictures are, None for the nats-servers. Raises as ``journal``."""
        if isinstance(self.blobs, NatsBlobSettings):
            return None
        return self.blobs.at(self.prefix)

    def journal(self) -> journal.NatsJournal:
        """The journal, not yet started. Raises ``ConfigError``, ``MissingExtra``."""
        return journal.NatsJournal(
            self.servers,
            replicas=self.replicas,
            shards=self.shards,
            prefix=self.prefix,
            login=self.login(),
            monitors=self.monitors,
            bucket=self.bucket(),
        )


JournalSettings = Literal["sqlite", "memory"] | SqliteSettings | NatsSettings

"""Where the pictures of a journal on NATS are: what ``journal.blobs`` may say."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import msgspec

from heliograph import errors, journal

__all__ = ["BlobSettings", "NatsBlobSettings", "S3Settings", "secret"]

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*")


class NatsBlobSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="nats"
):
    """In the object store of the nats-servers; the same as no table at all."""


class S3Settings(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="s3",
):
    """In a bucket of S3-compatible object storage, which must be there.

    ``prefix`` begins all keys, and is ``journal.prefix`` where it is not said. ``endpoint`` is the
    storage's address, AWS's own where it is not said. The access key and its secret are in the
    environment variables that ``access_key_env`` and ``secret_key_env`` name; without those they
    are looked for where AWS's own tools look on a server (``AWS_ACCESS_KEY_ID``, a role). ``ca`` is
    a file of certificates.
    """

    bucket: str
    prefix: str | None = None
    endpoint: str | None = None
    region: str | None = None
    access_key_env: str | None = None
    secret_key_env: str | None = None
    ca: str | None = None

    def __post_init__(self) -> None:
        if not _BUCKET.fullmatch(self.bucket):
            raise ValueError(
                "journal.blobs.bucket: the bucket's name alone, 3 to 63 letters, digits, ., _ and -"
            )
        if self.prefix is not None and not _PREFIX.fullmatch(self.prefix):
            raise ValueError(
                "journal.blobs.prefix: letters, digits, ., _, = and -, with / between, not at an "
                "end"
            )
        if self.endpoint is not None:
            _check_endpoint(self.endpoint)
        if (self.access_key_env is None) != (self.secret_key_env is None):
            raise ValueError(
                "journal.blobs.access_key_env and secret_key_env: name both variables, or none"
            )

    def login(self) -> journal.S3Login:
        """Its keys. Raises ``ConfigError`` for a variable that is not set, ``MissingExtra``."""
        return journal.S3Login(
            access_key=secret("blobs.access_key_env", self.access_key_env),
            secret_key=secret("blobs.secret_key_env", self.secret_key_env),
        )

    def where(self, prefix: str) -> str:
        """What to call it, with the journal's ``prefix``."""
        at = "" if self.endpoint is None else f" at {self.endpoint}"
        return f"s3://{self.bucket}/{self.prefix or prefix}{at}"

    def at(self, prefix: str) -> journal.S3Bucket:
        """The bucket, for a journal with ``prefix``. Raises as ``login``."""
        return journal.S3Bucket(
            self.bucket,
            prefix=self.prefix or prefix,
            endpoint=self.endpoint,
            region=self.region,
            login=self.login(),
            ca=self.ca,
        )


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("journal.blobs.endpoint: an address begins with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError(
            "journal.blobs.endpoint: no key in an address; use journal.blobs.access_key_env and "
            "secret_key_env"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(
            "journal.blobs.endpoint: the address alone, https://host; the bucket is "
            "journal.blobs.bucket, and what comes before keys journal.blobs.prefix"
        )


def secret(key: str, variable: str | None) -> str | None:
    """What an environment variable holds. Raises ``ConfigError`` where it is not set."""
    if variable is None:
        return None
    found = os.environ.get(variable, "").strip()
    if not found:
        raise errors.ConfigError(f"journal.{key}: the environment variable {variable} is not set")
    return found


BlobSettings = NatsBlobSettings | S3Settings

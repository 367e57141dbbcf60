"""A bucket of S3-compatible object storage, by obstore: it signs, tries again, uploads in parts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from obstore.exceptions import BaseError
from obstore.store import S3Store

from heliograph import errors
from heliograph.journal import _limits as bounds
from heliograph.journal._bucket import Bucket, BucketFault, MissingObject, Stat
from heliograph.journal._s3 import _limits
from heliograph.journal._s3._faults import Doing, Spot, fault

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

__all__ = ["S3Bucket", "S3Login"]


class S3Login(msgspec.Struct, frozen=True, kw_only=True):
    """An access key, its secret, and the token that temporary ones have.

    What is None is looked for where AWS's own tools look on a server: the variables
    ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and ``AWS_SESSION_TOKEN``, a web identity
    (``AWS_WEB_IDENTITY_TOKEN_FILE``), a container's or pod's role, the machine's own.
    """

    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None


class S3Bucket(Bucket):
    """Objects in ``bucket``, their keys under ``prefix``.

    ``endpoint`` is the address of the storage, ``https://host``; None is what ``AWS_ENDPOINT_URL``
    says, or else AWS itself. ``region`` None is what ``AWS_REGION`` says, or else ``us-east-1``.
    ``ca`` is a file of certificates to trust beside the system's. ``patience``: seconds after
    which a call that failed is not tried again, 30 where it is not said.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str,
        endpoint: str | None = None,
        region: str | None = None,
        login: S3Login | None = None,
        ca: str | Path | None = None,
        patience: float | None = None,
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._patience = _limits.PATIENCE_SECONDS if patience is None else patience
        endpoint = endpoint or _told_endpoint()
        self._config = _config(endpoint, region, login or S3Login())
        self._ca = ca
        self._store: S3Store | None = None
        self._slots = asyncio.Semaphore(_limits.TRANSFERS_AT_ONCE)
        self._spot = Spot(bucket, prefix, endpoint)

    @property
    def where(self) -> str:
        """``s3://bucket/prefix at https://host``."""
        return str(self._spot)

    async def open(self) -> None:
        """Work the settings out; nothing is asked yet. Raises ``ConfigError``."""
        seconds = _limits.CONNECT_SECONDS, _limits.SILENCE_SECONDS, _limits.REQUEST_SECONDS
        connect, silence, request = (timedelta(seconds=each) for each in seconds)
        client: ClientConfig = {
            "allow_http": True,  # where the address says so
            "connect_timeout": connect,
            "read_timeout": silence,
            "timeout": request,
        }
        try:
            if self._ca is not None:
                client["root_certificate"] = await asyncio.to_thread(Path(self._ca).read_bytes)
            self._store = S3Store(
                self._bucket,
                prefix=self._prefix,
                config=self._config,
                client_options=client,
                retry_config={
                    "max_retries": _limits.TRIES,
                    "retry_timeout": timedelta(seconds=self._patience),
                    "backoff": {"max_backoff": timedelta(seconds=_limits.MOST_BACKOFF_SECONDS)},
                },
            )
        except (BaseError, OSError, ValueError) as exc:
            raise errors.ConfigError(f"journal.blobs: {str(exc).splitlines()[0]}") from exc

    def close(self) -> None:
        """See ``Bucket.close``."""
        self._store = None

    @asynccontextmanager
    async def _asking(self, doing: Doing, key: str) -> AsyncIterator[S3Store]:
        """The store, for one call; what it raises becomes ``BucketFault``, ``MissingObject``."""
        async with self._slots:
            if self._store is None:
                raise errors.JournalError("the journal is not open")
            try:
                yield self._store
            except (BaseError, OSError, ValueError) as exc:
                raise fault(exc, doing, key, self._spot) from exc

    async def put(self, key: str, data: bytes) -> None:
        """See ``Bucket.put``."""
        async with self._asking("put", key) as store:
            await store.put_async(
                key,
                data,
                use_multipart=len(data) > _limits.PART_BYTES,
                chunk_size=_limits.PART_BYTES,
                max_concurrency=_limits.PARTS_AT_ONCE,
            )

    async def get(self, key: str) -> bytes:
        """See ``Bucket.get``."""
        async with self._asking("get", key) as store:
            found = await store.get_async(key)
            if found.meta["size"] > bounds.MAX_BLOB_BYTES:
                raise BucketFault(
                    f"{key} in {self.where} has {found.meta['size']} bytes, more than any blob "
                    f"(MAX_BLOB_BYTES is {bounds.MAX_BLOB_BYTES})"
                )
            return (await found.bytes_async()).to_bytes()

    async def stat(self, key: str) -> Stat | None:
        """See ``Bucket.stat``."""
        with suppress(MissingObject):
            async with self._asking("get", key) as store:
                found = await store.head_async(key)
                return Stat(found["size"], found["last_modified"].timestamp())
        return None

    async def delete(self, key: str) -> None:
        """See ``Bucket.delete``."""
        with suppress(MissingObject):
            async with self._asking("delete", key) as store:
                await store.delete_async(key)


def _told_endpoint() -> str | None:
    """What the variables say; the library would read them too, and not tell."""
    said = (os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    return next(filter(None, said), None)


def _config(endpoint: str | None, region: str | None, login: S3Login) -> S3Config:
    """``DeleteObjects``, by which the library would erase, is not known to every storage."""
    config: S3Config = {"disable_bulk_delete": True}
    if endpoint is not None:
        config["aws_endpoint_url_s3"] = endpoint.rstrip("/")
    if region is not None:
        config["region"] = region
    if login.access_key is not None:
        config["access_key_id"] = login.access_key
    if login.secret_key is not None:
        config["secret_access_key"] = login.secret_key
    if login.session_token is not None:
        config["session_token"] = login.session_token
    return config

"""A bucket on a real server: whole objects, signed requests, refusals that say what to change."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from tests.s3_server import KEYS, Seaweed, bucket_at

from heliograph import errors
from heliograph.journal import S3Bucket, S3Login
from heliograph.journal._bucket import BucketFault, MissingObject
from heliograph.journal._s3 import _limits

pytestmark = pytest.mark.s3


@pytest.mark.parametrize("size", [0, 1, _limits.PART_BYTES, _limits.PART_BYTES + 1, 23_000_000])
async def test_what_was_put_comes_back(bucket: S3Bucket, size: int) -> None:
    data = os.urandom(size)
    await bucket.put("one", data)
    assert await bucket.get("one") == data
    known = await bucket.stat("one")
    assert known is not None
    assert known.size == size
    assert known.modified is not None
    assert abs(known.modified - time.time()) < 60
    await bucket.put("one", b"another")
    assert await bucket.get("one") == b"another"


async def test_what_was_erased_is_gone_and_may_be_erased_again(bucket: S3Bucket) -> None:
    await bucket.put("one", b"x")
    for _ in range(2):
        await bucket.delete("one")
        assert await bucket.stat("one") is None
        with pytest.raises(MissingObject, match="one is missing in s3://pictures/test-"):
            await bucket.get("one")


async def test_many_at_once(bucket: S3Bucket) -> None:
    many = {f"{i}": os.urandom(1000 + i) for i in range(3 * _limits.TRANSFERS_AT_ONCE)}
    await asyncio.gather(*(bucket.put(key, data) for key, data in many.items()))
    assert await asyncio.gather(*map(bucket.get, many)) == list(many.values())


@pytest.mark.parametrize(
    ("login", "says"),
    [
        (
            S3Login(access_key="app", secret_key="wrong"),
            "secret does not fit .* AWS_SECRET_ACCESS_KEY.* journal.blobs.access_key_env",
        ),
        (S3Login(access_key="nobody", secret_key="x"), "access key is not known there"),
        (
            KEYS["reader"],
            "may not put; allow it s3:PutObject on arn:aws:s3:::pictures/test-[0-9a-f]+/",
        ),
    ],
)
async def test_who_may_not_is_refused(storage: Seaweed, login: S3Login, says: str) -> None:
    refused = bucket_at(storage, login=login)
    await refused.open()
    began = time.monotonic()
    with pytest.raises(BucketFault, match=says) as told:
        await refused.put("one", b"x")
    assert not told.value.away
    assert time.monotonic() - began < _limits.PATIENCE_SECONDS / 2  # it is no use to try again


async def test_a_reader_may_read_and_not_erase(storage: Seaweed, bucket: S3Bucket) -> None:
    await bucket.put("one", b"x")
    reader = bucket_at(storage, login=KEYS["reader"], prefix=bucket._prefix)
    await reader.open()
    assert await reader.get("one") == b"x"
    with pytest.raises(BucketFault, match="may not delete; allow it s3:DeleteObject"):
        await reader.delete("one")
    assert await bucket.get("one") == b"x"


async def test_a_bucket_that_is_not_there(storage: Seaweed) -> None:
    nowhere = bucket_at(storage)
    nowhere._bucket = "nowhere"
    await nowhere.open()
    with pytest.raises(BucketFault, match=r"no such bucket; make it, or set journal\.blobs"):
        await nowhere.get("one")


async def test_keys_from_the_environment(storage: Seaweed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "app")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "app-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", storage.url)
    made = bucket_at(storage, login=None, endpoint=None)
    await made.open()
    assert made.where.endswith(f" at {storage.url}")
    await made.put("one", b"x")
    assert await made.get("one") == b"x"


async def test_a_bucket_that_is_not_open(bucket: S3Bucket) -> None:
    bucket.close()
    with pytest.raises(errors.JournalError, match="not open"):
        await bucket.get("one")

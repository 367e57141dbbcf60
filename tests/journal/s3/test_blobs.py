"""A journal on NATS with its blobs in S3: what it makes of a bucket that others reach too."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.journal.support import Clock, entry, frames, started
from tests.nats_servers import cluster, nats_journal
from tests.s3_server import KEYS, Seaweed, bucket_at

from heliograph import errors
from heliograph.journal import Entry, NatsJournal, S3Bucket
from heliograph.journal._bucket import BucketFault
from heliograph.journal._s3 import _limits

pytestmark = pytest.mark.s3

Open = Callable[[S3Bucket | None], Awaitable[NatsJournal]]


async def fresh(journal: NatsJournal, sha256: str) -> bytes:
    """As a process sees it that has not kept it."""
    journal._parts.blobs._cache.clear()
    return await journal.blobs.get(sha256)


async def test_a_blob_is_an_object_by_its_digest(open_journal: Open, bucket: S3Bucket) -> None:
    journal = await open_journal(bucket)
    sha256 = await journal.blobs.put(b"picture")
    assert await bucket.get(sha256) == b"picture"
    assert await journal._parts.inside.stat(sha256) is None


async def test_what_is_too_large_for_a_message_is_an_object_too(
    open_journal: Open, bucket: S3Bucket
) -> None:
    journal = await open_journal(bucket)
    lease = await started(journal)
    large = Entry(os.urandom(2_000_000))
    await journal.append(lease, 0, [large])
    tip = await journal._parts.logs.tip("r")
    assert tip is not None
    assert len(await bucket.get(tip.record.overflow)) > len(large.data)
    await journal.finish(lease, 1, [], Entry(b"end"))
    journal._parts.blobs._cache.clear()
    assert [frame.entries for frame in await frames(journal)] == [(large,)]


async def test_a_damaged_object_is_an_error_and_never_a_picture(
    open_journal: Open, bucket: S3Bucket
) -> None:
    journal = await open_journal(bucket)
    sha256 = await journal.blobs.put(b"picture")
    for wrong in (b"another", b"", b"picture!"):
        await bucket.put(sha256, wrong)
        with pytest.raises(errors.JournalError, match=f"blob {sha256} is damaged"):
            await fresh(journal, sha256)


async def test_an_object_that_others_erased_is_told_and_comes_back_when_put_again(
    open_journal: Open, bucket: S3Bucket
) -> None:
    journal = await open_journal(bucket)
    sha256 = await journal.blobs.put(b"picture")
    await bucket.delete(sha256)
    with pytest.raises(errors.JournalError, match=f"blob {sha256} is missing"):
        await fresh(journal, sha256)
    assert await journal.blobs.put(b"picture") == sha256
    assert await fresh(journal, sha256) == b"picture"
    await bucket.put(sha256, b"cut")
    await journal.blobs.put(b"picture")
    assert await fresh(journal, sha256) == b"picture"


async def test_many_readers_of_one_blob_make_one_request(
    open_journal: Open, bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await open_journal(bucket)
    sha256 = await journal.blobs.put(b"picture")
    journal._parts.blobs._cache.clear()
    asked = []
    get = bucket.get

    async def counting(key: str) -> bytes:
        asked.append(key)
        return await get(key)

    monkeypatch.setattr(bucket, "get", counting)
    readers = [asyncio.create_task(journal.blobs.get(sha256)) for _ in range(50)]
    await asyncio.sleep(0)
    for left in readers[:10]:  # the first among them
        left.cancel()
    assert set(await asyncio.gather(*readers[10:])) == {b"picture"}
    assert asked == [sha256]


async def test_erased_with_the_last_that_refers_to_it(
    open_journal: Open, bucket: S3Bucket, clock: Clock
) -> None:
    one, other = await open_journal(bucket), await open_journal(bucket)
    sha256 = await one.blobs.put(b"shared")
    for name, journal in (("r1", one), ("r2", other)):
        lease = await started(journal, name)
        await journal.append(lease, 0, [entry(0, sha256)])
        await journal.finish(lease, 1, [], Entry(b"end"))
    clock.advance(10_000)
    await one.delete("t", "r1")
    await one.expire()
    assert await bucket.get(sha256) == b"shared"
    await other.delete("t", "r2")
    clock.advance(3600)
    await one.expire()
    assert await bucket.stat(sha256) is None


async def test_two_servers_begin_at_once(
    open_journal: Open, storage: Seaweed, caplog: pytest.LogCaptureFixture
) -> None:
    prefix = "begun-at-once"
    with caplog.at_level(logging.WARNING):
        one, other = await asyncio.gather(
            *(open_journal(bucket_at(storage, prefix=prefix)) for _ in range(2))
        )
    assert not caplog.records
    assert await other.blobs.get(await one.blobs.put(b"picture")) == b"picture"


async def test_pictures_of_before_are_still_read(open_journal: Open, bucket: S3Bucket) -> None:
    before = await open_journal(None)
    old, again = await before.blobs.put(b"old"), await before.blobs.put(b"again")
    journal = await open_journal(bucket)
    assert await journal.blobs.get(old) == b"old"
    await journal.blobs.put(b"again")
    assert await bucket.get(again) == b"again"
    assert await bucket.stat(old) is None
    # A server that has not been told yet is refused at its next start.
    with pytest.raises(errors.JournalError, match=r"are in s3://pictures/.*\[journal\.blobs\]"):
        await open_journal(None)


async def test_pictures_of_before_are_erased_when_their_time_comes(
    open_journal: Open, bucket: S3Bucket, clock: Clock
) -> None:
    before = await open_journal(None)
    old = await before.blobs.put(b"old")
    journal = await open_journal(bucket)
    clock.advance(10_000)
    await journal.expire()
    assert await journal._parts.inside.stat(old) is None


async def test_another_bucket_is_refused_until_it_has_a_copy(
    open_journal: Open, bucket: S3Bucket, storage: Seaweed
) -> None:
    journal = await open_journal(bucket)
    sha256 = await journal.blobs.put(b"picture")
    moved = bucket_at(storage)
    with pytest.raises(errors.JournalError, match=r"set journal\.blobs back, or copy all objects"):
        await open_journal(moved)
    for key in ("journal", sha256):
        await moved.put(key, await bucket.get(key))
    after = await open_journal(moved)
    assert await after.blobs.get(sha256) == b"picture"


async def test_the_place_of_another_journal_is_refused(
    open_journal: Open, bucket: S3Bucket
) -> None:
    await bucket.put("journal", b"of another")
    with pytest.raises(errors.JournalError, match=r"another journal.* set journal\.blobs\.prefix"):
        await open_journal(bucket)
    assert await bucket.get("journal") == b"of another"


async def test_a_bucket_that_lost_its_mark_is_warned_of(
    open_journal: Open, bucket: S3Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await open_journal(bucket)
    await journal.blobs.put(b"picture")
    mark = await bucket.get("journal")
    await bucket.delete("journal")
    await open_journal(bucket)
    assert "does a lifecycle rule erase there?" in caplog.text
    assert await bucket.get("journal") == mark


async def test_a_key_that_may_not_is_refused_at_the_start(
    open_journal: Open, storage: Seaweed
) -> None:
    with pytest.raises(BucketFault, match="s3:PutObject"):
        await open_journal(bucket_at(storage, login=KEYS["reader"]))


# -- away


async def test_what_is_put_while_the_storage_stands_still_waits_for_it(
    open_journal: Open, own_storage: Seaweed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_limits, "SILENCE_SECONDS", 0.5)
    bucket = bucket_at(own_storage)
    journal = await open_journal(bucket)
    own_storage.signal(signal.SIGSTOP)
    putting = asyncio.create_task(journal.blobs.put(b"picture"))
    await asyncio.sleep(1.0)
    assert not putting.done()
    own_storage.signal(signal.SIGCONT)
    sha256 = await putting
    assert await fresh(journal, sha256) == b"picture"


async def test_what_is_put_while_the_storage_is_down_is_an_error_in_time_and_goes_later(
    open_journal: Open, own_storage: Seaweed, caplog: pytest.LogCaptureFixture
) -> None:
    bucket = bucket_at(own_storage, patience=0.3)
    journal = await open_journal(bucket)
    kept = await journal.blobs.put(b"kept")
    own_storage.stop()
    with pytest.raises(BucketFault, match="nothing listens there") as told:
        await journal.blobs.put(b"picture")
    assert told.value.away
    with pytest.raises(errors.JournalError, match="nothing listens there"):
        await fresh(journal, kept)
    # What has no picture goes on, at a server that begins now as well.
    other = await open_journal(bucket_at(own_storage, prefix=bucket._prefix, patience=0.3))
    assert "pictures cannot be stored or shown for now" in caplog.text
    lease = await started(other)
    await other.append(lease, 0, [entry(0)])
    own_storage.start()
    sha256 = await journal.blobs.put(b"picture")
    assert await fresh(journal, sha256) == b"picture"
    assert await fresh(other, kept) == b"kept"


async def test_what_cannot_be_erased_now_is_erased_later(
    open_journal: Open, own_storage: Seaweed, clock: Clock
) -> None:
    bucket = bucket_at(own_storage, patience=0.3)
    journal = await open_journal(bucket)
    sha256 = await journal.blobs.put(b"picture")
    clock.advance(10_000)
    own_storage.stop()
    with pytest.raises(errors.JournalError, match="nothing listens there"):
        await journal.expire()
    own_storage.start()
    await journal.expire()
    assert await bucket.stat(sha256) is None


# -- heliograph doctor


async def test_doctor_tries_it_and_leaves_nothing(open_journal: Open, bucket: S3Bucket) -> None:
    journal = nats_journal(1, Clock(), bucket)
    found, _ = await journal.examine()  # before there is anything
    told = {one.what: one for one in found}
    assert told["blobs"].status == "ok", told
    assert "256 kB are put in" in told["blobs"].said
    assert await bucket.stat("journal") is None
    assert told["blobs clock"].status == "warning"  # the test's clock is at 1970
    assert "behind the storage's, which refuses" in told["blobs clock"].said
    await open_journal(bucket)
    by_now = NatsJournal(cluster(1).urls, replicas=1, shards=2, prefix="hg", bucket=bucket)
    found, _ = await by_now.examine()
    told = {one.what: one for one in found}
    assert (told["blobs"].status, told["blobs clock"].status) == ("ok", "ok"), told
    assert [one["path"] for one in bucket._store.list().collect()] == ["journal"]  # type: ignore


@pytest.mark.parametrize("wrong", ["key", "bucket", "address", "inside", "other"])
async def test_doctor_says_what_is_wrong(
    open_journal: Open, bucket: S3Bucket, storage: Seaweed, wrong: str
) -> None:
    first = await open_journal(bucket)
    await first.blobs.put(b"x")
    here: S3Bucket | None = bucket_at(storage, prefix=bucket._prefix)
    says = {"key": "s3:PutObject", "inside": "say so in [journal.blobs]"}
    if wrong == "key":
        here = bucket_at(storage, login=KEYS["reader"], prefix=bucket._prefix)
    elif wrong == "bucket":
        here._bucket, says[wrong] = "nowhere", "journal.blobs.bucket"  # type: ignore[union-attr]
    elif wrong == "address":
        here = bucket_at(storage, endpoint="http://127.0.0.1:1", patience=0.1)
        says[wrong] = "journal.blobs.endpoint"
    elif wrong == "inside":
        here = None
    else:
        here, says[wrong] = bucket_at(storage), "copy all objects"
    found, _ = await nats_journal(1, Clock(), here).examine()
    told = {one.what: one for one in found}
    assert told["blobs"].status == "failed"
    assert says[wrong] in told["blobs"].said

"""A data folder with every kind of response in it, as a server that was killed has left it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.contract.journal.support import Clock, claim, entries, entry, new

from heliograph.journal import Entry, Journal, SqliteJournal

KEEP = 7 * 24 * 3600.0
PICTURES = [b"one picture" * 1000, b"another" * 1000, b"a third" * 300_000, b"of a request"]


async def ended(journal: Journal, clock: Clock, response_id: str, **more: object) -> None:
    """Taken over once, handed over once; a picture in its log, one in its end."""
    shown, final = [await journal.blobs.put(PICTURES[i]) for i in (0, 1)]
    opening = (entry(0), entry(1))
    more = {"expires_in": KEEP, "claim_as": "first", "claim_seconds": 10.0, **more}
    lease = (await journal.create(new(response_id, opening=opening, **more))).lease  # type: ignore[arg-type]
    assert lease is not None
    await journal.append(lease, 2, [entry(2, shown)])
    clock.advance(20)
    lease = await claim(journal, "taker")
    assert lease.response_id == response_id
    for first in range(3, 30, 3):
        await journal.append(lease, first, entries(first, 3))
    await journal.release(lease)
    lease = await claim(journal, "last")
    noted = Entry(b'{"sequence_number":30}', note=b"how it was made")
    snapshot = Entry(b'{"the":"end"}', entry(0, final).blobs)
    await journal.finish(lease, 30, [noted, entry(31)], snapshot)


async def fill(journal: Journal, clock: Clock) -> list[tuple[str, str]]:
    """Tenants and ids of what can be found there."""
    await ended(journal, clock, "old", expires_in=60.0)
    await ended(journal, clock, "forgotten", idempotency_key="old", body_digest="d")
    clock.advance(25 * 3600)
    await ended(journal, clock, "done", idempotency_key="k", body_digest="digest")
    await ended(journal, clock, "gone")
    await journal.delete("t", "gone")
    context = entry(7, await journal.blobs.put(PICTURES[3]))
    large = await journal.blobs.put(PICTURES[2])
    await journal.create(new("large", "u", request=b"x" * 2_000_000, context=context))
    lease = await claim(journal)
    await journal.append(lease, 0, [Entry(b"y" * 1_500_000), entry(1, large)])
    await journal.append(lease, 2, entries(2, 700))
    await journal.finish(lease, 702, [], Entry(b"z" * 1_200_000))
    await journal.create(new("running", idempotency_key="k2", body_digest="d"))
    lease = await claim(journal, "killed")
    await journal.append(lease, 0, [entry(0, large)])
    clock.advance(20)
    lease = await claim(journal, "killed too")
    await journal.append(lease, 1, entries(1, 5))
    clock.advance(0.5)
    await journal.create(new("claimed", claim_as="me", claim_seconds=5, opening=(entry(0),)))
    await journal.cancel("t", "claimed")
    clock.advance(0.5)
    await journal.create(new("released", "u"))
    clock.advance(0.5)
    await journal.create(new("never", "u"))
    lease = await claim(journal)
    await journal.append(lease, 0, entries(0, 2))
    await journal.release(lease)
    for number in range(6):
        clock.advance(0.5)
        more = {"background": True, "claim_within": 600.0} if number % 2 else {}
        await journal.create(new(f"queued{number}", opening=(entry(0),), **more))
    names = "done forgotten running claimed queued0 queued1 queued2 queued3 queued4 queued5"
    return [("t", name) for name in names.split()] + [
        ("u", name) for name in ("large", "released", "never")
    ]


async def site(folder: Path, clock: Clock) -> list[tuple[str, str]]:
    """Fills ``folder``, which looks as if the process had been killed: with its write-ahead log."""
    alive = folder.with_name("alive")
    journal = SqliteJournal(alive, clock)
    await journal.start()
    found = await fill(journal, clock)
    shutil.copytree(alive, folder)
    await journal.stop()
    return found

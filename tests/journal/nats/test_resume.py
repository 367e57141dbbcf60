"""Who resumes deep in a long log gets what follows, and does not read what it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing

from tests.contract.journal.support import Seen, check_log, claim, entries, entry, new

from heliograph.journal import Entry, NatsJournal

Open = Callable[..., Awaitable[NatsJournal]]

COUNT = 1500


async def test_a_resume_anywhere_reads_little_and_misses_nothing(open_journal: Open) -> None:
    """Two logs in one stream, with frames of one to four."""
    writer = await open_journal()
    for name in ("r", "other"):
        await writer.create(new(name))
    leases = {lease.response_id: lease for lease in [await claim(writer), await claim(writer)]}
    first = 0
    while first < COUNT:
        size = 1 + first % 4
        for name in ("other", "r", "other") if first % 3 else ("r",):
            following = writer._owners.held[name].tip.record.last_seq + 1
            await writer.append(leases[name], following, entries(following, size))
        first += size
    last = first
    await writer.finish(leases["r"], last, [entry(last)], Entry(b"end"))
    cost = {}
    for after in (-1, 0, 1, 254, 255, 256, 257, 700, 1001, last - 2, last - 1, last):
        reader = await open_journal()
        before = reader._wire.client.stats["in_bytes"]
        seen = Seen(after)
        async with aclosing(reader.read("t", "r", after)) as frames:
            async for frame in frames:
                seen.add(frame)
        check_log(seen.data, after + 1, last)
        cost[after] = reader._wire.client.stats["in_bytes"] - before
    assert cost[last - 2] < cost[-1] / 3

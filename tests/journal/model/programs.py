"""What the processes of the model do: the journal's own calls, as a server would make them."""

from __future__ import annotations

from tests.journal.model.broker import Request
from tests.journal.model.process import ask, note

from heliograph import errors
from heliograph.journal import Entry, Lease, NewResponse
from heliograph.journal._counts import Counts
from heliograph.journal._following import follow
from heliograph.journal._nats._claims import Claims
from heliograph.journal._nats._creating import Creating
from heliograph.journal._nats._erasing import Erasing
from heliograph.journal._nats._feeds import Feeds
from heliograph.journal._nats._owners import Owners
from heliograph.journal._nats._parts import Parts
from heliograph.journal._nats._records import Record, unpack
from heliograph.journal._nats._sweeper import Sweeper
from heliograph.journal._tails import Tail

__all__ = ["RESPONSE", "TENANT", "creator", "deleter", "reader", "sweeper", "worker"]

RESPONSE, TENANT = "r", "t"
LEASE = 10.0


async def creator(parts: Parts) -> None:
    """A gateway that takes a request."""
    new = NewResponse(response_id=RESPONSE, tenant=TENANT, request=b"{}")
    await Creating(parts, Owners(parts)).create(new)
    await note("created")


def worker(entries: int, *, claims: bool = False, releases: bool = False):
    """Claims (or takes the request itself), writes until there are ``entries``, ends."""

    async def program(parts: Parts) -> None:
        owners = Owners(parts)
        if claims:
            new = NewResponse(
                response_id=RESPONSE,
                tenant=TENANT,
                request=b"{}",
                claim_as="w",
                claim_seconds=LEASE,
            )
            lease = (await Creating(parts, owners).create(new)).lease
            await note("created")
        else:
            looks = Claims(parts, owners)
            lease = None
            while lease is None:
                lease = await looks.look("w", ["*"], LEASE)
        assert lease is not None
        try:
            await _run(owners, lease, entries, releases)
        except errors.Fenced:
            await note("fenced", lease.epoch)

    return program


async def _run(owners: Owners, lease: Lease, entries: int, releases: bool) -> None:
    seq = lease.last_seq + 1
    while seq < entries:
        data = b"%d:%d" % (lease.epoch, seq)
        await owners.append(lease, seq, [Entry(data)])
        await note("acknowledged", lease.epoch, seq, data)
        seq += 1
        if releases:
            await owners.release(lease)
            return
    data = b"%d:end" % lease.epoch
    await owners.finish(lease, seq, [Entry(data)], Entry(b"snapshot"))
    await note("acknowledged", lease.epoch, seq, data)


async def sweeper(parts: Parts) -> None:
    """One look at every open response."""
    look = Sweeper(parts, Owners(parts), Counts())
    for response_id, _ in await look.lapsed():
        await look.put_right(response_id)


async def deleter(parts: Parts) -> None:
    """Somebody deletes the response, ended or not."""
    done = await Erasing(parts, Owners(parts)).delete(RESPONSE, lambda last: last.tenant == TENANT)
    if done:
        await note("deleted")


class _Changed:
    """A tail's ``changed`` that waits for what the model lets it hear."""

    def __init__(self, feeds: Feeds, tail: Tail) -> None:
        self.count = 0
        self._feeds = feeds
        self._tail = tail

    def wake(self) -> None:
        self.count += 1

    async def wait(self, seen: int) -> None:
        while self.count == seen:
            heard = await ask(Request("HEAR"))
            if heard:
                self._feeds._take(RESPONSE, self._tail, unpack(heard, Record), len(heard))
            else:
                await self._feeds._compare("hg", [RESPONSE])


class _ModelFeeds(Feeds):
    """Feeds whose subscription is the model's."""

    def _added(self, response_id: str) -> None:
        tail = self._tails[response_id]
        tail.changed = _Changed(self, tail)  # type: ignore[assignment]

    def _removed(self, response_id: str) -> None:
        """Nothing to give back."""


async def reader(parts: Parts) -> None:
    """Follows a response from its beginning to its end."""
    feeds = _ModelFeeds(parts.wire, parts.names, Counts(), lambda *_: None)
    following = feeds.follow(RESPONSE, reads=True)
    try:
        async for frame in follow(following, parts.logs.page, lambda: None, TENANT, RESPONSE, -1):
            for place, entry in enumerate(frame.entries):
                await note("read", frame.first + place, entry.data)
    except errors.UnknownResponse:
        await note("unknown")
    else:
        await note("read all")

"""What the pieces of one journal share."""

from __future__ import annotations

from collections.abc import Callable

from heliograph.journal._base import Clock
from heliograph.journal._bucket import Bucket, TwoBuckets
from heliograph.journal._nats._blob_home import check_inside, settle
from heliograph.journal._nats._blobs import NatsBlobs
from heliograph.journal._nats._bucket import NatsBucket
from heliograph.journal._nats._kept import Kept
from heliograph.journal._nats._lives import Lives
from heliograph.journal._nats._logs import Logs
from heliograph.journal._nats._names import Names
from heliograph.journal._nats._queue import Queue
from heliograph.journal._nats._wire import Wire

__all__ = ["Parts"]


class Parts:
    """``gone`` is called with the id of each response that is erased here."""

    def __init__(
        self,
        wire: Wire,
        names: Names,
        clock: Clock,
        replicas: int,
        gone: Callable[[str], None],
        bucket: Bucket | None = None,
    ) -> None:
        self.wire = wire
        self.names = names
        self.clock = clock
        self.gone = gone
        self.blobs = NatsBlobs(wire, names, clock)
        self.kept = Kept(wire, names, clock)
        self.logs = Logs(wire, names, self.blobs)
        self.lives = Lives(wire, names, clock)
        self.queue = Queue(wire, names, replicas)
        self.inside = NatsBucket(wire, names, replicas, make=bucket is None)
        self.outside = bucket

    async def open_blobs(self) -> None:
        """Open what has the blobs. Raises ``JournalError`` where that is not what it was.

        What was stored before there was a bucket outside is still read inside.
        """
        if self.outside is None:
            await check_inside(self.wire, self.names)
            await self.inside.open()
            self.blobs.open(self.inside)
        else:
            both = TwoBuckets(self.outside, self.inside)
            await both.open()
            await settle(self.wire, self.names, self.outside)
            self.blobs.open(both)

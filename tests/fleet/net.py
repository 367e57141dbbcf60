"""Ways between the parts of a fleet, over loopback, that can be cut as a network is.

Each way is a port that passes bytes on to one port of its target. What is said across a cut is held
back, not lost, and comes through once it is healed, as TCP sends again what was not acknowledged;
nobody is told that anything is wrong, a connection's end included. A connection that begins across
a cut does not come about before it is healed, whichever direction is cut. This needs no privileges
of anybody.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

T = TypeVar("T")

_READ = 65536
_CALL_SECONDS = 10.0


class Net:
    """A context manager; carries the bytes in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="net")
        self._open: dict[tuple[str, str], asyncio.Event] = {}
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_SECONDS)

    def way(self, source: str, target: str, port: int) -> int:
        """The port at which ``source`` reaches what ``target`` has at ``port``."""
        return self._call(self._way(source, target, port))

    def cut(
        self,
        side: Collection[str],
        others: Collection[str],
        *,
        hears: bool = False,
        heard: bool = False,
    ) -> None:
        """Part ``side`` from ``others``; it may go on to hear them, or to be heard by them."""
        self._call(self._set(side, others, hears=hears, heard=heard))

    def heal(self) -> None:
        """All is well again, and what was held back comes through."""
        everyone = {name for pair in self._open for name in pair}
        self._call(self._set(everyone, everyone, hears=True, heard=True))

    async def _set(
        self, side: Collection[str], others: Collection[str], *, hears: bool, heard: bool
    ) -> None:
        for (speaker, listener), gate in self._open.items():
            if speaker in side and listener in others:
                _let(gate, heard)
            elif speaker in others and listener in side:
                _let(gate, hears)

    def _gate(self, speaker: str, listener: str) -> asyncio.Event:
        if (speaker, listener) not in self._open:
            gate = self._open[speaker, listener] = asyncio.Event()
            gate.set()
        return self._open[speaker, listener]

    async def _way(self, source: str, target: str, port: int) -> int:
        out, back = self._gate(source, target), self._gate(target, source)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            ends = [writer]
            try:
                await out.wait()
                await back.wait()
                far_reader, far = await asyncio.open_connection("127.0.0.1", port)
                ends.append(far)
                await asyncio.gather(_pump(reader, far, out), _pump(far_reader, writer, back))
            except (OSError, asyncio.CancelledError):
                pass
            finally:
                self._tasks.discard(task)
                for end in ends:
                    end.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _let(gate: asyncio.Event, opened: bool) -> None:
    if opened:
        gate.set()
    else:
        gate.clear()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
) -> None:
    with suppress(OSError):
        while data := await reader.read(_READ):
            await gate.wait()
            writer.write(data)
            await writer.drain()
    await gate.wait()
    writer.close()

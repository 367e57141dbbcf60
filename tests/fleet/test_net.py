"""The tests' own network: what a cut lets through, and what comes after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.fleet.net import Net

End = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SHORT = 0.2


@asynccontextmanager
async def joined(net: Net) -> AsyncIterator[tuple[End, End, asyncio.Queue[End], int]]:
    """A connection from ``a`` to ``b`` and its two ends; what else arrives at ``b``; the port."""
    arrived: asyncio.Queue[End] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await arrived.put((reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        port = net.way("a", "b", server.sockets[0].getsockname()[1])
        near = await asyncio.open_connection("127.0.0.1", port)
        far = await arrived.get()
        yield near, far, arrived, port
        for _, writer in (near, far):
            writer.transport.abort()


async def gets(end: End, expected: bytes) -> None:
    async with asyncio.timeout(10):
        assert await end[0].readexactly(len(expected)) == expected


async def gets_nothing(end: End) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SHORT):
            assert await end[0].read(1) is None


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize(("hears", "heard"), [(False, False), (True, False), (False, True)])
async def test_a_cut_holds_back_what_is_said_across_it(side: str, hears: bool, heard: bool) -> None:
    with Net() as net:
        async with joined(net) as (near, far, arrived, port):
            inner, outer = (near, far) if side == "a" else (far, near)
            net.cut({side}, {"a", "b"} - {side}, hears=hears, heard=heard)
            inner[1].write(b"in")
            outer[1].write(b"out")
            for end, word, passes in ((outer, b"in", heard), (inner, b"out", hears)):
                await (gets(end, word) if passes else gets_nothing(end))
            late = await asyncio.open_connection("127.0.0.1", port)
            late[1].write(b"late")
            await asyncio.sleep(SHORT)
            assert arrived.empty()
            net.heal()
            for end, word, passed in ((outer, b"in", heard), (inner, b"out", hears)):
                if not passed:
                    await gets(end, word)
            other = await arrived.get()
            await gets(other, b"late")
            for _, writer in (late, other):
                writer.transport.abort()


async def test_an_end_is_not_told_across_a_cut() -> None:
    with Net() as net:
        async with joined(net) as (near, far, _, _):
            net.cut({"a"}, {"b"})
            near[1].transport.abort()
            await gets_nothing(far)
            net.heal()
            async with asyncio.timeout(10):
                assert await far[0].read(1) == b""


async def test_others_are_not_cut() -> None:
    with Net() as net:
        async with joined(net) as (near, far, _, _):
            net.cut({"a"}, {"c"})
            near[1].write(b"heard")
            await gets(far, b"heard")

"""Connections to the very address that was checked.

A name is looked up once for each connection, all its addresses are checked, and the socket is
opened to one of them: no second look-up, which could answer something else (DNS rebinding). The
name stays what TLS and ``Host`` say.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import httpcore2

from heliograph.providers.fetch._addresses import why_not_public
from heliograph.providers.fetch._hosts import Place, Unfit

__all__ = ["Address", "Lookup", "Pinned", "Resolve"]

_log = logging.getLogger("heliograph.fetch")

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a name and port, best first. Raises ``OSError``."""


class Lookup:
    """The system's resolver, in threads of its own: a name that hangs holds up no other work."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="heliograph-fetch")

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [ipaddress.ip_address(entry[4][0]) for entry in found]

    def close(self) -> None:
        """Take no more names; those under way are left to end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Pinned(httpcore2.AsyncNetworkBackend):
    """Opens connections for one ``place`` alone, to addresses that are public.

    ``listed``: the place is an address that the operator has written down, private or not.
    """

    def __init__(self, place: Place, resolve: Resolve, *, listed: bool, private: bool) -> None:
        self._place = place
        self._resolve = resolve
        self._unchecked = private or (listed and place.address is not None)
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises ``Unfit`` for a host that has no address, or one that is not public."""
        if (host, port) != (self._place.host, self._place.port):
            raise Unfit(f"{host} was not checked")
        addresses = await self._addresses()
        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if last == 0:
                    raise
        raise Unfit(f"{host} has no address")

    async def _addresses(self) -> Sequence[Address]:
        place = self._place
        if place.address is not None:
            found: Sequence[Address] = [place.address]
        else:
            try:
                found = tuple(dict.fromkeys(await self._resolve(place.host, place.port)))
            except OSError:
                raise Unfit(f"the host {place.host} cannot be found") from None
        if self._unchecked:
            return found
        for address in found:
            why = why_not_public(address)
            if why is not None:
                _log.warning("not fetched: %s is at %s, which is %s", place.host, address, why)
                said = "is" if place.address is not None else "is at"
                raise Unfit(f"{place.host} {said} an address that is not public")
        return found

"""The connection to the NATS servers, and which of them it is to."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
import nats.errors
from nats.aio.client import Client, Server
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from heliograph import errors
from heliograph.journal._nats import _limits

__all__ = ["Connection", "Login", "heeding"]

log = logging.getLogger("heliograph.journal")

_UNAVAILABLE = 10008
"""What a server says that knows of no leader of the cluster."""

Handler = Callable[[Msg], Awaitable[None]]

T = TypeVar("T")


async def heeding(answer: Awaitable[T]) -> T:
    """What nats-py answers or raises; a cancellation that comes with it is not lost.

    nats-py waits with ``asyncio.wait_for``, which swallows such a one before Python 3.12.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    try:
        return await answer
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to show who one is; each may be None. ``credentials`` is a ``.creds`` file's path."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    credentials: str | None = None
    ca: str | None = None


class Connection:
    """One connection.

    ``on_gap`` is called when messages may have been missed: on one subscription's subject, or
    anywhere (None).
    """

    def __init__(
        self, servers: list[str], login: Login, on_gap: Callable[[str | None], None]
    ) -> None:
        self._servers = servers
        self._login = login
        self._on_gap = on_gap
        self._client: Client | None = None
        self._heard_at = 0.0
        self._unheard_since: float | None = None
        self._left: str | None = None
        self.denied: str | None = None

    async def connect(self) -> None:
        """Raises ``JournalError`` where none of the servers can be reached or lets it in."""
        login = self._login
        tls = None if login.ca is None else ssl.create_default_context(cafile=login.ca)
        said: list[str] = []

        async def failed(error: Exception) -> None:
            said.append(str(error) or type(error).__name__)

        try:
            # Once without trying again: what is wrong with the first attempt is told at once.
            await self._dial(tls, error_cb=failed, allow_reconnect=False, max_reconnect_attempts=1)
            await self.close()
            await self._dial(
                tls,
                error_cb=self._failed,
                reconnected_cb=self._reconnected,
                disconnected_cb=self._disconnected,
                max_reconnect_attempts=-1,
                ping_interval=10,
                reconnect_to_server_handler=self._choose,
            )
        except (OSError, nats.errors.Error, TimeoutError) as exc:
            await self.close()
            why = said[-1] if said else str(exc) or type(exc).__name__
            raise errors.JournalError(
                f"no NATS server of {', '.join(self._servers)} lets this in: {why}"
            ) from exc

    async def _dial(self, tls: ssl.SSLContext | None, **options: Any) -> None:
        self._client = client = Client()
        await client.connect(
            self._servers,
            name="heliograph",
            connect_timeout=5,
            reconnect_time_wait=0.1,  # type: ignore[arg-type]
            **options,
            **self._options(tls),
        )

    def _options(self, tls: ssl.SSLContext | None) -> dict[str, Any]:
        login = self._login
        found = {
            "user": login.user,
            "password": login.password,
            "token": login.token,
            "user_credentials": login.credentials,
            "tls": tls,
        }
        return {name: value for name, value in found.items() if value is not None}

    async def _failed(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            self._on_gap(error.sub.subject)
            return
        if "permissions violation" in str(error).lower():
            self.denied = str(error)
        # While servers are away each attempt to reach one fails so.
        away = isinstance(error, (OSError, nats.errors.NoServersError))
        level = logging.DEBUG if away else logging.WARNING
        log.log(level, "NATS: %s", str(error) or type(error).__name__)

    def _choose(self, servers: list[Server], _: dict[str, Any]) -> tuple[Server, float]:
        """Any that has not failed more often than another; being left counts as a failure."""

        def failures(server: Server) -> int:
            return server.reconnects + (server.uri.netloc == self._left)

        random.shuffle(servers)
        chosen = min(servers, key=failures)
        return chosen, _limits.RETRY_SECONDS if chosen.reconnects else 0.0

    def _heard(self, code: int | None = None) -> None:
        """The server answered, with an error of this ``err_code``."""
        if code == _UNAVAILABLE:
            self._unheard(asyncio.get_running_loop().time())
        else:
            self._heard_anew()

    def _unheard(self, asked: float) -> None:
        """Leave a server that answers nothing for a while: it may be cut off, from here or from the
        other servers, which go on without it.
        """
        now = asyncio.get_running_loop().time()
        if self._unheard_since is None:
            self._unheard_since = max(asked, self._heard_at)
        if now - self._unheard_since >= _limits.LEAVE_SECONDS:
            self._heard_anew()
            self._leave()

    def _heard_anew(self) -> None:
        """What was asked before does not count against the next server."""
        self._heard_at, self._unheard_since = asyncio.get_running_loop().time(), None

    def _leave(self) -> None:
        client = self._client
        if client is None or client.is_closed:
            return
        url = client.connected_url
        if url is not None:
            log.warning("NATS: %s does not answer; trying another", url.netloc)
            self._left = url.netloc
        # nats-py would first wait until all that was written is through, which it may never be. Its
        # reader sees the end of this and connects anew.
        writer = getattr(client._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    async def _disconnected(self) -> None:
        if self._client is not None:
            log.warning("NATS: the connection was lost; trying again")

    async def _reconnected(self) -> None:
        log.warning("NATS: connected again")
        self._heard_anew()
        self._on_gap(None)

    async def close(self) -> None:
        """Harmless where not open."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, nats.errors.Error):
                await client.close()
            await asyncio.sleep(0)  # for the transport to be gone

    @property
    def client(self) -> Client:
        """Raises ``JournalError`` where not open."""
        if self._client is None or self._client.is_closed:
            raise errors.JournalError("the journal is not open")
        return self._client

    @property
    def info(self) -> dict[str, Any]:
        """What the server said of itself."""
        return dict(self.client._server_info)

    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> Subscription:
        """``handler`` gets the messages one after the other."""
        return await self.client.subscribe(
            subject,
            queue=queue,
            cb=handler,
            pending_msgs_limit=_limits.TAIL_PENDING_MESSAGES,
            pending_bytes_limit=_limits.TAIL_PENDING_BYTES,
        )

    async def tell(self, subject: str, data: bytes) -> None:
        """Publish what nothing rests on: it may be lost."""
        with suppress(nats.errors.Error, OSError):
            await self.client.publish(subject, data)

    async def leave(self, subscription: Subscription) -> None:
        """Give a subscription back; nothing happens where the connection is gone."""
        with suppress(nats.errors.Error, OSError):
            await subscription.unsubscribe()

    async def ask(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> Msg:
        """One request; raises ``TimeoutError`` where it was not answered, heard or not."""
        client = self.client
        asked = asyncio.get_running_loop().time()
        try:
            return await heeding(
                client.request(subject, data, timeout=_limits.CALL_SECONDS, headers=headers)
            )
        except (nats.errors.Error, OSError) as exc:
            self._unheard(asked)
            raise TimeoutError(str(exc) or type(exc).__name__) from exc

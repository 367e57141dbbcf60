"""The connection: requests to JetStream, compare-and-set writes, reads through the leader.

All of nats-py's errors end here. A read or write that is not answered is tried again until
``WRITE_SECONDS`` are over; then it is a ``JournalError``, and nobody knows: the log decides.
"""

from __future__ import annotations

import asyncio
import base64
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
from heliograph.journal._nats._commit import FINAL, Commit, Outcome, State, outcome_of
from heliograph.journal._nats._records import nonce_of

__all__ = ["ApiError", "Conflict", "Login", "Stored", "Wire", "heeding"]

log = logging.getLogger("heliograph.journal")

NOT_FOUND = frozenset({10037, 10014, 10059})
"""No message, no consumer, no stream."""

GONE = frozenset({10043, 10057})
"""No such sequence; the store could not delete it, which is how some replicas say the same."""

_UNAVAILABLE = 10008
"""What a server says that knows of no leader of the cluster."""

_HINTS = {
    10002: "; give the account more room: `max_file` in its `jetstream` block",
    10047: "; give the servers more room: `max_file_store` in their `jetstream` block",
}

Handler = Callable[[Msg], Awaitable[None]]

T = TypeVar("T")


async def heeding(answer: Awaitable[T]) -> T:
    """What nats-py answers; a cancellation that comes with it is not lost.

    nats-py waits with ``asyncio.wait_for``, which swallows such a one before Python 3.12.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    found = await answer
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return found


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to show who one is; each may be None. ``credentials`` is a ``.creds`` file's path."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    credentials: str | None = None
    ca: str | None = None


class Conflict(Exception):
    """Someone else wrote the subject since it was read."""


class ApiError(errors.JournalError):
    """JetStream refused; ``code`` is its ``err_code``."""

    def __init__(self, what: str, code: int, description: str) -> None:
        hint = _HINTS.get(code, "")
        super().__init__(f"{what}: {description} (NATS error {code}){hint}")
        self.code = code


class Stored(msgspec.Struct, frozen=True):
    """A message as the stream has it."""

    subject: str
    seq: int
    data: bytes


class _Error(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct):
    seq: int = 0
    error: _Error | None = None


_acks = msgspec.json.Decoder(_Ack)


class Wire:
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

    # -- the connection

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
        now = asyncio.get_running_loop().time()
        if code == _UNAVAILABLE:
            self._unheard(now)
        else:
            self._heard_at, self._unheard_since = now, None

    def _unheard(self, asked: float) -> None:
        """Leave a server that answers nothing for a while: it may be cut off, from here or from the
        other servers, which go on without it.
        """
        now = asyncio.get_running_loop().time()
        if self._unheard_since is None:
            self._unheard_since = max(asked, self._heard_at)
        if now - self._unheard_since >= _limits.LEAVE_SECONDS:
            self._unheard_since = None
            self._leave()

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

    async def leave(self, subscription: Subscription) -> None:
        """Give a subscription back; nothing happens where the connection is gone."""
        with suppress(nats.errors.Error, OSError):
            await subscription.unsubscribe()

    # -- requests

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

    async def api(self, verb: str, body: object = None) -> dict[str, Any]:
        """A call that may be repeated. Raises ``ApiError``, ``JournalError``."""
        data = b"" if body is None else msgspec.json.encode(body)
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        while True:
            try:
                answer: dict[str, Any] = msgspec.json.decode(
                    (await self.ask(f"$JS.API.{verb}", data)).data
                )
            except TimeoutError as exc:
                await self._again(deadline, verb, exc)
                continue
            error = answer.get("error")
            if error is None:
                self._heard()
                return answer
            code = error.get("err_code", 0)
            self._heard(code)
            if outcome_of(code) is Outcome.UNSURE:
                await self._again(deadline, verb, errors.JournalError(error["description"]))
                continue
            raise ApiError(verb, code, error.get("description", ""))

    def check_denied(self) -> None:
        """Raises ``JournalError`` where a call was not allowed."""
        if self.denied is not None:
            raise errors.JournalError(
                f"NATS denies this user what the journal needs: {self.denied}; see docs/cluster.md"
            )

    async def _again(self, deadline: float, what: str, why: Exception) -> None:
        self.check_denied()
        if asyncio.get_running_loop().time() >= deadline:
            raise errors.JournalError(f"NATS does not answer {what}: {why}") from why
        await asyncio.sleep(_limits.RETRY_SECONDS)

    # -- reading through the leader

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The subject's last message."""
        return await self._get(stream, {"last_by_subj": subject})

    async def next(self, stream: str, subject: str, seq: int) -> Stored | None:
        """The subject's first message at or after a stream sequence."""
        return await self._get(stream, {"seq": seq, "next_by_subj": subject})

    async def _get(self, stream: str, request: dict[str, Any]) -> Stored | None:
        try:
            answer = await self.api(f"STREAM.MSG.GET.{stream}", request)
        except ApiError as exc:
            if exc.code in NOT_FOUND:
                return None
            raise
        message = answer["message"]
        return Stored(message["subject"], message["seq"], base64.b64decode(message.get("data", "")))

    async def names(self, stream: str, pattern: str) -> list[str]:
        """Subjects in a stream that match and have a message."""
        found: list[str] = []
        while True:
            answer = await self.api(
                f"STREAM.INFO.{stream}", {"subjects_filter": pattern, "offset": len(found)}
            )
            page = answer["state"].get("subjects") or {}
            found += page
            if not page or len(found) >= answer.get("total", 0):
                return found

    # -- reading from any replica: may be behind

    async def batch(self, stream: str, request: dict[str, Any]) -> tuple[list[Stored], bool]:
        """Messages, and whether there are more. A batch that is cut short has more."""
        client = self.client
        inbox = client.new_inbox()
        found: list[Stored] = []
        got = await client.subscribe(inbox)
        try:
            await client.publish(
                f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), reply=inbox
            )
            while True:
                message = await heeding(got.next_msg(_limits.BATCH_SECONDS))
                headers = message.headers or {}
                status = headers.get("Status")
                if status is not None:
                    return found, status == "204" and headers.get("Nats-Num-Pending", "0") != "0"
                found.append(
                    Stored(headers["Nats-Subject"], int(headers["Nats-Sequence"]), message.data)
                )
        except (nats.errors.Error, OSError):
            self.client  # noqa: B018 - raises where the journal was closed
            return found, True
        finally:
            if not client.is_closed:
                await got.unsubscribe()

    # -- writing

    async def put(
        self, stream: str, subject: str, data: bytes, expected: int, *, only: bool = False
    ) -> int:
        """Write a packed record where the subject's last message is ``expected`` (0: none).

        ``only``: it replaces what the subject had. Returns the stream sequence. Raises
        ``Conflict``, ``JournalError``.
        """
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        if only:
            headers["Nats-Rollup"] = "sub"
        commit = Commit(expected, nonce_of(data) or b"")
        deadline = asyncio.get_running_loop().time() + _limits.WRITE_SECONDS
        seq = 0
        why: Exception = errors.JournalError("it is not settled")
        while commit.state not in FINAL:
            if commit.state is not State.FIRST:
                await self._again(deadline, f"a write to {subject}", why)
            try:
                if commit.state is State.LOOKING:
                    outcome, seq = await self._look(commit, stream, subject)
                else:
                    outcome, seq = await self._publish(subject, data, headers)
            except TimeoutError as exc:
                why = exc
                looking = commit.state is State.LOOKING
                outcome = Outcome.UNSEEN if looking else Outcome.UNSURE
            commit.move(outcome)
        if commit.state is State.CONFLICT:
            raise Conflict(subject)
        return seq

    async def _publish(
        self, subject: str, data: bytes, headers: dict[str, str]
    ) -> tuple[Outcome, int]:
        answer = await self.ask(subject, data, headers)
        try:
            ack = _acks.decode(answer.data)
        except msgspec.MsgspecError as exc:
            raise TimeoutError(f"an acknowledgement that cannot be read: {exc}") from exc
        self._heard(None if ack.error is None else ack.error.err_code)
        if ack.error is None:
            return Outcome.OK, ack.seq
        outcome = outcome_of(ack.error.err_code)
        if outcome is None:
            raise ApiError(f"a write to {subject}", ack.error.err_code, ack.error.description)
        if outcome is Outcome.UNSURE:
            raise TimeoutError(ack.error.description)
        return outcome, 0

    async def _look(self, commit: Commit, stream: str, subject: str) -> tuple[Outcome, int]:
        request = msgspec.json.encode({"last_by_subj": subject})
        answer = msgspec.json.decode(
            (await self.ask(f"$JS.API.STREAM.MSG.GET.{stream}", request)).data
        )
        error = answer.get("error")
        self._heard(None if error is None else error.get("err_code"))
        if error is not None:
            if error.get("err_code") in NOT_FOUND:
                return commit.seen(0, None), 0
            raise TimeoutError(error.get("description", ""))
        message = answer["message"]
        nonce = nonce_of(base64.b64decode(message.get("data", "")))
        return commit.seen(message["seq"], nonce), message["seq"]

    async def purge(self, stream: str, pattern: str, below: int = 0) -> None:
        """Erase what matches; with ``below``, only what has a smaller stream sequence."""
        await self.api(
            f"STREAM.PURGE.{stream}",
            {"filter": pattern, **({"seq": below} if below else {})},
        )

    async def delete(self, stream: str, seq: int) -> None:
        """Erase one message; harmless where it is gone."""
        try:
            await self.api(f"STREAM.MSG.DELETE.{stream}", {"seq": seq})
        except ApiError as exc:
            if exc.code not in GONE:
                raise

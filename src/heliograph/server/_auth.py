"""Whose request it is: one gate before every path, shut unless a path is listed as open.

With keys, whether stored (in the data folder or the journal) or given as the one-off key, each
request bears one; without any there is one tenant, whatever key is sent.
"""

from __future__ import annotations

import hmac
import time

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph import errors
from heliograph.server._body import header
from heliograph.server._exchange import exchange_of
from heliograph.server._key import Key, Watch, digest, parse
from heliograph.server._quota import Quota, rate_headers
from heliograph.server._settings import Settings

__all__ = ["DEFAULT_TENANT", "OPEN", "Caller", "Door", "Gate", "caller_of", "tenant_of"]

DEFAULT_TENANT = "default"
"""The one tenant of a server without keys, and that of its one-off key."""

OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
"""The paths that need no key, since they show nothing of any tenant, or (``/metrics``) decide
themselves who may ask."""

_ANYONE = ""
_ONE_OFF = "one-off"
_NO_SECRET = digest(b"")


class Caller(msgspec.Struct, frozen=True):
    """Who asks. ``key`` is the key's id; both limits are settled, 0 for none."""

    tenant: str
    key: str
    requests_per_minute: int
    concurrent: int


class Gate:
    """Says who a request is from, or raises ``AuthenticationError``."""

    def __init__(self, settings: Settings, watch: Watch) -> None:
        limits = settings.limits
        self._watch = watch
        self._one_off = None if settings.key is None else settings.key.encode()
        rest = DEFAULT_TENANT, limits.requests_per_minute, limits.concurrent_requests
        self._anyone = Caller(rest[0], _ANYONE, *rest[1:])
        self._first = Caller(rest[0], _ONE_OFF, *rest[1:])
        self._limits = limits

    async def start(self) -> None:
        """See the keys for the first time. Raises ``JournalError``."""
        await self._watch.start()

    def close(self) -> None:
        """Let go of the keys."""
        self._watch.close()

    @property
    def required(self) -> bool:
        """Whether a key is required now. Raises ``ServerError`` as ``enter``."""
        self._watch.look()
        return self._one_off is not None or self._watch.required

    def enter(self, scope: Scope) -> Caller:
        """Who sent this request. Raises ``AuthenticationError``; ``ServerError`` (503) where the
        keys cannot be read.
        """
        if not self.required:
            return self._anyone
        scheme, _, given = (header(scope, b"authorization") or b"").partition(b" ")
        given = given.strip()
        if scheme.lower() != b"bearer" or not given:
            raise errors.AuthenticationError(
                "no API key: send it as 'Authorization: Bearer KEY'", code="missing_api_key"
            )
        if self._one_off is not None and hmac.compare_digest(given, self._one_off):
            return self._first
        key_id, secret = parse(given) or ("", b"")
        key = self._watch.get(key_id)
        # An unknown id costs what a wrong secret costs.
        kept = _NO_SECRET if key is None else key.digest
        if not hmac.compare_digest(digest(secret), kept) or key is None:
            raise _unknown()
        return self._caller(key)

    def again(self, caller: Caller) -> Caller:
        """The same caller some time later: its limits as they are now. Raises as ``enter``."""
        if caller.key == _ONE_OFF:
            return caller
        if caller.key == _ANYONE:
            if self.required:
                raise errors.AuthenticationError(
                    "this server requires API keys since: connect again with one",
                    code="missing_api_key",
                )
            return caller
        key = self._watch.get(caller.key)
        if key is None:
            raise _unknown()
        return self._caller(key)

    def _caller(self, key: Key) -> Caller:
        """Who holds ``key``, which was proved. Only they learn what became of it."""
        state = key.state(time.time())
        if state != "active":
            raise errors.AuthenticationError(
                f"the API key hg_{key.id} is {state}", code=f"{state}_api_key"
            )
        rate, concurrent = key.requests_per_minute, key.concurrent
        return Caller(
            key.tenant,
            key.id,
            self._limits.requests_per_minute if rate is None else rate,
            self._limits.concurrent_requests if concurrent is None else concurrent,
        )


def _unknown() -> errors.AuthenticationError:
    return errors.AuthenticationError("the API key is not known here")


class Door:
    """ASGI middleware: lets in who has a key and requests left, and notes who it is."""

    def __init__(self, app: ASGIApp, *, gate: Gate, quota: Quota) -> None:
        self._app = app
        self._gate = gate
        self._quota = quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["path"] not in OPEN:
            caller = self._gate.enter(scope)
            state = scope["state"]
            state["caller"] = caller
            exchange = exchange_of(scope)
            exchange.tenant, exchange.key_id = caller.tenant, caller.key
            if caller.requests_per_minute and _counts(scope):
                left = self._quota.spend(caller.key, caller.requests_per_minute)
                state["headers"] = rate_headers(left, scope["path"])
                left.require()
        await self._app(scope, receive, send)


def _counts(scope: Scope) -> bool:
    """Whether a request counts against the key's rate.

    What concerns a response that is there already does not: no limit keeps a client from the rest
    of what it was given. Over a WebSocket each turn counts, and not the handshake.
    """
    path: str = scope["path"]
    return scope["type"] == "http" and ("/responses/" not in path or path.endswith("/compact"))


def caller_of(scope: Scope) -> Caller:
    """Who asks, as the door noted it."""
    caller: Caller = scope["state"]["caller"]
    return caller


def tenant_of(scope: Scope) -> str:
    """The tenant of a request that came through the door."""
    return caller_of(scope).tenant

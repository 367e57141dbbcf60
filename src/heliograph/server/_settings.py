"""What a server is told: one frozen struct, and the TOML file that it can be read from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from heliograph import engine, errors
from heliograph.providers import PlacesOf
from heliograph.providers.configured import (
    Installation,
    ProviderSettings,
    RouteSettings,
    install,
)
from heliograph.providers.fetch import FetchSettings
from heliograph.server._edge import is_loopback
from heliograph.server._journal_settings import JournalSettings, NatsSettings
from heliograph.server._key import TENANT
from heliograph.server._keys import Keyring
from heliograph.server._seen_settings import Log, MetricsPage, Otel
from heliograph.server._strict import read

__all__ = ["Compat", "Limits", "Settings", "load_settings"]

MAX_WORKERS = 256
"""Worker processes that one server starts at most."""


class Limits(engine.Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The engine's limits, and the server's own. Times are seconds, sizes bytes.

    - ``max_body_bytes``: one request body. ``max_head_bytes``: one request line with its headers.
    - ``max_images``: pictures that one request of the Images APIs may bring, and may ask for.
    - ``max_images_at_once``: pictures drawn at once for the Images APIs; others wait.
    - ``keep_alive_seconds``: silence on an open answer before something fills it: a comment in a
      stream, a blank before the JSON of a response. The ``openrouter`` package gives up after 5 s
      of silence.
    - ``reader_lease_seconds``: how long a reader counts as present after its server died.
    - ``drain_seconds``: how long running work may take to finish at a graceful stop before it is
      handed over.
    - ``keep_response_seconds``: how long an ended response is kept; 0 for ever.
    - ``reattach_seconds``: after a restart of the server, how long worker processes have to come
      back to what they run before others may take it.
    - ``detached_seconds``: how long they have where only the connection broke.
    - ``away_seconds``: how long a worker process waits for a server that is away.
    - ``socket_seconds``: how long one WebSocket may live. ``socket_pong_seconds``: how long its
      client may leave a ping without an answer (a ping waits behind a picture under way).
    - ``requests_per_minute``, ``concurrent_requests``: of one key that has no such limits of its
      own (of everybody together where there are no keys); 0 for none.
    - ``max_open_streams``: event streams, and other answers that are waited for, open at once.
    - ``max_open_sockets``: WebSockets open at once.
    - ``max_queued_turns``: turns that wait on one WebSocket behind the one in flight; together
      they may come to ``max_body_bytes``, and so may what one remembers of its conversation.
    """

    max_body_bytes: int = 32 * 1024 * 1024
    max_head_bytes: int = 64 * 1024
    max_images: int = 16
    max_images_at_once: int = 16
    keep_alive_seconds: float = 3.0
    reader_lease_seconds: float = 15.0
    drain_seconds: float = 30.0
    keep_response_seconds: float = 30 * 24 * 3600.0
    reattach_seconds: float = 5.0
    detached_seconds: float = 1.0
    away_seconds: float = 60.0
    socket_seconds: float = 3600.0
    socket_pong_seconds: float = 120.0
    max_queued_turns: int = 8
    requests_per_minute: int = 0
    concurrent_requests: int = 0
    max_open_streams: int = 10_000
    max_open_sockets: int = 1_000

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value < 0 or (value == 0 and name not in _MAY_BE_ZERO):
                raise ValueError(f"{name} is {value}, which is too little")


_MAY_BE_ZERO = {
    "drain_seconds",
    "keep_response_seconds",
    "foreground_grace_seconds",
    "concurrent_requests",
    "max_output_tokens",
    "max_queued",
    "max_queued_background",
    "max_queued_background_per_tenant",
    "max_queued_background_seconds",
    "max_queued_per_tenant",
    "max_queued_seconds",
    "max_queued_turns",
    "max_takeovers",
    "requests_per_minute",
}


class Compat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Departures from the protocol that a named old client needs; all off.

    ``echo_without_hosted_tools``: leave hosted tools out of the ``tools`` that a response echoes
    (``@openrouter/sdk`` 0.1.27 refuses a response that holds them).
    """

    echo_without_hosted_tools: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server's settings.

    ``port`` 0 takes a free one. ``data`` is the folder for responses and pictures; without one they
    live in a temporary folder, erased at the end. ``journal`` ``memory`` keeps them in the process
    alone, ``NatsSettings`` on NATS servers, shared with other processes. ``providers`` are those
    that it serves, by the names that errors and routes call them; ``workers`` None runs responses
    in the server's own process; else that many worker processes are started and watched, and
    responses run in them alone, and in others that attach by themselves. ``routes`` says how hard
    chat upstreams are tried; ``embedded`` whether the two embedded models are served too. ``fetch``
    says whether pictures are fetched that a request names by address. ``priority_tenants`` may have
    the service tier ``priority`` (``*``: all may), others have ``default`` instead. ``log``,
    ``metrics`` and ``otel`` say how it is seen. Keys made in the ``data`` folder are required of
    requests once there are any. ``key``, where set, is one more that is known to this process
    alone, for the tenant ``default``; it is never read from a file.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    data: str | None = None
    journal: JournalSettings = "sqlite"
    limits: Limits = Limits()
    compat: Compat = Compat()
    log: Log = Log()
    metrics: MetricsPage = MetricsPage()
    otel: Otel = Otel()
    embedded: bool = True
    providers: dict[str, ProviderSettings] = {}
    routes: RouteSettings = RouteSettings()
    fetch: FetchSettings = FetchSettings()
    key: str | None = None
    workers: int | None = None
    priority_tenants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port is {self.port}, not 0 to 65535")

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def shares_keys(self) -> bool:
        """Whether API keys are in the journal, and not in the data folder."""
        return isinstance(self.journal, NatsSettings)

    def check(self) -> None:
        """Raise ``ConfigError`` for settings that must not be served."""
        if not self.shares_keys:
            # Opened on loopback too: whose keys cannot be read must not be served openly.
            self.check_open(keyed=self.data is not None and Keyring(self.data).exists())
        self.metrics.token()
        for tenant in self.priority_tenants:
            if tenant != engine.EVERYBODY and not TENANT.fullmatch(tenant):
                raise errors.ConfigError(
                    f"priority_tenants: {tenant!r} is no tenant; the tenant of a key (`heliograph "
                    "keys list` shows it), or '*' for all"
                )
        if "" in self.providers:
            raise errors.ConfigError("providers: a provider needs a name")
        if self.journal == "memory" and self.data is not None:
            raise errors.ConfigError("journal 'memory' keeps nothing, so it takes no data folder")
        if self.workers is not None and not 0 <= self.workers <= MAX_WORKERS:
            raise errors.ConfigError(f"workers is {self.workers}, not 0 to {MAX_WORKERS}")
        if self.journal == "memory" and self.workers is not None:
            raise errors.ConfigError("workers: journal 'memory' is in one process; use 'sqlite'")
        if isinstance(self.journal, NatsSettings):
            self.journal.check()

    def check_open(self, *, keyed: bool) -> None:
        """Raise ``ConfigError`` where anyone could use it; ``keyed``: there are API keys."""
        if self.local or self.key is not None or keyed:
            return
        where = "--config FILE" if self.shares_keys else f"--data {self.data or 'DIR'}"
        raise errors.ConfigError(
            f"host {self.host!r} can be reached from other machines and no key is configured: "
            "anyone could use the server; serve on 127.0.0.1, or make a key with "
            f"'heliograph keys create {where}' and serve that"
        )

    def install(self, places: PlacesOf | None = None) -> Installation:
        """The providers that these settings come to. Raises ``ConfigError``, ``MissingExtra``.

        ``places`` are what their ``max_concurrent`` counts; without, each counts its own requests.
        """
        more = {} if places is None else {"places": places}
        return install(self.providers, self.routes, embedded=self.embedded, **more)


class _File(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a file may hold: the settings that are no secret."""

    host: str = "127.0.0.1"
    port: int = 8080
    data: str | None = None
    journal: JournalSettings = "sqlite"
    limits: Limits = Limits()
    compat: Compat = Compat()
    log: Log = Log()
    metrics: MetricsPage = MetricsPage()
    otel: Otel = Otel()
    embedded: bool = True
    providers: dict[str, ProviderSettings] = {}
    routes: RouteSettings = RouteSettings()
    fetch: FetchSettings = FetchSettings()
    workers: int | None = None
    priority_tenants: tuple[str, ...] = ()


def load_settings(path: str | Path) -> Settings:
    """Settings from a TOML file, decoded strictly.

    Raises ``ConfigError`` naming the key and what is allowed there; ``OSError`` where the file
    cannot be read. A relative ``data`` is taken from the file's own folder.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.ConfigError(f"{path}: {error}") from None
    try:
        told = read(_File, table)
        fields = {name: getattr(told, name) for name in told.__struct_fields__}
        if told.data is not None:
            fields["data"] = str(path.parent / told.data)
        return Settings(**fields)
    except (errors.ConfigError, ValueError) as error:
        raise errors.ConfigError(f"{path}: {error}") from None

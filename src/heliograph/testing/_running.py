"""A server of ours in a thread, for tests that may block."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from heliograph import errors

if TYPE_CHECKING:
    from heliograph.server import Settings

__all__ = ["RunningServer"]

_SECONDS = 30.0


class RunningServer:
    """``with RunningServer() as it:`` and Heliograph serves at ``it.base_url`` until it ends.

    It runs in a thread and an event loop of its own, keeps its responses in memory, has the
    embedded models (``model``) and takes one key, ``api_key``, made for it. ``settings`` are used
    as they are, but for the port (a free one) and the key where they have none. Raises
    ``MissingExtra`` without the extra ``local``, ``ConfigError`` for what cannot be served.
    """

    model = "heliograph/direct"

    def __init__(self, settings: Settings | None = None) -> None:
        try:
            from heliograph import server
        except ModuleNotFoundError as missing:
            if missing.name is None or missing.name.startswith("heliograph"):
                raise
            raise errors.MissingExtra("a server in a test", "local") from None
        if settings is None:
            settings = server.Settings(journal="memory")
        self.api_key = settings.key or secrets.token_urlsafe()
        self._server = server.Server(msgspec.structs.replace(settings, port=0, key=self.api_key))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return self._server.url

    @property
    def base_url(self) -> str:
        """For `openai`, ours, and most others: ``http://127.0.0.1:PORT/v1``."""
        return f"{self.url}/v1"

    @property
    def openrouter_url(self) -> str:
        """For `openrouter`: ``http://127.0.0.1:PORT/api/v1``."""
        return f"{self.url}/api/v1"

    def begin(self) -> RunningServer:
        """Start, on a free port."""
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="heliograph", daemon=True)
        self._thread.start()
        try:
            self._call(loop, self._server.start())
        except BaseException:
            self._leave(loop)
            raise
        return self

    def end(self) -> None:
        """Stop; what is under way is given up."""
        if self._loop is None:
            return
        try:
            self._call(self._loop, self._server.stop(drain=0))
        finally:
            self._leave(self._loop)

    def __enter__(self) -> RunningServer:
        return self.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def _call(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(_SECONDS)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        self._loop = self._thread = None

"""A recording proxy: passes each request on to a real endpoint and keeps what was said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from heliograph import errors
from heliograph.testing._cassettes import _match, _scrub
from heliograph.testing._cassettes._format import Cassette, End, Exchange
from heliograph.testing._fakes import FakeServer, Received, Reply, Switches

__all__ = ["Recorder", "key_for"]

DRAIN_SECONDS = 30.0
"""How long an answer is read on when its client has left: clients go at ``[DONE]``."""

_READ_SECONDS = 600.0
_HOPS = ("connection", "content-encoding", "content-length", "date", "keep-alive", "server",
         "transfer-encoding")  # fmt: skip
_NOT_ON = ("accept-encoding", "connection", "content-length", "expect", "host", "transfer-encoding")
_KEYS = {"openrouter.ai": "OPENROUTER_API_KEY", "api.openai.com": "OPENAI_API_KEY"}


def key_for(upstream: str, environ: Mapping[str, str]) -> str | None:
    """The key for an endpoint: ``HELIOGRAPH_API_KEY``, or its own provider's."""
    own = environ.get(_KEYS.get(urlsplit(upstream).hostname or "", ""))
    return environ.get("HELIOGRAPH_API_KEY") or own or None


class Recorder(FakeServer):
    """``with Recorder("https://openrouter.ai/api/v1", "fox.jsonl") as it:``, at ``it.base_url``.

    The file is begun anew. Clients get what the endpoint says, as it comes; the cassette gets it
    without secrets (`scrub` names further ones) and with pictures as files. Requests go on with
    the caller's own headers. Raises ``UsageError`` for an ``upstream`` that is no http(s) URL.
    """

    def __init__(
        self, upstream: str, path: str | Path, *, scrub: Iterable[str] = (), port: int = 0
    ) -> None:
        super().__init__()
        parts = urlsplit(upstream)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise errors.UsageError(f"upstream: {upstream!r} is no http or https URL")
        if parts.username or parts.query:
            raise errors.UsageError("upstream: a URL without a user or a query is expected")
        self.port = port
        self.cassette = Cassette(path, upstream.rstrip("/"))
        self._base = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._secrets = tuple(scrub)
        self._client: httpx2.AsyncClient | None = None
        self._reading: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """What to give to a client as its base URL: the endpoint's own path, on loopback."""
        return f"{self.url}{self._base}"

    def begin(self) -> Recorder:
        """Listen, with an empty cassette."""
        self.cassette.start()
        return super().begin()

    def end(self) -> None:
        """Let what is under way come to its end, and stop."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()
        super().end()

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        """The endpoint's answer to one request."""
        if self._client is None:
            timeout = httpx2.Timeout(30.0, read=_READ_SECONDS)
            self._client = httpx2.AsyncClient(timeout=timeout)
        passed: asyncio.Queue[Any] = asyncio.Queue()
        task = asyncio.create_task(self._read(self._client, request, passed))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        try:
            await self._pass_on(passed, reply)
        finally:
            if not task.done():
                asyncio.get_running_loop().call_later(DRAIN_SECONDS, task.cancel)

    async def _pass_on(self, passed: asyncio.Queue[Any], reply: Reply) -> None:
        head = await passed.get()
        if isinstance(head, httpx2.RequestError):
            told = errors.ServerError(f"the endpoint cannot be reached: {head}", status=502)
            await reply.json({"error": {"message": told.message, "type": told.type}}, 502)
            return
        headers = {k: v for k, v in head.headers.items() if k not in _HOPS}
        whole = bytearray()
        length = "content-length" in head.headers
        if not length:
            await reply.start(head.status_code, {"content-type": "", **headers})
        while isinstance(chunk := await passed.get(), bytes):
            if length:
                whole += chunk
            else:
                await reply.write(chunk)
        if chunk == "cut":
            await reply.hang_up(bytes(whole))
        elif length:
            await reply.whole(bytes(whole), head.status_code, headers)
        else:
            await reply.end()

    async def _read(
        self, client: httpx2.AsyncClient, request: Received, passed: asyncio.Queue[Any]
    ) -> None:
        asked = client.build_request(
            request.method,
            f"{self._origin}{request.target}",
            headers={k: v for k, v in request.headers.items() if k not in _NOT_ON}
            | {"accept-encoding": "identity"},
            content=request.body or None,
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx2.RequestError as error:
            passed.put_nowait(error)
            return
        passed.put_nowait(answer)
        began = time.monotonic()
        chunks: list[tuple[float, bytes]] = []
        end: End = "left"
        try:
            async for chunk in answer.aiter_bytes():
                if chunk:
                    chunks.append((time.monotonic() - began, chunk))
                    passed.put_nowait(chunk)
            end = "complete"
        except httpx2.RequestError:
            end = "cut"
        finally:
            self._keep(request, answer, chunks, end)
            passed.put_nowait(end)
            await answer.aclose()

    def _keep(
        self,
        request: Received,
        answer: httpx2.Response,
        chunks: list[tuple[float, bytes]],
        end: Any,
    ) -> None:
        secrets = _match.secrets_in(request, self._secrets)
        length = "content-length" in answer.headers
        if length and chunks:
            chunks = [(chunks[-1][0], b"".join(data for _, data in chunks))]
        body = _scrub.scrub_bytes(b"".join(data for _, data in chunks), secrets)
        clean, at = [], 0
        for _, data in chunks:
            clean.append(body[at : at + len(data)])
            at += len(data)
        pieces = self.cassette.pictures.cut(clean)
        self.cassette.add(
            Exchange(
                method=request.method,
                path=_match.canonical_path(request.target, self._base),
                headers=_scrub.scrub_value(_scrub.kept_request(request.headers), secrets),
                body=_match.canonical_body(request, secrets),
                status=answer.status_code,
                answer_headers=_scrub.scrub_value(_scrub.kept_answer(answer.headers), secrets),
                length=length,
                chunks=[(when, piece) for (when, _), piece in zip(chunks, pieces, strict=True)],
                end=end,
            )
        )

    async def _finish(self) -> None:
        if self._reading:
            await asyncio.wait(self._reading, timeout=DRAIN_SECONDS)
        for task in tuple(self._reading):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._client is not None:
            await self._client.aclose()

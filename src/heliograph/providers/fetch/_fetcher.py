"""Fetches the pictures of a request, each under the policy and every limit."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

import httpcore2
import httpx2

from heliograph import errors
from heliograph._version import __version__
from heliograph.pictures import look
from heliograph.providers.fetch._connect import Lookup, Pinned, Resolve
from heliograph.providers.fetch._hosts import Hosts, Place, Unfit, read_url
from heliograph.providers.fetch._settings import FetchSettings

__all__ = ["Fetcher"]

_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = (
    ("accept", "image/png, image/jpeg, image/webp"),
    ("accept-encoding", "identity"),
    ("user-agent", f"heliograph/{__version__}"),
)


class _Budget:
    """Bytes that the pictures of one request may still come to."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise Unfit(
                f"with it the request's fetched pictures pass the limit fetch.max_bytes, "
                f"{self._limit}"
            )


class Fetcher:
    """Fetches under ``settings``; ``max_picture_bytes`` and ``max_pixels`` bound one picture.

    ``resolve`` looks names up instead of the system, ``tls`` is the context of https connections.
    ``allow_private`` turns the check of addresses off, for tests on one machine: it is a parameter
    of this class alone, and no configuration file can set it. Proxies of the environment are never
    used: what is behind one could not be checked.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        max_picture_bytes: int,
        max_pixels: int,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        allow_private: bool = False,
    ) -> None:
        self.settings = settings
        self._max_picture_bytes = max_picture_bytes
        self._max_pixels = max_pixels
        self._hosts = Hosts(settings.hosts)
        self._lookup = Lookup(settings.max_at_once)
        self._resolve: Resolve = resolve if resolve is not None else self._lookup
        self._tls = tls
        self._allow_private = allow_private
        self._places = asyncio.Semaphore(settings.max_at_once)

    @property
    def on(self) -> bool:
        """Whether anything is fetched at all."""
        return self.settings.policy != "off"

    def close(self) -> None:
        """Free what it holds."""
        self._lookup.close()

    async def pictures(self, wanted: Sequence[tuple[str, str]]) -> Mapping[str, bytes]:
        """The pictures of ``wanted``, (the request's field, URL), by URL; each URL once.

        Raises ``BadRequest`` for the first field whose picture cannot be had; ``ServerError`` (503)
        where the server is too busy fetching others.
        """
        fields: dict[str, str] = {}
        for field, url in wanted:
            fields.setdefault(url, field)
        limit = self.settings.max_pictures
        if len(fields) > limit:
            field = list(fields.values())[limit]
            raise _refused(
                field, f"one of {len(fields)} URLs; the limit fetch.max_pictures is {limit}"
            )
        places = {url: self._checked(url, field) for url, field in fields.items()}
        budget = _Budget(self.settings.max_bytes)
        tasks = [
            asyncio.create_task(self._picture(place, fields[url], budget))
            for url, place in places.items()
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in tasks:
                if task.done():
                    task.result()
            return {url: task.result() for url, task in zip(places, tasks, strict=True)}
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _checked(self, url: str, field: str) -> Place:
        """Raises ``BadRequest`` for a URL that is refused before anything is asked."""
        try:
            return self._allowed(url)
        except Unfit as error:
            raise _refused(field, str(error)) from None

    def _allowed(self, url: str) -> Place:
        place = read_url(url)
        public = self.settings.policy == "public"
        self._hosts.check(place, public=public, http=self.settings.http)
        return place

    async def _picture(self, place: Place, field: str, budget: _Budget) -> bytes:
        seconds = self.settings.seconds
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError:
            raise errors.ServerError(
                f"{field}: the server is busy fetching other pictures (fetch.max_at_once is "
                f"{self.settings.max_at_once})",
                status=503,
                code="fetch_busy",
                param=field,
                retry_after=1,
            ) from None
        try:
            async with asyncio.timeout(seconds):
                return self._seen(await self._followed(place, budget))
        except TimeoutError:
            raise _refused(
                field, f"{place.host} did not send it within fetch.seconds, {seconds:g} s"
            ) from None
        except Unfit as error:
            raise _refused(field, str(error)) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise _refused(
                field, f"it could not be fetched from {place.host} ({type(error).__name__})"
            ) from None
        finally:
            self._places.release()

    def _seen(self, data: bytes) -> bytes:
        seen = look(data)
        if seen is None:
            raise Unfit("what is there is neither png nor jpeg nor webp")
        if seen.pixels > self._max_pixels:
            raise Unfit(f"{seen.size} pixels; the limit max_image_pixels is {self._max_pixels}")
        return data

    async def _followed(self, place: Place, budget: _Budget) -> bytes:
        for _ in range(self.settings.max_redirects + 1):
            found = await self._asked(place, budget)
            if isinstance(found, bytes):
                return found
            try:
                place = self._allowed(found)
            except Unfit as error:
                raise Unfit(f"{place.host} redirects, and there: {error}") from None
        raise Unfit(f"over {self.settings.max_redirects} redirects, the limit fetch.max_redirects")

    async def _asked(self, place: Place, budget: _Budget) -> bytes | str:
        """One request: the body, or where it redirects to."""
        backend = Pinned(
            place, self._resolve, listed=self._hosts.lists(place), private=self._allow_private
        )
        url = httpcore2.URL(
            scheme=place.scheme, host=place.host, port=place.port, target=place.target
        )
        tls = self._tls
        if tls is None and place.scheme == "https":
            tls = self._tls = httpx2.create_ssl_context()
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=tls, max_connections=1, http2=False, network_backend=backend
            ) as pool,
            pool.stream("GET", url, headers=[*_HEADERS, ("host", place.netloc)]) as response,
        ):
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in _REDIRECTS and headers.get(b"location"):
                return _location(place, headers[b"location"])
            if response.status != 200:
                raise Unfit(f"{place.host} answered with HTTP {response.status}")
            return await self._body(response, headers, budget)

    async def _body(
        self, response: httpcore2.Response, headers: Mapping[bytes, bytes], budget: _Budget
    ) -> bytes:
        limit = self._max_picture_bytes
        coding = headers.get(b"content-encoding", b"identity").strip().lower()
        if coding not in (b"identity", b""):
            raise Unfit("it came with a content coding that was not asked for")
        declared = headers.get(b"content-length", b"")
        if declared.isdigit():
            _within(int(declared), limit)
        body = bytearray()
        async for chunk in response.aiter_stream():
            _within(len(body) + len(chunk), limit)
            budget.take(len(chunk))
            body += chunk
        return bytes(body)


def _within(size: int, limit: int) -> None:
    if size > limit:
        raise Unfit(f"over max_picture_bytes, {limit} bytes")


def _location(place: Place, location: bytes) -> str:
    try:
        text = location.decode()
    except UnicodeDecodeError:
        raise Unfit(f"{place.host} redirects to what is no URL") from None
    if any(ord(char) <= 32 for char in text):
        raise Unfit(f"{place.host} redirects to what is no URL")
    try:
        return urljoin(place.url, text)
    except ValueError:
        raise Unfit(f"{place.host} redirects to what is no URL") from None


def _refused(field: str, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"{field}: {why}", param=field, code="invalid_image_url")

"""`DirectTransport`: httpx2's connection pool, with `Bypass` on each connection.

Only what httpx2 and httpcore2 offer in public is used: a transport of one's own, and a network
backend of one's own in httpcore2's pool (``_bypass``).
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    import httpcore2


class _Body(httpx2.SyncByteStream):
    def __init__(self, reply: httpcore2.Response) -> None:
        self._reply = reply
        self._take = reply.extensions["network_stream"].bypass.take

    def __iter__(self) -> Iterator[bytes]:
        from heliograph.http._bypass import as_httpx

        take = self._take
        with as_httpx():
            for piece in self._reply.iter_stream():
                if data := take(piece):
                    yield data

    def close(self) -> None:
        self._reply.close()


class DirectTransport(httpx2.BaseTransport):
    """What ``httpx2.HTTPTransport`` is, without proxies and HTTP/2, and faster on streams.

    The client's own; ``httpx2.Client(transport=DirectTransport())`` gives it to yours. Certificates
    are loaded at the first https request, unless ``ssl_context`` brings them.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._pools: dict[str, httpcore2.ConnectionPool] = {}
        self._making = threading.Lock()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        from heliograph.http._bypass import as_httpx, core_request, sync_pool

        scheme = request.url.scheme
        with self._making:
            pool = self._pools.get(scheme)
            if pool is None:
                pool = self._pools[scheme] = sync_pool(scheme, self._ssl_context)
        with as_httpx():
            reply = pool.handle_request(core_request(request))
        return httpx2.Response(
            reply.status, headers=reply.headers, stream=_Body(reply), extensions=reply.extensions
        )

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

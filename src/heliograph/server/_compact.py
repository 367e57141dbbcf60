"""The answer to ``POST /responses/compact``: made while its client waits, and stored nowhere."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from heliograph import errors, models
from heliograph.server._runtime import Runtime
from heliograph.server._watch import Watch

__all__ = ["Compacting"]


class Compacting:
    """An ASGI answer: the compacted window of ``tenant``'s request. A client that leaves
    ends the work."""

    def __init__(self, runtime: Runtime, tenant: str, asked: models.CompactRequest) -> None:
        self._runtime = runtime
        self._tenant = tenant
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        compactor = self._runtime.compactor
        with compactor.busy(), Watch(receive, self._runtime.closing) as watch:
            data = await compactor.compact(self._tenant, self._asked)
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(data)).encode()),
                (b"cache-control", b"no-store"),
            ]
            begun = True
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": data, "more_body": False})
        if watch.ended == "closing" and not begun:
            raise errors.ServerError(
                "the server is stopping", status=503, code="server_stopping", retry_after=1
            )

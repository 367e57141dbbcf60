"""The WebSocket mode of ``/responses``, as a case uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from heliograph.lifecycle import TERMINAL
from heliograph.testing.conformance._case import Finding
from heliograph.testing.conformance._wire import CASE_HEADER, Wire, lacks

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from heliograph.testing.conformance._probe import Probe

__all__ = ["Talk", "turns"]


class Talk:
    """A connection, or why there is none: ``refusal`` where the endpoint refused the handshake as
    what it does not have, ``findings`` where it failed otherwise."""

    def __init__(self, socket: ClientConnection | None, timeout: float) -> None:
        self.socket = socket
        self.refusal: str | None = None
        self.findings: list[Finding] = []
        self._timeout = timeout

    def turn(self, request: dict[str, Any], probe: Probe) -> list[bytes]:
        """The messages of one turn, to its terminal event or an error."""
        from websockets.exceptions import ConnectionClosed

        texts: list[bytes] = []
        assert self.socket is not None  # noqa: S101 - a case asks only over a connection
        try:
            self.socket.send(json.dumps(request))
            while not texts or _kind(texts[-1]) not in {*TERMINAL, "error"}:
                texts.append(self.socket.recv(self._timeout, decode=False))
        except (ConnectionClosed, TimeoutError, ValueError) as error:
            told = f"after {len(texts)} messages: {type(error).__name__} {error}"
            probe.must(False, "HG-NET-001", told, "JSON messages up to a terminal event")
        return texts


def _kind(text: bytes) -> str:
    """A message's type. Raises ``ValueError`` for one that is no JSON object."""
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError(f"{text[:80]!r} is no JSON object")
    return str(message.get("type"))


@contextmanager
def turns(wire: Wire, case: str, timeout: float) -> Iterator[Talk]:
    """A connection to the endpoint's ``/responses``."""
    from websockets.exceptions import InvalidStatus, WebSocketException
    from websockets.sync.client import connect

    url = "ws" + wire.base_url.removeprefix("http") + "/responses"
    headers = {k: v for k, v in wire.headers.items() if k == "authorization"} | {CASE_HEADER: case}
    none = Talk(None, timeout)
    try:
        socket = connect(url, additional_headers=headers, max_size=None, open_timeout=timeout)
    except InvalidStatus as refused:
        status = refused.response.status_code
        said = f"the handshake is answered {status}"
        if lacks(status):
            none.refusal = said
        else:
            none.findings.append(Finding("HG-API-001", said, "101"))
        yield none
    except (WebSocketException, OSError) as error:
        none.findings.append(
            Finding("HG-NET-001", f"{type(error).__name__}: {error}", "a WebSocket")
        )
        yield none
    else:
        with socket:
            yield Talk(socket, timeout)

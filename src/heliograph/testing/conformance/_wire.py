"""Requests and answers as bytes: httpx2 over the client's own transport."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from heliograph import http

__all__ = ["CASE_HEADER", "Answer", "Wire", "lacks"]

CASE_HEADER = "x-heliograph-check"
"""Says in each request which case makes it: an endpoint's log can be read by it."""

_NO_ACCESS = (401, 402, 403, 407, 408, 409, 429)
"""Refusals that say nothing of what was asked for."""

Stop = Callable[[bytes], bool]


@dataclass
class Answer:
    """An answer as it came. ``fault`` says what ended it before its end."""

    method: str
    path: str
    status: int = 0
    kind: str = ""
    body: bytes = b""
    fault: str | None = None

    @property
    def name(self) -> str:
        """What was asked: ``POST /responses``."""
        return f"{self.method} {self.path.partition('?')[0]}"

    def json(self) -> dict[str, Any] | None:
        """The body where it is a JSON object."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


def lacks(status: int) -> bool:
    """Whether a status may say that what was asked for is not to be had there."""
    return status == 501 or (400 <= status < 500 and status not in _NO_ACCESS)


class Wire:
    """One endpoint's connection; ``send`` never raises for what the network does."""

    def __init__(self, base_url: str, api_key: str | None, timeout: float) -> None:
        self.base_url = base_url.rstrip("/")
        self.headers = {"accept-encoding": "identity"}
        if api_key:
            self.headers["authorization"] = f"Bearer {api_key}"
        self._seconds = timeout
        self._client = httpx2.Client(
            transport=None if http.proxied() else http.DirectTransport(),
            headers=self.headers,
            timeout=httpx2.Timeout(timeout, connect=min(timeout, 10.0)),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        stop: Stop | None = None,
    ) -> Answer:
        """The answer, read to its end, or until ``stop`` has seen enough of it."""
        answer = Answer(method, path)
        told = {**({"content-type": "application/json"} if body else {}), **(headers or {})}
        pieces: list[bytes] = []
        until = time.monotonic() + self._seconds
        try:
            with self._client.stream(
                method, f"{self.base_url}{path}", content=body, headers=told
            ) as got:
                answer.status = got.status_code
                answer.kind = got.headers.get("content-type", "").partition(";")[0].strip().lower()
                packed = "content-encoding" in got.headers
                for piece in _until(got.iter_bytes() if packed else got.iter_raw(), until):
                    pieces.append(piece)
                    if stop is not None and stop(piece):
                        break
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            answer.fault = f"{type(error).__name__}: {error}".removesuffix(": ")
        except TimeoutError:
            answer.fault = f"no end within {self._seconds:g} s"
        answer.body = b"".join(pieces)
        return answer


def _until(pieces: Iterator[bytes], until: float) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        if time.monotonic() > until:
            raise TimeoutError

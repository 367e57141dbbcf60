"""The bytes of an answer, cut into JSON payloads, whether it is a stream or one body.

Some upstreams answer ``stream: true`` with one JSON body, and not all of them say so in
``content-type``. A server-sent event never begins with a brace, so the first byte decides.
"""

from __future__ import annotations

from heliograph import errors, sse

__all__ = ["MAX_PAYLOAD", "Payloads"]

MAX_PAYLOAD = 96 * 1024 * 1024
"""Bytes that one payload of an upstream may have: a picture in base64 among them."""

DONE = b"[DONE]"
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class Payloads:
    """Feed it chunks of any size; it gives each payload once. Does no I/O.

    ``done`` is set by ``data: [DONE]``, after which nothing is read; ``whole`` says that the answer
    is one JSON body, which `end` gives. Raises ``ProviderError`` (``protocol``).
    """

    def __init__(self, model: str, max_payload: int = MAX_PAYLOAD) -> None:
        self._model = model
        self._max = max_payload
        self._start = b""
        self._decoder: sse.Decoder | None = None
        self._body = bytearray()
        self.whole = False
        self.done = False
        self.seen = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The payloads that ``chunk`` completes."""
        if self.done:
            return []
        if self._decoder is None and not self.whole:
            self._start += chunk
            start = self._start.removeprefix(_BOM).lstrip(_BLANK)
            if not start or _BOM.startswith(self._start):
                self._bound(len(self._start))
                return []
            self.whole = start[:1] in (b"{", b"[")
            chunk, self._start = self._start, b""
            if not self.whole:
                self._decoder = sse.Decoder(self._max)
        if self._decoder is None:
            self._body += chunk
            self._bound(len(self._body))
            return []
        try:
            payloads = self._decoder.feed_data(chunk)
        except errors.FrameTooLarge:
            raise self._too_large() from None
        if DONE in payloads:
            self.done = True
            payloads = payloads[: payloads.index(DONE)]
        self.seen = self.seen or bool(payloads)
        return payloads

    def end(self) -> list[bytes]:
        """The bytes have ended: the one body, where that is what the answer was."""
        if self.whole:
            self.done = self.seen = True
            return [bytes(self._body).removeprefix(_BOM)]
        return []

    def _bound(self, size: int) -> None:
        if size > self._max:
            raise self._too_large()

    def _too_large(self) -> errors.ProviderError:
        return errors.ProviderError(
            f"{self._model}: its upstream sent a payload over {self._max} bytes, the limit "
            "MAX_PAYLOAD",
            kind="protocol",
        )

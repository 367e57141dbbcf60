"""A stream of an Images API, put together: bytes to events, and whether it came to its end.

Nothing of it is kept by a server, so there is nothing to resume: what is cut is asked for again, by
the caller, who may be charged again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from heliograph import errors, models, sse
from heliograph.client._core._answers import error_of_wire, images_from
from heliograph.pictures import Picture

_DONE = b"[DONE]"
_WHOLE = (models.ImageGenCompletedEvent, models.ImageEditCompletedEvent)
_ADVICE = "no server keeps a stream of images: ask again"


class ImageAssembly:
    """One stream's state; ``wanted`` is how many pictures it must bring."""

    def __init__(
        self, headers: Mapping[str, str], *, max_frame: int, wanted: int, openrouter: bool
    ) -> None:
        self._headers = headers
        self._decoder = sse.Decoder(max_frame)
        self._wanted = wanted
        self._openrouter = openrouter
        self._whole = 0
        self._index = 0
        self.done = False
        """``[DONE]`` came."""

    @property
    def complete(self) -> bool:
        """All pictures have come."""
        return self._whole >= self._wanted

    def take(self, chunk: bytes) -> Iterator[models.ImageStreamEvent]:
        """The events that ``chunk`` completes. Raises `APIError` for the stream's own error,
        `InvalidEvent`, `FrameTooLarge`."""
        for data in self._decoder.feed_data(chunk):
            if data == _DONE:
                self.done = True
                return
            event = self._event(data)
            self._index += 1
            if isinstance(event, _WHOLE):
                self._whole += 1
            yield event

    def take_whole(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> Iterator[models.ImageStreamEvent]:
        """The events of an answer that is no stream though one was asked for: some models cannot.

        Raises as `images_from` does.
        """
        answer = images_from(self._openrouter, status, headers, body)
        for image in answer.data or []:
            self._whole += 1
            text = image.b64_json or (image.url if isinstance(image, models.Image) else None)
            yield models.ImageGenCompletedEvent(b64_json=text or "")

    def end(self, cause: errors.TransportError | None) -> None:
        """The stream has ended. Raises `StreamInterrupted` where pictures are missing."""
        self._decoder.close()
        if self.complete:
            return
        why = str(cause) if cause is not None else "[DONE] came" if self.done else "the body ended"
        raise errors.StreamInterrupted(
            f"{why} after {self._whole} of {self._wanted} pictures; {_ADVICE}",
            advice=_ADVICE,
            request_id=self._headers.get("x-request-id"),
        ) from cause

    def _event(self, data: bytes) -> models.ImageStreamEvent:
        try:
            event = models.decode_image_event(data, self._index)
        except errors.InvalidEvent as error:
            told = error_of_wire(data, self._headers)
            if error.type == "error" or (error.type is None and told.message != _UNTOLD):
                raise told from None
            raise
        if isinstance(event, models.ImageGenStreamErrorEvent):
            raise error_of_wire(data, self._headers)
        return event


_UNTOLD = error_of_wire(b"{}", {}).message


class Fetched:
    """A picture from its address, as it arrives."""

    def __init__(self, asked: Picture | str, limit: int) -> None:
        self._asked = asked if isinstance(asked, Picture) else Picture(b"", url=asked)
        self._limit = limit
        self._data = bytearray()

    def take(self, chunk: bytes) -> None:
        """The next piece. Raises `PictureError` past the limit."""
        self._data += chunk
        if len(self._data) > self._limit:
            raise errors.PictureError(
                f"{self._asked.url}: over {self._limit} bytes; pass a larger max_frame to accept it"
            )

    @property
    def picture(self) -> Picture:
        """What was asked for, with its bytes."""
        return self._asked.filled(bytes(self._data))

"""A stream of an Images API."""

from __future__ import annotations

from collections.abc import Generator

from heliograph import errors, models
from heliograph.client import _core
from heliograph.client._sync._events import EventStream
from heliograph.client._sync._pieces import pieces, whole
from heliograph.client._transport import Reply


class ImageStream(EventStream[models.ImageStreamEvent]):
    """The events of ``images.generate`` or ``images.edit`` as they come; a context manager, too.

    Each event is one of `models.ImageStreamEvent`; most callers want ``images()``. The loop ends
    when as many pictures as asked for have come. Otherwise it raises: `StreamInterrupted` where it
    was cut or ended without them, `APIError` for the stream's own error, `InvalidEvent`,
    `FrameTooLarge`. There is nothing to resume.
    """

    def __init__(self, reply: Reply, tries: _core.Tries, assembly: _core.ImageAssembly) -> None:
        self._tries = tries
        self._assembly = assembly
        super().__init__(reply)

    def _run(self) -> Generator[models.ImageStreamEvent, None, None]:
        assembly, reply = self._assembly, self._reply
        cut: errors.TransportError | None = None
        try:
            if not _core.is_stream(reply.status, reply.headers):
                body = whole(reply, self._tries)
                for event in assembly.take_whole(reply.status, reply.headers, body):
                    yield event
                assembly.end(None)
                return
            try:
                for piece in pieces(reply, self._tries):
                    for event in assembly.take(piece):
                        yield event
                        del event  # no picture is held while the next one comes
                    if assembly.done:
                        break
            except errors.TransportError as error:
                cut = error
            assembly.end(cut)
        finally:
            reply.close()

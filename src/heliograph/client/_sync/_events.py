"""What streams of events have in common: iteration, and the pictures that they bring."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from heliograph.client import _core
from heliograph.client._files import Shelf
from heliograph.client._transport import Reply
from heliograph.pictures import Picture

E = TypeVar("E", covariant=True)


class Events(Generic[E]):
    """A base of what is looped over: ``_run`` gives the events."""

    def __init__(self) -> None:
        self._events = self._run()

    def __iter__(self) -> Iterator[E]:
        return self._events

    def __next__(self) -> E:
        return next(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop: nothing more is read."""
        self._events.close()

    def _run(self) -> Generator[E, None, None]:
        raise NotImplementedError


class EventStream(Events[E]):
    """A base of streams: adds ``images()`` and ``save_images()``."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        super().__init__()

    @property
    def request_id(self) -> str | None:
        """The server's name for this request, for its logs (``x-request-id``)."""
        return self._reply.headers.get("x-request-id")

    def close(self) -> None:
        """Stop reading. The connection is kept if the stream had come to its end."""
        super().close()
        self._reply.close()

    def _begin(self) -> _core.Pictures:
        """Where the showing of pictures begins."""
        return _core.Pictures()

    def _thin(self, thinner: _core.Thinner) -> None:
        """Keep no picture longer than its event is in hand."""

    def images(self) -> Generator[Picture, None, None]:
        """Pictures as they come: each early stage, and each finished one (``final``) once.

        Other events pass by, and go into the snapshot all the same. Ends and raises as the loop
        over the events does.
        """
        shown = self._begin()
        for event in self._events:
            for picture in shown.of(event):
                yield picture
                del picture
            del event

    def save_images(
        self,
        folder: str | PathLike[str],
        *,
        stem: str | None = None,
        previews: bool = False,
    ) -> list[Path]:
        """Save each finished picture into a folder as it comes, and let go of it; the paths.

        At no time more than one picture is held, so the response that is left has none (in strict
        mode it has all: they are compared at the end). A file's name is the item's id, or ``stem``
        and the picture's place in the output; ``previews`` saves early stages, too. Reads to the
        end and raises as the loop over the events does, `UsageError` where there is no such folder,
        and `PictureError` for a picture that came as an address: what was saved until then stays.
        """
        shelf = Shelf(folder, stem, previews=previews)
        shown = self._begin()
        self._thin(shown.thinner())
        for event in self._events:
            for picture in shown.of(event):
                shelf.put(picture)
                del picture
            del event  # no picture is held while the next one comes
        return shelf.paths

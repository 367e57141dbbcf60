"""Pictures out of events: each stage as it comes, each finished picture once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from heliograph import models
from heliograph.client._core._thin import Thinner
from heliograph.pictures import Picture

_STAGES = (
    models.ImageGenCallPartialImageEvent,
    models.ImageGenPartialImageEvent,
    models.ImageEditPartialImageEvent,
)
_WHOLE = (models.ImageGenCompletedEvent, models.ImageEditCompletedEvent)
_ENDS = (models.CompletedEvent, models.IncompleteEvent, models.FailedEvent)
_CALLS = (models.OutputImageGenerationCallItem, models.OutputImageGenerationServerToolItem)


class Pictures:
    """What one stream has shown. ``midway`` says that it is read from somewhere in its middle, so
    that what its end brings may have been shown elsewhere.

    Some providers show a finished picture only in the response that ends the stream: it is given
    then.
    """

    def __init__(self, *, midway: bool = False) -> None:
        self._midway = midway
        self._shown: set[int] = set()
        self._whole = 0
        self._thinner: Thinner | None = None

    def thinner(self) -> Thinner:
        """What passes over the pictures that the stream brings a second time."""
        self._thinner = Thinner(None if self._midway else len(self._shown))
        return self._thinner

    def of(self, event: Any) -> Iterator[Picture]:
        """The pictures that an event brings, most often none."""
        if isinstance(event, _STAGES):
            yield from _one(event.picture())
        elif isinstance(event, models.OutputItemDoneEvent):
            yield from self._finished(event.item, event.output_index)
        elif isinstance(event, _WHOLE):
            yield from _one(event.picture(self._whole))
            self._whole += 1
        elif isinstance(event, _ENDS) and not self._midway:
            for index, item in enumerate(event.response.output):
                if index not in self._shown:
                    yield from self._finished(item, index)

    def _finished(self, item: Any, index: int) -> Iterator[Picture]:
        picture = models.finished_picture(item, index)
        if picture is not None:
            self._shown.add(index)
            if self._thinner is not None:
                self._thinner.show()
            yield picture


def _one(picture: Picture | None) -> Iterator[Picture]:
    if picture is not None:
        yield picture


def let_go(event: Any) -> None:
    """Forget the finished pictures of an event that was handed out."""
    items: list[Any] = []
    if isinstance(event, models.OutputItemDoneEvent):
        items = [event.item]
    elif isinstance(event, _ENDS):
        items = event.response.output
    for item in items:
        if isinstance(item, _CALLS):
            item.let_go()

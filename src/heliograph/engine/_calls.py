"""Image calls: the item that shows one, in both spellings, and the run of one picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import msgspec

from heliograph import errors, models, providers
from heliograph.engine._emitter import Emitter
from heliograph.engine._items import Items
from heliograph.engine._jobs import PictureJobs
from heliograph.engine._limits import Limits
from heliograph.engine._notes import CallNote, PictureNote, Usages, write_note
from heliograph.engine._pictures import base64_size
from heliograph.engine._tool import OPENROUTER, HostedTool
from heliograph.pictures import look

__all__ = ["Call", "Calls", "Failure"]

ImageItem = models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem


#: Bytes that a finished image item has at most, without its picture and its prompts.
_ITEM_FRAME = 1000


class Failure(msgspec.Struct, frozen=True):
    """Why a picture was not made."""

    code: str
    message: str
    param: str | None = None


class Call(msgspec.Struct, kw_only=True):
    """A hosted call that is shown and not done. ``stage`` is how far its events have come."""

    index: int
    item_id: str
    type: str  # the tool's or the item's: they differ for image_generation only
    note: CallNote
    stage: str = "added"
    partials: int = 0


class Calls:
    """The hosted calls of one response."""

    def __init__(
        self,
        emitter: Emitter,
        items: Items,
        usages: Usages,
        jobs: PictureJobs,
        limits: Limits,
    ) -> None:
        self._emitter = emitter
        self._items = items
        self._usages = usages
        self._jobs = jobs
        self._limits = limits
        self.open: dict[int, Call] = {}
        self.made = 0
        self.last: CallNote | None = None
        self._firsts: dict[int, int] = {}
        self._failures: dict[int, Failure] = {}
        self._reserved = 0

    def first_of(self, step: int) -> int:
        """Output index of the first call of a step that made some."""
        return self._firsts.get(step, self._items.count)

    def failure_of(self, step: int) -> Failure | None:
        """Why a picture of the step was not made: the first that failed, None where none did."""
        return self._failures.get(step)

    def replay(self, event: models.StreamEvent, note: object) -> None:
        """Take in an event that the log holds already."""
        match event:
            case models.OutputItemAddedEvent(item=item) if isinstance(note, CallNote):
                if isinstance(item, ImageItem):
                    self._shown(event.output_index, str(item.id), item.type, note)
            case models.ImageGenCallInProgressEvent() if event.output_index in self.open:
                self.open[event.output_index].stage = "in_progress"
            case models.ImageGenCallGeneratingEvent() if event.output_index in self.open:
                self.open[event.output_index].stage = "generating"
            case models.ImageGenCallPartialImageEvent() if event.output_index in self.open:
                self.open[event.output_index].partials = event.partial_image_index + 1
            case models.OutputItemDoneEvent(item=item) if event.output_index in self.open:
                call = self.open.pop(event.output_index)
                error = getattr(item, "error", None)
                if isinstance(error, models.ImageGenerationCallError):
                    failure = Failure(error.code or "server_error", error.message)
                    self._failures.setdefault(call.note.step, failure)
                elif isinstance(error, str):
                    self._failures.setdefault(call.note.step, Failure("server_error", error))
                if isinstance(note, PictureNote):
                    self._usages.add_picture(note.usage)

    def _shown(self, index: int, item_id: str, kind: str, note: CallNote) -> None:
        self.open[index] = Call(index=index, item_id=item_id, type=kind, note=note)
        self._firsts.setdefault(note.step, index)
        self.made += 1
        self.last = note

    def show(self, hosted: HostedTool, note: CallNote) -> None:
        """Show a call whose arguments are complete."""
        item_id = self._items.new_id("ig")
        item = _item(hosted.type, item_id, "in_progress")
        self._shown(self._items.add(item, write_note(note)), item_id, hosted.type, note)

    async def draw(self, call: Call, job: providers.ImageJob, hosted: HostedTool) -> None:
        """Make the picture of a shown call, from where its events stand.

        A failure of the provider's ends the item and not the response. Raises what the journal
        raises; anything else that a provider raises is a bug in it and comes through.
        """
        watching = providers.OBSERVER.get().watch("image", model=job.model, item=call.item_id)
        with watching as watched:
            await self._draw(call, job, hosted, watched)

    async def _draw(
        self,
        call: Call,
        job: providers.ImageJob,
        hosted: HostedTool,
        watched: providers.Watched,
    ) -> None:
        where: dict[str, Any] = {"item_id": call.item_id, "output_index": call.index}
        if call.stage == "added":
            self._emitter.emit(models.ImageGenCallInProgressEvent(**where))
            call.stage = "in_progress"
            await self._emitter.room()
        if call.stage == "in_progress":
            self._emitter.emit(models.ImageGenCallGeneratingEvent(**where))
            call.stage = "generating"
            await self._emitter.room()
        job = msgspec.structs.replace(job, first_partial=call.partials)
        try:
            async with aclosing(self._jobs.draw(job, call.item_id)) as parts:
                async for part in parts:
                    if isinstance(part, providers.Preview):
                        await self._preview(call, job, part)
                    else:
                        await self._picture(call, part)
                        return
            self.fail(call, Failure("server_error", f"{job.model} ended without a picture"))
        except errors.ProviderError as error:
            watched.tell(error=error.kind)
            self.fail(call, _failure(error, hosted))
        except errors.NotFound as error:
            self.fail(call, Failure("server_error", error.message))

    async def _preview(self, call: Call, job: providers.ImageJob, part: providers.Preview) -> None:
        if part.index < call.partials or call.partials >= job.partial_images:
            return
        self._check_size(part.data)
        marker = await self._emitter.pictures.put(part.data)
        self._emitter.emit(
            models.ImageGenCallPartialImageEvent(
                item_id=call.item_id,
                output_index=call.index,
                partial_image_index=call.partials,
                partial_image_b64=marker,
                output_format=job.output_format,
                background=job.background,
                quality=job.quality,
                size=job.size,
            )
        )
        call.partials += 1
        await self._emitter.room()

    async def _picture(self, call: Call, picture: providers.Picture) -> None:
        size = self._check_size(picture.data, call.note.prompt)
        with self._reserve(size):
            marker = await self._emitter.pictures.put(picture.data)
        self._emitter.emit(
            models.ImageGenCallCompletedEvent(item_id=call.item_id, output_index=call.index)
        )
        item = _item(call.type, call.item_id, "completed")
        item.result = marker
        item.prompt = call.note.prompt
        item.revised_prompt = picture.revised_prompt or call.note.prompt
        if isinstance(item, models.OutputImageGenerationCallItem):
            item.action = call.note.action
            item.size = picture.size
            item.quality = picture.quality
            item.background = picture.background
            item.output_format = picture.output_format
        usage = None if picture.usage is None else msgspec.to_builtins(picture.usage)
        self._usages.add_picture(usage)
        self._items.done(call.index, item, write_note(PictureNote(usage)))
        del self.open[call.index]

    async def keep(
        self, part: providers.InlinePicture, waiting: int
    ) -> models.OutputImageGenerationCallItem:
        """Store a picture that the chat model made itself; returns the item to ``show_whole``.

        ``waiting`` is the size of the pictures that were kept and not yet shown, in base64.
        Raises ``ProviderError`` where it is no picture, or over a limit.
        """
        seen = look(part.data)
        if seen is None and not part.data.startswith(b"GIF8"):
            raise errors.ProviderError(
                "the chat model sent a picture that is no png, jpeg, webp or gif", kind="protocol"
            )
        self._check_size(part.data, "", waiting)
        item = _item("image_generation", "", "completed")  # its id says its place: see show_whole
        assert isinstance(item, models.OutputImageGenerationCallItem)  # noqa: S101 -- its type
        item.result = await self._emitter.pictures.put(part.data)
        item.output_format = "gif" if seen is None else seen.format
        if seen is not None:
            item.size = seen.size
        return item

    def show_whole(self, item: models.OutputImageGenerationCallItem) -> None:
        """Show an item that is finished, through every stage. Nothing here suspends."""
        item.id = self._items.new_id("ig")
        index = self._items.add(_item(item.type, item.id, "in_progress"))
        where: dict[str, Any] = {"item_id": item.id, "output_index": index}
        self._emitter.emit(models.ImageGenCallInProgressEvent(**where))
        self._emitter.emit(models.ImageGenCallGeneratingEvent(**where))
        self._emitter.emit(models.ImageGenCallCompletedEvent(**where))
        self._items.done(index, item)

    @contextmanager
    def _reserve(self, size: int) -> Iterator[None]:
        """Keep room in the response for an item while its picture is being stored: others that are
        made at the same time find it taken."""
        self._reserved += size
        try:
            yield
        finally:
            self._reserved -= size

    def _check_size(self, data: bytes, prompt: str | None = None, waiting: int = 0) -> int:
        """Refuse a picture over a limit; one with a ``prompt`` is final and stays. Returns what its
        item adds to the response."""
        limit = self._limits.max_picture_bytes
        if len(data) > limit:
            raise errors.ProviderError(
                f"the picture has {len(data)} bytes; the limit max_picture_bytes is {limit}",
                kind="protocol",
            )
        if prompt is None:
            return 0
        limit = self._limits.max_response_bytes
        item = base64_size(len(data)) + 2 * len(msgspec.json.encode(prompt)) + _ITEM_FRAME
        if self._items.done_bytes + self._reserved + waiting + item > limit:
            raise errors.ProviderError(
                f"with this picture of {len(data)} bytes the response is over the limit "
                f"max_response_bytes, {limit}",
                kind="protocol",
            )
        return item

    def fail(self, call: Call, failure: Failure) -> None:
        """End a call without a picture."""
        item = _item(call.type, call.item_id, "incomplete" if call.type == OPENROUTER else "failed")
        if isinstance(item, models.OutputImageGenerationCallItem):
            item.error = models.ImageGenerationCallError(
                type="image_generation_error",
                code=failure.code,
                message=failure.message,
                param=failure.param,
            )
        else:
            item.error = failure.message
        self._items.done(call.index, item)
        self._failures.setdefault(call.note.step, failure)
        del self.open[call.index]


def _item(kind: str, item_id: str, status: str) -> ImageItem:
    if kind == OPENROUTER:
        return models.OutputImageGenerationServerToolItem(id=item_id, status=status, result=None)
    return models.OutputImageGenerationCallItem(id=item_id, status=status, result=None)


def _failure(error: errors.ProviderError, hosted: HostedTool) -> Failure:
    code = {
        "bad_request": "invalid_prompt",
        "content_policy": "image_content_policy_violation",
        "rate_limit": "rate_limit_exceeded",
    }.get(error.kind, "server_error")
    return Failure(code, error.message, hosted.field(error.param) if error.param else None)

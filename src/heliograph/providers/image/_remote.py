"""What image providers over HTTP have in common: asking, streaming or not, and reading the answer.

A picture is held once as base64, in the frame or body it came in, and once as bytes; the frame is
let go before the picture is handed on.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Annotated, Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec
from msgspec import UNSET

from heliograph import errors, models
from heliograph.pictures import look
from heliograph.providers._base import (
    ImageJob,
    ImagePart,
    ModelCard,
    Picture,
    PictureUsage,
    Preview,
)
from heliograph.providers._failures import error_in, failure_in_stream
from heliograph.providers._places import PlacesOf, alone
from heliograph.providers._upstream import Answer, Timeouts, Upstream, checked, read_key

__all__ = ["MAX_EVENTS", "RemoteImages", "RemoteSettings", "refuse"]

MAX_EVENTS = 2_000
"""Events of one stream after which an upstream counts as endless."""

_OVERHEAD = 1024 * 1024  # bytes that an answer may have beside its picture
_ABOUT_STREAMS = re.compile(r"\bstream(s|ed|ing)?\b|partial_images", re.IGNORECASE)
_FIELDS = {
    **{name: name for name in ImageJob.__struct_fields__},
    "image": "images",
    "image[]": "images",
    "input_references": "images",
    "resolution": "size",
}

T = TypeVar("T")


class RemoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every image provider over HTTP is told.

    - ``models``: our model id -> the upstream's.
    - ``base_url``: where the upstream's paths begin.
    - ``api_key_env``: the environment variable that holds the key; None for no key. Left
      out, it is ``vendor``'s variable where ``base_url`` is on ``vendor``'s host, else None.
    - ``headers``: sent with each request; they win over our own.
    - ``timeouts``: how long it may be silent.
    - ``max_concurrent``: requests to it at once, of all processes that share a journal; others
      wait. ``max_concurrent_per_process``: of each. 0 for any number.
    - ``stream``: whether to ask for previews at all.
    - ``references``: whether its models take pictures to start from.
    - ``max_picture_bytes``: bytes of one picture, before base64.
    """

    vendor: ClassVar[tuple[str, str]]
    models: dict[str, str]
    base_url: str
    api_key_env: str | msgspec.UnsetType | None = msgspec.UNSET
    headers: dict[str, str] = {}
    timeouts: Timeouts = Timeouts()
    max_concurrent: Annotated[int, msgspec.Meta(ge=0)] = 0
    max_concurrent_per_process: Annotated[int, msgspec.Meta(ge=0)] = 0
    stream: bool = True
    references: bool = True
    max_picture_bytes: Annotated[int, msgspec.Meta(gt=0)] = 32 * 1024 * 1024

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("models: name at least one model")

    @property
    def key_variable(self) -> str | None:
        """The variable that holds the key: the vendor's own is read only for the vendor's host, so
        that no other upstream is sent that key unasked."""
        if not isinstance(self.api_key_env, msgspec.UnsetType):
            return self.api_key_env
        host, variable = self.vendor
        return variable if urlsplit(self.base_url).hostname == host else None


def refuse(param: str, message: str) -> errors.ProviderError:
    """The job asks for what cannot be drawn."""
    return errors.ProviderError(message, kind="bad_request", param=param)


class _NotStreamed(Exception):
    """The upstream refused to stream, and would perhaps draw without."""


class RemoteImages(ABC):
    """Base of the providers: ``cards``, ``seed_for``, ``draw`` and ``aclose`` of the protocol."""

    def __init__(
        self,
        settings: RemoteSettings,
        *,
        http: httpx2.AsyncClient | None = None,
        name: str = "",
        places: PlacesOf = alone,
    ) -> None:
        checked(settings.base_url)
        self._told = settings
        self._key = read_key(settings.key_variable)
        self._upstream = Upstream(
            settings.base_url,
            key=self._key,
            headers=settings.headers,
            timeouts=settings.timeouts,
            max_concurrent=settings.max_concurrent,
            max_concurrent_per_process=settings.max_concurrent_per_process,
            places=places,
            http=http,
            name=name,
            kind="image",
        )
        self._unstreamed: set[str] = set()
        inputs = ("text", "image") if settings.references else ("text",)
        host = urlsplit(settings.base_url).hostname or ""
        self._cards = tuple(
            ModelCard(
                id=ours,
                name=ours,
                description=f"Draws through the Images API of {host}, as {theirs}.",
                kind="image",
                created=0,
                owned_by=host,
                input_modalities=inputs,
                output_modalities=("image",),
            )
            for ours, theirs in settings.models.items()
        )

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The models of the settings."""
        return self._cards

    async def listed(self) -> tuple[str, ...]:
        """The models that the upstream lists. Raises ``ProviderError``."""
        return await self._upstream.listed()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._upstream.aclose()

    def seed_for(self, job: ImageJob) -> int | None:
        """The job's: an upstream does not tell which seed it took."""
        return job.seed

    @abstractmethod
    def check(self, job: ImageJob) -> None:
        """Refuse what the upstream has no word for. Raises ``ProviderError`` (``bad_request``)."""

    @abstractmethod
    def _post(
        self, job: ImageJob, model: str, *, stream: bool
    ) -> AbstractAsyncContextManager[Answer]:
        """Ask ``model``, the upstream's id."""

    @abstractmethod
    async def _whole(self, body: bytes, job: ImageJob) -> Picture:
        """The picture in an answer that is no stream."""

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        """Yields the previews that the upstream sends, at most as many as asked, then the picture.

        Where it cannot stream, that is remembered and it is asked again without. Closing the
        generator closes the connection. Raises ``ProviderError``.
        """
        self.check(job)
        if not job.images and (job.action == "edit" or job.mask is not None):
            what = "an edit" if job.action == "edit" else "a mask"
            raise refuse("images", f"{what} needs a picture to start from, and there is none")
        stream = job.partial_images > 0 and self._told.stream
        refused = False
        if stream and job.model not in self._unstreamed:
            try:
                async with aclosing(self._ask(job, stream=True)) as parts:
                    async for part in parts:
                        yield part
                return
            except _NotStreamed:
                refused = True
        async with aclosing(self._ask(job, stream=False)) as parts:
            async for part in parts:
                if refused:
                    self._unstreamed.add(job.model)
                yield part

    async def _ask(self, job: ImageJob, *, stream: bool) -> AsyncGenerator[ImagePart, None]:
        limit = self._told.max_picture_bytes * 4 // 3 + _OVERHEAD
        try:
            async with self._post(job, self._told.models[job.model], stream=stream) as answer:
                if answer.content_type != "text/event-stream":
                    yield await self._whole(await answer.body(limit), job)
                    return
                async with aclosing(self._streamed(answer, job, limit)) as parts:
                    async for part in parts:
                        yield part
        except errors.ProviderError as error:
            if stream and _refuses_to_stream(error, job.model):
                raise _NotStreamed from error
            error.param = _FIELDS.get((error.param or "").partition("[")[0])
            raise

    async def _streamed(
        self, answer: Answer, job: ImageJob, limit: int
    ) -> AsyncGenerator[ImagePart, None]:
        shown = count = 0
        async with aclosing(answer.events(limit)) as frames:
            async for data in frames:
                count += 1
                if data == b"[DONE]":
                    break
                if count > MAX_EVENTS:
                    raise self._wrong(job, f"its stream is over {MAX_EVENTS} events")
                event = self._event(data, job)
                match event:
                    case models.ImageGenPartialImageEvent() | models.ImageEditPartialImageEvent():
                        if job.first_partial <= shown < job.partial_images:
                            yield Preview(shown, self._bytes(event, job))
                        shown += 1
                    case models.ImageGenCompletedEvent() | models.ImageEditCompletedEvent():
                        yield self._picture(
                            self._bytes(event, job), job, event, usage=usage_of(event.usage)
                        )
                        return
                    case _:
                        pass  # text chunks, and what is not known
        raise errors.ProviderError(
            f"{job.model}: the upstream's stream ended without a picture",
            kind="unavailable",
            retryable=True,
        )

    def _event(self, data: bytes, job: ImageJob) -> models.ImageStreamEvent:
        try:
            event = models.decode_image_event(data)
        except errors.InvalidEvent as error:
            raise self._failed(job, data, f"{error.field}: {error.reason}") from None
        if event.type == "error":
            raise self._failed(job, data, "an error without words")
        return event

    def _failed(self, job: ImageJob, data: bytes, otherwise: str) -> errors.ProviderError:
        """What ``data`` tells of an error; where it tells of none it is not understood."""
        error = error_in(data)
        if not error:
            return self._wrong(job, otherwise)
        return failure_in_stream(error, job.model, secret=self._key)

    def _wrong(self, job: ImageJob, what: str) -> errors.ProviderError:
        return errors.ProviderError(
            f"{job.model}: the upstream's answer is not understood: {what}",
            kind="protocol",
            retryable=True,
        )

    def _decode(self, cls: type[T], body: bytes, job: ImageJob) -> T:
        try:
            return models.decode(cls, body)
        except errors.InvalidBody as error:
            raise self._failed(job, body, str(error)) from None

    def _bytes(self, holder: Any, job: ImageJob) -> bytes:
        """The picture in an event or a body, looked at."""
        try:
            data: bytes = holder.image_bytes()
        except errors.PictureError as error:
            raise self._wrong(job, str(error)) from None
        return self._looked(data, job)

    def _looked(self, data: bytes, job: ImageJob) -> bytes:
        limit = self._told.max_picture_bytes
        if len(data) > limit:
            raise self._wrong(job, f"a picture of {len(data)} bytes; max_picture_bytes is {limit}")
        if look(data) is None:
            raise self._wrong(job, "a picture that is neither png nor jpeg nor webp")
        return data

    def _picture(
        self,
        data: bytes,
        job: ImageJob,
        told: Any,
        *,
        revised_prompt: str | None = None,
        usage: PictureUsage | None = None,
    ) -> Picture:
        """``told`` is what came with the picture: its quality and background, where it says."""
        seen = look(data)
        if seen is None:
            raise self._wrong(job, "a picture that is neither png nor jpeg nor webp")
        return Picture(
            data=data,
            output_format=seen.format,
            size=seen.size,
            quality=getattr(told, "quality", None) or job.quality,
            background=getattr(told, "background", None) or job.background,
            revised_prompt=revised_prompt,
            usage=usage,
        )


def _refuses_to_stream(error: errors.ProviderError, label: str) -> bool:
    if error.kind != "bad_request":
        return False
    if error.param is not None:
        return error.param in ("stream", "partial_images")
    return _ABOUT_STREAMS.search(error.message.removeprefix(label)) is not None


def usage_of(
    used: models.ImagesUsage | models.ImageGenerationUsage | msgspec.UnsetType | None,
) -> PictureUsage | None:
    """Either API's usage; None where there is none."""
    if not used:
        return None

    def said(*names: str) -> int:
        at: Any = used
        for name in names:
            at = getattr(at, name, None) or 0
        return int(at)

    cost = getattr(used, "cost", UNSET)
    return PictureUsage(
        input_tokens=said("input_tokens") or said("prompt_tokens"),
        input_text_tokens=said("input_tokens_details", "text_tokens"),
        input_image_tokens=said("input_tokens_details", "image_tokens"),
        cached_tokens=said("prompt_tokens_details", "cached_tokens"),
        output_tokens=said("output_tokens") or said("completion_tokens"),
        output_text_tokens=said("output_tokens_details", "text_tokens"),
        output_image_tokens=said("output_tokens_details", "image_tokens")
        or said("completion_tokens_details", "image_tokens"),
        total_tokens=used.total_tokens,
        cost=float(cost) if isinstance(cost, int | float) else None,
    )

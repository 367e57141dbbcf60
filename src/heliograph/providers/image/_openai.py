"""Pictures from OpenAI's Images API, and from whatever speaks it.

Facts: the ``openai`` package's ``image_generate_params``, ``image_edit_params`` and the event types
beside them. Only what differs from the API's defaults is sent, because local servers refuse fields
that they do not know.
"""

from __future__ import annotations

import math
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import httpx2
import msgspec

from heliograph import errors, models
from heliograph.pictures import decode_data_url, look
from heliograph.providers._base import ImageJob, Picture
from heliograph.providers._places import PlacesOf, alone
from heliograph.providers._upstream import Answer, Part
from heliograph.providers.image._remote import RemoteImages, RemoteSettings, refuse, usage_of

__all__ = ["OpenAIImages", "OpenAIImagesSettings"]


class OpenAIImagesSettings(
    RemoteSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="openai_images",
    tag_field="kind",
):  # fmt: skip
    """``[providers.NAME]`` with ``kind = "openai_images"``.

    - ``sizes``: what the upstream draws. A job with an aspect ratio gets the nearest of them.
    - ``any_size``: whether a job may name another size; the upstream judges it.
    - ``seed``: whether to send a job's seed. OpenAI's API has none; some local servers do.
    - ``response_format``: sent where set. Older models and local servers answer links unless they
      are asked for ``b64_json``; OpenAI's present models refuse the field.
    - ``picture_hosts``: hosts (``name`` or ``name:port``) that an answer's link may point to.
    """

    vendor: ClassVar[tuple[str, str]] = ("api.openai.com", "OPENAI_API_KEY")
    base_url: str = "https://api.openai.com/v1"
    sizes: tuple[str, ...] = ("1024x1024", "1536x1024", "1024x1536")
    any_size: bool = True
    seed: bool = False
    response_format: Literal["b64_json", "url"] | None = None
    picture_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for size in self.sizes:
            if _ratio(size, "x") is None:
                raise ValueError(f"sizes: {size!r} is not WIDTHxHEIGHT")


class OpenAIImages(RemoteImages):
    """``POST /images/generations``, or ``/images/edits`` where there are pictures to start from."""

    def __init__(
        self,
        settings: OpenAIImagesSettings,
        *,
        http: httpx2.AsyncClient | None = None,
        name: str = "",
        places: PlacesOf = alone,
    ) -> None:
        super().__init__(settings, http=http, name=name, places=places)
        self._settings = settings

    def check(self, job: ImageJob) -> None:
        """Refuses a seed, a size or references that the settings say the upstream has not."""
        told = self._settings
        if job.seed is not None and not told.seed:
            raise refuse("seed", f"{job.model} takes no seed")
        if job.size != "auto" and not told.any_size and job.size not in told.sizes:
            raise refuse("size", f"{job.model} draws {', '.join(told.sizes)}, not {job.size!r}")
        if job.size == "auto" and job.aspect_ratio != "auto" and self._size(job) is None:
            raise refuse("aspect_ratio", f"{job.model} draws in no known aspect ratio")
        if not told.references and (job.images or job.mask is not None or job.action == "edit"):
            param = "images" if job.images else "mask" if job.mask is not None else "action"
            raise refuse(param, f"{job.model} takes no pictures in")

    def _size(self, job: ImageJob) -> str | None:
        """The size to ask for; None to leave it to the upstream."""
        if job.size != "auto":
            return job.size
        wanted = _ratio(job.aspect_ratio, ":")
        if wanted is None or not self._settings.sizes:
            return None
        return min(
            self._settings.sizes, key=lambda s: abs(math.log((_ratio(s, "x") or 1) / wanted))
        )

    def _fields(self, job: ImageJob, model: str, *, stream: bool) -> dict[str, Any]:
        told = self._settings
        fields: dict[str, Any] = {"model": model, "prompt": job.prompt}
        given = {
            "size": (self._size(job), None),
            "quality": (job.quality, "auto"),
            "background": (job.background, "auto"),
            "output_format": (job.output_format, "png"),
            "output_compression": (job.output_compression, 100),
            "moderation": (job.moderation, "auto"),
            "seed": (job.seed, None),
            "response_format": (told.response_format, None),
        }
        fields |= {name: value for name, (value, default) in given.items() if value != default}
        if stream:
            fields |= {"stream": True, "partial_images": job.partial_images}
        return fields

    def _post(
        self, job: ImageJob, model: str, *, stream: bool
    ) -> AbstractAsyncContextManager[Answer]:
        fields = self._fields(job, model, stream=stream)
        accept = "text/event-stream" if stream else "application/json"
        if job.action == "generate" or not job.images:
            body = msgspec.json.encode(fields)
            return self._upstream.post("/images/generations", job.model, json=body, accept=accept)
        if job.input_fidelity is not None:
            fields["input_fidelity"] = job.input_fidelity
        form = [*_plain(fields), *_files(job)]
        return self._upstream.post("/images/edits", job.model, form=form, accept=accept)

    async def _whole(self, body: bytes, job: ImageJob) -> Picture:
        answer = self._decode(models.ImagesResponse, body, job)
        del body
        pictures = answer.data or []
        if not pictures:
            raise self._wrong(job, "it holds no picture")
        first = pictures[0]
        if first.b64_json:
            data = self._bytes(first, job)
        else:
            data = self._looked(await self._fetch(first.url or "", job), job)
        revised = first.revised_prompt or None
        return self._picture(
            data, job, answer, revised_prompt=revised, usage=usage_of(answer.usage)
        )

    async def _fetch(self, url: str, job: ImageJob) -> bytes:
        """The picture behind a link, if the settings allow its host."""
        if url.startswith("data:"):
            try:
                return decode_data_url(url)
            except errors.PictureError as error:
                raise self._wrong(job, str(error)) from None
        try:
            parts = urlsplit(url)
            named = {parts.hostname, parts.netloc}
        except ValueError:
            raise self._wrong(job, "a link that is none") from None
        if parts.scheme not in ("http", "https") or not named & set(self._settings.picture_hosts):
            raise errors.ProviderError(
                f"{job.model}: the upstream answered with a link to {parts.hostname!r}; "
                "picture_hosts does not allow it",
                kind="protocol",
            )
        async with self._upstream.get(url, job.model) as answer:
            return await answer.body(self._settings.max_picture_bytes)


def _ratio(text: str, between: str) -> float | None:
    """Width by height, of ``3:2`` or ``1536x1024``."""
    width, found, height = text.partition(between)
    if not (found and width.isascii() and width.isdecimal()):
        return None
    if not (height.isascii() and height.isdecimal() and int(width) and int(height)):
        return None
    return int(width) / int(height)


def _plain(fields: dict[str, Any]) -> list[Part]:
    """A form's fields; no file name, or a reader takes them for files."""
    return [
        (name, (None, (value if isinstance(value, str) else str(value).lower()).encode(), ""))
        for name, value in fields.items()
    ]


def _files(job: ImageJob) -> list[Part]:
    name = "image" if len(job.images) == 1 else "image[]"
    files = [_file(name, f"image-{i}", data, "images") for i, data in enumerate(job.images)]
    if job.mask is not None:
        files.append(_file("mask", "mask", job.mask, "mask"))
    return files


def _file(name: str, title: str, data: bytes, param: str) -> Part:
    seen = look(data)
    if seen is None:
        raise refuse(param, "a picture to start from is neither png nor jpeg nor webp")
    return (name, (f"{title}.{seen.format}", data, seen.media_type))

"""Pictures from OpenRouter's ``POST /images``.

Facts: OpenRouter's OpenAPI document, schemas ``ImageGenerationRequest``,
``ImageGenerationResponse`` and ``ImageStreamingResponse``.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

import httpx2
import msgspec

from heliograph import models
from heliograph.pictures import data_url, look
from heliograph.providers._base import ImageJob, Picture
from heliograph.providers._places import PlacesOf, alone
from heliograph.providers._upstream import Answer
from heliograph.providers.image._remote import RemoteImages, RemoteSettings, refuse, usage_of

__all__ = ["OpenRouterImages", "OpenRouterImagesSettings"]

_NO_WORD_FOR = ("mask", "input_fidelity")


class OpenRouterImagesSettings(
    RemoteSettings, frozen=True, kw_only=True, forbid_unknown_fields=True,
    tag="openrouter_images", tag_field="kind",
):  # fmt: skip
    """``[providers.NAME]`` with ``kind = "openrouter_images"``.

    ``provider`` goes into each request as OpenRouter's ``provider`` preferences.
    """

    vendor: ClassVar[tuple[str, str]] = ("openrouter.ai", "OPENROUTER_API_KEY")
    base_url: str = "https://openrouter.ai/api/v1"
    provider: dict[str, Any] | None = None


class OpenRouterImages(RemoteImages):
    """Streams where a preview is wanted; OpenRouter ignores that for models that cannot."""

    def __init__(
        self,
        settings: OpenRouterImagesSettings,
        *,
        http: httpx2.AsyncClient | None = None,
        name: str = "",
        places: PlacesOf = alone,
    ) -> None:
        super().__init__(settings, http=http, name=name, places=places)
        self._settings = settings

    def check(self, job: ImageJob) -> None:
        """Refuses what OpenRouter's API has no field for: a mask, fidelity, moderation."""
        for name in _NO_WORD_FOR:
            if getattr(job, name) is not None:
                raise refuse(name, f"{job.model}: OpenRouter's images take no {name}")
        if job.moderation != "auto":
            raise refuse("moderation", f"{job.model}: OpenRouter's images take no moderation")
        if not self._told.references and (job.images or job.action == "edit"):
            param = "images" if job.images else "action"
            raise refuse(param, f"{job.model} takes no pictures in")

    def _post(
        self, job: ImageJob, model: str, *, stream: bool
    ) -> AbstractAsyncContextManager[Answer]:
        body: dict[str, Any] = {"model": model, "prompt": job.prompt}
        given = {
            "size": (job.size, "auto"),
            "aspect_ratio": (job.aspect_ratio if job.size == "auto" else "auto", "auto"),
            "quality": (job.quality, "auto"),
            "background": (job.background, "auto"),
            "output_format": (job.output_format, "png"),
            "output_compression": (job.output_compression, 100),
            "seed": (job.seed, None),
            "provider": (self._settings.provider, None),
        }
        body |= {name: value for name, (value, default) in given.items() if value != default}
        if job.images and job.action != "generate":
            body["input_references"] = [_reference(data) for data in job.images]
        if stream:
            body["stream"] = True
        accept = "text/event-stream" if stream else "application/json"
        sent = msgspec.json.encode(body)
        return self._upstream.post("/images", job.model, json=sent, accept=accept)

    async def _whole(self, body: bytes, job: ImageJob) -> Picture:
        answer = self._decode(models.ImageGenerationResponse, body, job)
        del body
        if not answer.data:
            raise self._wrong(job, "it holds no picture")
        data = self._bytes(answer.data[0], job)
        return self._picture(data, job, None, usage=usage_of(answer.usage))


def _reference(data: bytes) -> dict[str, Any]:
    if look(data) is None:
        raise refuse("images", "a picture to start from is neither png nor jpeg nor webp")
    return {"type": "image_url", "image_url": {"url": data_url(data)}}

"""Streaming events of OpenAI's and OpenRouter's Images APIs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET

from ._base import ImageEvent, Known, Maybe, Strict
from ._images import ImageGenStreamError
from ._images_usage import ImageGenerationUsage, ImagesUsage
from ._pictures import HasPicture

__all__ = [
    "ImageEditCompletedEvent",
    "ImageEditPartialImageEvent",
    "ImageGenCompletedEvent",
    "ImageGenPartialImageEvent",
    "ImageGenStreamErrorEvent",
    "ImageGenTextChunkEvent",
]


class ImageGenCompletedEvent(
    HasPicture, ImageEvent, tag="image_generation.completed", kw_only=True
):
    """A picture is whole.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["image_generation.completed"]] = "image_generation.completed"
    PICTURES: ClassVar[tuple[str, ...]] = ("b64_json",)
    b64_json: str
    created: Strict[int] = UNSET
    media_type: Maybe[str] = UNSET
    usage: Strict[ImageGenerationUsage | None] = UNSET
    background: Strict[Annotated[str, Known("transparent", "opaque", "auto")]] = UNSET
    created_at: Strict[int] = UNSET
    output_format: Strict[Annotated[str, Known("png", "webp", "jpeg")]] = UNSET
    quality: Strict[Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto")]] = UNSET
    size: Strict[str] = UNSET
    safety_identifier: Maybe[str | None] = UNSET


class ImageGenPartialImageEvent(
    HasPicture, ImageEvent, tag="image_generation.partial_image", kw_only=True
):
    """An early stage of a picture.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["image_generation.partial_image"]] = "image_generation.partial_image"
    PICTURES: ClassVar[tuple[str, ...]] = ("b64_json",)
    b64_json: str
    partial_image_index: int
    background: Strict[Annotated[str, Known("transparent", "opaque", "auto")]] = UNSET
    created_at: Strict[int] = UNSET
    output_format: Strict[Annotated[str, Known("png", "webp", "jpeg")]] = UNSET
    quality: Strict[Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto")]] = UNSET
    size: Strict[str] = UNSET


class ImageGenStreamErrorEvent(ImageEvent, tag="error", kw_only=True):
    """An image stream failed.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["error"]] = "error"
    error: ImageGenStreamError


class ImageGenTextChunkEvent(ImageEvent, tag="image_generation.text_chunk", kw_only=True):
    """Text that a model wrote while it drew.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["image_generation.text_chunk"]] = "image_generation.text_chunk"
    phase: Annotated[str, Known("content", "reasoning", "draft")]
    text: str


class ImageEditPartialImageEvent(
    HasPicture, ImageEvent, tag="image_edit.partial_image", kw_only=True
):
    """An early stage of an edited picture.

    Named by OpenAI.
    """

    type: ClassVar[Literal["image_edit.partial_image"]] = "image_edit.partial_image"
    PICTURES: ClassVar[tuple[str, ...]] = ("b64_json",)
    b64_json: str
    background: Annotated[str, Known("transparent", "opaque", "auto")]
    created_at: int
    output_format: Annotated[str, Known("png", "webp", "jpeg")]
    partial_image_index: int
    quality: Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto")]
    size: str


class ImageEditCompletedEvent(HasPicture, ImageEvent, tag="image_edit.completed", kw_only=True):
    """An edited picture is whole.

    Named by OpenAI.
    """

    type: ClassVar[Literal["image_edit.completed"]] = "image_edit.completed"
    PICTURES: ClassVar[tuple[str, ...]] = ("b64_json",)
    b64_json: str
    background: Annotated[str, Known("transparent", "opaque", "auto")]
    created_at: int
    output_format: Annotated[str, Known("png", "webp", "jpeg")]
    quality: Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto")]
    size: str
    usage: ImagesUsage | None
    safety_identifier: Maybe[str | None] = UNSET

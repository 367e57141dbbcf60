"""OpenAI's and OpenRouter's Images APIs: requests and answers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from heliograph.pictures import Picture

from ._base import Known, Maybe, Model, Strict, Tagged
from ._images_usage import ImageGenerationUsage, ImagesUsage
from ._options import ProviderSortConfig
from ._pictures import HasPicture, pictures_of
from ._tool_options import SvgOptions
from ._usage import SvgUsage

__all__ = [
    "ContentPartImage",
    "GeneratedImage",
    "Image",
    "ImageEditParams",
    "ImageGenStreamError",
    "ImageGenerateParams",
    "ImageGenerationProviderPreferences",
    "ImageGenerationRequest",
    "ImageGenerationResponse",
    "ImageUrl",
    "ImagesResponse",
]


class ImageGenerationRequest(Model, kw_only=True):
    """The body of OpenRouter's ``POST /images``.

    Named by OpenRouter.
    """

    model: str
    prompt: str
    aspect_ratio: Maybe[
        Annotated[
            str,
            Known(
                "1:1",
                "1:2",
                "1:4",
                "1:8",
                "2:1",
                "2:3",
                "3:2",
                "3:4",
                "4:1",
                "4:3",
                "4:5",
                "5:4",
                "8:1",
                "9:16",
                "16:9",
                "9:19.5",
                "19.5:9",
                "9:20",
                "20:9",
                "9:21",
                "21:9",
                "auto",
            ),
        ]
    ] = UNSET
    background: Maybe[Annotated[str, Known("auto", "transparent", "opaque")]] = UNSET
    input_references: Maybe[list[ContentPartImage]] = UNSET
    n: Maybe[int] = UNSET
    output_compression: Maybe[int] = UNSET
    output_format: Maybe[Annotated[str, Known("png", "jpeg", "webp", "svg")]] = UNSET
    provider: Maybe[ImageGenerationProviderPreferences] = UNSET
    quality: Maybe[Annotated[str, Known("auto", "low", "medium", "high")]] = UNSET
    resolution: Maybe[Annotated[str, Known("512", "1K", "2K", "4K")]] = UNSET
    seed: Maybe[int] = UNSET
    size: Maybe[str] = UNSET
    stream: Maybe[bool] = UNSET


class ImageGenerationProviderPreferences(Model, kw_only=True):
    """Which providers may draw, and in what order.

    Named by OpenRouter.
    """

    allow_fallbacks: Maybe[bool | None] = UNSET
    ignore: Maybe[list[str] | None] = UNSET
    only: Maybe[list[str] | None] = UNSET
    options: Maybe[dict[str, Any]] = UNSET
    order: Maybe[list[str] | None] = UNSET
    sort: Maybe[
        ProviderSortConfig
        | Annotated[str, Known("price", "throughput", "latency", "exacto")]
        | None
    ] = UNSET


class ImageGenerationResponse(Model, kw_only=True):
    """The answer of OpenRouter's ``POST /images``.

    Named by OpenRouter.
    """

    created: int
    data: list[GeneratedImage]
    usage: Maybe[ImageGenerationUsage | None] = UNSET

    @property
    def images(self) -> list[Picture]:
        """The pictures, in order."""
        return pictures_of(self.data)


class ImageGenerateParams(Model, kw_only=True):
    """The body of OpenAI's ``POST /images/generations``.

    Named by OpenAI.
    """

    prompt: str
    background: Maybe[Annotated[str, Known("transparent", "opaque", "auto")] | None] = UNSET
    complexity: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    frame_count: Maybe[int | None] = UNSET
    frame_duration_ms: Maybe[int | None] = UNSET
    model: Maybe[str | None] = UNSET
    moderation: Maybe[Annotated[str, Known("low", "auto")] | None] = UNSET
    n: Maybe[int | None] = UNSET
    output_compression: Maybe[int | None] = UNSET
    output_format: Maybe[Annotated[str, Known("png", "webp", "jpeg", "gif", "svg")] | None] = UNSET
    partial_images: Maybe[int | None] = UNSET
    quality: Maybe[
        Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto", "standard", "hd")]
        | None
    ] = UNSET
    response_format: Maybe[Annotated[str, Known("url", "b64_json")] | None] = UNSET
    safety_identifier: Maybe[str | None] = UNSET
    size: Maybe[str | None] = UNSET
    style: Maybe[Annotated[str, Known("vivid", "natural")] | None] = UNSET
    svg: Maybe[SvgOptions | None] = UNSET
    user: Maybe[str] = UNSET
    stream: Strict[bool | None] = UNSET


class ImageEditParams(Model, kw_only=True):
    """The fields of OpenAI's ``/images/edits`` (a multipart form on the wire).

    Named by OpenAI.
    """

    image: Any
    prompt: str
    background: Maybe[Annotated[str, Known("transparent", "opaque", "auto")] | None] = UNSET
    complexity: Maybe[Annotated[str, Known("low", "medium", "high")] | None] = UNSET
    frame_count: Maybe[int | None] = UNSET
    frame_duration_ms: Maybe[int | None] = UNSET
    input_fidelity: Maybe[Annotated[str, Known("high", "low")] | None] = UNSET
    markup: Maybe[Any] = UNSET
    mask: Maybe[Any] = UNSET
    model: Maybe[str | None] = UNSET
    n: Maybe[int | None] = UNSET
    output_compression: Maybe[int | None] = UNSET
    output_format: Maybe[Annotated[str, Known("png", "webp", "jpeg", "gif", "svg")] | None] = UNSET
    partial_images: Maybe[int | None] = UNSET
    quality: Maybe[
        Annotated[str, Known("low", "medium", "high", "xhigh", "max", "auto", "standard")] | None
    ] = UNSET
    response_format: Maybe[Annotated[str, Known("url", "b64_json")] | None] = UNSET
    safety_identifier: Maybe[str | None] = UNSET
    size: Maybe[str | None] = UNSET
    svg: Maybe[SvgOptions | None] = UNSET
    user: Maybe[str] = UNSET
    stream: Strict[bool | None] = UNSET


class ImagesResponse(Model, kw_only=True):
    """The answer of OpenAI's ``/images/generations`` and ``/images/edits``.

    Named by OpenAI.
    """

    created: int
    background: Maybe[Annotated[str, Known("transparent", "opaque")] | None] = UNSET
    data: Maybe[list[Image] | None] = UNSET
    output_format: Maybe[Annotated[str, Known("png", "webp", "jpeg", "gif", "svg")] | None] = UNSET
    quality: Maybe[Annotated[str, Known("low", "medium", "high", "xhigh", "max")] | None] = UNSET
    safety_identifier: Maybe[str | None] = UNSET
    size: Maybe[str | None] = UNSET
    svg_usage: Maybe[SvgUsage | None] = UNSET
    usage: Maybe[ImagesUsage | None] = UNSET

    @property
    def images(self) -> list[Picture]:
        """The pictures, in order."""
        return pictures_of(self.data or [])


class Image(HasPicture, Model, kw_only=True):
    """One picture of OpenAI's ``/images/generations`` and ``/images/edits``.

    Named by OpenAI.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("b64_json", "url")
    b64_json: Maybe[str | None] = UNSET
    revised_prompt: Maybe[str | None] = UNSET
    url: Maybe[str | None] = UNSET


class ImageUrl(Model, kw_only=True):
    """The address of a picture.

    Named by OpenRouter.
    """

    url: str


class GeneratedImage(HasPicture, Model, kw_only=True):
    """One picture of OpenRouter's ``/images``.

    Named by OpenRouter.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("b64_json",)
    b64_json: str
    media_type: Maybe[str] = UNSET


class ImageGenStreamError(Model, kw_only=True):
    """What went wrong with an image stream.

    Named by OpenRouter.
    """

    message: str
    code: Maybe[str | None] = UNSET
    param: Maybe[str | None] = UNSET
    type: Maybe[str | None] = UNSET


class ContentPartImage(Tagged, tag="image_url", kw_only=True):
    """A picture to start from, by URL.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["image_url"]] = "image_url"
    image_url: ImageUrl

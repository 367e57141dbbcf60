"""Content parts of messages and reasoning, annotations, log probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import ContentPart, Known, Maybe, Model, Strict, Tagged, UnknownObject, UnknownPart

__all__ = [
    "Annotation",
    "ComputerScreenshot",
    "ContainerFileCitation",
    "EncryptedContent",
    "FileCitation",
    "FilePath",
    "InputAudio",
    "InputAudioData",
    "InputFile",
    "InputImage",
    "InputText",
    "InputVideo",
    "Logprob",
    "OpenAIResponsesRefusalContent",
    "Part",
    "PromptCacheBreakpoint",
    "ReasoningSummaryText",
    "ReasoningTextContent",
    "ResponseOutputText",
    "TextPart",
    "TopLogprob",
    "URLCitation",
]


class PromptCacheBreakpoint(Model, kw_only=True):
    """The prompt up to here may be cached.

    Named by OpenRouter, OpenAI.
    """

    mode: Annotated[str, Known("explicit")]
    ttl: Maybe[Annotated[str, Known("30m", "12h")] | None] = UNSET


class Logprob(Model, kw_only=True):
    """One token of the output with its log probability.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    logprob: float
    token: str
    bytes: Strict[list[int]] = UNSET
    top_logprobs: Strict[list[TopLogprob] | None] = UNSET


class TopLogprob(Model, kw_only=True):
    """A token that could have stood there, with its log probability.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    bytes: Strict[list[int]] = UNSET
    logprob: Strict[float | None] = UNSET
    token: Strict[str | None] = UNSET


class InputAudioData(Model, kw_only=True):
    """Sound in base64, and its format.

    Named by OpenRouter.
    """

    data: str
    format: Annotated[str, Known("mp3", "wav")]


class InputText(ContentPart, tag="input_text", kw_only=True):
    """Text that the caller sends.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["input_text"]] = "input_text"
    text: str
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpoint | None] = UNSET


class InputImage(ContentPart, tag="input_image", kw_only=True):
    """A picture that the caller sends, by id or URL.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["input_image"]] = "input_image"
    detail: Strict[Annotated[str, Known("auto", "high", "low", "original")] | None] = UNSET
    image_url: Strict[str | None] = UNSET
    file_id: Maybe[str | None] = UNSET
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpoint | None] = UNSET


class InputFile(ContentPart, tag="input_file", kw_only=True):
    """A file that the caller sends, by id, URL or content.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["input_file"]] = "input_file"
    file_data: Maybe[str | None] = UNSET
    file_id: Maybe[str | None] = UNSET
    file_url: Maybe[str | None] = UNSET
    filename: Maybe[str | None] = UNSET
    detail: Maybe[Annotated[str, Known("auto", "low", "high")] | None] = UNSET
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpoint | None] = UNSET


class InputAudio(ContentPart, tag="input_audio", kw_only=True):
    """Sound that the caller sends.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["input_audio"]] = "input_audio"
    input_audio: InputAudioData


class ResponseOutputText(ContentPart, tag="output_text", kw_only=True):
    """Text that the model wrote.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["output_text"]] = "output_text"
    text: str
    annotations: Strict[list[Annotation]] = UNSET
    logprobs: Maybe[list[Logprob] | None] = UNSET


class FileCitation(Tagged, tag="file_citation", kw_only=True):
    """Points to a file that was drawn upon.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["file_citation"]] = "file_citation"
    file_id: str
    filename: str
    index: int


class URLCitation(Tagged, tag="url_citation", kw_only=True):
    """Points to a web page that was drawn upon.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["url_citation"]] = "url_citation"
    end_index: int
    start_index: int
    title: str
    url: str
    content: Maybe[str] = UNSET


class FilePath(Tagged, tag="file_path", kw_only=True):
    """Points to a file that was made.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["file_path"]] = "file_path"
    file_id: str
    index: int


class OpenAIResponsesRefusalContent(ContentPart, tag="refusal", kw_only=True):
    """The model's words for declining.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["refusal"]] = "refusal"
    refusal: str


class ReasoningTextContent(ContentPart, tag="reasoning_text", kw_only=True):
    """Reasoning as text.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["reasoning_text"]] = "reasoning_text"
    text: str


class ReasoningSummaryText(ContentPart, tag="summary_text", kw_only=True):
    """A part of the reasoning's summary.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["summary_text"]] = "summary_text"
    text: str


class TextPart(ContentPart, tag="text", kw_only=True):
    """Plain text, of no side.

    Named by Open Responses.
    """

    type: ClassVar[Literal["text"]] = "text"
    text: str


class InputVideo(ContentPart, tag="input_video", kw_only=True):
    """A video that the caller sends.

    Named by OpenRouter, Open Responses.
    """

    type: ClassVar[Literal["input_video"]] = "input_video"
    video_url: str


class ContainerFileCitation(Tagged, tag="container_file_citation", kw_only=True):
    """Points to a file in a container.

    Named by OpenAI.
    """

    type: ClassVar[Literal["container_file_citation"]] = "container_file_citation"
    container_id: str
    end_index: int
    file_id: str
    filename: str
    start_index: int


class ComputerScreenshot(ContentPart, tag="computer_screenshot", kw_only=True):
    """A picture of the computer's screen.

    Named by OpenAI.
    """

    type: ClassVar[Literal["computer_screenshot"]] = "computer_screenshot"
    file_id: Maybe[str | None] = UNSET
    image_url: Maybe[str | None] = UNSET


class EncryptedContent(ContentPart, tag="encrypted_content", kw_only=True):
    """Content that only the provider can read.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["encrypted_content"]] = "encrypted_content"
    encrypted_content: str


if TYPE_CHECKING:
    Part: TypeAlias = (
        ComputerScreenshot
        | EncryptedContent
        | InputAudio
        | InputFile
        | InputImage
        | InputText
        | InputVideo
        | OpenAIResponsesRefusalContent
        | ReasoningSummaryText
        | ReasoningTextContent
        | ResponseOutputText
        | TextPart
        | UnknownPart
    )
else:
    Part = (
        ComputerScreenshot
        | EncryptedContent
        | InputAudio
        | InputFile
        | InputImage
        | InputText
        | InputVideo
        | OpenAIResponsesRefusalContent
        | ReasoningSummaryText
        | ReasoningTextContent
        | ResponseOutputText
        | TextPart
    )

if TYPE_CHECKING:
    Annotation: TypeAlias = (
        ContainerFileCitation | FileCitation | FilePath | URLCitation | UnknownObject
    )
else:
    Annotation = ContainerFileCitation | FileCitation | FilePath | URLCitation

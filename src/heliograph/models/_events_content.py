"""Events of content parts: text, refusals, reasoning, annotations, sound."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET

from ._base import Event, Known, Maybe, Strict
from ._content import Annotation, Logprob, Part

__all__ = [
    "AnnotationAddedEvent",
    "ContentPartAddedEvent",
    "ContentPartDoneEvent",
    "FusionCallPanelReasoningDeltaEvent",
    "ReasoningDeltaEvent",
    "ReasoningDoneEvent",
    "ReasoningSummaryPartAddedEvent",
    "ReasoningSummaryPartDoneEvent",
    "ReasoningSummaryTextDeltaEvent",
    "ReasoningSummaryTextDoneEvent",
    "RefusalDeltaEvent",
    "RefusalDoneEvent",
    "ResponseAudioDeltaEvent",
    "ResponseAudioDoneEvent",
    "ResponseAudioTranscriptDeltaEvent",
    "ResponseAudioTranscriptDoneEvent",
    "ResponseReasoningDeltaEvent",
    "ResponseReasoningDoneEvent",
    "TextDeltaEvent",
    "TextDoneEvent",
]


class ContentPartAddedEvent(Event, tag="response.content_part.added", kw_only=True):
    """A content part opened.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.content_part.added"]] = "response.content_part.added"
    content_index: int
    item_id: str
    output_index: int
    part: Part


class ContentPartDoneEvent(Event, tag="response.content_part.done", kw_only=True):
    """A content part is whole.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.content_part.done"]] = "response.content_part.done"
    content_index: int
    item_id: str
    output_index: int
    part: Part


class TextDeltaEvent(Event, tag="response.output_text.delta", kw_only=True):
    """The next piece of output text.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.output_text.delta"]] = "response.output_text.delta"
    content_index: int
    delta: str
    item_id: str
    output_index: int
    logprobs: Strict[list[Logprob]] = UNSET
    obfuscation: Maybe[str] = UNSET


class TextDoneEvent(Event, tag="response.output_text.done", kw_only=True):
    """The whole text of a content part.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.output_text.done"]] = "response.output_text.done"
    content_index: int
    item_id: str
    output_index: int
    text: str
    logprobs: Strict[list[Logprob]] = UNSET


class RefusalDeltaEvent(Event, tag="response.refusal.delta", kw_only=True):
    """The next piece of a refusal.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.refusal.delta"]] = "response.refusal.delta"
    content_index: int
    delta: str
    item_id: str
    output_index: int


class RefusalDoneEvent(Event, tag="response.refusal.done", kw_only=True):
    """The whole refusal.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.refusal.done"]] = "response.refusal.done"
    content_index: int
    item_id: str
    output_index: int
    refusal: str


class AnnotationAddedEvent(Event, tag="response.output_text.annotation.added", kw_only=True):
    """An annotation (a citation, a file path) joined a piece of output text.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.output_text.annotation.added"]] = (
        "response.output_text.annotation.added"
    )
    annotation_index: int
    content_index: int
    item_id: str
    output_index: int
    annotation: Strict[Annotation | None] = UNSET


class ReasoningDeltaEvent(Event, tag="response.reasoning_text.delta", kw_only=True):
    """The next piece of reasoning text.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.reasoning_text.delta"]] = "response.reasoning_text.delta"
    content_index: int
    delta: str
    item_id: str
    output_index: int


class ReasoningDoneEvent(Event, tag="response.reasoning_text.done", kw_only=True):
    """The whole reasoning text.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["response.reasoning_text.done"]] = "response.reasoning_text.done"
    content_index: int
    item_id: str
    output_index: int
    text: str


class ReasoningSummaryPartAddedEvent(
    Event, tag="response.reasoning_summary_part.added", kw_only=True
):
    """A part of the reasoning's summary opened.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.reasoning_summary_part.added"]] = (
        "response.reasoning_summary_part.added"
    )
    item_id: str
    output_index: int
    part: Part
    summary_index: int


class ReasoningSummaryPartDoneEvent(
    Event, tag="response.reasoning_summary_part.done", kw_only=True
):
    """A part of the reasoning's summary is whole.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.reasoning_summary_part.done"]] = (
        "response.reasoning_summary_part.done"
    )
    item_id: str
    output_index: int
    part: Part
    summary_index: int
    status: Maybe[Annotated[str, Known("incomplete")] | None] = UNSET


class ReasoningSummaryTextDeltaEvent(
    Event, tag="response.reasoning_summary_text.delta", kw_only=True
):
    """The next piece of the reasoning's summary.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.reasoning_summary_text.delta"]] = (
        "response.reasoning_summary_text.delta"
    )
    delta: str
    item_id: str
    output_index: int
    summary_index: int
    obfuscation: Maybe[str] = UNSET


class ReasoningSummaryTextDoneEvent(
    Event, tag="response.reasoning_summary_text.done", kw_only=True
):
    """The whole text of a part of the reasoning's summary.

    Named by OpenRouter, OpenAI, Open Responses.
    """

    type: ClassVar[Literal["response.reasoning_summary_text.done"]] = (
        "response.reasoning_summary_text.done"
    )
    item_id: str
    output_index: int
    summary_index: int
    text: str


class FusionCallPanelReasoningDeltaEvent(
    Event, tag="response.fusion_call.panel.reasoning.delta", kw_only=True
):
    """The next piece of a panel model's reasoning.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.panel.reasoning.delta"]] = (
        "response.fusion_call.panel.reasoning.delta"
    )
    delta: str
    item_id: str
    model: str
    output_index: int


class ResponseReasoningDeltaEvent(Event, tag="response.reasoning.delta", kw_only=True):
    """The next piece of reasoning, as Open Responses spells the event.

    Named by Open Responses.
    """

    type: ClassVar[Literal["response.reasoning.delta"]] = "response.reasoning.delta"
    item_id: str
    output_index: int
    content_index: int
    delta: str
    obfuscation: Maybe[str] = UNSET


class ResponseReasoningDoneEvent(Event, tag="response.reasoning.done", kw_only=True):
    """The whole reasoning, as Open Responses spells the event.

    Named by Open Responses.
    """

    type: ClassVar[Literal["response.reasoning.done"]] = "response.reasoning.done"
    item_id: str
    output_index: int
    content_index: int
    text: str


class ResponseAudioDeltaEvent(Event, tag="response.audio.delta", kw_only=True):
    """The next piece of spoken output, in base64.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.audio.delta"]] = "response.audio.delta"
    delta: str


class ResponseAudioDoneEvent(Event, tag="response.audio.done", kw_only=True):
    """The spoken output is whole.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.audio.done"]] = "response.audio.done"


class ResponseAudioTranscriptDeltaEvent(Event, tag="response.audio.transcript.delta", kw_only=True):
    """The next piece of the spoken output's text.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.audio.transcript.delta"]] = "response.audio.transcript.delta"
    delta: str


class ResponseAudioTranscriptDoneEvent(Event, tag="response.audio.transcript.done", kw_only=True):
    """The spoken output's text is whole.

    Named by OpenAI.
    """

    type: ClassVar[Literal["response.audio.transcript.done"]] = "response.audio.transcript.done"

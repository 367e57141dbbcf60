"""The 27 long names of the seed union (`@openrouter/sdk` 0.0.0-beta.43): the same classes."""

from __future__ import annotations

from ._events_content import (
    AnnotationAddedEvent,
    ContentPartAddedEvent,
    ContentPartDoneEvent,
    ReasoningDeltaEvent,
    ReasoningDoneEvent,
    ReasoningSummaryPartAddedEvent,
    ReasoningSummaryPartDoneEvent,
    ReasoningSummaryTextDeltaEvent,
    ReasoningSummaryTextDoneEvent,
    RefusalDeltaEvent,
    RefusalDoneEvent,
    TextDeltaEvent,
    TextDoneEvent,
)
from ._events_response import (
    CompletedEvent,
    CreatedEvent,
    ErrorEvent,
    FailedEvent,
    IncompleteEvent,
    InProgressEvent,
    OutputItemAddedEvent,
    OutputItemDoneEvent,
)
from ._events_tools import (
    FunctionCallArgsDeltaEvent,
    FunctionCallArgsDoneEvent,
    ImageGenCallCompletedEvent,
    ImageGenCallGeneratingEvent,
    ImageGenCallInProgressEvent,
    ImageGenCallPartialImageEvent,
)

__all__ = [
    "OpenResponsesStreamEventError",
    "OpenResponsesStreamEventResponseCompleted",
    "OpenResponsesStreamEventResponseContentPartAdded",
    "OpenResponsesStreamEventResponseContentPartDone",
    "OpenResponsesStreamEventResponseCreated",
    "OpenResponsesStreamEventResponseFailed",
    "OpenResponsesStreamEventResponseFunctionCallArgumentsDelta",
    "OpenResponsesStreamEventResponseFunctionCallArgumentsDone",
    "OpenResponsesStreamEventResponseImageGenerationCallCompleted",
    "OpenResponsesStreamEventResponseImageGenerationCallGenerating",
    "OpenResponsesStreamEventResponseImageGenerationCallInProgress",
    "OpenResponsesStreamEventResponseImageGenerationCallPartialImage",
    "OpenResponsesStreamEventResponseInProgress",
    "OpenResponsesStreamEventResponseIncomplete",
    "OpenResponsesStreamEventResponseOutputItemAdded",
    "OpenResponsesStreamEventResponseOutputItemDone",
    "OpenResponsesStreamEventResponseOutputTextAnnotationAdded",
    "OpenResponsesStreamEventResponseOutputTextDelta",
    "OpenResponsesStreamEventResponseOutputTextDone",
    "OpenResponsesStreamEventResponseReasoningSummaryPartAdded",
    "OpenResponsesStreamEventResponseReasoningSummaryPartDone",
    "OpenResponsesStreamEventResponseReasoningSummaryTextDelta",
    "OpenResponsesStreamEventResponseReasoningSummaryTextDone",
    "OpenResponsesStreamEventResponseReasoningTextDelta",
    "OpenResponsesStreamEventResponseReasoningTextDone",
    "OpenResponsesStreamEventResponseRefusalDelta",
    "OpenResponsesStreamEventResponseRefusalDone",
]

OpenResponsesStreamEventResponseCreated = CreatedEvent
OpenResponsesStreamEventResponseInProgress = InProgressEvent
OpenResponsesStreamEventResponseCompleted = CompletedEvent
OpenResponsesStreamEventResponseIncomplete = IncompleteEvent
OpenResponsesStreamEventResponseFailed = FailedEvent
OpenResponsesStreamEventError = ErrorEvent
OpenResponsesStreamEventResponseOutputItemAdded = OutputItemAddedEvent
OpenResponsesStreamEventResponseOutputItemDone = OutputItemDoneEvent
OpenResponsesStreamEventResponseContentPartAdded = ContentPartAddedEvent
OpenResponsesStreamEventResponseContentPartDone = ContentPartDoneEvent
OpenResponsesStreamEventResponseOutputTextDelta = TextDeltaEvent
OpenResponsesStreamEventResponseOutputTextDone = TextDoneEvent
OpenResponsesStreamEventResponseRefusalDelta = RefusalDeltaEvent
OpenResponsesStreamEventResponseRefusalDone = RefusalDoneEvent
OpenResponsesStreamEventResponseOutputTextAnnotationAdded = AnnotationAddedEvent
OpenResponsesStreamEventResponseFunctionCallArgumentsDelta = FunctionCallArgsDeltaEvent
OpenResponsesStreamEventResponseFunctionCallArgumentsDone = FunctionCallArgsDoneEvent
OpenResponsesStreamEventResponseReasoningTextDelta = ReasoningDeltaEvent
OpenResponsesStreamEventResponseReasoningTextDone = ReasoningDoneEvent
OpenResponsesStreamEventResponseReasoningSummaryPartAdded = ReasoningSummaryPartAddedEvent
OpenResponsesStreamEventResponseReasoningSummaryPartDone = ReasoningSummaryPartDoneEvent
OpenResponsesStreamEventResponseReasoningSummaryTextDelta = ReasoningSummaryTextDeltaEvent
OpenResponsesStreamEventResponseReasoningSummaryTextDone = ReasoningSummaryTextDoneEvent
OpenResponsesStreamEventResponseImageGenerationCallInProgress = ImageGenCallInProgressEvent
OpenResponsesStreamEventResponseImageGenerationCallGenerating = ImageGenCallGeneratingEvent
OpenResponsesStreamEventResponseImageGenerationCallPartialImage = ImageGenCallPartialImageEvent
OpenResponsesStreamEventResponseImageGenerationCallCompleted = ImageGenCallCompletedEvent

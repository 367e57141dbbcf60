"""Events that OpenRouter alone has: patches, fusion, debugging."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from ._base import Event, Known, Maybe, Model
from ._parts_tools import FusionAnalysisResult

__all__ = [
    "ApplyPatchCallOperationDiffDeltaEvent",
    "ApplyPatchCallOperationDiffDoneEvent",
    "DebugEvent",
    "DebugInfo",
    "DebugTimings",
    "FusionCallAnalysisCompletedEvent",
    "FusionCallAnalysisInProgressEvent",
    "FusionCallCompletedEvent",
    "FusionCallInProgressEvent",
    "FusionCallPanelAddedEvent",
    "FusionCallPanelCompletedEvent",
    "FusionCallPanelDeltaEvent",
    "FusionCallPanelFailedEvent",
]


class DebugInfo(Model, kw_only=True):
    """What a debug event tells.

    Named by OpenRouter.
    """

    echo_upstream_body: Maybe[dict[str, Any]] = UNSET
    timings: Maybe[DebugTimings] = UNSET


class DebugTimings(Model, kw_only=True):
    """When one step of the router began.

    Named by OpenRouter.
    """

    epoch_ms: int
    event: Annotated[
        str,
        Known(
            "adapter_request",
            "upstream_headers_received",
            "first_token_received",
            "upstream_body_ended",
        ),
    ]
    start_ms: int


class ApplyPatchCallOperationDiffDeltaEvent(
    Event, tag="response.apply_patch_call_operation_diff.delta", kw_only=True
):
    """The next piece of a patch's diff.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.apply_patch_call_operation_diff.delta"]] = (
        "response.apply_patch_call_operation_diff.delta"
    )
    delta: str
    item_id: str
    output_index: int


class ApplyPatchCallOperationDiffDoneEvent(
    Event, tag="response.apply_patch_call_operation_diff.done", kw_only=True
):
    """The whole diff of a patch.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.apply_patch_call_operation_diff.done"]] = (
        "response.apply_patch_call_operation_diff.done"
    )
    diff: str
    item_id: str
    output_index: int


class FusionCallInProgressEvent(Event, tag="response.fusion_call.in_progress", kw_only=True):
    """A fusion call has begun.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.in_progress"]] = "response.fusion_call.in_progress"
    item_id: str
    output_index: int


class FusionCallPanelAddedEvent(Event, tag="response.fusion_call.panel.added", kw_only=True):
    """A model joined the panel.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.panel.added"]] = "response.fusion_call.panel.added"
    item_id: str
    model: str
    output_index: int


class FusionCallPanelDeltaEvent(Event, tag="response.fusion_call.panel.delta", kw_only=True):
    """The next piece of a panel model's answer.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.panel.delta"]] = "response.fusion_call.panel.delta"
    delta: str
    item_id: str
    model: str
    output_index: int


class FusionCallPanelCompletedEvent(
    Event, tag="response.fusion_call.panel.completed", kw_only=True
):
    """A model of the panel has answered.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.panel.completed"]] = (
        "response.fusion_call.panel.completed"
    )
    content: str
    item_id: str
    model: str
    output_index: int


class FusionCallPanelFailedEvent(Event, tag="response.fusion_call.panel.failed", kw_only=True):
    """A model of the panel failed.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.panel.failed"]] = (
        "response.fusion_call.panel.failed"
    )
    error: str
    item_id: str
    model: str
    output_index: int
    status_code: Maybe[int] = UNSET


class FusionCallAnalysisInProgressEvent(
    Event, tag="response.fusion_call.analysis.in_progress", kw_only=True
):
    """The panel's answers are being compared.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.analysis.in_progress"]] = (
        "response.fusion_call.analysis.in_progress"
    )
    analyst_model: str
    item_id: str
    judge_model: str
    output_index: int


class FusionCallAnalysisCompletedEvent(
    Event, tag="response.fusion_call.analysis.completed", kw_only=True
):
    """The panel's answers have been compared.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.analysis.completed"]] = (
        "response.fusion_call.analysis.completed"
    )
    analysis: FusionAnalysisResult
    item_id: str
    output_index: int


class FusionCallCompletedEvent(Event, tag="response.fusion_call.completed", kw_only=True):
    """A fusion call has finished.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.fusion_call.completed"]] = "response.fusion_call.completed"
    item_id: str
    output_index: int


class DebugEvent(Event, tag="response.debug", kw_only=True):
    """What the router did, for debugging.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["response.debug"]] = "response.debug"
    debug: DebugInfo

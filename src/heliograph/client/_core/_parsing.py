"""Structured outputs: a type to the ``text.format`` that asks for it, and a response's text to it.

The text that is read is that of the last message which is the answer: one whose ``phase`` is absent
or ``final_answer``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from heliograph import errors, models
from heliograph.client._core._shape import Misfit, Shape, shape_of
from heliograph.client._core._strict import NotStrict, strict_schema

__all__ = ["ParsedResponse", "TextFormat", "unparsed"]

T = TypeVar("T")

_MAX_NAME = 64
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]+")
_ENDINGS = frozenset({"completed", "incomplete", models.UNSET, None})
_CALLS = (models.OutputFunctionCallItem, models.OutputCustomToolCallItem)


class ParsedResponse(models.OpenResponsesResult, Generic[T], dict=True, gc=True, kw_only=True):
    """A response whose text was asked for as a ``T``; otherwise `models.OpenResponsesResult`."""

    @property
    def output_parsed(self) -> T:
        """The text as what ``text_format`` says.

        Raises `IncompleteOutput` where the turn ended in calls of your tools and has no text yet.
        """
        found: T | errors.OutputError = self.__dict__["output_parsed"]
        if isinstance(found, errors.OutputError):
            raise found
        return found


class TextFormat(Generic[T]):
    """One ``text_format``. Raises `UsageError` for a type that strict JSON Schema cannot say."""

    def __init__(self, type_: type[T]) -> None:
        name = getattr(type_, "__name__", "")
        try:
            self._shape: Shape[T] = shape_of(type_)
            schema = strict_schema(self._shape.schema)
        except (NotStrict, errors.UsageError) as error:
            raise errors.UsageError(f"text_format: {error}") from None
        self.format: dict[str, Any] = {
            "type": "json_schema",
            "name": _NO_NAME.sub("_", name).strip("_")[:_MAX_NAME] or "output",
            "schema": schema,
            "strict": True,
        }

    def within(
        self, params: Mapping[str, Any], extra_body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """A request's fields with this format in them. Raises `UsageError` beside another one."""
        if "text" in (extra_body or {}):
            raise errors.UsageError("extra_body.text: stands beside text_format; give it as text")
        text = params.get("text")
        if isinstance(text, models.Model):
            text = msgspec.json.decode(models.encode(text))
        if not isinstance(text, Mapping | None):
            raise errors.UsageError(f"text: is no object: {text!r}")
        if text and text.get("format") is not None:
            raise errors.UsageError("text.format: stands beside text_format; give one of the two")
        return {**params, "text": {**(text or {}), "format": self.format}}

    def parsed(self, response: models.OpenResponsesResult) -> ParsedResponse[T]:
        """The response with its text read. Raises `Refused`, `IncompleteOutput`, `UnfitOutput`.

        A turn that ended in calls of the caller's tools has no text yet, which is no error here.
        """
        made: ParsedResponse[T] = ParsedResponse(
            **{name: getattr(response, name) for name in response.__struct_fields__}
        )
        wire = models.wire_of(response)
        if wire is not None:
            made._wire = wire
        made.__dict__["output_parsed"] = self._read(made)
        return made

    def _read(self, response: ParsedResponse[T]) -> T | errors.OutputError:
        if response.status not in _ENDINGS:
            raise errors.IncompleteOutput(_why(response), response)
        parts = _answer(response)
        for part in parts:
            if isinstance(part, models.OpenAIResponsesRefusalContent):
                raise errors.Refused(part.refusal, response)
        if response.status == "incomplete":
            raise errors.IncompleteOutput(_why(response), response)
        text = "".join(part.text for part in parts if isinstance(part, models.ResponseOutputText))
        if not text:
            missing = errors.IncompleteOutput("the response holds no text", response)
            if any(isinstance(item, _CALLS) for item in response.output):
                return missing
            raise missing
        try:
            return self._shape.read(text)
        except Misfit as misfit:
            raise errors.UnfitOutput(misfit.field, misfit.reason, text, response) from misfit


def unparsed(response: models.OpenResponsesResult) -> models.OpenResponsesResult:
    """A response of which no type was asked."""
    return response


def _answer(response: models.OpenResponsesResult) -> list[Any]:
    """The content of the message that is the answer."""
    for item in reversed(response.output):
        if isinstance(item, models.OutputMessageItem) and item.phase in (
            models.UNSET,
            None,
            "final_answer",
        ):
            return item.content
    return []


def _why(response: models.OpenResponsesResult) -> str:
    """Why there is no whole output."""
    if response.error:
        return f"the response is {response.status}: {response.error.message}"
    if response.incomplete_details:
        return f"the response is {response.status}: {response.incomplete_details.reason}"
    if response.status in ("queued", "in_progress"):
        return f"the response is {response.status}: retrieve it when it is done"
    return f"the response is {response.status}"

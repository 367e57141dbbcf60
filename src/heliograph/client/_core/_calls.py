"""One call of a function by a model: its arguments, and the item that answers it."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from heliograph import errors, models
from heliograph.client._core._functions import CallableTool

__all__ = ["CallOf", "ToolCall"]

CallOf = models.OutputFunctionCallItem | models.OutputCustomToolCallItem


class ToolCall:
    """A call, ready to be run by a shell: ``function(**arguments)``, then `returned` or `raised`.

    ``refused`` is the answer where there is nothing to run: no such function, or arguments that it
    does not take. The model is told, whatever ``tell`` says of the function's own errors.
    """

    def __init__(
        self,
        item: CallOf,
        tool: CallableTool[..., Any] | None,
        *,
        response: models.OpenResponsesResult,
        tell: bool,
        known: tuple[str, ...],
    ) -> None:
        self.item = item
        self._response = response
        self._tell = tell
        self.arguments: dict[str, Any] = {}
        self.refused: models.Item | None = None
        if tool is None or isinstance(tool.definition, models.CustomTool) != isinstance(
            item, models.OutputCustomToolCallItem
        ):
            names = ", ".join(known) or "none"
            self.refused = self._output(f"error: no such tool: {item.name}; there are: {names}")
            return
        self.function = tool.function
        self.is_async = tool.is_async
        text = item.arguments if isinstance(item, models.OutputFunctionCallItem) else item.input
        try:
            self.arguments = tool.read_arguments(text)
        except ValueError as error:
            self.refused = self._output(f"error: wrong arguments: {error}")

    def returned(self, value: Any) -> models.Item:
        """The function's value as an answer. Raises `TypeError` for what JSON cannot say."""
        return self._output(_output_of(value))

    def raised(self, error: Exception) -> models.Item:
        """The function's error as an answer, or, where the caller wants that, as `ToolFailed`."""
        said = f"{type(error).__name__}: {error}"
        if not self._tell:
            raise errors.ToolFailed(
                f"{self.item.name}: {said}", self.item, self._response
            ) from error
        return self._output(f"error: {said}")

    def _output(self, output: str | list[Any]) -> models.Item:
        kind = (
            models.FunctionCallOutputItem
            if isinstance(self.item, models.OutputFunctionCallItem)
            else models.CustomToolCallOutputItem
        )
        return kind(call_id=self.item.call_id, output=output)


def _output_of(value: Any) -> str | list[Any]:
    """Text as it is, content parts (pictures, files) as such, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, models.ContentPart):
        return [value]
    if isinstance(value, list) and value and all(isinstance(v, models.ContentPart) for v in value):
        return value
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise TypeError("it returned something to be awaited, which AsyncHeliograph does")
    return msgspec.json.encode(value, enc_hook=_as_json).decode()


def _as_json(value: Any) -> Any:
    dumped = getattr(value, "model_dump_json", None)  # a pydantic model
    if dumped is not None:
        return msgspec.Raw(dumped(by_alias=True).encode())
    if isinstance(value, models.Unknown):
        return msgspec.Raw(value.raw)
    raise TypeError(f"{type(value).__name__} is nothing that JSON can say")

"""A turn's items as chat completions messages.

Calls and what they gave stand apart in a response's items and together in chat: one assistant
message holds the calls that were made at once, and a ``tool`` message for each follows it. So calls
are gathered until something else comes. A picture cannot stand in a ``tool`` message: it follows
the answers, in a user message.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from heliograph import errors, models
from heliograph.providers._base import ChatTurn
from heliograph.providers.chat._custom import wrapped
from heliograph.providers.chat._details import details_of
from heliograph.providers.chat._notes import UNSEEN, ImageItem, note, picture_url, prompt_of
from heliograph.providers.chat._quirks import whole_arguments
from heliograph.providers.chat._settings import ChatCompletionsSettings, ChatModel, source_of

__all__ = ["Conversation"]

Json = dict[str, Any]
Output = models.FunctionCallOutputItem | models.CustomToolCallOutputItem

_DETAILS = {"auto": "auto", "low": "low", "high": "high", "original": "high"}


class Conversation:
    """Builds the messages of one request; ``hosted`` is what the image tool is called there."""

    def __init__(
        self, turn: ChatTurn, model: ChatModel, settings: ChatCompletionsSettings, hosted: str
    ) -> None:
        self._turn = turn
        self._model = model
        self._settings = settings
        self._hosted = hosted
        self._messages: list[Json] = []
        self._calls: list[Json] = []
        self._answers: list[Json] = []
        self._pictures: list[Json] = []
        self._reasoning: list[str] = []
        self._details: list[Json] = []
        self._source = source_of(settings, turn.model)
        self._drawn = 0
        self._outputs = {item.call_id: item for item in turn.input if isinstance(item, Output)}

    async def build(self) -> list[Json]:
        """The messages. Raises ``ProviderError`` (``bad_request``) for what cannot be said."""
        if self._turn.instructions:
            self._messages.append({"role": "system", "content": self._turn.instructions})
        for item in self._turn.input:
            await self._item(item)
        self._flush()
        return _joined_system(self._messages)

    async def _item(self, item: models.InputItem | models.OutputItem) -> None:
        match item:
            case models.InputMessage() | models.OutputMessageItem():
                self._flush()
                self._message(item)
            case models.OutputReasoningItem():
                self._reason(item)
            case models.OutputFunctionCallItem():
                self._call(item.call_id, item.name, whole_arguments(item.arguments))
                self._answered(item.call_id)
            case models.OutputCustomToolCallItem():
                if self._model.custom_tools == "native":
                    called = {"name": item.name, "input": item.input}
                    self._calls.append({"id": item.call_id, "type": "custom", "custom": called})
                else:
                    self._call(item.call_id, item.name, wrapped(item.input))
                self._answered(item.call_id)
            case models.FunctionCallOutputItem() | models.CustomToolCallOutputItem():
                pass  # it went with its call
            case (
                models.OutputImageGenerationCallItem()
                | models.OutputImageGenerationServerToolItem()
            ):
                await self._picture(item)
            case _:
                raise self._unsayable(f"{item.type!r} items cannot be sent to it")

    def _message(self, item: models.InputMessage | models.OutputMessageItem) -> None:
        role = item.role
        if role == "developer":
            role = self._settings.developer_role
        parts = [] if item.content in (UNSET, None) else item.content
        content: str | list[Json]
        if isinstance(parts, str):
            content = parts
        else:
            content = _plain([self._part(part) for part in parts or ()])
        message: Json = {"role": role, "content": content}
        self._with_reasoning(message)
        self._messages.append(message)

    def _part(self, part: models.Part) -> Json:
        model = self._model
        match part:
            case models.InputText() | models.TextPart() | models.ResponseOutputText():
                return {"type": "text", "text": part.text}
            case models.OpenAIResponsesRefusalContent():
                return {"type": "text", "text": part.refusal}
            case models.InputImage() if isinstance(part.image_url, str):
                if not model.sees:
                    return {"type": "text", "text": UNSEEN}
                image = {"url": part.image_url}
                if isinstance(part.detail, str):
                    image["detail"] = _DETAILS.get(part.detail, "auto")
                return {"type": "image_url", "image_url": image}
            case models.InputAudio() if model.hears:
                sound = {"data": part.input_audio.data, "format": part.input_audio.format}
                return {"type": "input_audio", "input_audio": sound}
            case models.InputFile() if model.files and isinstance(part.file_data, str):
                name = part.filename if isinstance(part.filename, str) else "file"
                return {"type": "file", "file": {"filename": name, "file_data": part.file_data}}
            case _:
                raise self._unsayable(f"{part.type!r} parts cannot be sent to it")

    def _call(self, call_id: str, name: str, arguments: str) -> None:
        function = {"name": name, "arguments": arguments}
        self._calls.append({"id": call_id, "type": "function", "function": function})

    def _answered(self, call_id: str) -> None:
        output = self._outputs.get(call_id)
        if output is None:
            raise self._unsayable(f"the call {call_id!r} has no output")
        self._answer(call_id, output)

    def _answer(self, call_id: str, item: Output) -> None:
        output = item.output
        if not isinstance(output, str):
            parts = [self._part(part) for part in output]
            texts = [part["text"] for part in parts if part["type"] == "text"]
            shown = [part for part in parts if part["type"] != "text"]
            self._pictures += shown
            output = "\n".join(texts) or ("What it gave follows." if shown else "")
        self._answers.append({"role": "tool", "tool_call_id": call_id, "content": output})

    async def _picture(self, item: ImageItem) -> None:
        self._drawn += 1
        call_id = item.id if isinstance(item.id, str) else f"picture_{self._drawn}"
        arguments = msgspec.json.encode({"prompt": prompt_of(item)}).decode()
        self._call(call_id, self._hosted, arguments)
        self._answers.append({"role": "tool", "tool_call_id": call_id, "content": note(item)})
        url = await picture_url(self._turn, item) if self._model.sees else None
        if url is not None:
            self._pictures.append({"type": "text", "text": f"The picture {call_id}:"})
            self._pictures.append({"type": "image_url", "image_url": {"url": url}})

    def _reason(self, item: models.OutputReasoningItem) -> None:
        """Reasoning begins a message of the assistant, all but what came late to the one before."""
        thoughts = self._turn.thoughts.get(str(item.id), ())
        after, before = details_of(thoughts, self._source)
        begins = bool(after or item.content or item.summary)
        if begins:
            self._flush()
        for part in (*(item.content or ()), *(item.summary or ())):
            text = getattr(part, "text", None)
            if isinstance(text, str):
                self._reasoning.append(text)
        self._details += after
        last = self._messages[-1] if self._messages else {}
        if begins or self._calls or last.get("role") != "assistant":
            self._details += before
        elif before:
            last.setdefault("reasoning_details", []).extend(before)

    def _with_reasoning(self, message: Json) -> None:
        if message["role"] != "assistant":
            return
        if self._reasoning and self._settings.reasoning_back != "none":
            message[self._settings.reasoning_back] = "\n".join(self._reasoning)
        if self._details:
            message.setdefault("reasoning_details", []).extend(self._details)
        self._reasoning.clear()
        self._details.clear()

    def _flush(self) -> None:
        if not self._calls:
            return
        last = self._messages[-1] if self._messages else {}
        if last.get("role") != "assistant" or "tool_calls" in last:
            last = {"role": "assistant", "content": None}
            self._messages.append(last)
        self._with_reasoning(last)
        last["tool_calls"] = self._calls
        self._messages += self._answers
        if self._pictures:
            self._messages.append({"role": "user", "content": self._pictures})
        self._calls, self._answers, self._pictures = [], [], []

    def _unsayable(self, why: str) -> errors.ProviderError:
        return errors.ProviderError(
            f"input: {self._turn.model}: {why}", kind="bad_request", param="input"
        )


def _plain(parts: list[Json]) -> str | list[Json]:
    """Words alone are one string: many chat templates take nothing else."""
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _joined_system(messages: list[Json]) -> list[Json]:
    """The system messages at the beginning as one: many chat templates allow just that."""
    count = 0
    for message in messages:
        if message["role"] != "system" or not isinstance(message["content"], str):
            break
        count += 1
    if count < 2:
        return messages
    words = "\n\n".join(message["content"] for message in messages[:count])
    return [{"role": "system", "content": words}, *messages[count:]]

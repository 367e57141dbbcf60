"""The chat provider that is no language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence

from heliograph import errors, models
from heliograph.providers._base import ChatPart, ChatTurn, Finish, HostedCall, ModelCard, Text

__all__ = ["Direct"]

MODEL = "heliograph/direct"

CARD = ModelCard(
    id=MODEL,
    name="Heliograph Direct",
    description=(
        "Not a language model: it understands nothing and answers nothing. It hands the last user "
        "message, word for word, to the image tool, so that a picture can be asked for through the "
        "Responses API with no language model at all."
    ),
    kind="chat",
    created=1763769600,
    owned_by="heliograph",
    licence="Apache-2.0",
    input_modalities=("text", "image"),
    output_modalities=("text", "image"),
    writes=False,
)

_HOSTED = ("image_generation", "openrouter:image_generation")
_NO_TOOL = (
    f"{MODEL} is not a language model, so it cannot answer. ",
    "It gives your words to an image model: ",
    'send the request again with "tools": [{"type": "image_generation"}] to get a picture.',
)


class Direct:
    """Gives the user's own words to the image tool."""

    @property
    def cards(self) -> Sequence[ModelCard]:
        """``heliograph/direct``."""
        return (CARD,)

    def check(self, request: models.ResponsesRequest) -> None:
        """Refuse what only a language model could do. Raises ``ProviderError``."""
        choice = request.tool_choice
        tools = request.tools or []
        drawable = any(tool.type in _HOSTED for tool in tools)
        if getattr(choice, "type", None) in ("custom", "function"):
            raise _refusal("tool_choice", "is no language model and calls no tool of yours")
        if choice == "required" and not drawable:
            raise _refusal("tool_choice", "calls no tool but the image tool")
        if getattr(choice, "type", None) == "allowed_tools":
            mode = getattr(choice, "mode", None)
            allowed = getattr(choice, "tools", [])
            if mode == "required" and not any(
                getattr(tool, "type", None) in _HOSTED for tool in allowed
            ):
                raise _refusal("tool_choice", "calls no tool but the image tool")
        form = getattr(request.text or None, "format", None)
        if getattr(form, "type", "text") != "text":
            raise _refusal("text.format", "is no language model and writes no JSON")
        if request.top_logprobs:
            raise _refusal("top_logprobs", "is no language model and has no probabilities")
        if drawable and choice != "none" and not _words(request.input):
            raise _refusal("input", "needs a user message with words in it: they are the prompt")

    async def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """One hosted call with the user's words; after its result, or without a tool, the end."""
        drawable = any(tool.type in _HOSTED for tool in turn.tools) and turn.tool_choice != "none"
        if turn.step > 0:
            yield Finish()
        elif drawable:
            yield HostedCall(call_id="call_0", prompt=_words(turn.input))
            yield Finish(reason="tool_calls")
        else:
            for sentence in _NO_TOOL:
                yield Text(sentence)
            yield Finish()


def _refusal(param: str, message: str) -> errors.ProviderError:
    return errors.ProviderError(f"{param}: {MODEL} {message}", kind="bad_request", param=param)


def _words(given: object) -> str:
    """The text of the last user message, its parts joined by new lines."""
    if isinstance(given, str):
        return given.strip()
    items = list(given) if isinstance(given, Iterable) else []
    for item in reversed(items):
        if isinstance(item, models.InputMessage | models.OutputMessageItem) and item.role == "user":
            content = item.content
            if isinstance(content, str):
                return content.strip()
            texts = [part.text for part in content or () if isinstance(part, models.InputText)]
            return "\n".join(texts).strip()
    return ""

"""Chat providers."""

from heliograph.providers.chat._quirks import QUIRKS, Quirk
from heliograph.providers.chat._settings import (
    ChatCompletionsSettings,
    ChatModel,
    ResponsesSettings,
)
from heliograph.providers.chat.chat_completions import ChatCompletions
from heliograph.providers.chat.direct import Direct

__all__ = [
    "QUIRKS",
    "ChatCompletions",
    "ChatCompletionsSettings",
    "ChatModel",
    "Direct",
    "Quirk",
    "ResponsesSettings",
]

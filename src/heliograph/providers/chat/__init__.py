"""Chat providers."""

from heliograph.providers.chat._quirks import QUIRKS, Quirk
from heliograph.providers.chat._settings import (
    ChatCompletionsSettings,
    ChatModel,
    ResponsesSettings,
)
from heliograph.providers.chat.chat_completions import ChatCompletions
from heliograph.providers.chat.direct import Direct
from heliograph.providers.chat.responses import Responses
from heliograph.providers.chat.routed import Candidate, Routed, RouteSettings

__all__ = [
    "QUIRKS",
    "Candidate",
    "ChatCompletions",
    "ChatCompletionsSettings",
    "ChatModel",
    "Direct",
    "Quirk",
    "Responses",
    "ResponsesSettings",
    "RouteSettings",
    "Routed",
]

"""The chat provider that is no language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from heliograph.providers._base import ChatPart, ChatTurn, ModelCard

__all__ = ["Direct"]


class Direct:
    """Gives the user's own words to the image tool."""

    @property
    def cards(self) -> Sequence[ModelCard]:
        """``heliograph/direct``."""
        return ()

    async def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """One hosted call with the user's words, or a line that says what this is."""
        for part in ():
            yield part

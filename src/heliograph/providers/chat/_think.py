"""Reasoning that a model writes into its text, between tags."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.providers._base import Reasoning, Text

__all__ = ["Thinking"]

_OPEN, _CLOSE = "<think>", "</think>"


class Thinking:
    """Splits a text that may begin with ``<think>...</think>`` into reasoning and words.

    For servers that run a reasoning model without its parser (llama.cpp with
    ``--reasoning-format none``, Ollama and LM Studio with older templates). Only the beginning of
    the text is looked at: tags further on are words.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, delta: str) -> Iterator[Text | Reasoning]:
        """The parts that ``delta`` completes."""
        if self._state == "words":
            yield Text(delta)
            return
        text = self._held + delta
        self._held = ""
        if self._state == "start":
            start = text.lstrip()
            if not start.startswith(_OPEN):
                if _OPEN.startswith(start):
                    self._held = text
                    return
                self._state = "words"
                yield Text(text)
                return
            self._state = "thought"
            text = start[len(_OPEN) :]
        if self._state == "thought":
            thought, closed, rest = text.partition(_CLOSE)
            if not closed:
                kept = next(n for n in range(len(_CLOSE), -1, -1) if thought.endswith(_CLOSE[:n]))
                self._held = _CLOSE[:kept]
                thought = thought[: len(thought) - kept]
            if thought:
                yield Reasoning(thought)
            if not closed:
                return
            self._state, text = "gap", rest
        text = text.lstrip()
        if text:
            self._state = "words"
            yield Text(text)

    def end(self) -> Iterator[Text | Reasoning]:
        """What was held because it could have become a tag."""
        if self._held:
            yield Text(self._held) if self._state == "start" else Reasoning(self._held)
            self._held = ""

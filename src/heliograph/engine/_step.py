"""One chat step as it comes: the parts that a provider yields, shown as items and their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from heliograph import errors, models, providers
from heliograph.engine._calls import Calls
from heliograph.engine._items import Items, Kind
from heliograph.engine._pictures import base64_size

__all__ = ["Step", "plain"]


class Step:
    """What one chat step has put out so far.

    ``offered`` maps the names that the model may call now to what they are: ``function``,
    ``custom``, or the image tool's type. With ``one_call`` the first call of the step is served
    and further ones are left out, as ``parallel_tool_calls: false`` has it.
    """

    # One empty set for all: each of its own would take 216 bytes.
    names: frozenset[str] = frozenset()
    _ignored: frozenset[str] = frozenset()

    def __init__(
        self, model: str, items: Items, calls: Calls, offered: Mapping[str, str], *, one_call: bool
    ) -> None:
        self._model = model
        self._items = items
        self._calls = calls
        self._offered = offered
        self._one_call = one_call
        self._words: int | None = None
        self._words_kind = ""
        self._summary = 0
        self._open: dict[str, int] = {}
        self._drawn: list[models.OutputImageGenerationCallItem] = []
        self._drawn_bytes = 0
        self._halves: dict[str, str] = {}
        self._logprobs: list[models.Logprob] = []
        self.hosted: list[providers.HostedCall] = []

    @property
    def turn_over(self) -> bool:
        """Whether the client is to answer a call."""
        return bool(self._open)

    def take(self, part: providers.ChatPart) -> None:
        """Show one part. Raises ``ProviderError`` for a call of what was not offered."""
        match part:
            case providers.Text():
                self._say("text", part.delta, part.logprobs)
            case providers.Refusal():
                self._say("refusal", part.delta)
            case providers.Reasoning():
                self._say("reasoning", part.delta)
            case providers.Summary():
                if self._summary != part.part and self._words_kind == "reasoning":
                    assert self._words is not None  # noqa: S101 -- reasoning is open
                    self._items.end_part(self._words)
                self._summary = part.part
                self._say("summary", part.delta)
            case providers.Thought():
                self._think(part)
            case providers.FunctionCall():
                self._begin("function", part.call_id, part.name)
            case providers.CustomCall():
                self._begin("custom", part.call_id, part.name)
            case providers.Arguments() | providers.CustomInput():
                self._write(part.call_id, part.delta)
            case providers.HostedCall():
                if not self._over():
                    self.hosted.append(part)

    async def keep(self, part: providers.InlinePicture) -> None:
        """Store a picture that the model made itself, to be shown with what comes next."""
        self._drawn.append(await self._calls.keep(part, self._drawn_bytes))
        self._drawn_bytes += base64_size(len(part.data))

    def show_drawn(self) -> None:
        """Show the pictures that the model made itself, in the same frame as what comes next.

        An item of theirs is never open, so one shown alone would make the log look as it does
        between two steps.
        """
        if self._drawn:
            self._close_words()
        for item in self._drawn:
            self._calls.show_whole(item)
        self._drawn.clear()
        self._drawn_bytes = 0

    def close(self, status: Literal["completed", "incomplete"]) -> None:
        """Close what is open, in order."""
        words = [] if self._words is None else [self._words]
        for index in sorted([*words, *self._open.values()]):
            self._items.close(index, status)

    def _over(self) -> bool:
        """Whether one more call would be too many."""
        return self._one_call and bool(self._open or self.hosted)

    def _begin(self, kind: Literal["function", "custom"], call_id: str, name: str) -> None:
        if self._offered.get(name) != kind:
            raise errors.ProviderError(
                f"{self._model} called {name!r}, which it was not offered", kind="protocol"
            )
        if self._over():
            self._ignored |= {call_id}
            return
        self.show_drawn()
        self._close_words()
        self.names |= {name}
        self._open[call_id] = self._items.call(kind, plain(call_id), name)

    def _write(self, call_id: str, delta: str) -> None:
        if call_id in self._ignored:
            return
        if call_id not in self._open:
            raise errors.ProviderError(
                f"arguments for {call_id!r}, which was not called", kind="protocol"
            )
        delta = self._text(call_id, delta)
        if delta:
            self._items.write(self._open[call_id], delta)

    def _say(
        self,
        kind: Kind,
        delta: str,
        logprobs: Sequence[models.Logprob] = (),
    ) -> None:
        delta = self._text("", delta)
        self._logprobs += logprobs
        if not delta:
            return
        self.show_drawn()
        group = "reasoning" if kind in ("reasoning", "summary") else "message"
        if self._words_kind != group:
            self._close_words()
        self._words = self._items.say(kind, delta, self._words, self._logprobs)
        self._logprobs = []
        self._words_kind = group

    def _think(self, thought: providers.Thought) -> None:
        """It goes with the reasoning before it; where words came after that, it stands alone."""
        self.show_drawn()
        if self._words_kind != "reasoning":
            if self._items.thoughts.sent:
                self._close_words()
            index = self._items.think(thought, None)
            if index is not None:
                self._words, self._words_kind = index, "reasoning"
        else:
            self._items.think(thought, self._words)

    def _close_words(self) -> None:
        if self._words is not None:
            self._items.close(self._words, "completed")
            self._words, self._words_kind = None, ""

    def _text(self, key: str, delta: str) -> str:
        """``delta`` as text that JSON and UTF-8 can carry.

        Some upstreams cut a character in two surrogates: the first waits for the second. One that
        stays alone becomes U+FFFD.
        """
        half = self._halves.pop(key, "")
        if delta.isascii() and not half:
            return delta
        delta = half + delta
        if "\ud800" <= delta[-1:] <= "\udbff":
            delta, self._halves[key] = delta[:-1], delta[-1]
        return plain(delta)


def plain(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot hold, as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

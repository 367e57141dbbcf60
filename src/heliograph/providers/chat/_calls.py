"""Tool calls put together from pieces that come in any order, late, split or whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from heliograph import errors
from heliograph.providers._base import (
    Arguments,
    ChatPart,
    CustomCall,
    CustomInput,
    FunctionCall,
    HostedCall,
)
from heliograph.providers.chat import _quirks as quirks
from heliograph.providers.chat._custom import InputReader
from heliograph.providers.chat._wire import ToolCall, mended

__all__ = ["MAX_HELD", "Calls", "hosted_call"]

MAX_HELD = 4 * 1024 * 1024
"""Characters of arguments that are held at most, of a hosted call or before a call has its id."""

_ACTIONS = ("auto", "edit", "generate")


class _Call:
    """One call, shown when its name and id are known; the hosted one only when it is whole."""

    __slots__ = ("call_id", "custom", "held", "id", "name", "reader", "shown")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.call_id = ""
        self.held: list[str] = []
        self.shown = False
        self.custom = False
        self.reader: InputReader | None = None


class Calls:
    """The calls of one answer. ``hosted`` is the function name that the image tool has upstream;
    ``customs`` are the client's custom tools, which the upstream may know as functions."""

    _used: frozenset[str] = frozenset()

    def __init__(self, model: str, hosted: str | None, customs: Collection[str] = ()) -> None:
        self._model = model
        self._hosted = hosted
        self._customs = customs
        self._slots = quirks.Slots()
        self._calls: dict[int, _Call] = {}
        self._held = 0

    @property
    def any(self) -> bool:
        """Whether the answer holds a call."""
        return bool(self._calls)

    def take(self, piece: ToolCall) -> Iterator[ChatPart]:
        """What can be shown now. Raises ``ProviderError`` (``protocol``)."""
        call = self._calls.setdefault(self._slots.of(piece), _Call())
        if piece.id is not None and not call.id:
            call.id = str(piece.id)
        name, text = piece_of(piece)
        call.custom = call.custom or piece.custom is not None
        if name and not call.shown:
            call.name = quirks.gather_name(call.name, name)
        if not text:
            return
        if call.shown:
            yield from self._say(call, text)
            return
        self._hold(call, text)
        # With arguments the name has ended, so it can be told whose call this is.
        if call.name and call.name != self._hosted and call.id:
            yield from self._show(call)

    def close(self, *, whole: bool) -> Iterator[ChatPart]:
        """The calls that waited for more. ``whole`` False: the answer was cut off in its middle, so
        a hosted call that is not complete is no call. Raises ``ProviderError`` (``protocol``)."""
        for call in self._calls.values():
            if call.shown:
                yield from self._over(call, whole)
            elif not call.name:
                if whole:
                    raise errors.ProviderError(
                        f"{self._model} called a function without a name",
                        kind="protocol",
                        retryable=True,
                    )
            elif call.name != self._hosted:
                if whole and not call.held and call.name not in self._customs:
                    call.held.append(quirks.whole_arguments(""))
                yield from self._show(call)
                yield from self._over(call, whole)
            elif whole:
                text = "".join(call.held)
                yield hosted_call(self._model, self._call_id(call), text)

    def _show(self, call: _Call) -> Iterator[ChatPart]:
        call.shown = True
        call.call_id = self._call_id(call)
        if call.custom or call.name in self._customs:
            yield CustomCall(call.call_id, call.name)
            call.reader = None if call.custom else InputReader(self._model, call.name)
            call.custom = True
        else:
            yield FunctionCall(call.call_id, call.name)
        if call.held:
            text = "".join(call.held)
            call.held.clear()
            yield from self._say(call, text)

    def _say(self, call: _Call, text: str) -> Iterator[ChatPart]:
        """A piece of the arguments of a call that is shown."""
        if not call.custom:
            yield Arguments(call.call_id, text)
            return
        if call.reader is not None:
            text = call.reader.feed(text)
        if text:
            yield CustomInput(call.call_id, text)

    def _over(self, call: _Call, whole: bool) -> Iterator[ChatPart]:
        """A shown call's end: a custom tool's input may have been held back."""
        text = call.reader.end(whole=whole) if call.reader is not None else ""
        if text:
            yield CustomInput(call.call_id, text)

    def _call_id(self, call: _Call) -> str:
        call_id = quirks.unused_id(call.id, self._used)
        self._used |= {call_id}
        return call_id

    def _hold(self, call: _Call, text: str) -> None:
        self._held += len(text)
        if self._held > MAX_HELD:
            raise errors.ProviderError(
                f"{self._model} wrote over {MAX_HELD} characters of arguments, the limit MAX_HELD",
                kind="protocol",
            )
        call.held.append(text)


def piece_of(piece: ToolCall) -> tuple[str | None, str]:
    """The name, or a part of it, and the arguments or the input that a piece brings."""
    if piece.custom is not None:
        return piece.custom.name, piece.custom.input or ""
    if piece.function is None:
        return None, ""
    return piece.function.name, quirks.arguments_text(piece.function.arguments)


def hosted_call(model: str, call_id: str, arguments: str) -> HostedCall:
    """A call of the image tool from its arguments' text.

    Raises ``ProviderError`` (``protocol``, retryable: a model asked again may do better) for what
    is no JSON object with a prompt in it.
    """
    arguments = mended(arguments)
    try:
        given = msgspec.json.decode(arguments)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _bad(model, f"arguments that are no JSON ({error}): {arguments[:120]!r}") from None
    if not isinstance(given, dict):
        raise _bad(model, f"arguments that are no JSON object: {arguments[:120]!r}")
    prompt, action = given.get("prompt"), given.get("action")
    if not isinstance(prompt, str) or not prompt.strip():
        raise _bad(model, f"no prompt in its arguments: {arguments[:120]!r}")
    return HostedCall(call_id, prompt, action if action in _ACTIONS else "auto")


def _bad(model: str, what: str) -> errors.ProviderError:
    return errors.ProviderError(
        f"{model} called the image tool with {what}", kind="protocol", retryable=True
    )

"""Custom tools for upstreams that know functions only: a function with one string, and back.

The model writes a JSON object with the free text in ``input``; the client is to get the text as it
is written. So the text is taken out of the JSON while that streams, whatever the pieces' borders
cut: an escape, a code unit of one, a pair of surrogates.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph import errors, models
from heliograph.providers.chat._wire import mended

__all__ = ["MAX_HELD_INPUT", "InputReader", "described", "grammar_of", "input_schema", "wrapped"]

MAX_HELD_INPUT = 4 * 1024 * 1024
"""Characters of arguments held at most where the text cannot be taken out as it comes."""

_KEY = "input"
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_BLANK = " \t\r\n"
#: What an object with the text in it begins with, blanks left out.
_START = f'{{"{_KEY}":"'


def input_schema(tool: models.CustomTool) -> dict[str, Any]:
    """The parameters of the function that stands for a custom tool."""
    return {
        "type": "object",
        "properties": {_KEY: {"type": "string", "description": f"The input of {tool.name}."}},
        "required": [_KEY],
        "additionalProperties": False,
    }


def grammar_of(tool: models.CustomTool) -> models.CustomToolGrammarFormat | None:
    """The grammar that its input keeps to, None where it is free."""
    return tool.format if isinstance(tool.format, models.CustomToolGrammarFormat) else None


def described(tool: models.CustomTool) -> str | None:
    """Its description, with its grammar told in words."""
    grammar = grammar_of(tool)
    if grammar is None:
        return tool.description or None
    told = (
        f"`{_KEY}` must match this {grammar.syntax} grammar, from its first character to its last:"
        f"\n\n{grammar.definition}"
    )
    return f"{tool.description}\n\n{told}" if tool.description else told


def wrapped(text: str) -> str:
    """A custom call's input as the function's arguments."""
    return msgspec.json.encode({_KEY: mended(text)}).decode()


class InputReader:
    """One call's arguments to its input: ``feed`` gives the text that each piece adds.

    Arguments that do not begin with the text are held until their end: an object with the text
    elsewhere, a bare JSON string, or no JSON at all (then they are the text: a model that was
    told to write freely did). Raises ``ProviderError`` (``protocol``).
    """

    def __init__(self, model: str, tool: str) -> None:
        self._model = model
        self._tool = tool
        self._held: list[str] = []
        self._held_size = 0
        self._matched = 0
        self._state = "start"  # start, text, over, held
        self._escape = ""
        self._half = ""

    def feed(self, piece: str) -> str:
        """The text that a piece of the arguments adds."""
        if self._state == "over":
            return ""
        if self._state == "start":
            piece = self._begin(piece)
        if self._state == "held":
            self._hold(piece)
            return ""
        return self._read(piece) if self._state == "text" else ""

    def end(self, *, whole: bool) -> str:
        """What was held back; ``whole`` False where the answer was cut off in its middle."""
        if self._state == "over":
            return ""
        if self._state == "text":
            if whole:
                raise self._bad("arguments that end in the middle of their text")
            return mended(self._half)
        return self._whole("".join(self._held)) if whole else ""

    def _begin(self, piece: str) -> str:
        """Match the start; returns what is left of the piece for the state that follows."""
        for at, char in enumerate(piece):
            if char == _START[self._matched]:
                self._matched += 1
                if self._matched == len(_START):
                    self._state = "text"
                    self._held.clear()
                    return piece[at + 1 :]
            elif char not in _BLANK or self._in_key():
                self._state = "held"
                return piece
        self._hold(piece)
        return ""

    def _in_key(self) -> bool:
        """Whether the match stands inside the key, where a blank would be another key's."""
        return 2 <= self._matched <= len(_KEY) + 2

    def _hold(self, piece: str) -> None:
        self._held_size += len(piece)
        if self._held_size > MAX_HELD_INPUT:
            raise errors.ProviderError(
                f"{self._model} wrote over {MAX_HELD_INPUT} characters of arguments, the limit "
                "MAX_HELD_INPUT",
                kind="protocol",
            )
        self._held.append(piece)

    def _read(self, piece: str) -> str:
        out: list[str] = []
        at = 0
        while at < len(piece):
            if self._escape:
                at = self._unescape(piece, at, out)
                continue
            stop = next((n for n in range(at, len(piece)) if piece[n] in '"\\'), len(piece))
            if stop > at:
                self._put(piece[at:stop], out)
            if stop == len(piece):
                break
            at = stop + 1
            if piece[stop] == '"':
                self._state = "over"
                if self._half:
                    out.append(mended(self._half))
                    self._half = ""
                break
            self._escape = "\\"
        return "".join(out)

    def _unescape(self, piece: str, at: int, out: list[str]) -> int:
        """Go on with the escape under way; returns where the piece goes on."""
        self._escape += piece[at]
        if self._escape[1] != "u":
            char = _ESCAPES.get(self._escape[1])
            if char is None:
                raise self._bad(f"an escape that JSON has not: {self._escape!r}")
            self._put(char, out)
            self._escape = ""
        elif len(self._escape) == 6:
            digits = self._escape[2:]
            if any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                raise self._bad(f"an escape that JSON has not: {self._escape!r}")
            self._put(chr(int(digits, 16)), out)
            self._escape = ""
        return at + 1

    def _put(self, text: str, out: list[str]) -> None:
        """Give out text; a first half of a pair waits for what follows."""
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        if text:
            out.append(text if text.isascii() else mended(text))

    def _whole(self, arguments: str) -> str:
        arguments = mended(arguments)
        try:
            given = msgspec.json.decode(arguments)
        except (msgspec.MsgspecError, RecursionError):
            return arguments
        if isinstance(given, str):
            return given
        if isinstance(given, dict):
            texts = [value for value in given.values() if isinstance(value, str)]
            said = given.get(_KEY)
            if isinstance(said, str):
                return said
            if len(texts) == 1:
                return texts[0]
        raise self._bad(f"arguments without {_KEY!r}: {arguments[:120]!r}")

    def _bad(self, what: str) -> errors.ProviderError:
        return errors.ProviderError(
            f"{self._model} called {self._tool!r} with {what}", kind="protocol", retryable=True
        )

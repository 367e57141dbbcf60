"""``truncation``: what is left out of a conversation that is too long for the model.

With ``auto`` the oldest items go first: before asking, where the model's ``context`` is known (an
estimate: tokens are not counted here), and again each time the upstream says that it was too much.
A call stays or goes with its output, and reasoning with what it led to. Never left out: system and
developer messages, the newest user message, and the newest item. With ``disabled``, the default,
the upstream's refusal is passed on by name.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from heliograph import errors, models
from heliograph.providers._base import ChatPart, ChatTurn
from heliograph.providers.chat._quirks import context_exceeded

__all__ = ["TRUNCATIONS", "truncating"]

TRUNCATIONS = 12
"""Times that one turn is shortened at most because the upstream said that it was too long."""

_CHARACTERS = 4
"""Characters of JSON taken for a token. Few models have more; where one has fewer, it says so."""

_PICTURE = 1000
"""Tokens taken for a picture."""

_KEEP = 0.75
"""How much of a turn is kept at most when it was too long."""

_CODE = "context_length_exceeded"

_CALLS = models.OutputFunctionCallItem | models.OutputCustomToolCallItem
_OUTPUTS = models.FunctionCallOutputItem | models.CustomToolCallOutputItem
_MESSAGES = models.InputMessage | models.OutputMessageItem


async def truncating(
    turn: ChatTurn,
    ask: Callable[[ChatTurn], AsyncGenerator[ChatPart, None]],
    context: int,
) -> AsyncGenerator[ChatPart, None]:
    """``ask``'s answer to the turn, shortened where the request allows it and it must be.

    ``context`` is the model's size in tokens, 0 where it is not known. Raises ``ProviderError``.
    """
    may = turn.request.truncation == "auto"
    if may and context:
        turn = _shortened(turn, max(1, context - (turn.max_output_tokens or 0))) or turn
    for left in range(TRUNCATIONS, -1, -1):
        begun = False
        try:
            async with aclosing(ask(turn)) as parts:
                async for part in parts:
                    begun = True
                    yield part
            return
        except errors.ProviderError as error:
            if not context_exceeded(error):
                raise
            shorter = None
            if may and left and not begun:
                shorter = _shortened(turn, int(_tokens(turn) * _KEEP))
            if shorter is None:
                raise _too_long(turn, error) from error
            turn = shorter


def _too_long(turn: ChatTurn, error: errors.ProviderError) -> errors.ProviderError:
    auto = turn.request.truncation == "auto"
    told = "nothing more can be left out" if auto else 'truncation "auto" leaves out the oldest'
    return errors.ProviderError(
        f"input: {_CODE}: {error.message} ({told})", kind="bad_request", param="input", code=_CODE
    )


def _shortened(turn: ChatTurn, budget: int) -> ChatTurn | None:
    """The turn without its oldest items, as many as it takes to come under ``budget`` tokens; None
    where that is none, or none can go."""
    size = _tokens(turn)
    gone: set[int] = set()
    for group in _groups(turn.input):
        if size <= budget:
            break
        gone.update(group)
        size -= sum(_size(turn.input[at]) for at in group)
    if not gone:
        return None
    kept = tuple(item for at, item in enumerate(turn.input) if at not in gone)
    return msgspec.structs.replace(turn, input=kept)


def _groups(items: tuple[models.InputItem | models.OutputItem, ...]) -> list[list[int]]:
    """What may go, oldest first: places of items that go together."""
    answered = {item.call_id for item in items if isinstance(item, _OUTPUTS)}
    groups: list[list[int]] = []
    group: list[int] = []
    waiting: set[str] = set()
    for at, item in enumerate(items):
        group.append(at)
        if isinstance(item, _CALLS) and item.call_id in answered:
            waiting.add(item.call_id)
        elif isinstance(item, _OUTPUTS):
            waiting.discard(item.call_id)
        if not waiting and not isinstance(item, models.OutputReasoningItem):
            groups.append(group)
            group = []
    said = [at for at, item in enumerate(items) if _role(item) == "user"]
    fixed = {at for at, item in enumerate(items) if _role(item) in ("system", "developer")}
    fixed.update(said[-1:])
    if not group and groups:
        groups.pop()  # the newest; what waits for its end at the end is newer still
    return [found for found in groups if not fixed.intersection(found)]


def _role(item: models.InputItem | models.OutputItem) -> str:
    return item.role if isinstance(item, _MESSAGES) else ""


def _tokens(turn: ChatTurn) -> int:
    """About how many tokens a turn comes to."""
    fixed = len(turn.instructions or "") + sum(len(models.encode(tool)) for tool in turn.tools)
    return fixed // _CHARACTERS + sum(map(_size, turn.input))


def _size(item: models.InputItem | models.OutputItem) -> int:
    """About how many tokens an item comes to; a picture counts as one, whatever its bytes."""
    characters = len(models.encode(item))
    tokens = 0
    parts = getattr(item, "content", None) or getattr(item, "output", None)
    held: list[object] = [getattr(item, "result", None)]
    for part in parts if isinstance(parts, list) else ():
        held += [getattr(part, "image_url", None), getattr(part, "file_data", None)]
    for data in held:
        if isinstance(data, str):
            characters -= len(data)
            tokens += _PICTURE
    return tokens + max(0, characters) // _CHARACTERS

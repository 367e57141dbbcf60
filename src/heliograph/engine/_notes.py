"""What the owner writes beside an event for whoever takes over; readers never see it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from heliograph import models, providers
from heliograph.engine._echo import zero_usage

__all__ = [
    "CallNote",
    "Note",
    "PictureNote",
    "RelayNote",
    "StartNote",
    "Usages",
    "read_note",
    "write_note",
]


class StartNote(msgspec.Struct, frozen=True, tag="start", omit_defaults=True):
    """Beside ``response.in_progress``: when the wall clock of the response began to run, and the
    trace headers of the first owner's run.
    """

    started_at: float
    trace: dict[str, str] = {}


class CallNote(msgspec.Struct, frozen=True, tag="call", omit_defaults=True, kw_only=True):
    """Beside a hosted item's ``output_item.added``: all that it takes to make the picture again.

    All calls of one step are shown in one frame, after everything else that the step put out; so a
    log that holds one of these holds the step whole. ``turn_over`` is True where the step called
    functions too: no further step follows. ``usage`` is the step's, on its first call.
    ``answering`` is the provider and the model that made the call, where several may answer.
    """

    call_id: str
    model: str
    prompt: str
    action: str
    seed: int | None
    step: int
    turn_over: bool = False
    usage: dict[str, Any] | None = None
    answering: tuple[str, str] | None = None


class RelayNote(msgspec.Struct, frozen=True, tag="relay", omit_defaults=True):
    """Beside the first event of a relayed response that shows something: whose it is."""

    provider: str
    model: str


class PictureNote(msgspec.Struct, frozen=True, tag="picture", omit_defaults=True):
    """Beside a hosted item's ``output_item.done``: what the picture cost."""

    usage: dict[str, Any] | None = None


Note = StartNote | CallNote | RelayNote | PictureNote

_decoder = msgspec.json.Decoder(Note)


def write_note(note: Note) -> bytes:
    """The bytes that an entry keeps."""
    return msgspec.json.encode(note)


def read_note(data: bytes) -> Note | None:
    """The note of an entry, None where it has none."""
    return _decoder.decode(data) if data else None


class Usages:
    """Adds up usage: chat steps' for the response's ``usage``, pictures' for ``tool_usage``."""

    def __init__(self) -> None:
        self.chat: dict[str, Any] = {}
        self.pictures: dict[str, Any] | None = None

    @staticmethod
    def plain(usage: models.Usage | None) -> dict[str, Any] | None:
        """A usage as JSON."""
        if usage is None:
            return None
        plain: dict[str, Any] = msgspec.json.decode(models.encode(usage))
        return plain

    def total(self) -> tuple[models.Usage, models.ToolUsage | UnsetType]:
        """The response's ``usage``, and its ``tool_usage`` where it made pictures.

        Zeros stand for what an image model does not say; what a picture cost, where that is said,
        is in ``usage.cost`` too.
        """
        usage = zero_usage()
        _add(usage, self.chat)
        tools: models.ToolUsage | UnsetType = UNSET
        if self.pictures is not None:
            made = msgspec.convert(self.pictures, providers.PictureUsage)
            if made.cost is not None:
                _add(usage, {"cost": made.cost})
            tools = models.ToolUsage(
                image_gen=_image_usage(made), web_search=models.WebSearchToolUsage(num_requests=0)
            )
        return models.decode(models.Usage, msgspec.json.encode(usage)), tools

    def add(self, usage: dict[str, Any] | None) -> None:
        """Count a chat step."""
        _add(self.chat, usage or {})

    def add_picture(self, usage: dict[str, Any] | None) -> None:
        """Count a picture."""
        if self.pictures is None:
            self.pictures = {}
        _add(self.pictures, usage or {})


def _image_usage(made: providers.PictureUsage) -> models.ImageGenToolUsage:
    usage = models.ImageGenToolUsage(
        input_tokens=made.input_tokens,
        input_tokens_details=models.ImageTokensDetails(
            image_tokens=made.input_image_tokens, text_tokens=made.input_text_tokens
        ),
        output_tokens=made.output_tokens,
        total_tokens=made.total_tokens,
    )
    if made.output_image_tokens or made.output_text_tokens:
        usage.output_tokens_details = models.ImageTokensDetails(
            image_tokens=made.output_image_tokens, text_tokens=made.output_text_tokens
        )
    if made.cached_tokens:
        usage.cached_tokens = made.cached_tokens
    return usage


def _add(total: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict):
            _add(total.setdefault(key, {}), value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            total[key] = (total.get(key) or 0) + value
        else:
            total.setdefault(key, value)

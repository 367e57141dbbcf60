"""What the owner writes beside an event for whoever takes over; readers never see it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from heliograph import models
from heliograph.engine._echo import zero_usage

__all__ = ["CallNote", "Note", "PictureNote", "StartNote", "Usages", "read_note", "write_note"]


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
    """

    call_id: str
    model: str
    prompt: str
    action: str
    seed: int | None
    step: int
    turn_over: bool = False
    usage: dict[str, Any] | None = None


class PictureNote(msgspec.Struct, frozen=True, tag="picture", omit_defaults=True):
    """Beside a hosted item's ``output_item.done``: what the picture cost."""

    usage: dict[str, Any] | None = None


Note = StartNote | CallNote | PictureNote

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
        self.pictures: dict[str, Any] = {}

    @staticmethod
    def plain(usage: models.Usage | None) -> dict[str, Any] | None:
        """A usage as JSON."""
        if usage is None:
            return None
        plain: dict[str, Any] = msgspec.json.decode(models.encode(usage))
        return plain

    def total(self) -> tuple[models.Usage, models.ToolUsage | UnsetType]:
        """The response's ``usage``, and its ``tool_usage`` where a picture reported any."""
        usage = zero_usage()
        _add(usage, self.chat)
        tools: models.ToolUsage | UnsetType = UNSET
        if self.pictures:
            cost = self.pictures.get("cost")
            if cost is not None:
                _add(usage, {"cost": cost})
            tools = models.ToolUsage(
                image_gen=models.ImageGenToolUsage(
                    input_tokens=self.pictures.get("input_tokens", 0),
                    input_tokens_details=models.ImageTokensDetails(image_tokens=0, text_tokens=0),
                    output_tokens=self.pictures.get("output_tokens", 0),
                    total_tokens=self.pictures.get("total_tokens", 0),
                ),
                web_search=models.WebSearchToolUsage(num_requests=0),
            )
        return models.decode(models.Usage, msgspec.json.encode(usage)), tools

    def add(self, usage: dict[str, Any] | None) -> None:
        """Count a chat step."""
        _add(self.chat, usage or {})

    def add_picture(self, usage: dict[str, Any] | None) -> None:
        """Count a picture."""
        _add(self.pictures, usage or {})


def _add(total: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict):
            _add(total.setdefault(key, {}), value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            total[key] = (total.get(key) or 0) + value
        else:
            total.setdefault(key, value)

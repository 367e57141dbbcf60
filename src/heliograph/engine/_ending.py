"""How a response ends."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["COMPLETED", "TOO_LONG", "Ending"]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a response ends; ``code`` and ``message`` say why it failed, ``reason`` why cut short."""

    status: Literal["completed", "incomplete", "failed", "cancelled"]
    code: str = "server_error"
    message: str = ""
    reason: str | None = None


COMPLETED = Ending(status="completed")
TOO_LONG = Ending(status="incomplete", reason="max_output_tokens")

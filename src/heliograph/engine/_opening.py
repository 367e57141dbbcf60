"""How a response begins that is made here: known as soon as it is stored, whoever runs it then.

So its first events are committed with it, and its reader has them while it waits to be claimed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph import models
from heliograph.engine._echo import Echo
from heliograph.engine._limits import Limits
from heliograph.journal import Entry

__all__ = ["opening", "read_body"]


def read_body(request: bytes, limits: Limits) -> dict[str, Any]:
    """The stored request's fields, with what this server's limits put in."""
    body: dict[str, Any] = msgspec.json.decode(request)
    if limits.max_output_tokens and body.get("max_output_tokens") is None:
        body["max_output_tokens"] = limits.max_output_tokens
    return body


def opening(echo: Echo, *, background: bool) -> tuple[Entry, ...]:
    """What is shown before anybody runs it."""
    if not background:
        created = models.CreatedEvent(response=echo.response("in_progress"), sequence_number=0)
        return (Entry(models.encode(created)),)
    created = models.CreatedEvent(response=echo.response("queued"), sequence_number=0)
    queued = models.QueuedEvent(response=created.response, sequence_number=1)
    return (Entry(models.encode(created)), Entry(models.encode(queued)))

"""``heliograph tail``: a stored response's events, those it has and those to come."""

from __future__ import annotations

import json
from typing import TextIO

from heliograph import client, models
from heliograph.cli import _show

_LONGEST = 60


def run(
    response_id: str, after: int | None, base_url: str | None, as_json: bool, out: TextIO
) -> int:
    """Print each event until the response ends. Returns the exit status.

    Raises as the client does: ``NotFound`` for a response that is not this key's,
    ``StreamInterrupted`` where the stream breaks off, ``UsageError`` where there is no server.
    """
    with (
        client.Heliograph(base_url=base_url) as heliograph,
        heliograph.responses.retrieve(response_id, stream=True, starting_after=after) as stream,
    ):
        for event in stream:
            wire = models.wire_of(event) or models.encode(event)
            # A line break between JSON tokens is white space; inside a string it cannot stand.
            line = wire.replace(b"\n", b" ").decode() if as_json else _line(event)
            print(line, file=out, flush=True)
    return 0


def _line(event: models.StreamEvent) -> str:
    """``7  response.output_text.delta  "a fox"``."""
    number = getattr(event, "sequence_number", None)
    told = f"{number if isinstance(number, int) else '-':>5}  {event.type}"
    picture = _show.picture_of(event)
    if picture:
        return f"{told}  ({len(picture):,} bytes)"
    delta = getattr(event, "delta", None)
    if isinstance(delta, str):
        text = json.dumps(delta, ensure_ascii=False)
        return f"{told}  {text if len(text) <= _LONGEST else text[: _LONGEST - 3] + '...'}"
    return told

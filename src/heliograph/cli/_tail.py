"""``heliograph tail``: a stored response's events, those it has and those to come."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TextIO

from heliograph import client, models
from heliograph.cli import _show

_LONGEST = 60


def run(args: Namespace, out: TextIO, err: TextIO) -> int:
    """Print each event until the response ends. Returns the exit status.

    Raises as the client does: ``NotFound`` for a response that is not this key's,
    ``StreamInterrupted`` where the stream breaks off, ``UsageError`` where there is no server.
    """
    with (
        client.Heliograph(base_url=args.base_url) as heliograph,
        heliograph.responses.retrieve(
            args.response_id, stream=True, starting_after=args.after
        ) as stream,
    ):
        for event in stream:
            wire = models.wire_of(event) or models.encode(event)
            # A line break between JSON tokens is white space; inside a string it cannot stand.
            line = wire.replace(b"\n", b" ").decode() if args.json else _line(event)
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

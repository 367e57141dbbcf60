"""``heliograph check FILE|-``: holds a captured stream against the protocol; a URL: ``_check_url``.

A capture is read in pieces and checked as it is read: its size does not matter, one event's does
(``sse.MAX_FRAME``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from heliograph import errors, lifecycle, models, sse

OK, BROKEN = 0, 1

_OF_URLS = ("model", "image_model", "no_images", "only", "skip", "list", "timeout", "json", "junit")
_PIECE = 1 << 20  # bytes read at a time
_BOM = b"\xef\xbb\xbf"
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")

Events = Iterator["models.StreamEvent | errors.InvalidEvent"]


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Check a capture, or an endpoint where the target is a URL. Returns the exit status."""
    if args.target.startswith(("http://", "https://")):
        from heliograph.cli import _check_url  # with what it imports, for URLs only

        return _check_url.run(args, out, err)
    for name in _OF_URLS:
        if getattr(args, name):
            option = f"--{name.replace('_', '-')}"
            raise errors.UsageError(f"{option} is for an endpoint, and {args.target!r} is no URL")
    return check_file(args.target, args.dialect, out)


def check_file(path: str, dialect: str, out: TextIO) -> int:
    """Check the capture at ``path`` (``-``: standard input) and say on ``out`` what it holds.

    ``dialect`` names dialects and tolerances, joined by commas (``strict``: none). Returns 0 where
    no rule is broken, else 1 after a line for each violation. Raises ``UsageError`` for a dialect
    that is none and for a file that is neither server-sent events nor JSON lines, ``OSError`` for
    one that cannot be read.
    """
    habits = lifecycle.Dialect.parse(dialect)
    if path == "-":
        return _report("standard input", sys.stdin.buffer, habits, out)
    with Path(path).open("rb") as file:
        return _report(path, file, habits, out)


def _report(name: str, file: BinaryIO, dialect: lifecycle.Dialect, out: TextIO) -> int:
    framing = lifecycle.Framing(dialect)
    report = lifecycle.check(_events(name, file, framing), dialect)
    if not report.events:
        raise errors.UsageError(f"{name}: no event in it")
    violations = sorted(
        report.violations + framing.violations, key=lambda violation: violation.index
    )
    for line in _summary(name, report):
        print(line, file=out)
    for v in violations:
        print(f"{v.rule} event {v.index}: {v.message}; right: {v.expected}", file=out)
    verdict = _count(len(violations), "violation") if violations else "no rule broken"
    print(f"{verdict} ({dialect.name})", file=out)
    return BROKEN if violations else OK


def _summary(name: str, report: lifecycle.Report) -> Iterator[str]:
    counts = [_count(report.events, "event"), _count(report.pictures, "picture")]
    counts.append(_count(report.partial_images, "partial image"))
    yield f"{name}: {', '.join(counts)}; the response is {report.ending}"
    for kind, count in report.counts.items():
        yield f"{count:7} {kind}{'  (in no spec)' if kind in report.unknown else ''}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# --- reading -------------------------------------------------------------------------------------
def _events(name: str, file: BinaryIO, framing: lifecycle.Framing) -> Events:
    head = file.read(_PIECE)
    start = head.removeprefix(_BOM).lstrip()
    while head and not start:
        head = file.read(_PIECE)
        start = head.lstrip()
    if not start:
        raise errors.UsageError(f"{name} is empty; expected an .sse or .jsonl capture")
    pieces = _pieces(start, file)
    if start.startswith(b"{"):
        return _from_lines(name, pieces)
    if start.startswith(_SSE_STARTS):
        return framing.events(pieces)
    raise errors.UsageError(
        f"{name} is neither server-sent events (data: ...) nor JSON lines ({{...}})"
    )


def _pieces(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    while head:
        yield head
        head = file.read(_PIECE)


def _from_lines(name: str, pieces: Iterable[bytes]) -> Events:
    for index, line in enumerate(_lines(pieces)):
        event = lifecycle.read_event(line, index)
        if index == 0 and isinstance(event, errors.InvalidEvent) and event.type is None:
            raise errors.UsageError(f"{name}: line 1 is no event: {event.reason}")
        yield event


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []  # of a line that has not ended
    size = 0
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for end in ended:
            line = b"".join((*parts, end)).strip()
            parts, size = [], 0
            if line:
                yield line
        parts.append(rest)
        size += len(rest)
        if size > sse.MAX_FRAME:
            raise errors.FrameTooLarge(sse.MAX_FRAME, size)
    if line := b"".join(parts).strip():
        yield line

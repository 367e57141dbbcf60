"""Frames to bytes."""

from __future__ import annotations


def encode(
    data: bytes,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    retry: int | None = None,
) -> bytes:
    """One frame, with its closing blank line.

    Line ends inside ``data`` (LF, CR, CRLF) become line breaks between ``data`` fields, so a reader
    gets LF for each. ``retry`` is milliseconds. Raises ``ValueError`` for an ``event`` or ``id``
    that the format cannot carry: a line break in either, NUL in ``id``; and for a negative retry.
    """
    head = b""
    if event is not None:
        head = b"event: %b\n" % _one_line("event", event)
    if id is not None:
        if "\0" in id:
            raise ValueError("id holds NUL, which readers drop")
        head += b"id: %b\n" % _one_line("id", id)
    if retry is not None:
        if retry < 0:
            raise ValueError("retry is negative")
        head += b"retry: %d\n" % retry
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n" in data:
        data = data.replace(b"\n", b"\ndata: ")
    return b"%bdata: %b\n\n" % (head, data)


def comment(text: str = "") -> bytes:
    """A comment, which readers ignore and proxies see as traffic, with a line per line of ``text``.

    Write it between frames, never inside one. No blank line ends it: it belongs to the frame that
    follows, and a blank line makes some readers (the ``openai`` package among them) give out an
    empty event once an ``id`` has come.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"".join(b": %b\n" % line.encode() for line in lines)


def _one_line(name: str, value: str) -> bytes:
    if "\n" in value or "\r" in value:
        raise ValueError(f"{name} holds a line break")
    return value.encode()

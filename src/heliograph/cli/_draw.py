"""``heliograph draw``: a picture through the whole system, shown while it is being made."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import msgspec

from heliograph import client, errors, models
from heliograph.cli import _show

FORMATS = {".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}
SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}
EMBEDDED_MODEL = "heliograph/direct"
CREDIT = "art: OpenMoji (openmoji.org), CC BY-SA 4.0, adapted; share the picture under the same"
NAME_LENGTH = 48


class Drawn(msgspec.Struct, kw_only=True):
    """What ``--json`` prints."""

    file: str
    sha256: str
    bytes: int
    format: str
    response_id: str
    events: int
    seconds: float


def run(args: Namespace, out: TextIO, err: TextIO) -> int:
    """Draw, save, and say where; returns the exit status."""
    picture_format, path = _target(args)
    with ExitStack() as stack:
        log = stack.enter_context(Path(args.events).open("wb")) if args.events else None
        progress = stack.enter_context(
            _show.progress(quiet=args.json, partials=args.partial_images)
        )
        drawn, picture = asyncio.run(_draw(args, picture_format, path, log, progress))
    path.write_bytes(picture)
    if args.json:
        print(msgspec.json.encode(drawn).decode(), file=out)
        return 0
    print(f"{drawn.file}: {drawn.format}, {drawn.bytes:,} bytes, {drawn.seconds:.1f} s", file=out)
    if args.model == EMBEDDED_MODEL:
        print(CREDIT, file=out)
    return 0


def _target(args: Namespace) -> tuple[str, Path]:
    """The picture's format and file; each may follow from the other."""
    if args.output is None:
        picture_format = args.format or "png"
        words = re.sub(r"[^\w]+", "-", args.prompt.lower()).strip("-")[:NAME_LENGTH].strip("-")
        return picture_format, Path((words or "picture") + SUFFIXES[picture_format])
    path = Path(args.output)
    implied = FORMATS.get(path.suffix.lower())
    if path.suffix and implied is None:
        raise errors.UsageError(f"--output: {path.suffix} is none of {', '.join(FORMATS)}")
    if args.format and implied and args.format != implied:
        raise errors.UsageError(f"--output ends in {path.suffix}, but --format is {args.format}")
    if not path.parent.is_dir():
        raise errors.UsageError(f"--output: there is no folder {path.parent}")
    return args.format or implied or "png", path


@asynccontextmanager
async def _endpoint(args: Namespace) -> AsyncIterator[dict[str, Any]]:
    """Where to draw: the caller's server, or our own on loopback with a key for this once."""
    if args.base_url:
        yield {"base_url": args.base_url}
        return
    try:
        from heliograph import server
    except ModuleNotFoundError as error:
        raise errors.MissingExtra("drawing without --base-url", "local") from error
    key = secrets.token_urlsafe()
    own = server.Server(server.Settings(port=0, key=key))
    await own.start()
    try:
        yield {"base_url": f"{own.url}/v1", "api_key": key}
    finally:
        await own.stop()


def _tool(args: Namespace, picture_format: str) -> dict[str, Any]:
    tool = {
        "type": "image_generation",
        "output_format": picture_format,
        "partial_images": args.partial_images,
        "size": args.size,
        "seed": args.seed,
    }
    return {name: value for name, value in tool.items() if value is not None}


async def _draw(
    args: Namespace,
    picture_format: str,
    path: Path,
    log: BinaryIO | None,
    progress: _show.Progress,
) -> tuple[Drawn, bytes]:
    started = time.monotonic()
    request = {
        "model": args.model,
        "input": args.prompt,
        "tools": [_tool(args, picture_format)],
        "tool_choice": {"type": "image_generation"},
    }
    count = 0
    async with (
        _endpoint(args) as endpoint,
        client.AsyncHeliograph(**endpoint) as heliograph,
        heliograph.responses.stream(**request) as stream,
    ):
        async for event in stream:
            count += 1
            _log(log, event)
            progress.event(event)
        response = await stream.get_final_response()
    picture = client.picture_from(response).bytes
    drawn = Drawn(
        file=str(path),
        sha256=hashlib.sha256(picture).hexdigest(),
        bytes=len(picture),
        format=picture_format,
        response_id=response.id,
        events=count,
        seconds=round(time.monotonic() - started, 3),
    )
    return drawn, picture


def _log(log: BinaryIO | None, event: models.StreamEvent) -> None:
    if log is not None:
        wire = models.wire_of(event) or models.encode(event)
        # A line break between JSON tokens is white space; inside a string it cannot stand.
        log.write(wire.replace(b"\n", b" ") + b"\n")

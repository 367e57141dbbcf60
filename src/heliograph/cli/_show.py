"""Progress on standard error, and pictures in terminals that can show them.

On a terminal: a bar, the event that came last, and each picture as it comes. Elsewhere: a line for
each event, so that a log or a pipe reads well.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

import pybase64

from heliograph import models

if TYPE_CHECKING:
    from PIL.Image import Image

Manner = Literal["kitty", "iterm", "blocks", "none"]
CHUNK = 4096  # the kitty protocol's bound on one escape's payload
COLUMNS = 48
FIXED_STEPS = 8  # created, in_progress, added, in_progress, generating, completed, done, the end


class Progress(Protocol):
    """What ``draw`` tells."""

    def event(self, event: models.StreamEvent) -> None:
        """One event has come."""


@contextmanager
def progress(*, quiet: bool, partials: int) -> Iterator[Progress]:
    """The right teller for standard error as it is."""
    if quiet:
        yield _Silent()
        return
    if not sys.stderr.isatty():
        yield _Lines(sys.stderr)
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
    except ModuleNotFoundError:
        yield _Lines(sys.stderr)
        return
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("connecting", total=FIXED_STEPS + partials)

        def step(text: str) -> None:
            bar.update(task, advance=1, description=text)

        def show(picture: bytes) -> None:
            shown = render(picture, terminal(os.environ))
            if shown:
                bar.stop()
                sys.stderr.write(shown + "\n")
                sys.stderr.flush()
                bar.start()

        yield _Bar(step, show)


class _Silent:
    def event(self, event: models.StreamEvent) -> None:
        pass


class _Lines:
    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, event: models.StreamEvent) -> None:
        picture = picture_of(event)
        size = f" ({len(picture):,} bytes)" if picture else ""
        print(f"{event.type}{size}", file=self._out, flush=True)


class _Bar:
    def __init__(self, step: _Step, show: _Show) -> None:
        self._step = step
        self._show = show

    def event(self, event: models.StreamEvent) -> None:
        self._step(event.type)
        picture = picture_of(event)
        if picture:
            self._show(picture)


class _Step(Protocol):
    def __call__(self, text: str) -> None: ...


class _Show(Protocol):
    def __call__(self, picture: bytes) -> None: ...


def picture_of(event: models.StreamEvent) -> bytes | None:
    """The preview or the finished picture that this event brings, if it brings one."""
    if isinstance(event, models.ImageGenCallPartialImageEvent):
        return event.image_bytes()
    if isinstance(event, models.OutputItemDoneEvent):
        item = event.item
        if isinstance(item, models.OutputImageGenerationCallItem) and item.status == "completed":
            return item.image_bytes()
    return None


def terminal(environ: Mapping[str, str]) -> Manner:
    """What this terminal can show, by what it says of itself."""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if "kitty" in term or "ghostty" in (term, program) or "KITTY_WINDOW_ID" in environ:
        return "kitty"
    if program in ("iTerm.app", "WezTerm"):
        return "iterm"
    if environ.get("COLORTERM") in ("truecolor", "24bit") or term.endswith(("-direct", "256color")):
        return "blocks"
    return "none"


def render(picture: bytes, how: Manner) -> str:
    """The text that makes a terminal show the picture, '' where it cannot."""
    if how == "none":
        return ""
    try:
        from PIL import Image as pillow  # noqa: N813 - a module, named as one
    except ModuleNotFoundError:
        return ""
    image = pillow.open(io.BytesIO(picture)).convert("RGBA")
    if how == "blocks":
        return _blocks(
            image.resize((COLUMNS, max(2, COLUMNS * image.height // image.width // 2 * 2)))
        )
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    encoded = pybase64.b64encode_as_string(buffer.getvalue())
    if how == "iterm":
        return f"\x1b]1337;File=inline=1;width={COLUMNS}:{encoded}\a"
    pieces = [encoded[i : i + CHUNK] for i in range(0, len(encoded), CHUNK)]
    last = len(pieces) - 1
    return "".join(
        f"\x1b_G{f'a=T,f=100,c={COLUMNS},' if i == 0 else ''}m={int(i < last)};{piece}\x1b\\"
        for i, piece in enumerate(pieces)
    )


def _blocks(image: Image) -> str:
    """Two pixels a character: the upper half block in one colour on a ground of the other."""
    ground = image.convert("RGB").point(lambda _: 0)
    ground.paste(image, mask=image.getchannel("A"))
    row = 3 * ground.width
    pixels = ground.tobytes()
    lines = []
    for top in range(0, len(pixels), 2 * row):
        cells = []
        for at in range(top, top + row, 3):
            r, g, b = pixels[at : at + 3]
            r2, g2, b2 = pixels[at + row : at + row + 3]
            cells.append(f"\x1b[38;2;{r};{g};{b}m\x1b[48;2;{r2};{g2};{b2}m▀")
        lines.append("".join(cells) + "\x1b[0m")
    return "\n".join(lines)

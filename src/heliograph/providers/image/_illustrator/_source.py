"""The pictures that a job brings: which one is edited, how it was made, and where it may change."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

from heliograph import errors
from heliograph.providers._base import ImageJob
from heliograph.providers.image._illustrator import _render
from heliograph.providers.image._illustrator._limits import (
    MAX_EDITS,
    MAX_PROMPT_CHARS,
    MAX_REFERENCE_PIXELS,
    MAX_SIDE,
    MIN_SIDE,
)

__all__ = ["Edit", "Recipe", "Source", "fitted", "refuse", "source_of"]

_SEEDS: Final = 2**63

Edit = tuple[str, int]
"""What was asked to be changed, and the seed for what came in with it."""


def refuse(message: str, param: str) -> errors.ProviderError:
    """The refusal of a job's field."""
    return errors.ProviderError(message, kind="bad_request", param=param)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the illustrator made a picture: all that it takes to compose it again."""

    prompt: str
    seed: int
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The picture to edit. ``recipe`` is None for a foreign one. ``mask`` is 255 where it may
    change, of the picture's own size; None where it may everywhere."""

    image: Image.Image
    recipe: Recipe | None
    mask: Image.Image | None

    @property
    def see_through(self) -> bool:
        """Whether it is transparent anywhere."""
        return self.image.getchannel("A").getextrema()[0] != 255

    @property
    def size(self) -> tuple[int, int]:
        """Its size within the bounds of what is drawn, its shape kept as far as they allow."""
        width, height = self.image.size
        factor = max(1.0, MIN_SIDE / min(width, height))
        factor = min(factor, MAX_SIDE / max(width, height)) if factor == 1.0 else factor
        wide, high = (min(MAX_SIDE, max(MIN_SIDE, round(s * factor))) for s in (width, height))
        return wide, high


def source_of(job: ImageJob) -> Source | None:
    """What the job edits; None where it makes a new picture.

    With a mask, that is the newest picture of the mask's size; else the newest of all. Raises
    ``ProviderError`` for a picture or mask that cannot be used.
    """
    if job.action == "generate" or not job.images:
        if job.mask is not None:
            raise refuse("a mask goes with a picture to edit, and there is none", "mask")
        if job.action == "edit":
            raise refuse("action 'edit' needs a picture to edit, and there is none", "images")
        return None
    mask = None if job.mask is None else _mask(job.mask)
    opened = _opened(job.images[-1], "images", "a reference image")
    if mask is not None and mask.size != opened.size:
        for data in reversed(job.images[:-1]):
            other = _opened(data, "images", "a reference image")
            if other.size == mask.size:
                opened = other
                break
    recipe = _recipe(_render.read_notes(opened))
    image = ImageOps.exif_transpose(opened).convert("RGBA")
    if mask is not None and mask.size != image.size:
        mask = mask.resize(image.size, Image.Resampling.NEAREST)
    return Source(image, recipe, mask)


def _opened(data: bytes, param: str, what: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MAX_REFERENCE_PIXELS:
                    raise refuse(f"{what} has over {MAX_REFERENCE_PIXELS} pixels", param)
                image.load()
                return image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise refuse(f"{what} cannot be read: {error}", param) from None


def _mask(data: bytes) -> Image.Image:
    image = _opened(data, "mask", "the mask")
    if "A" not in image.getbands() and "transparency" not in image.info:
        raise refuse("the mask has no transparency, which is what marks where to edit", "mask")
    return ImageOps.invert(image.convert("RGBA").getchannel("A"))


def _recipe(notes: dict[str, object]) -> Recipe | None:
    prompt, seed, edits = notes.get("prompt"), notes.get("seed"), notes.get("edits", [])
    if notes.get("flat") or not isinstance(prompt, str) or not _is_seed(seed):
        return None
    if not isinstance(edits, list) or len(edits) >= MAX_EDITS:
        return None
    made: list[Edit] = []
    for edit in edits:
        match edit:
            case [str(text), int(chance)] if _is_seed(chance):
                made.append((text[:MAX_PROMPT_CHARS], chance))
            case _:
                return None
    assert isinstance(seed, int)  # noqa: S101 -- _is_seed has seen it
    return Recipe(prompt[:MAX_PROMPT_CHARS], seed, tuple(made))


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _SEEDS


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """A picture scaled and cut to cover a size; itself where it has that size."""
    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)

"""What a job comes to: its fields checked, the picture that it edits opened, its recipe settled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from heliograph.providers._base import ImageJob
from heliograph.providers.image._illustrator._limits import (
    DEFAULT_SIDE,
    MAX_PARTIALS,
    MAX_PROMPT_CHARS,
    MAX_SIDE,
    MIN_SIDE,
)
from heliograph.providers.image._illustrator._source import Edit, Source, refuse, source_of

__all__ = ["DETAIL", "Plan", "checked", "derived_seed", "plan_of"]

DETAIL: Final = {"low": 0, "medium": 1, "high": 2}
_FORMATS: Final = ("png", "webp", "jpeg")


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked job: everything that decides the picture's bytes.

    ``prompt`` and ``seed`` made the scene, ``edits`` changed it. ``source`` is the picture that is
    edited; ``was_bare`` whether it had no backdrop.
    """

    prompt: str
    width: int
    height: int
    quality: str
    transparent: bool
    output_format: str
    compression: int
    seed: int
    edits: tuple[Edit, ...] = ()
    source: Source | None = None
    was_bare: bool = False

    @property
    def flat(self) -> bool:
        """Whether the picture cannot be composed again from its words."""
        return self.source is not None and (
            self.source.recipe is None or self.source.mask is not None
        )


def _size(text: str) -> tuple[int, int]:
    if text in ("", "auto"):
        return DEFAULT_SIDE, DEFAULT_SIDE
    first, cross, second = text.lower().partition("x")
    if not (
        cross and first.isascii() and first.isdecimal() and second.isascii() and second.isdecimal()
    ):
        if ":" in text:
            return _ratio(text, "size")
        raise refuse(f"size {text!r} is not WIDTHxHEIGHT, an aspect ratio or auto", "size")
    width, height = int(first[:6]), int(second[:6])
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise refuse(
            f"size {text!r} is out of range: each side is {MIN_SIDE} to {MAX_SIDE} pixels", "size"
        )
    return width, height


def _ratio(text: str, param: str) -> tuple[int, int]:
    first, _, second = text.partition(":")
    if not (first.isascii() and first.isdecimal() and second.isascii() and second.isdecimal()):
        raise refuse(f"{text!r} is not an aspect ratio (16:9) or auto", param)
    a, b = int(first[:4]), int(second[:4])
    if not a or not b or max(a, b) > min(a, b) * 4:
        raise refuse(f"aspect ratio {text!r} is out of range: 1:4 to 4:1", param)
    if a >= b:
        return round(DEFAULT_SIDE * a / b) // 2 * 2, DEFAULT_SIDE
    return DEFAULT_SIDE, round(DEFAULT_SIDE * b / a) // 2 * 2


def derived_seed(prompt: str) -> int:
    """The seed of a job that names none: a hash of the prompt, below 2 to the 31."""
    digest = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def plan_of(job: ImageJob) -> Plan:
    """What the job comes to. Opens its pictures: not for the event loop's thread."""
    plan = checked(job)
    source = source_of(job)
    if source is None:
        return plan
    if job.size in ("", "auto") and job.aspect_ratio == "auto":
        width, height = source.size
        plan = replace(plan, width=width, height=height)
    see_through = source.see_through
    if see_through and job.background == "auto" and job.output_format != "jpeg":
        plan = replace(plan, transparent=True)
    if source.recipe is None:
        if plan.transparent and not see_through:
            raise refuse("the picture's own background cannot be taken away", "background")
        return replace(plan, source=source)
    made = source.recipe
    return replace(
        plan,
        prompt=made.prompt,
        seed=made.seed,
        edits=(*made.edits, (job.prompt[:MAX_PROMPT_CHARS], plan.seed)),
        source=source,
        was_bare=see_through,
    )


def checked(job: ImageJob) -> Plan:
    """Everything that can be said of a job without looking at its reference pictures."""
    auto = job.size in ("", "auto") and job.aspect_ratio != "auto"
    width, height = _ratio(job.aspect_ratio, "aspect_ratio") if auto else _size(job.size)
    if job.output_format not in _FORMATS:
        raise refuse(
            f"output_format {job.output_format!r} is not png, webp or jpeg", "output_format"
        )
    if not 0 <= job.output_compression <= 100:
        raise refuse("output_compression is 0 to 100", "output_compression")
    if job.background not in ("auto", "transparent", "opaque"):
        raise refuse(
            f"background {job.background!r} is not auto, transparent or opaque", "background"
        )
    if job.quality not in ("auto", *DETAIL) and job.quality not in ("standard", "hd"):
        raise refuse(f"quality {job.quality!r} is not low, medium, high or auto", "quality")
    if not 0 <= job.partial_images <= MAX_PARTIALS:
        raise refuse(f"partial_images is 0 to {MAX_PARTIALS}", "partial_images")
    transparent = job.background == "transparent"
    if transparent and job.output_format == "jpeg":
        raise refuse(
            "jpeg has no transparency: use png or webp, or an opaque background", "background"
        )
    quality = {"auto": "medium", "standard": "medium", "hd": "high"}.get(job.quality, job.quality)
    seed = job.seed if job.seed is not None else derived_seed(job.prompt)
    return Plan(
        job.prompt,
        width,
        height,
        quality,
        transparent,
        job.output_format,
        job.output_compression,
        seed,
    )

"""The image provider: checks the job, composes in a worker thread, shows the stages."""

from __future__ import annotations

import asyncio
import hashlib
import io
import warnings
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image

from heliograph import errors
from heliograph.providers._base import ImageJob, ImagePart, ModelCard, Picture, Preview
from heliograph.providers.image._illustrator import _compose, _read, _render
from heliograph.providers.image._illustrator._canvas import BACKDROP, FINISH, MAIN, THINGS, Canvas
from heliograph.providers.image._illustrator._limits import (
    DEFAULT_SIDE,
    MAX_PARTIALS,
    MAX_PROMPT_CHARS,
    MAX_REFERENCE_PIXELS,
    MAX_SIDE,
    MIN_SIDE,
)

__all__ = ["CARD", "MODEL", "Illustrator"]

MODEL: Final = "heliograph/illustrator"
CARD: Final = ModelCard(
    id=MODEL,
    name="Heliograph illustrator",
    description=(
        "Composes a recognisable picture from the words of a prompt, without a neural model: reads "
        "things, counts, colours, relations, setting, weather and time in many languages, and "
        "draws them with OpenMoji's vector art. No key, no GPU, no network."
    ),
    kind="image",
    created=1_763_769_600,
    owned_by="heliograph",
    licence=(
        "Pictures are adaptations of OpenMoji's art (https://openmoji.org), licensed CC BY-SA 4.0: "
        "credit OpenMoji and share adaptations alike."
    ),
    input_modalities=("text", "image"),
    output_modalities=("image",),
)
_STAGES: Final[dict[int, tuple[int, ...]]] = {
    0: (),
    1: (MAIN,),
    2: (BACKDROP, THINGS),
    3: (BACKDROP, MAIN, THINGS),
}
_DETAIL: Final = {"low": 0, "medium": 1, "high": 2}
_OVERSAMPLE_LIMIT: Final = 1600
_FORMATS: Final = ("png", "webp", "jpeg")


def _refuse(message: str, param: str) -> errors.ProviderError:
    return errors.ProviderError(message, kind="bad_request", param=param)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A checked job: everything that decides the picture's bytes."""

    prompt: str
    width: int
    height: int
    quality: str
    transparent: bool
    output_format: str
    compression: int
    seed: int


def _size(text: str) -> tuple[int, int]:
    if text in ("", "auto"):
        return DEFAULT_SIDE, DEFAULT_SIDE
    first, cross, second = text.lower().partition("x")
    if not (
        cross and first.isascii() and first.isdecimal() and second.isascii() and second.isdecimal()
    ):
        if ":" in text:
            return _ratio(text, "size")
        raise _refuse(f"size {text!r} is not WIDTHxHEIGHT, an aspect ratio or auto", "size")
    width, height = int(first[:6]), int(second[:6])
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise _refuse(
            f"size {text!r} is out of range: each side is {MIN_SIDE} to {MAX_SIDE} pixels", "size"
        )
    return width, height


def _ratio(text: str, param: str) -> tuple[int, int]:
    first, _, second = text.partition(":")
    if not (first.isascii() and first.isdecimal() and second.isascii() and second.isdecimal()):
        raise _refuse(f"{text!r} is not an aspect ratio (16:9) or auto", param)
    a, b = int(first[:4]), int(second[:4])
    if not a or not b or max(a, b) > min(a, b) * 4:
        raise _refuse(f"aspect ratio {text!r} is out of range: 1:4 to 4:1", param)
    if a >= b:
        return round(DEFAULT_SIDE * a / b) // 2 * 2, DEFAULT_SIDE
    return DEFAULT_SIDE, round(DEFAULT_SIDE * b / a) // 2 * 2


def derived_seed(prompt: str) -> int:
    """The seed of a job that names none: a hash of the prompt, below 2 to the 31."""
    digest = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def _plan(job: ImageJob) -> _Plan:
    """What the job comes to. Opens the reference pictures: not for the event loop's thread."""
    plan = _checked(job)
    return replace(plan, prompt=_with_references(job))


def _checked(job: ImageJob) -> _Plan:
    """Everything that can be said of a job without looking at its reference pictures."""
    auto = job.size in ("", "auto") and job.aspect_ratio != "auto"
    width, height = _ratio(job.aspect_ratio, "aspect_ratio") if auto else _size(job.size)
    if job.output_format not in _FORMATS:
        raise _refuse(
            f"output_format {job.output_format!r} is not png, webp or jpeg", "output_format"
        )
    if not 0 <= job.output_compression <= 100:
        raise _refuse("output_compression is 0 to 100", "output_compression")
    if job.background not in ("auto", "transparent", "opaque"):
        raise _refuse(
            f"background {job.background!r} is not auto, transparent or opaque", "background"
        )
    if job.quality not in ("auto", *_DETAIL) and job.quality not in ("standard", "hd"):
        raise _refuse(f"quality {job.quality!r} is not low, medium, high or auto", "quality")
    if not 0 <= job.partial_images <= MAX_PARTIALS:
        raise _refuse(f"partial_images is 0 to {MAX_PARTIALS}", "partial_images")
    transparent = job.background == "transparent"
    if transparent and job.output_format == "jpeg":
        raise _refuse(
            "jpeg has no transparency: use png or webp, or an opaque background", "background"
        )
    quality = {"auto": "medium", "standard": "medium", "hd": "high"}.get(job.quality, job.quality)
    seed = job.seed if job.seed is not None else derived_seed(job.prompt)
    return _Plan(
        job.prompt,
        width,
        height,
        quality,
        transparent,
        job.output_format,
        job.output_compression,
        seed,
    )


def _with_references(job: ImageJob) -> str:
    """The prompt, after that of the newest reference if the illustrator drew it."""
    if job.action == "generate":
        return job.prompt
    for data in reversed(job.images):
        notes = _notes(data)
        if notes:
            return f"{str(notes['prompt'])[:MAX_PROMPT_CHARS]}, {job.prompt}"
    return job.prompt


def _notes(data: bytes) -> dict[str, object]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MAX_REFERENCE_PIXELS:
                    raise _refuse("a reference image has too many pixels", "images")
                image.load()
                return _render.read_notes(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refuse(f"a reference image cannot be read: {error}", "images") from None


def _compose_plan(plan: _Plan) -> Canvas:
    reading = _read.read(plan.prompt)
    return _compose.compose(
        reading, plan.seed, plan.width, plan.height,
        detail=_DETAIL[plan.quality], bare=plan.transparent,
    )  # fmt: skip


def _picture(plan: _Plan, canvas: Canvas, stage: int) -> bytes:
    small = max(plan.width, plan.height) <= _OVERSAMPLE_LIMIT
    over = 2 if plan.quality == "high" and small else 1
    width, height = plan.width, plan.height
    if plan.quality == "low":
        width, height = max(MIN_SIDE, width * 2 // 3), max(MIN_SIDE, height * 2 // 3)
    image = _render.rasterise(canvas.svg(stage, width, height), width, height, over)
    if (width, height) != (plan.width, plan.height):
        image = image.resize((plan.width, plan.height), Image.Resampling.BILINEAR)
    notes: dict[str, object] = {
        "prompt": plan.prompt[:MAX_PROMPT_CHARS].encode("utf-8", "replace").decode(),
        "seed": plan.seed,
        "model": MODEL,
        "stage": stage,
    }
    return _render.encode(
        image, plan.output_format, plan.compression, plan.quality, notes,
        transparent=plan.transparent,
    )  # fmt: skip


class Illustrator:
    """Draws prompts with vector art. Stateless: one instance serves any number of jobs at once."""

    def __init__(self) -> None:
        self._cards: tuple[ModelCard, ...] = (CARD,)

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The one model, ``heliograph/illustrator``."""
        return self._cards

    def check(self, job: ImageJob) -> None:
        """Refuse what cannot be drawn; reference pictures are looked at only by ``draw``.

        Raises ``ProviderError`` of kind ``bad_request`` with the field at fault.
        """
        _checked(job)

    def seed_for(self, job: ImageJob) -> int | None:
        """The job's seed, or the one derived from its prompt."""
        return job.seed if job.seed is not None else derived_seed(job.prompt)

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        """Yields the stages asked for, then the picture.

        Every step runs in a worker thread; closing the generator ends the work at the next step.
        Raises ``ProviderError`` of kind ``bad_request`` with the field at fault.
        """
        plan = await asyncio.to_thread(_plan, job)
        canvas = await asyncio.to_thread(_compose_plan, plan)
        for index, stage in enumerate(_STAGES[job.partial_images]):
            if index >= job.first_partial:
                yield Preview(index, await _step(_picture, plan, canvas, stage))
        data = await _step(_picture, plan, canvas, FINISH)
        yield Picture(
            data=data,
            output_format=plan.output_format,
            size=f"{plan.width}x{plan.height}",
            quality=plan.quality,
            background="transparent" if plan.transparent else "opaque",
        )


async def _step(
    work: Callable[[_Plan, Canvas, int], bytes], plan: _Plan, canvas: Canvas, stage: int
) -> bytes:
    return await asyncio.to_thread(work, plan, canvas, stage)

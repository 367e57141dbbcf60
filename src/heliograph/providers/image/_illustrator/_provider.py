"""The image provider: checks the job, composes in a worker thread, shows the stages."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image

from heliograph.providers._base import ImageJob, ImagePart, ModelCard, Picture, Preview
from heliograph.providers.image._illustrator import _render
from heliograph.providers.image._illustrator._canvas import BACKDROP, FINISH, MAIN, THINGS, Canvas
from heliograph.providers.image._illustrator._change import Box, edited, over, put_in
from heliograph.providers.image._illustrator._compose import Scene, compose
from heliograph.providers.image._illustrator._edits import changed
from heliograph.providers.image._illustrator._limits import (
    DEFAULT_SIDE,
    MAX_PARTIALS,
    MAX_PROMPT_CHARS,
    MAX_SIDE,
    MIN_SIDE,
)
from heliograph.providers.image._illustrator._read import read
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._source import Edit, Source, fitted, refuse, source_of

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


@dataclass(frozen=True, slots=True)
class _Plan:
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


@dataclass(frozen=True, slots=True)
class _Made:
    """A composed plan: what is drawn, and what it is drawn on."""

    canvas: Canvas
    grey: bool = False
    before: Image.Image | None = None
    mask: Image.Image | None = None


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


def _plan(job: ImageJob) -> _Plan:
    """What the job comes to. Opens its pictures: not for the event loop's thread."""
    plan = _checked(job)
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


def _checked(job: ImageJob) -> _Plan:
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
    if job.quality not in ("auto", *_DETAIL) and job.quality not in ("standard", "hd"):
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


def _composed(plan: _Plan) -> _Made:
    source = plan.source
    if source is None:
        scene = _scene(plan, bare=plan.transparent)
        return _Made(scene.canvas)
    before = fitted(source.image, plan.width, plan.height)
    mask = None if source.mask is None else fitted(source.mask, plan.width, plan.height)
    box = None if mask is None else _box(mask)
    if source.recipe is None:
        return _on_backdrop(plan, before, mask, box)
    scene, grey = _scene(plan, bare=plan.was_bare), False
    for at, (text, seed) in enumerate(plan.edits, 1):
        newest = at == len(plan.edits)
        scene, faded = edited(
            scene, text, seed, plan.width, plan.height, detail=_DETAIL[plan.quality],
            bare=plan.transparent, box=box if newest else None,
        )  # fmt: skip
        grey = grey or faded
    return _Made(scene.canvas, grey, None if mask is None else before, mask)


def _scene(plan: _Plan, *, bare: bool) -> Scene:
    return compose(
        read(plan.prompt), plan.seed, plan.width, plan.height,
        detail=_DETAIL[plan.quality], bare=bare,
    )  # fmt: skip


def _on_backdrop(
    plan: _Plan, before: Image.Image, mask: Image.Image | None, box: Box | None
) -> _Made:
    """What the prompt names, drawn on a picture that is not the illustrator's."""
    change = changed(Reading(), plan.prompt)
    scene = compose(
        change.reading, plan.seed, plan.width, plan.height,
        detail=_DETAIL[plan.quality], bare=True,
    )  # fmt: skip
    if box is not None:
        scene = put_in(scene, box)
    return _Made(over(scene), change.grey, before, mask)


def _box(mask: Image.Image) -> Box | None:
    """Where the mask lets things change, in the canvas's units; None where nowhere."""
    found = mask.point(lambda level: 255 if level > 127 else 0).getbbox()
    if found is None:
        return None
    unit = 1000 / min(mask.size)
    return found[0] * unit, found[1] * unit, found[2] * unit, found[3] * unit


def _picture(plan: _Plan, made: _Made, stage: int) -> bytes:
    small = max(plan.width, plan.height) <= _OVERSAMPLE_LIMIT
    over = 2 if plan.quality == "high" and small else 1
    width, height = plan.width, plan.height
    if plan.quality == "low":
        width, height = max(MIN_SIDE, width * 2 // 3), max(MIN_SIDE, height * 2 // 3)
    image = _render.rasterise(made.canvas.svg(stage, width, height), width, height, over)
    if (width, height) != (plan.width, plan.height):
        image = image.resize((plan.width, plan.height), Image.Resampling.BILINEAR)
    image = _laid_over(plan, made, image)
    notes: dict[str, object] = {
        "prompt": plan.prompt[:MAX_PROMPT_CHARS].encode("utf-8", "replace").decode(),
        "seed": plan.seed,
        "model": MODEL,
        "stage": stage,
    }
    if plan.edits:
        notes["edits"] = [[text.encode("utf-8", "replace").decode(), s] for text, s in plan.edits]
    if plan.flat:
        notes["flat"] = True
    return _render.encode(
        image, plan.output_format, plan.compression, plan.quality, notes,
        transparent=plan.transparent,
    )  # fmt: skip


def _laid_over(plan: _Plan, made: _Made, image: Image.Image) -> Image.Image:
    """The drawing over what it is drawn on; outside the mask nothing but that."""
    before = made.before
    if before is not None and plan.source is not None and plan.source.recipe is None:
        image = Image.alpha_composite(before, image)
    if made.grey:
        alpha = image.getchannel("A")
        image = image.convert("L").convert("RGBA")
        image.putalpha(alpha)
    if before is not None and made.mask is not None:
        image = Image.composite(image, before, made.mask)
    if before is not None and not plan.transparent:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image


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
        made = await asyncio.to_thread(_composed, plan)
        for index, stage in enumerate(_STAGES[job.partial_images]):
            if index >= job.first_partial:
                yield Preview(index, await _step(_picture, plan, made, stage))
        data = await _step(_picture, plan, made, FINISH)
        yield Picture(
            data=data,
            output_format=plan.output_format,
            size=f"{plan.width}x{plan.height}",
            quality=plan.quality,
            background="transparent" if plan.transparent else "opaque",
            revised_prompt=", ".join((plan.prompt, *(text for text, _ in plan.edits)))
            if plan.edits
            else None,
        )


async def _step(
    work: Callable[[_Plan, _Made, int], bytes], plan: _Plan, made: _Made, stage: int
) -> bytes:
    return await asyncio.to_thread(work, plan, made, stage)

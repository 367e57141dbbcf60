"""The image provider: checks the job, composes in a worker thread, shows the stages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from heliograph.providers._base import ImageJob, ImagePart, ModelCard, Picture, Preview
from heliograph.providers.image._illustrator import _render
from heliograph.providers.image._illustrator._canvas import BACKDROP, FINISH, MAIN, THINGS, Canvas
from heliograph.providers.image._illustrator._change import Box, edited, over, put_in
from heliograph.providers.image._illustrator._compose import Scene, compose
from heliograph.providers.image._illustrator._edits import changed
from heliograph.providers.image._illustrator._limits import (
    MAX_PROMPT_CHARS,
    MIN_SIDE,
)
from heliograph.providers.image._illustrator._plan import (
    DETAIL,
    Plan,
    checked,
    derived_seed,
    plan_of,
)
from heliograph.providers.image._illustrator._read import read
from heliograph.providers.image._illustrator._reading import Reading
from heliograph.providers.image._illustrator._source import fitted

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
_OVERSAMPLE_LIMIT: Final = 1600


@dataclass(frozen=True, slots=True)
class _Made:
    """A composed plan: what is drawn, and what it is drawn on."""

    canvas: Canvas
    grey: bool = False
    before: Image.Image | None = None
    mask: Image.Image | None = None


def _composed(plan: Plan) -> _Made:
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
            scene, text, seed, plan.width, plan.height, detail=DETAIL[plan.quality],
            bare=plan.transparent, box=box if newest else None,
        )  # fmt: skip
        grey = grey or faded
    return _Made(scene.canvas, grey, None if mask is None else before, mask)


def _scene(plan: Plan, *, bare: bool) -> Scene:
    return compose(
        read(plan.prompt), plan.seed, plan.width, plan.height,
        detail=DETAIL[plan.quality], bare=bare,
    )  # fmt: skip


def _on_backdrop(
    plan: Plan, before: Image.Image, mask: Image.Image | None, box: Box | None
) -> _Made:
    """What the prompt names, drawn on a picture that is not the illustrator's."""
    change = changed(Reading(), plan.prompt)
    scene = compose(
        change.reading, plan.seed, plan.width, plan.height,
        detail=DETAIL[plan.quality], bare=True,
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


def _picture(plan: Plan, made: _Made, stage: int) -> bytes:
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


def _laid_over(plan: Plan, made: _Made, image: Image.Image) -> Image.Image:
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
        checked(job)

    def seed_for(self, job: ImageJob) -> int | None:
        """The job's seed, or the one derived from its prompt."""
        return job.seed if job.seed is not None else derived_seed(job.prompt)

    async def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        """Yields the stages asked for, then the picture.

        Every step runs in a worker thread; closing the generator ends the work at the next step.
        Raises ``ProviderError`` of kind ``bad_request`` with the field at fault.
        """
        plan = await asyncio.to_thread(plan_of, job)
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
    work: Callable[[Plan, _Made, int], bytes], plan: Plan, made: _Made, stage: int
) -> bytes:
    return await asyncio.to_thread(work, plan, made, stage)

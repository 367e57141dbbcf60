"""The illustrator as an image provider: sizes, formats, stages, determinism, refusals."""

import asyncio
import io

import pytest
from PIL import Image, ImageChops

from heliograph import errors
from heliograph.providers import ImageJob, ImagePart, Picture, Preview
from heliograph.providers.image.illustrator import CARD, MODEL, Illustrator

FOX = "a red fox under the moon"
SMALL = "256x256"


async def parts(**options: object) -> list[ImagePart]:
    job = ImageJob(**{"model": MODEL, "prompt": FOX, "size": SMALL, **options})  # type: ignore[arg-type]
    return [part async for part in Illustrator().draw(job)]


async def final(**options: object) -> Picture:
    part = (await parts(**options))[-1]
    assert isinstance(part, Picture)
    return part


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def difference(one: bytes, other: bytes) -> float:
    """Mean difference per channel, 0 to 255."""
    a, b = opened(one).convert("RGB"), opened(other).convert("RGB")
    histogram = ImageChops.difference(a, b).histogram()
    total = sum(i % 256 * count for i, count in enumerate(histogram))
    return total / (a.width * a.height * 3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("auto", (1024, 1024)),
        ("256x256", (256, 256)),
        ("257x301", (257, 301)),
        ("1536x1024", (1536, 1024)),
        ("256x1024", (256, 1024)),
        ("16:9", (1820, 1024)),
        ("2:3", (1024, 1536)),
    ],
)
async def test_each_size_is_drawn_as_asked(size: str, expected: tuple[int, int]) -> None:
    picture = await final(size=size, quality="low")
    assert opened(picture.data).size == expected
    assert picture.size == f"{expected[0]}x{expected[1]}"


async def test_the_largest_side_is_drawn() -> None:
    assert opened((await final(size="4096x256", quality="low")).data).size == (4096, 256)


@pytest.mark.parametrize(
    ("output_format", "name"), [("png", "PNG"), ("webp", "WEBP"), ("jpeg", "JPEG")]
)
@pytest.mark.parametrize("background", ["auto", "opaque", "transparent"])
async def test_each_format_and_background(output_format: str, name: str, background: str) -> None:
    if (output_format, background) == ("jpeg", "transparent"):
        with pytest.raises(errors.ProviderError) as refused:
            await final(output_format=output_format, background=background)
        assert (refused.value.kind, refused.value.param) == ("bad_request", "background")
        return
    picture = await final(output_format=output_format, background=background)
    image = opened(picture.data)
    assert image.format == name
    assert picture.output_format == output_format
    corner = image.convert("RGBA").getpixel((2, 2))
    assert isinstance(corner, tuple)
    assert (corner[3] == 0) is (background == "transparent")
    assert picture.background == ("transparent" if background == "transparent" else "opaque")


async def test_a_transparent_picture_still_shows_the_subject() -> None:
    alpha = opened((await final(background="transparent")).data).getchannel("A")
    assert alpha.getbbox() is not None


@pytest.mark.parametrize("output_format", ["webp", "jpeg"])
async def test_compression_makes_smaller_files(output_format: str) -> None:
    sizes = [
        len((await final(output_format=output_format, output_compression=c)).data)
        for c in (0, 50, 100)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


async def test_qualities_differ_and_auto_is_medium() -> None:
    low, medium, high, auto = [
        (await final(quality=q)).data for q in ("low", "medium", "high", "auto")
    ]
    assert len({low, medium, high}) == 3
    assert auto == medium


async def test_the_same_job_gives_the_same_bytes() -> None:
    assert (await final()).data == (await final()).data


async def test_a_seed_changes_the_picture_and_repeats_itself() -> None:
    one, again, other = [(await final(seed=seed)).data for seed in (1, 1, 2)]
    assert one == again
    assert difference(one, other) > 0.5


async def test_seed_for_names_the_seed_that_is_used() -> None:
    job = ImageJob(model=MODEL, prompt=FOX, size=SMALL)
    seed = Illustrator().seed_for(job)
    assert (await final(seed=seed)).data == (await final()).data
    assert Illustrator().seed_for(ImageJob(model=MODEL, prompt=FOX, seed=7)) == 7


@pytest.mark.parametrize("count", [0, 1, 2, 3])
async def test_previews_are_stages_that_come_nearer_to_the_picture(count: int) -> None:
    made = await parts(partial_images=count, prompt="a red fox under a tree in the rain")
    previews, picture = made[:-1], made[-1]
    assert isinstance(picture, Picture)
    assert [p.index for p in previews if isinstance(p, Preview)] == list(range(count))
    distances = [difference(p.data, picture.data) for p in previews]
    assert distances == sorted(distances, reverse=True)
    assert all(distance > 0 for distance in distances)


async def test_a_run_again_starts_past_the_previews_that_were_shown() -> None:
    whole = await parts(partial_images=3)
    rest = await parts(partial_images=3, first_partial=2)
    assert [getattr(p, "index", None) for p in rest] == [2, None]
    assert [p.data for p in rest] == [p.data for p in whole[2:]]


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"size": "10x10"}, "size"),
        ({"size": "5000x256"}, "size"),
        ({"size": "big"}, "size"),
        ({"size": "1024"}, "size"),
        ({"size": "-1x256"}, "size"),
        ({"size": "²x256"}, "size"),
        ({"size": "0:1"}, "size"),
        ({"size": "9:1"}, "size"),
        ({"output_format": "gif"}, "output_format"),
        ({"output_compression": 101}, "output_compression"),
        ({"background": "blue"}, "background"),
        ({"quality": "best"}, "quality"),
        ({"partial_images": 4}, "partial_images"),
        ({"images": (b"not a picture",)}, "images"),
    ],
)
async def test_a_bad_job_is_refused_naming_the_field(
    options: dict[str, object], param: str
) -> None:
    with pytest.raises(errors.ProviderError) as refused:
        await parts(**options)
    assert (refused.value.kind, refused.value.param) == ("bad_request", param)
    assert not refused.value.retryable


@pytest.mark.parametrize(
    "prompt", ["", "blorf qwzx", "雪の中の赤い鳥居", "\ud800", "a cat " * 17_000]
)
async def test_any_prompt_makes_a_picture(prompt: str) -> None:
    image = opened((await final(prompt=prompt)).data).convert("RGB")
    assert len(image.getcolors(256 * 256) or ()) > 50


@pytest.mark.parametrize("output_format", ["png", "webp", "jpeg"])
async def test_the_art_is_credited_in_the_metadata(output_format: str) -> None:
    image = opened((await final(output_format=output_format)).data)
    notes = " ".join(str(v) for v in (*image.info.values(), *image.getexif().values()))
    assert "OpenMoji" in notes
    assert "CC BY-SA 4.0" in notes


def test_the_card_states_the_licence() -> None:
    assert Illustrator().cards == (CARD,)
    assert CARD.id == "heliograph/illustrator"
    assert "CC BY-SA 4.0" in CARD.licence


async def test_the_event_loop_stays_free_while_drawing() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.002)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await final(size="1024x1024")
    ticking.cancel()
    assert ticks >= 5


async def test_closing_the_iterator_ends_the_work() -> None:
    job = ImageJob(model=MODEL, prompt=FOX, size=SMALL, partial_images=3)
    drawing = Illustrator().draw(job)
    assert isinstance(await anext(drawing), Preview)
    await drawing.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(drawing)

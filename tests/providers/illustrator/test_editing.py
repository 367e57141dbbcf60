"""Pictures that are taken in: the illustrator's own, foreign ones, masks."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from heliograph import errors
from heliograph.providers import ImageJob, Picture, Preview
from heliograph.providers.image.illustrator import MODEL, Illustrator

SIDE = 320


async def draw(prompt: str, *images: bytes, **options: object) -> Picture:
    options = {"size": "auto" if images else f"{SIDE}x{SIDE}", **options}
    job = ImageJob(model=MODEL, prompt=prompt, images=images, **options)  # type: ignore[arg-type]
    async for part in Illustrator().draw(job):
        if isinstance(part, Picture):
            return part
    raise AssertionError("no picture")


async def chain(*prompts: str, **options: object) -> list[bytes]:
    made: list[bytes] = []
    for prompt in prompts:
        made.append((await draw(prompt, *made, **options)).data)
    return made


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def apart(one: bytes, other: bytes, box: tuple[int, int, int, int] | None = None) -> float:
    """The share of pixels that differ, in a box."""
    a, b = (opened(data).crop(box) if box else opened(data) for data in (one, other))
    different = ImageChops.difference(a, b).convert("L").point(lambda v: 255 if v else 0)
    return different.histogram()[255] / (a.width * a.height)


def photo(width: int = 400, height: int = 300, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(out, "PNG")
    return out.getvalue()


def mask(width: int, height: int, hole: tuple[int, int, int, int] | None) -> bytes:
    image = Image.new("RGBA", (width, height), (0, 0, 0, 255))
    if hole is not None:
        image.paste((0, 0, 0, 0), hole)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


async def test_a_colour_changes_that_thing_alone() -> None:
    first, second = await chain("a red fox in a meadow", "make the fox blue")
    top, left = (0, 0, SIDE, SIDE // 4), (0, 0, SIDE // 5, SIDE)
    assert apart(first, second) > 0.03
    assert apart(first, second, top) == 0
    assert apart(first, second, left) == 0


async def test_back_and_forth_is_the_same_picture() -> None:
    first, _, third = await chain("a red fox in a meadow", "make the fox blue", "make the fox red")
    assert apart(first, third) == 0


async def test_night_moves_nothing() -> None:
    """The fox's outline is where it was: its black lines are black by day and by night."""
    first, second = await chain("a red fox in a meadow", "make it night")
    lines = [opened(d).convert("L").point(lambda v: 255 if v < 12 else 0) for d in (first, second)]
    box = (SIDE // 4, SIDE // 2, SIDE * 3 // 4, SIDE)
    both = ImageChops.darker(*(image.crop(box) for image in lines)).histogram()[255]
    assert both > 0.8 * lines[0].crop(box).histogram()[255]


async def test_what_is_removed_leaves_the_rest() -> None:
    first, second, third = await chain("a red fox in a meadow", "add a house", "remove the house")
    assert apart(first, second) > 0.01
    assert apart(first, third) == 0


async def test_the_newest_picture_is_edited() -> None:
    fox = (await draw("a red fox in a meadow")).data
    cat = (await draw("a cat on a sofa")).data
    assert (await draw("make it night", fox, cat)).data == (await draw("make it night", cat)).data


@pytest.mark.parametrize("output_format", ["png", "webp", "jpeg"])
async def test_a_scene_is_known_again_in_every_format(output_format: str) -> None:
    first = (await draw("a red fox", output_format=output_format)).data
    plain = (await draw("a red fox")).data
    edited = await draw("make it night", first)
    assert edited.data == (await draw("make it night", plain)).data
    assert edited.revised_prompt == "a red fox, make it night"


async def test_the_same_edit_gives_the_same_bytes_and_a_seed_moves_what_is_new() -> None:
    fox = (await draw("a red fox in a meadow")).data
    assert (await draw("add a tree", fox)).data == (await draw("add a tree", fox)).data
    moved = [(await draw("add a tree", fox, seed=seed)).data for seed in range(4)]
    assert len(set(moved)) > 1
    again = [(await draw("make it night", data)).data for data in moved]
    assert len(set(again)) == len(set(moved))


async def test_previews_of_an_edit_come_nearer_to_it() -> None:
    fox = (await draw("a red fox in a meadow")).data
    job = ImageJob(model=MODEL, prompt="add a tree", images=(fox,), partial_images=3)
    parts = [part async for part in Illustrator().draw(job)]
    assert [isinstance(part, Preview) for part in parts] == [True, True, True, False]
    distances = [apart(part.data, parts[-1].data) for part in parts[:-1]]
    assert distances == sorted(distances, reverse=True)


async def test_an_edit_takes_the_pictures_size_unless_told() -> None:
    wide = (await draw("a fox", size="400x256")).data
    assert (await draw("make it night", wide)).size == "400x256"
    assert (await draw("make it night", wide, size="256x256")).size == "256x256"
    assert (await draw("a fox", photo(40, 30))).size == "341x256"
    assert (await draw("a fox", photo(5000, 300), quality="low")).size == "4096x256"


async def test_actions_are_respected() -> None:
    fox = (await draw("a red fox in a meadow")).data
    cat = (await draw("a cat")).data
    assert (await draw("a cat", fox, action="generate", size=f"{SIDE}x{SIDE}")).data == cat
    for action in ("auto", "edit"):
        assert (await draw("make it night", fox, action=action)).revised_prompt
    assert (await draw("a cat", action="auto")).data == cat
    for fidelity in ("high", "low"):
        assert (await draw("make it night", fox, input_fidelity=fidelity)).size == f"{SIDE}x{SIDE}"


async def test_a_foreign_picture_is_the_backdrop() -> None:
    made = await draw("add a red fox", photo())
    assert made.size == "400x300"
    assert apart(made.data, photo()) > 0.05
    assert apart(made.data, photo(), (0, 0, 60, 300)) == 0
    twice = await draw("add a tree", made.data)
    assert apart(twice.data, made.data) > 0.01
    nothing = await draw("blorf", photo())
    assert apart(nothing.data, photo()) == 0


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
async def test_a_foreign_picture_may_be_of_any_mode(mode: str) -> None:
    assert (await draw("a fox at night in the rain", photo(mode=mode))).size == "400x300"


async def test_a_mask_limits_the_change_to_its_transparent_part() -> None:
    fox = (await draw("a red fox in a meadow")).data
    hole = (0, 0, SIDE, SIDE // 2)
    made = (await draw("make it night", fox, mask=mask(SIDE, SIDE, hole))).data
    assert apart(made, fox, hole) > 0.9
    assert apart(made, fox, (0, SIDE // 2, SIDE, SIDE)) == 0
    assert apart((await draw("make it night", fox, mask=mask(SIDE, SIDE, None))).data, fox) == 0


@pytest.mark.parametrize("own", [True, False])
async def test_what_is_added_under_a_mask_stands_inside_it(own: bool) -> None:
    before = (await draw("a red fox in a meadow")).data if own else photo(SIDE, SIDE)
    hole = (10, 130, 110, 310)
    made = (await draw("add a house", before, mask=mask(SIDE, SIDE, hole))).data
    assert apart(made, before, hole) > 0.2
    for rest in ((0, 0, SIDE, 130), (110, 0, SIDE, SIDE), (0, 0, 10, SIDE)):
        assert apart(made, before, rest) == 0
    flat = (await draw("make it night", made)).data
    assert apart(flat, made) > 0.5


async def test_a_mask_of_another_size_is_scaled() -> None:
    fox = (await draw("a red fox in a meadow")).data
    made = (await draw("make it night", fox, mask=mask(96, 96, (0, 0, 96, 48)))).data
    assert apart(made, fox, (0, SIDE // 2, SIDE, SIDE)) == 0


async def test_a_mask_finds_its_picture_by_its_size() -> None:
    fox = (await draw("a red fox in a meadow")).data
    hole = mask(SIDE, SIDE, (0, 0, SIDE, SIDE // 2))
    assert (await draw("make it night", fox, photo(), mask=hole)).size == f"{SIDE}x{SIDE}"


async def test_transparency_is_kept_unless_told() -> None:
    bare = (await draw("a red fox", background="transparent")).data
    kept = await draw("make the fox blue", bare)
    assert kept.background == "transparent"
    full = await draw("make the fox blue", bare, background="opaque")
    assert full.background == "opaque"
    assert opened(full.data).getpixel((2, 2)) != (0, 0, 0)
    assert (await draw("make it night", bare, output_format="jpeg")).background == "opaque"
    whole = (await draw("a red fox")).data
    assert (await draw("make it blue", whole, background="transparent")).background == "transparent"


@pytest.mark.parametrize(
    ("options", "param", "said"),
    [
        ({"action": "edit"}, "images", "there is none"),
        ({"mask": mask(9, 9, (0, 0, 4, 4))}, "mask", "there is none"),
        ({"images": (b"GIF89a?",)}, "images", "cannot be read"),
        ({"images": (photo(),), "mask": b"?"}, "mask", "cannot be read"),
        ({"images": (photo(),), "mask": photo()}, "mask", "no transparency"),
        ({"images": (photo(),), "background": "transparent"}, "background", "own background"),
        ({"images": (photo(),), "mask": mask(9, 9, None), "action": "generate"}, "mask", "none"),
    ],
)
async def test_what_cannot_be_edited_is_refused_by_its_field(
    options: dict[str, object], param: str, said: str
) -> None:
    images = options.pop("images", ())
    with pytest.raises(errors.ProviderError, match=said) as refused:
        await draw("a fox", *images, **options)  # type: ignore[misc]
    assert (refused.value.kind, refused.value.param) == ("bad_request", param)


@pytest.mark.parametrize(
    "notes",
    [
        '{"prompt": 1, "seed": 1}',
        '{"prompt": "a fox", "seed": true}',
        "{",
        "[]",
        '{"prompt": "x"}',
        '{"prompt": "a fox", "seed": -1}',
        '{"prompt": "a fox", "seed": 1, "edits": [1]}',
        '{"prompt": "a fox", "seed": 1, "edits": [["x", "y"]]}',
    ],
)
async def test_notes_that_are_not_the_illustrators_make_a_foreign_picture(notes: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("heliograph", notes)
    out = io.BytesIO()
    Image.new("RGB", (300, 300), "red").save(out, "PNG", pnginfo=info)
    made = opened((await draw("add a tree", out.getvalue())).data)
    assert made.getpixel((3, 3)) == (255, 0, 0)

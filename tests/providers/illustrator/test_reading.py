"""What the illustrator understands of a prompt."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.providers.image._illustrator import _limits, _read
from heliograph.providers.image._illustrator._reading import Reading

BLACK_CAT = "1F408-200D-2B1B"
FOX, CAT, DOG, HOUSE, TABLE, SOFA = "1F98A", "1F408", "1F415", "1F3E0", "@table", "@sofa"
OWL, BOOK, SAIL, CAR, ASTRONAUT = "1F989", "1F4D6", "26F5", "1F697", "1F9D1-200D-1F680"


def facts(reading: Reading) -> set[str]:
    """A reading as short statements, to compare with."""
    things = reading.things
    out = {f"{t.count} {t.art}" for t in things if t.count}
    out |= {f"{t.art} is {colour}" for t in things for colour in t.colours}
    out |= {f"{t.art} {t.pose}" for t in things if t.pose}
    out |= {f"{things[k.figure].art} {k.rel} {things[k.ground].art}" for k in reading.links}
    out |= {f"in {place}" for place in reading.places}
    out |= set(reading.sky) | set(reading.land) | set(reading.weather)
    out |= {f"no {art}" for art in reading.without}
    out |= {value for value in (reading.time, reading.season) if value}
    return out


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a red fox under the moon", {f"1 {FOX}", f"{FOX} is red", "@moon", "night"}),
        ("three sailing boats at sunset", {f"3 {SAIL}", "sunset"}),
        (
            "a cat sleeping on a sofa by the window in the rain",
            {f"1 {CAT}", f"{CAT} sleep", f"{CAT} on {SOFA}", f"{SOFA} beside 1FA9F", "rain"},
        ),
        ("two astronauts on the moon", {f"2 {ASTRONAUT}", "in moonscape"}),
        ("a blue car in front of a mountain", {f"1 {CAR}", f"{CAR} is blue", "@mountain"}),
        ("an owl reading a book at night", {f"1 {OWL}", f"{OWL} hold {BOOK}", "night"}),
        ("two dogs chasing a cat", {f"2 {DOG}", f"{DOG} chase {CAT}"}),
        ("a dog wearing a red hat", {f"{DOG} wear 1F452", "1F452 is red"}),
        ("five candles on a cake", {"5 1F56F", "1F56F on 1F382"}),
        ("a dozen balloons", {"12 1F388"}),
        ("7 ducks on a lake", {"7 1F986", "in lake"}),
        ("a flock of birds", {"7 1F426"}),
        ("cats", {f"3 {CAT}"}),
        ("a basket of apples", {"1F34E in @basket"}),
        ("a vase of tulips and a basket of apples", {"1F337 in 26B1", "1F34E in @basket"}),
        ("raking leaves", {"1F9D1 hold @rake"}),
        ("a bridge at night", {"1 @bridge", "night"}),
        ("a pile of gold", {"1 @goldpile"}),
        ("a lamplighter by a door", {"1 1F9D1"}),
        ("un vieux pêcheur dans une barque", {"@fisherman in @rowboat"}),
        ("a mouse in a box", {"1F401 in @box"}),
        ("a cat behind a tree", {f"{CAT} behind @tree"}),
        ("a dog under a table", {f"{DOG} under {TABLE}"}),
        ("a fox between a tree and a house", {f"{FOX} between @tree", f"{FOX} between {HOUSE}"}),
        ("a cat to the left of a dog", {f"{CAT} left {DOG}"}),
        ("a flying pig", {"1 1F416", "1F416 fly"}),
        ("a sunny meadow, no clouds", {"in meadow", "sunny", "no @clouds"}),
        ("a beach without people", {"in beach", "no 1F9D1"}),
        ("a chocolate cake", {"1 1F382"}),
        ("a painting of a cat", {f"1 {CAT}"}),
        ("the house is green", {f"{HOUSE} is green"}),
        ("a tree in autumn in the fog", {"autumn", "fog"}),
        ("🦊 under 🌙", {f"1 {FOX}", "@crescent", "night"}),
        ("🐱🐶", {f"1 {CAT}", f"1 {DOG}"}),
        ("ein roter Fuchs unter dem Mond", {f"{FOX} is red", "@moon"}),
        ("drei Katzen auf einem Sofa", {f"3 {CAT}", f"{CAT} on {SOFA}"}),
        ("un chat noir sous la pluie", {f"1 {BLACK_CAT}", "rain"}),
        ("trois bateaux sur la mer", {"3 @rowboat", "in sea"}),
        ("un gato blanco sobre una casa roja", {f"{CAT} on {HOUSE}", f"{HOUSE} is red"}),
        ("due gatti su un divano", {f"2 {CAT}", f"{CAT} on {SOFA}"}),
        ("um gato azul em cima da mesa", {f"{CAT} is blue", f"{CAT} on {TABLE}"}),
        ("een rode vos onder de maan", {f"{FOX} is red", "@moon"}),
        ("красная лиса под луной", {f"{FOX} is red", "@moon", "night"}),
        ("три кота на диване", {f"3 {CAT}", f"{CAT} on {SOFA}"}),
        ("ev üstünde kara kedi", {f"{BLACK_CAT} on {HOUSE}"}),
        ("قطة سوداء فوق بيت", {f"{CAT} is black", f"{CAT} on {HOUSE}"}),
        ("雪の中の赤い鳥居", {"1 26E9", "26E9 is red", "snow"}),
        ("机の上の猫", {f"{CAT} on {TABLE}"}),
        ("猫が机の上にいる", {f"{CAT} on {TABLE}"}),
        ("本を読むフクロウ", {f"{OWL} hold {BOOK}"}),
        ("月亮下的红狐狸", {f"{FOX} is red", "@moon"}),
        ("一只猫在桌子上", {f"{CAT} on {TABLE}"}),
        ("骑自行车的熊", {"1F43B on 1F6B2"}),
        ("책상 위의 고양이", {f"{CAT} on {TABLE}"}),
        ("눈 속의 빨간 집", {f"{HOUSE} is red", "snow"}),
        ("kucing hitam di atas rumah", {f"{BLACK_CAT} on {HOUSE}"}),
    ],
)
def test_a_prompt_gives_these_facts(prompt: str, expected: set[str]) -> None:
    assert expected <= facts(_read.read(prompt))


@pytest.mark.parametrize("prompt", ["", " ", "qwzx blorf", "。、", "\x00", "🏳️", "''", "of of of"])
def test_a_prompt_that_names_nothing_is_read_without_error(prompt: str) -> None:
    assert isinstance(_read.read(prompt), Reading)


def test_unknown_words_are_kept() -> None:
    assert _read.read("a blorf on a table").unknown == ["blorf"]


def test_no_more_things_are_read_than_the_limit() -> None:
    prompt = "cat, dog, fox, cow, pig, owl, bee, car, bus, tree, house, cake, apple, book, chair"
    assert len(_read.read(prompt).things) == _limits.MAX_THINGS


def test_a_number_is_held_to_the_limit_of_copies() -> None:
    assert max(t.count for t in _read.read("9999 cats").things) == _limits.MAX_COPIES


def test_a_prompt_of_100_kb_is_read_in_bounded_time() -> None:
    _read.read("warm up")
    began = time.process_time()
    _read.read("a cat and a dog, " * 6_000)
    assert time.process_time() - began < 2


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_reads(prompt: str) -> None:
    _read.read(prompt)


TEXT = (
    "a the two three red blue cat dogs fox table house moon snow sea on under in with and without "
    "behind wearing of reading riding flying beside between night forest , . 猫 の 上 赤い 在 的 下"
)
WORDS = st.sampled_from(TEXT.split())


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=24))
def test_any_order_of_known_words_reads_with_links_inside_bounds(words: list[str]) -> None:
    reading = _read.read(" ".join(words))
    for link in reading.links:
        assert 0 <= link.figure < len(reading.things)
        assert 0 <= link.ground < len(reading.things)
        assert link.figure != link.ground


@pytest.mark.parametrize(
    ("prompt", "body"),
    [
        ("a man in a rowing boat", "bust"),
        ("a woman in a wheelchair", "seated"),
        ("a cowboy riding a horse", "rider"),
        ("a witch flying on a broomstick", "rider"),
        ("a farmer in a field", ""),
    ],
)
def test_what_carries_a_person_says_how_much_of_them_shows(prompt: str, body: str) -> None:
    assert _read.read(prompt).things[0].body == body


def test_a_pile_is_a_heap_of_copies() -> None:
    (pillow,) = _read.read("a pile of pillows").things
    assert pillow.heap == "pile"
    assert pillow.count > 5


def test_doors_and_windows_only_colour_their_house() -> None:
    house = _read.read("a house with a green door and blue windows").things[0]
    assert house.parts == [("door", "green"), ("window", "blue")]


def test_somebody_does_what_a_prompt_without_a_subject_names() -> None:
    assert [thing.art for thing in _read.read("raking leaves").things[:2]] == ["1F9D1", "@rake"]

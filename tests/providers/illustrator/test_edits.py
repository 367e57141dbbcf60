"""What a prompt asks to be changed: the reading of a scene before and after."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.providers.image._illustrator._edits import changed
from heliograph.providers.image._illustrator._read import read
from heliograph.providers.image._illustrator._reading import Reading

FOX, TREE, BOAT, HOUSE, HAT = "1F98A", "@tree", "@rowboat", "1F3E0", "1F452"


def after(scene: str, *edits: str) -> Reading:
    reading = read(scene)
    for edit in edits:
        reading = changed(reading, edit).reading
    return reading


def arts(reading: Reading) -> list[str]:
    return [thing.art for thing in reading.things if thing.count]


def ties(reading: Reading) -> list[tuple[str, str, str]]:
    things = reading.things
    return [(things[k.figure].art, k.rel, things[k.ground].art) for k in reading.links]


@pytest.mark.parametrize(
    "edit",
    [
        "add a boat",
        "put in a boat",
        "a boat",
        "füge ein Boot hinzu",
        "ajoute un bateau",
        "添加一只小船",
        "añade un barco",
        "aggiungi una barca",
        "добавь лодку",
        "ボートを追加して",
        "보트를 추가해줘",
    ],
)
def test_something_is_added_in_many_languages(edit: str) -> None:
    found = after("a red fox in a meadow", edit)
    assert found.things[0].art == FOX
    assert [t.kind for t in found.things] == ["head", "boat"], arts(found)


@pytest.mark.parametrize(
    "edit",
    [
        "remove the tree",
        "get rid of the tree",
        "entferne den Baum",
        "enlève l'arbre",
        "去掉树",
        "quita el árbol",
        "rimuovi l'albero",
        "убери дерево",
        "木を消して",
        "나무를 제거해줘",
        "verwijder de boom",
    ],
)
def test_something_is_removed_in_many_languages(edit: str) -> None:
    assert arts(after("a red fox and a tree", edit)) == [FOX]


@pytest.mark.parametrize(
    "edit",
    [
        "make it night",
        "at night",
        "mach es Nacht",
        "fais la nuit",
        "夜にして",
        "变成夜晚",
        "сделай ночь",
        "haz que sea de noche",
        "밤으로 바꿔줘",
        "Turn this scene into night.",
    ],
)
def test_it_becomes_night_in_many_languages(edit: str) -> None:
    found = after("a red fox in a meadow", edit)
    assert found.time == "night"
    assert arts(found) == [FOX]
    assert found.things[0].colours == ["red"]


@pytest.mark.parametrize(
    "edit",
    [
        "make the fox blue",
        "make it blue",
        "paint the fox blue",
        "a blue fox",
        "färbe den Fuchs blau",
        "change the colour of the fox to blue",
        "把狐狸变成蓝色",
        "rends le renard bleu",
        "狐を青くして",
    ],
)
def test_a_colour_changes_in_many_languages(edit: str) -> None:
    found = after("a red fox and a tree", edit)
    assert arts(found) == [FOX, TREE]
    if edit != "狐を青くして":
        assert found.things[0].colours == ["blue"]
    assert not found.things[1].colours


@pytest.mark.parametrize(
    "edit",
    [
        "replace the fox with a cat",
        "turn the fox into a cat",
        "swap the fox for a cat",
        "ersetze den Fuchs durch eine Katze",
        "remplace le renard par un chat",
    ],
)
def test_one_thing_takes_anothers_place(edit: str) -> None:
    found = after("a red fox on a sofa", edit)
    assert ties(found) == [("1F408", "on", "@sofa")]


def test_clauses_are_done_one_after_another() -> None:
    found = after(
        "a red fox in a meadow", "make it night, add a tree and a house and remove the fox"
    )
    assert found.time == "night"
    assert arts(found) == [TREE, HOUSE]


def test_what_is_added_is_tied_to_what_is_there() -> None:
    found = after("a red fox and a tree", "add a boat next to the fox", "give the fox a hat")
    assert ties(found) == [(BOAT, "beside", FOX), (FOX, "wear", HAT)]
    assert ties(after("a red fox", "add a hat")) == [(FOX, "wear", HAT)]
    assert ties(after("un renard", "ajoute un chapeau au renard")) == [(FOX, "wear", HAT)]
    assert ties(after("a red fox", "with a hat")) == [(FOX, "wear", HAT)]
    assert ties(after("a red fox", "make it wear a hat")) == [(FOX, "wear", HAT)]


def test_some_of_many_are_removed() -> None:
    found = after("three cats on a roof", "remove one cat")
    assert next((t.art, t.count) for t in found.things if t.count) == ("1F408", 2)


def test_the_whole_may_become_another_scene() -> None:
    found = after("a fox", "turn this into a scene at the beach with palm trees")
    assert arts(found) == [FOX, "1F334"]
    assert found.places == ["beach"]
    assert ties(after("a girl", "add a balloon in her hand")) == [("1F467", "hold", "1F388")]


def test_what_a_removed_thing_wears_goes_with_it() -> None:
    assert arts(after("a fox wearing a hat and a tree", "remove the fox")) == [TREE]


def test_a_word_for_a_family_means_the_one_that_is_there() -> None:
    assert arts(after("a fox and a pine tree", "remove the tree")) == [FOX]
    assert after("a pine tree", "make the tree red").things[0].colours == ["red"]


def test_sizes_counts_and_poses_change() -> None:
    assert after("a fox", "make it bigger").things[0].size == pytest.approx(1.4)
    assert after("a fox", "make it bigger", "make it bigger").things[0].size == pytest.approx(1.96)
    assert after("a fox", "make the fox huge").things[0].size == pytest.approx(2.0)
    assert after("a fox", "make it smaller").things[0].size < 1
    assert after("a fox", "make it sleep").things[0].pose == "sleep"
    assert after("two foxes", "add another fox").things[0].count >= 2
    assert after("a fox", "make it three foxes").things[0].count == 3


def test_sky_weather_season_and_place_change() -> None:
    assert after("a fox", "make it snow").weather == ["snow"]
    assert after("a fox in the rain", "make it sunny").weather == ["sunny"]
    assert after("a fox in the rain", "remove the rain").weather == []
    assert after("a fox", "make it winter").season == "winter"
    assert "@rainbow" in after("a fox", "add a rainbow").sky
    gone = after("a fox under the moon", "remove the moon")
    assert "@moon" not in gone.sky
    assert "@moon" in gone.without
    assert after("a fox under the moon", "make it day").time == "day"
    assert after("a fox", "make the sky pink").sky_colour == "pink"
    moved = changed(read("a fox in a forest"), "put it on the beach")
    assert moved.moved
    assert moved.reading.places == ["beach"]
    assert arts(moved.reading) == [FOX]
    assert changed(read("a fox"), "make it black and white").grey


def test_the_scene_given_stays_as_it_is() -> None:
    scene = read("a red fox and a tree at night")
    assert changed(scene, "make the fox blue, remove the tree, make it day").reading != scene
    assert scene == read("a red fox and a tree at night")


_SAID = (
    "add remove replace make it the fox with into a blue tree and , . hat bigger night sky moon "
    "not more another on to give put beach 消して 夜 把 变成 füge hinzu"
)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(_SAID.split()), max_size=14).map(" ".join))
def test_any_words_leave_a_sound_reading(edit: str) -> None:
    found = after("a red fox on a sofa and a tree under the moon", edit)
    for link in found.links:
        assert 0 <= link.figure < len(found.things)
        assert 0 <= link.ground < len(found.things)
        assert link.figure != link.ground
    assert all(0 <= thing.count <= 20 and 0.3 <= thing.size <= 3 for thing in found.things)

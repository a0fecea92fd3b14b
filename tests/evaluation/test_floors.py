"""Floors: colours tell what colours can, and nothing else."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.evaluation.floors import FLOORS, colour_floor, colour_histograms, majority_floor

SIDE_PX = 16
COLOURS = {"ariel": (200, 40, 40), "elsa": (60, 90, 210), "merida": (230, 140, 30)}
NAMES = list(COLOURS)


def packs_of(make_pack, draw, *, count=30):
    """Pack three splits of `count` pictures, the characters in turn."""
    rng = np.random.default_rng(5)
    characters = (NAMES * count)[:count]
    return {
        split: make_pack(np.stack([draw(rng, who) for who in characters]), characters, split=split)
        for split in ("train", "val", "test")
    }


def coloured(rng, who):
    """Draw noise of a character's own hue."""
    noise = rng.integers(-25, 25, size=(SIDE_PX, SIDE_PX, 3))
    return np.clip(np.array(COLOURS[who]) + noise, 0, 255).astype(np.uint8)


def grey(rng, _who):
    """Draw noise that is the same for all."""
    return np.broadcast_to(
        rng.integers(256, size=(SIDE_PX, SIDE_PX, 1), dtype=np.uint8), (SIDE_PX, SIDE_PX, 3)
    )


def accuracy(floor, packs):
    """Count how often the floor is right on test."""
    predicted = [NAMES[index] for index in floor.probs["test"].argmax(axis=1)]
    rows = packs["test"].rows
    return np.mean([row.character == who for row, who in zip(rows, predicted, strict=True)])


def test_colour_floor_finds_characters_with_colours_of_their_own(make_pack):
    """Where each character has a hue, no network is needed."""
    packs = packs_of(make_pack, coloured)

    assert accuracy(colour_floor(packs), packs) == 1


def test_of_equally_good_floors_the_strictest_is_taken(make_pack):
    """Where every regularisation is right on every picture of val."""
    assert 0.1 == colour_floor(packs_of(make_pack, coloured)).facts["inverse_penalty"]


def test_colour_floor_stays_at_chance_without_colours(make_pack):
    """Where colours carry nothing, the floor guesses: 1/3 of 90, give or take."""
    packs = packs_of(make_pack, grey, count=90)

    assert 0.2 < accuracy(colour_floor(packs), packs) < 0.47


def test_histograms_do_not_see_the_letterbox(make_pack):
    """The bars around a picture are of the square, not of the picture."""
    rng = np.random.default_rng(2)
    square = np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8)
    square[5:11, :] = rng.integers(100, size=(6, SIDE_PX, 3))
    (histogram,) = colour_histograms(make_pack(square[None], ["elsa"], sizes=[(SIDE_PX, 6)]))

    assert pytest.approx(1) == (histogram**2).sum()
    assert histogram[-1] == 0  # the bin of white


def test_majority_floor_names_the_most_frequent_character(make_pack):
    """Whatever the picture, the answer is the training set's frequencies."""
    blank = np.zeros((4, SIDE_PX, SIDE_PX, 3), np.uint8)
    packs = {
        "train": make_pack(blank, ["ariel", "elsa", "elsa", "merida"]),
        "val": make_pack(blank[:1], ["ariel"], split="val"),
        "test": make_pack(blank[:2], ["merida", "elsa"], split="test"),
    }

    assert [[0.25, 0.5, 0.25]] * 2 == majority_floor(packs).probs["test"].tolist()


@pytest.mark.parametrize("name", FLOORS)
def test_floors_answer_with_probabilities(make_pack, name):
    """Each floor gives a row of K probabilities to each picture, the same ones every time."""
    packs = packs_of(make_pack, coloured, count=9)
    first, again = FLOORS[name](packs).probs, FLOORS[name](packs).probs

    assert {"val", "test"} == set(first)
    assert (9, 3) == first["test"].shape
    assert pytest.approx(np.ones(9)) == first["test"].sum(axis=1)
    assert (first["test"] == again["test"]).all()


def test_a_character_without_training_pictures_gets_probability_zero(make_pack):
    """Classes keep their column although the model never saw one of them."""
    packs = packs_of(make_pack, coloured, count=9)
    pairs = [(coloured(np.random.default_rng(n), who), who) for n, who in enumerate(NAMES[:2] * 4)]
    images, characters = zip(*pairs, strict=True)
    packs["train"] = make_pack(np.stack(images), characters)

    assert [0.0] * 9 == colour_floor(packs).probs["test"][:, 2].tolist()


def test_one_character_alone_is_an_error(make_pack):
    """One class cannot be told from another."""
    blank = np.zeros((2, SIDE_PX, SIDE_PX, 3), np.uint8)
    packs = {
        split: make_pack(blank, ["elsa"] * 2, split=split) for split in ("train", "val", "test")
    }

    with pytest.raises(DataError, match="at least two characters"):
        colour_floor(packs)


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_answers_again_as_it_did(make_pack, name):
    """Asked about the test pictures once more it says the same, so spoiled ones can be compared."""
    packs = packs_of(make_pack, coloured)
    floor = FLOORS[name](packs)

    assert floor.probs["test"] == pytest.approx(floor.answer(packs["test"]))
    assert (name == "colour") == floor.sees_pictures

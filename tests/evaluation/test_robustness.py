"""Robustness: every figure comes from perturbed.csv, and a drop is about the same pictures."""

import numpy as np
import pytest

from pipeline.evaluation.content import originals
from pipeline.evaluation.corruptions import CORRUPTIONS
from pipeline.evaluation.perturbed import PERTURBATIONS, perturb, perturbations
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.robustness import (
    Robustness,
    predict_perturbed,
    read_perturbed,
    score_perturbed,
    write_robustness,
)
from pipeline.files import read_rows

CLASSES = ("ariel", "elsa", "merida")
COLOURS = np.array([(200, 40, 40), (40, 200, 40), (40, 40, 200)])
SIDE_PX = 16


@pytest.fixture
def pack(make_pack):
    """Pack 12 test pictures whose colour tells who it is, wider than high, on grey bars."""
    images_NSSC = np.full((12, SIDE_PX, SIDE_PX, 3), 128, dtype=np.uint8)
    for place in range(12):
        images_NSSC[place, 3:13] = COLOURS[place % 3] + place
    return make_pack(images_NSSC, CLASSES * 4, split="test", sizes=[(SIDE_PX, 10)] * 12)


def by_colour(pictures):
    """Answer with the class of the strongest channel; who is grey looks like ariel."""
    means_NC = np.stack([content.mean(axis=(0, 1)) for _, content in originals(pictures)])
    return np.eye(3)[means_NC.round().argmax(axis=1)] * 0.7 + 0.1


def plain(pack):
    """Answer about the pictures as they are."""
    return make_predictions({"test": (pack.rows, by_colour(pack))}, classes=CLASSES)


def groups_of(pack):
    """Two pictures a group."""
    return [f"g{place // 2}" for place in range(len(pack))]


def masks_of(pack, num):
    """Put the character of some pictures on the left half."""
    is_left_HW = np.broadcast_to(np.arange(SIDE_PX) < SIDE_PX // 2, (10, SIDE_PX))
    return {row.sha256: is_left_HW for row in pack.rows[:num]}


def test_the_picture_is_spoiled_and_its_bars_follow(pack):
    """Content keeps its place and size; the bars take the colour of its new edges."""
    grey = next(p for p in perturbations({}) if (p.name, p.strength) == ("grey", 3))
    pictures = perturb(pack, range(12), grey)
    images_NSSC = pictures.read(np.arange(12))

    assert (images_NSSC[..., 0] == images_NSSC[..., 1]).all()
    assert [[SIDE_PX, 10]] * 12 == pictures.content_N2.tolist()
    assert (images_NSSC[0, 0] == images_NSSC[0, 8]).all()
    assert pack.labels_N.tolist() == pictures.labels_N.tolist()


def test_a_crop_changes_the_frame(pack):
    """A middle square fills the square, without bars."""
    crop = next(p for p in perturbations({}) if p.name == "centre_crop")

    assert [[SIDE_PX, SIDE_PX]] * 2 == perturb(pack, [0, 5], crop).content_N2.tolist()


def test_luck_belongs_to_the_picture(pack):
    """Which other pictures are spoiled does not change the noise of this one."""
    noise = next(p for p in perturbations({}) if p.name == "noise")
    alone, among = perturb(pack, [4], noise), perturb(pack, range(12), noise)

    assert np.array_equal(alone.images_NSSC[0], among.images_NSSC[4])


def test_without_masks_nothing_is_said_about_them(pack):
    """Thirty corruptions and two framings; with masks two more, in the order of the list."""
    without = [each.name for each in perturbations({})]
    named = [each.name for each in perturbations(masks_of(pack, 3))]

    assert (32, 34) == (len(without), len(named))
    assert list(PERTURBATIONS) == list(dict.fromkeys(named))
    assert all(3 == without.count(name) for name in CORRUPTIONS)


def test_masks_show_one_half(pack):
    """Character only and background only complete each other; the rest is flat grey."""
    masks = masks_of(pack, 2)
    halves = [each for each in perturbations(masks) if each.sha256s is not None]
    character, background = (perturb(pack, [0], each).images_NSSC[0] for each in halves)

    assert ["character_only", "background_only"] == [each.name for each in halves]
    assert (character[8, 4].tolist(), character[8, 12].tolist()) == ([200, 40, 40], [128] * 3)
    assert (background[8, 4].tolist(), background[8, 12].tolist()) == ([128] * 3, [200, 40, 40])


def test_answers_are_about_the_first_pictures_and_the_masked_ones(pack):
    """At most `limit` pictures, and only those with masks where masks are needed."""
    answers = predict_perturbed(by_colour, pack, masks=masks_of(pack, 2), limit=5)
    sha256s = [row.sha256 for row in pack.rows]

    assert 32 * 5 + 2 * 2 == len(answers)
    assert sha256s[:5] == sorted({answer.sha256 for answer in answers})
    assert sha256s[:2] == [a.sha256 for a in answers if a.perturbation == "character_only"]


def test_every_figure_is_recomputed_from_the_answers(tmp_path, pack):
    """robustness.csv follows from predictions.csv and perturbed.csv; so does grey_accuracy."""
    test, groups = plain(pack), groups_of(pack)
    answers = predict_perturbed(by_colour, pack, masks={}, limit=9)
    rows = score_perturbed(test, groups, answers, samples=100, seed=7)
    facts = write_robustness(tmp_path, rows, answers)
    read = read_perturbed(tmp_path)
    written = read_rows(tmp_path / "robustness.csv", Robustness)

    assert answers == read
    assert written == score_perturbed(test, groups, read, samples=100, seed=7)
    for row in written[1:]:
        own = [a for a in read if (a.perturbation, a.strength) == (row.perturbation, row.strength)]
        right = np.mean([answer.predicted == answer.label for answer in own])
        assert (9, right) == (row.num, pytest.approx(row.accuracy, abs=1e-6))
    assert facts["grey_accuracy"] == next(
        row.accuracy for row in written if (row.perturbation, row.strength) == ("grey", 3)
    )


def test_a_classifier_by_colour_breaks_without_colours(pack):
    """It is right until the pictures are grey or their hue turns; a flip does not touch it."""
    answers = predict_perturbed(by_colour, pack, masks={}, limit=99)
    rows = score_perturbed(plain(pack), groups_of(pack), answers, samples=200, seed=7)
    found = {(row.perturbation, row.strength): row for row in rows}

    assert ("none", 0) == (rows[0].perturbation, rows[0].strength)
    assert (1, 1, 0) == (rows[0].accuracy, found["flip", 1].accuracy, found["flip", 1].drop)
    assert 4 / 12 == pytest.approx(found["grey", 3].accuracy, abs=1e-6)
    assert 8 / 12 == pytest.approx(found["grey", 3].drop, abs=1e-6)
    assert 0 < found["grey", 3].drop_low < found["grey", 3].drop < found["grey", 3].drop_high
    assert found["hue", 3].accuracy < 0.5

"""Copies agree in colour; drawings of one layout in other colours do not."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pipeline.dedup.colours import agree
from pipeline.dedup.evidence import Sight
from pipeline.dedup.features import Overlay
from pipeline.dedup.fingerprint import GRID, joined
from pipeline.dedup.library import Fingerprinted
from pipeline.dedup.verify import Likeness, find_likeness
from pipeline.dedup.windows import WINDOW_BITS
from pipeline.params import Dedup
from pipeline.pictures.hashes import HASH_BITS
from tests.dedup.scenes import doll, fingerprint_of, jpeg, scene

EDITS = {
    "re-encoded": lambda image: Image.open(io.BytesIO(jpeg(image, quality=30))).convert("RGB"),
    "resized": lambda image: image.resize((image.width // 2, image.height // 2)),
    "mirrored": ImageOps.mirror,
    "framed": lambda image: ImageOps.expand(image, 20, "navy"),
    "cropped": lambda image: image.crop((6, 5, image.width - 6, image.height - 5)),
    "grey": lambda image: image.convert("L").convert("RGB"),
}


def fingerprinted(*images: Image.Image) -> Fingerprinted:
    """Take the fingerprints of pictures that are named 0, 1, 2 ..."""
    fingerprints = joined([fingerprint_of(image) for image in images])
    names = tuple(str(number) for number in range(len(images)))
    return Fingerprinted(sha256s=names, fingerprints=fingerprints, unreadable=frozenset())


def likeness(*images: Image.Image, rules: Dedup | None = None) -> Likeness:
    """Compare pictures by hash and colour alone."""
    return find_likeness(fingerprinted(*images), rules or Dedup())


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("seed", range(3))
def test_edited_picture_is_a_copy(edit: str, seed: int) -> None:
    """What others do to a picture when they put it up again does not hide it."""
    image = scene(seed, size=(320, 280))

    assert ["1"] == list(likeness(image, EDITS[edit](image)).copies["0"])


def sight(*, agreement: float, window_bits: int = 70, is_framed: bool = False) -> Sight:
    """Say what was seen of pictures 0 and 1."""
    overlay = Overlay(
        num_inliers=40,
        agreement=agreement,
        overlap=1.0,
        is_framed=is_framed,
        is_other_framed=False,
    )
    return Sight(
        sha256="0",
        other_sha256="1",
        window_bits=window_bits,
        is_mirrored=False,
        overlay=overlay,
    )


FEW, SOME, MANY = 3, 4, 8  # others that lie over a picture and show something else


def crowd(number: int, *, of: str = "01") -> list[Sight]:
    """Give each of two pictures others that lie over it and show something else."""
    return [
        replace(sight(agreement=0.2), sha256=name, other_sha256=f"{name} other {other}")
        for name in of
        for other in range(number)
    ]


@pytest.mark.parametrize(
    ("num_others", "seen", "band"),
    [
        (FEW, sight(agreement=0.65), "duplicate"),
        (FEW, sight(agreement=0.63), "near"),
        (FEW, sight(agreement=0.63, window_bits=34), "near"),
        (FEW, sight(agreement=0.49), "near"),
        (FEW, sight(agreement=0.47), None),
        (SOME, sight(agreement=0.8), "duplicate"),
        (SOME, sight(agreement=0.79), "near"),
        (SOME, sight(agreement=0.7, window_bits=34), "duplicate"),  # the same but for a watermark
        (SOME, sight(agreement=0.7, window_bits=35), "near"),
        (SOME, sight(agreement=0.59), None),
        (MANY, sight(agreement=0.91), "duplicate"),
        (MANY, sight(agreement=0.89), "near"),
        (MANY, sight(agreement=0.89, window_bits=34), "near"),
        (MANY, sight(agreement=0.59), None),
    ],
)
def test_agreement_and_neighbourhood_decide_the_band(
    num_others: int, seen: Sight, band: str | None
) -> None:
    """The more pictures lie over two and show something else, the better must copies agree."""
    evidence = [seen, *crowd(num_others)]

    found = find_likeness(fingerprinted(scene(1), scene(2)), Dedup(), evidence=evidence)

    assert ([band] if band else []) == [row.band for row in found.pairs]
    assert (["1"] if band == "duplicate" else []) == list(found.copies.get("0", ()))


def test_the_less_crowded_picture_counts() -> None:
    """A template's many figures do not harden the rules for a picture that lies over one alone."""
    evidence = [sight(agreement=0.65), *crowd(MANY, of="0")]

    found = find_likeness(fingerprinted(scene(1), scene(2)), Dedup(), evidence=evidence)

    assert ["duplicate"] == [row.band for row in found.pairs]


def test_copies_without_windows_alike_are_told_far_apart() -> None:
    """What was met through a third picture has no distance between windows, and the greatest."""
    evidence = [sight(agreement=1.0, window_bits=WINDOW_BITS)]

    found = find_likeness(fingerprinted(scene(1), scene(2)), Dedup(), evidence=evidence)

    assert ([None], {"1": HASH_BITS}) == ([r.window_bits for r in found.pairs], found.copies["0"])


def test_framed_and_enlarged_copies_are_named() -> None:
    """What has a border that its copy has not, and what has more pixels and less detail."""
    image = scene(1)
    larger = image.resize((image.width * 2, image.height * 2), Image.Resampling.BICUBIC)
    evidence = [sight(agreement=1.0, is_framed=True)]

    found = find_likeness(fingerprinted(image, larger), Dedup(), evidence=evidence)

    assert (frozenset({"0"}), frozenset({"1"})) == (found.framed, found.upscaled)


def test_near_needs_no_more_than_a_duplicate() -> None:
    """Thresholds that contradict each other are refused with both values."""
    with pytest.raises(ValueError, match=r"near_blocks \(=0.9\) must not exceed min_blocks"):
        Dedup(near_blocks=0.9)


def test_other_pictures_are_no_copies() -> None:
    """Different pictures are not copies, however many there are."""
    assert {} == likeness(*(scene(seed) for seed in range(30))).copies


def test_same_layout_in_other_colours_is_no_copy() -> None:
    """Hair and dress tell two drawings apart that have the same hash; the hash is still told."""
    found = likeness(
        doll(hair="firebrick", dress="seagreen"), doll(hair="mediumblue", dress="purple")
    )

    assert {} == found.copies
    assert "1" == found.nearest["0"][0]


def test_grey_drawings_of_one_layout_are_no_copies() -> None:
    """Where colour is missing on one side, the greys must be the same everywhere."""
    grey = EDITS["grey"](doll(hair="firebrick", dress="seagreen"))

    assert {} == likeness(grey, doll(hair="gold", dress="seagreen")).copies


def test_likeness_is_seen_from_both_sides() -> None:
    """If one is a copy of the other, the other is one of it, at the same distance."""
    image = scene(5)

    copies = likeness(image, EDITS["cropped"](image), scene(6)).copies

    assert {"0": {"1": copies["1"]["0"]}, "1": {"0": copies["0"]["1"]}} == copies


def test_nearest_is_the_smallest_distance_then_the_smallest_name() -> None:
    """Of two equally near images the one with the smaller sha256 is told."""
    image = scene(7)

    nearest = likeness(image, image.copy(), image.copy()).nearest

    assert {"0": ("1", 0), "1": ("0", 0), "2": ("0", 0)} == nearest


def test_rules_decide() -> None:
    """Without tolerance in colour, a strongly compressed copy is another picture."""
    image = scene(8)
    worse = EDITS["re-encoded"](image)

    assert likeness(image, worse).copies
    assert {} == likeness(image, worse, rules=Dedup(max_colour_levels=0, min_agreement=1)).copies


@given(st.integers(0, 2**32 - 1), st.integers(0, 255), st.floats(0.01, 1))
def test_agreement_is_symmetric(seed: int, max_colour_levels: int, min_agreement: float) -> None:
    """Which of two pictures comes first changes nothing, and a picture agrees with itself."""
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 256, (2, 3, GRID, GRID, 3), dtype=np.uint8)
    rules = {"max_colour_levels": max_colour_levels, "min_agreement": min_agreement}

    assert agree(one, other, **rules).tolist() == agree(other, one, **rules).tolist()
    assert agree(one, one, **rules).all()

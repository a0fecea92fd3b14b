"""Pictures are flagged for what they are, and left out only where params say so."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.quality import Grade, find_flawed, grade_pictures, list_quality
from pipeline.files import sha256_of, write_bytes
from pipeline.params import Quality
from pipeline.pictures.measures import Measures
from pipeline.records import Flag, GroupRow, QualityRow
from tests.dedup.scenes import doll, jpeg, png, record, scene
from tests.rows import sha


def film_still(seed: int = 1) -> Image.Image:
    """Draw shapes with soft shading and grain, as nothing is flagged for."""
    image = scene(seed, size=(256, 214)).convert("RGB")
    rng = np.random.default_rng(seed)
    shade = np.linspace(0.6, 1.0, image.width)[None, :, None]
    shaded = np.asarray(image) * shade + rng.normal(0, 6, (image.height, image.width, 1))
    return Image.fromarray(shaded.clip(0, 255).astype(np.uint8))


def pasted(*places: tuple[int, int, int, int]) -> Image.Image:
    """Show parts of a film still on white: left, upper, width, height in px."""
    page = Image.new("RGB", (256, 214), "white")
    for number, (left, upper, width, height) in enumerate(places):
        page.paste(film_still(number).crop((0, 0, width, height)), (left, upper))
    return page


def written_on() -> Image.Image:
    """Write a long text over a film still."""
    image = film_still()
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 130, 256, 214), fill="white")
    for number, line in enumerate(("once upon a time there", "was a girl with long hair")):
        draw.text((8, 140 + 30 * number), line, "black", font=ImageFont.load_default(18))
    return image


def see_through() -> Image.Image:
    """Make a corner of a film still transparent."""
    image = film_still().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 60, 60))
    return image


PICTURES = {
    Flag.TINY_SUBJECT: pasted((60, 80, 80, 70)),
    Flag.NEAR_EMPTY: pasted(*((left, upper, 12, 12) for left in (20, 220) for upper in (20, 180))),
    Flag.BLURRED: film_still().filter(ImageFilter.GaussianBlur(2.5)),
    Flag.COLLAGE: pasted((0, 0, 120, 214), (136, 0, 120, 214)),
    Flag.TEXT_HEAVY: written_on(),
    Flag.DRAWING: doll(hair="navy", dress="gold"),
    Flag.TRANSPARENT: see_through(),
}


def flags_of(image: Image.Image, folder: Path, rules: Quality | None = None) -> tuple[Flag, ...]:
    """Grade one picture, from its file on."""
    body = png(image)
    write_bytes(folder / "picture.png", body)
    found = fingerprint_files({sha256_of(body): folder / "picture.png"}, cache=folder / "cache")
    return grade_pictures(found, rules or Quality())[sha256_of(body)].flags


@pytest.mark.parametrize("flag", Flag)
def test_picture_has_its_flag_and_no_other(flag: Flag, tmp_path: Path) -> None:
    """A picture drawn to have one flaw is flagged for it, by default, and for nothing else."""
    assert (flag,) == flags_of(PICTURES[flag], tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_clean_picture_has_no_flag(seed: int, tmp_path: Path) -> None:
    """A shaded scene that fills its picture is flagged for nothing."""
    assert () == flags_of(film_still(seed), tmp_path)


def test_jpeg_is_flagged_like_png(tmp_path: Path) -> None:
    """Compression changes measures a little, and flags not at all."""
    collage = Image.open(io.BytesIO(jpeg(PICTURES[Flag.COLLAGE], quality=60)))

    assert (Flag.COLLAGE,) == flags_of(collage, tmp_path)


@pytest.mark.parametrize(
    ("flag", "lenient"),
    [
        (Flag.TINY_SUBJECT, {"min_subject": 0}),
        (Flag.NEAR_EMPTY, {"max_plain": 1}),
        (Flag.BLURRED, {"min_sharpness": 0}),
        (Flag.COLLAGE, {"max_panel": 1}),
        (Flag.TEXT_HEAVY, {"max_text": 1}),
        (Flag.DRAWING, {"max_flat": 1}),
        (Flag.DRAWING, {"few_colours": 1}),
        (Flag.TRANSPARENT, {"max_transparent": 1}),
    ],
)
def test_every_threshold_counts(flag: Flag, lenient: dict[str, float], tmp_path: Path) -> None:
    """A threshold at its end switches its flag off."""
    assert () == flags_of(PICTURES[flag], tmp_path, Quality.model_validate(lenient))


CLEAN = Measures(
    subject_fraction=1.0,
    plain_fraction=0.1,
    sharpness=0.9,
    panel_fraction=0.0,
    text_fraction=0.0,
    flat_fraction=0.2,
    num_colours=120,
    transparent_fraction=0.0,
)
GRADES = {
    sha("a"): Grade(measures=CLEAN, flags=()),
    sha("b"): Grade(measures=CLEAN, flags=(Flag.BLURRED, Flag.COLLAGE)),
    sha("c"): Grade(measures=CLEAN, flags=(Flag.DRAWING,)),
}


@pytest.mark.parametrize(
    ("reject", "expected"),
    [
        ((), ""),
        ((Flag.COLLAGE,), "b"),
        ((Flag.DRAWING, Flag.BLURRED), "bc"),
        ((Flag.COLLAGE,) * 2, "b"),
    ],
)
def test_only_named_flags_leave_a_picture_out(reject: tuple[Flag, ...], expected: str) -> None:
    """One flag of several is enough; a flag that is not named is information."""
    assert {sha(name) for name in expected} == find_flawed(GRADES, reject)


def test_rows_have_flags_joined() -> None:
    """Rows come in the order given, under the label of groups.csv; unreadable images have none."""
    rows = [row_of("b", "elsa"), row_of("unreadable", "ariel"), row_of("a", "ariel")]

    found = list(list_quality(rows, GRADES))

    assert [("elsa", "blurred;collage"), ("ariel", "")] == [(r.character, r.flags) for r in found]
    assert [sha("b"), sha("a")] == [row.sha256 for row in found]
    assert dataclasses.asdict(CLEAN).items() <= dataclasses.asdict(found[0]).items()


def row_of(name: str, character: str) -> GroupRow:
    """Make a row of groups.csv."""
    image = record(name, character)
    return GroupRow(
        sha256=image.sha256,
        file=image.file,
        character=character,
        group=image.sha256[:16],
        keep=True,
        reason="kept",
        nearest_sha256="",
        distance_bits=None,
    )


def test_measures_are_columns_in_one_order() -> None:
    """quality.csv has a column for each measure, between the image and its flags."""
    names = [field.name for field in dataclasses.fields(QualityRow)]

    assert [field.name for field in dataclasses.fields(Measures)] == names[3:-1]
    assert (["sha256", "file", "character"], "flags") == (names[:3], names[-1])

"""What a wrong label is likeliest for comes first."""

import os
from pathlib import Path

import pytest

from pipeline.catalog.catalog import CatalogImage
from pipeline.review.suspects import by_age, by_suspicion
from tests.rows import catalog_image, image_record


def picture(name: str, *, conflicts=(), nearest_sha256="", **facts: str) -> CatalogImage:
    """Describe a picture of a character."""
    record = image_record(name * 64, **facts)
    return catalog_image(record, conflicts=conflicts, nearest_sha256=nearest_sha256)


def order(*pictures: CatalogImage, doubted=(), rejected=(), **probabilities: float) -> str:
    """Sort pictures and join their names; keywords are what networks give to their labels."""
    found = by_suspicion(
        pictures,
        label_probability=lambda image: probabilities.get(image.sha256[0]),
        doubted={name * 64 for name in doubted},
        rejected={name * 64 for name in rejected},
    )
    return "".join(each.sha256[0] for each in found)


def test_conflicts_then_members_then_networks() -> None:
    """A label conflict comes before a member's doubt, and that before the networks'."""
    pictures = [
        picture("a"),
        picture("b"),
        picture("c"),
        picture("d", conflicts=(("x", "elsa"),)),
    ]

    assert "dcba" == order(*pictures, doubted={"c"}, b=0.1)


def test_the_least_probable_label_first() -> None:
    """What the networks doubt most is looked at first."""
    assert "ba" == order(picture("a"), picture("b"), a=0.9, b=0.2)


def test_sources_that_were_often_rejected() -> None:
    """Before a network is trained, a source with rejected pictures is suspect."""
    pictures = [picture("a"), picture("b", source="flickr"), picture("c", source="flickr")]

    assert "bca" == order(*pictures, rejected={"c"})


def test_near_copies_before_others() -> None:
    """A picture that has a near copy is looked at before those that have none."""
    assert "bac" == order(picture("a"), picture("b", nearest_sha256="x"), picture("c"))


def test_the_loneliest_picture_first() -> None:
    """Of one source, the picture that looks like no other comes first."""
    pictures = [picture("a"), picture("b", phash="f" * 16), picture("c", phash="0" * 15 + "1")]

    assert "bac" == order(*pictures)


def test_equals_keep_one_order() -> None:
    """The same pictures come in the same order, however they are read."""
    assert "abc" == order(picture("c"), picture("a"), picture("b"))


@pytest.mark.parametrize("is_pulled", [True, False])
def test_newest_first(tmp_path: Path, *, is_pulled: bool) -> None:
    """By the file's age; what is not pulled comes last."""
    paths = [tmp_path / "a", tmp_path / "b"]
    for age_s, path in enumerate(paths, start=1):
        path.write_bytes(b"")
        os.utime(path, (age_s, age_s))
    if not is_pulled:
        paths[1].unlink()

    found = by_age([picture("a", file=str(paths[0])), picture("b", file=str(paths[1]))])

    assert ("ba" if is_pulled else "ab") == "".join(each.sha256[0] for each in found)

"""Finding the picture that another one is a copy of."""

from pipeline.team.known import KnownPictures, manifests_of, readable_rows
from tests.team.hoard import Hoard, image_record

ONE, TWO = "1" * 64, "2" * 64


def test_by_bytes():
    """Any of several hashes of one picture will do."""
    known = KnownPictures([image_record(ONE), image_record(TWO)])

    found = known.same_bytes("3" * 64, TWO)

    assert found is not None
    assert TWO == found.sha256
    assert known.same_bytes("3" * 64) is None


def test_by_likeness():
    """The nearest by perceptual hash, as it is or mirrored, and how far it is."""
    known = KnownPictures([image_record(ONE, phash="0" * 16), image_record(TWO, phash="f" * 16)])

    record, bits = known.nearest("0" * 13 + "fff", "f" * 15 + "e")

    assert (TWO, 1) == (record.sha256, bits)


def test_nothing_is_like_nothing():
    """A team without pictures has no copy of anything."""
    assert KnownPictures().nearest("0" * 16, "0" * 16) is None


def test_everybodys_pictures_count(hoard: Hoard):
    """Collected and brought ones."""
    first = hoard.collect(b"one", "https://pics.example/1.png")
    second = hoard.contribute(b"two", "")

    known = KnownPictures.read(hoard.project)

    assert all(known.same_bytes(sha256) for sha256 in (first, second))
    assert ["manifest.csv", "ariel.csv"] == [path.name for path in manifests_of(hoard.project)]


def test_a_broken_manifest_has_no_rows(hoard: Hoard):
    """For those who must go on; nor has one that is not there."""
    path = hoard.project.manifests / "na" / "ariel.csv"
    assert [] == readable_rows(path)
    path.parent.mkdir()
    path.write_text("<<<<<<< HEAD\n")
    assert [] == readable_rows(path)

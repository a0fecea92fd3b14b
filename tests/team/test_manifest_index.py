"""Finding the picture that another one is a copy of."""

from pipeline.team.manifest_index import ManifestIndex
from tests.rows import image_record

ONE, TWO = "1" * 64, "2" * 64


def test_by_bytes():
    """Any of several hashes of one picture will do."""
    index = ManifestIndex([image_record(ONE), image_record(TWO)])

    found = index.same_bytes("3" * 64, TWO)

    assert found is not None
    assert TWO == found.sha256
    assert index.same_bytes("3" * 64) is None


def test_by_likeness():
    """The nearest by perceptual hash, as it is or mirrored, and how far it is."""
    index = ManifestIndex([image_record(ONE, phash="0" * 16), image_record(TWO, phash="f" * 16)])

    record, bits = index.nearest("0" * 13 + "fff", "f" * 15 + "e")

    assert (TWO, 1) == (record.sha256, bits)


def test_nothing_is_like_nothing():
    """A team without pictures has no copy of anything."""
    assert ManifestIndex().nearest("0" * 16, "0" * 16) is None

"""Where images came from: every kept one is counted."""

from pipeline.catalog.rights import rights_of
from tests.rows import image_record


def test_licences_are_counted():
    """By source and licence, the most frequent first; unknown ones are said apart."""
    rows = [
        image_record("1" * 64, licence="CC BY 4.0", licence_url="https://cc.example/by"),
        image_record("2" * 64, licence="CC BY 4.0", licence_url="https://cc.example/by"),
        image_record("3" * 64),
        image_record("4" * 64, source="studio", licence="CC0"),
    ]
    rights = rights_of(rows)

    assert (
        (("urls", "CC BY 4.0"), 2),
        (("studio", "CC0"), 1),
        (("urls", "unknown"), 1),
    ) == rights.by_licence
    assert ("CC0", "https://cc.example/by", "unknown") == rights.licences
    assert (1, False) == (rights.num_unknown, rights.is_all_drawn)


def test_what_is_all_drawn():
    """Only where every image is of the embedded source."""
    assert rights_of([image_record("1" * 64, source="studio")]).is_all_drawn


def test_makers_are_counted():
    """Named authors with their images; nobody's are counted apart."""
    rows = [image_record(str(n) * 64, author="<b>me</b>" if n else "") for n in range(4)]
    rights = rights_of(rows)

    assert ((("<b>me</b>", 3),), 1) == (rights.by_author, rights.num_unnamed)

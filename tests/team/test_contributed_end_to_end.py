"""What a member brings is learned from and credited: all stages that data passes, on drawings."""

from collections.abc import Callable

import pytest

from pipeline.errors import DataError
from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import ImageRecord, PackRow, SplitRow
from pipeline.stages import augment, deduplicate, split
from pipeline.team.attribution import attributions
from pipeline.team.contributions import Facts, Rules
from tests.team.clones import Clone


@pytest.fixture
def clone(make_project: Callable[..., Project]) -> Clone:
    """Nothing is collected; m2 brings twenty pictures of each character, na three of Ariel."""
    clone = Clone(make_project())
    for number, character in enumerate(load_params(clone.project).characters, start=1):
        write_rows(clone.project.raw_manifest(character), ImageRecord, [])
        numbers = range(100 * number, 100 * number + 20)
        clone.add(*numbers, member="m2", character=character, rules=Rules(for_others=True))
    clone.add(1, 2, 3, facts=Facts(author="An Na", licence="CC BY 4.0"))
    return clone


def test_three_pictures_on_their_way(clone: Clone) -> None:
    """They are in split.csv and packed, and credited to who made them under their licence."""
    project, params = clone.project, load_params(clone.project)
    for stage in (deduplicate, split, augment):
        stage.main(project, params)

    brought = {row.sha256 for row in read_rows(clone.shelf().manifest, ImageRecord)}
    in_split = {row.sha256: row for row in read_rows(project.split, SplitRow)}
    assert 3 == len(brought)
    assert brought <= in_split.keys()
    assert {"ariel"} == {in_split[sha256].character for sha256 in brought}
    packed = {
        row.sha256
        for name in ("train", "val", "test")
        for row in read_rows(project.pack(name) / "rows.csv", PackRow)
    }
    assert brought <= packed
    credited = {row.sha256: row for row in attributions(project)}
    assert {("An Na", "CC BY 4.0")} == {
        (credited[sha256].author, credited[sha256].licence) for sha256 in brought
    }
    members = {row.member for row in read_rows(clone.shelf().manifest, ImageRecord)}
    assert {"na"} == members


def test_a_picture_that_was_not_pulled_stops_everything(clone: Clone) -> None:
    """With the command that brings it: fewer images would look like a result."""
    next(clone.shelf().folder.iterdir()).unlink()

    with pytest.raises(DataError, match=r"is not there; run dvc pull data/contributions/na/ariel"):
        deduplicate.main(clone.project, load_params(clone.project))

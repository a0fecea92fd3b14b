"""The pictures of all studies."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import write_json
from pipeline.paths import Project
from pipeline.studies.parts.data import StudyData, pixel_copies, prepare_data
from tests.damage import Damage, every_damage, spoil


def prepare(project: Project, folder: Path, *, max_per_class: int = 6) -> StudyData:
    """Pack at 16 px, half of what the project has."""
    return prepare_data(project, side_px=16, max_per_class=max_per_class, folder=folder)


def test_few_small_originals_of_each_character(study_project: Project, tmp_path: Path) -> None:
    """No augmented variant, at most so many of a character; val and test are scored together."""
    data = prepare(study_project, tmp_path)

    assert {"ariel": 6, "elsa": 6, "merida": 6} == Counter(r.character for r in data.train.rows)
    assert {0} == {row.variant for row in data.train.rows}
    assert (18, 15) == (data.num_train, data.num_scored)
    assert (18, 16, 16, 3) == data.train.images_NSSC.shape
    assert not {r.sha256 for r in data.train.rows} & {r.sha256 for r in data.scored.rows}


def test_pixels_and_content_shrink_alike(study_project: Project, tmp_path: Path) -> None:
    """Each pixel is the mean of the four that it covers, and the content is half as large."""
    data = prepare(study_project, tmp_path)
    row = data.train.rows[1]
    from_project = next(
        image
        for image, each in zip(data_pixels(study_project), study_rows(study_project), strict=True)
        if each == row.sha256
    )

    means = from_project.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))

    assert np.abs(data.train.images_NSSC[1] - means).max() <= 1
    assert (16, 8) == (row.width_px, row.height_px)


def data_pixels(project: Project) -> list[np.ndarray]:
    """Read the project's own training pictures."""
    return list(np.load(project.pack("train") / "images.npy"))


def study_rows(project: Project) -> list[str]:
    """Name them."""
    lines = (project.pack("train") / "rows.csv").read_text().splitlines()[1:]
    return [line.split(",")[0] for line in lines]


def test_it_is_found_again_by_content(study_project: Project, tmp_path: Path) -> None:
    """The same request writes nothing; another cap is another folder."""
    first = prepare(study_project, tmp_path)
    written_ns = (first.folder / "train" / "images.npy").stat().st_mtime_ns

    again, other = (
        prepare(study_project, tmp_path),
        prepare(study_project, tmp_path, max_per_class=2),
    )

    assert first == again
    assert written_ns == (again.folder / "train" / "images.npy").stat().st_mtime_ns
    assert (6, True) == (other.num_train, other.sha256 != first.sha256)


@every_damage
@pytest.mark.parametrize("name", ["train/images.npy", "scored/rows.csv", "digest"])
def test_damaged_pictures_are_packed_anew(
    study_project: Project,
    tmp_path: Path,
    name: str,
    damage: Damage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No study learns from a picture that a disk has changed."""
    first = prepare(study_project, tmp_path)
    before = first.train.sha256(), first.scored.sha256()
    spoil(first.folder / name, damage)

    again = prepare(study_project, tmp_path)

    assert before == (again.train.sha256(), again.scored.sha256())
    assert 1 == len(caplog.messages)
    assert str(first.folder) in caplog.text


def test_a_pack_goes_with_what_was_run_on_it(study_project: Project) -> None:
    """Cells may show its pictures; packs without the image stay, cells of older versions do not."""
    project = study_project
    held = prepare(project, project.study_data, max_per_class=6)
    other = prepare(project, project.study_data, max_per_class=1)
    gone = next(r.sha256 for r in held.train.rows if r.sha256 not in shown_by(other))
    cell, old = held.folder / "cells" / "1.json", project.study_data.parent / "1.json"
    for path in (cell, old):
        write_json(path, {"values": {"pictures": [[[0, 100]]]}})

    for copy in pixel_copies(project, {gone}):
        copy.remove()

    assert [False, False, True] == [path.exists() for path in (held.folder, old, other.folder)]


def shown_by(data: StudyData) -> set[str]:
    """Name the pictures of a pack."""
    return {row.sha256 for pack in (data.train, data.scored) for row in pack.rows}

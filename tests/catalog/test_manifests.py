"""Every image has its row, every row its very bytes; anything else stops with what to do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.file_checks import check_files
from pipeline.catalog.manifests import list_manifests
from pipeline.errors import DataError
from pipeline.files import sha256_of, write_bytes, write_rows
from pipeline.paths import Project
from pipeline.progress import Progress, silent
from pipeline.records import ImageRecord
from tests.dedup.scenes import record
from tests.rows import sha

CHARACTERS = ("ariel", "elsa")


def image(folder: str, body: bytes, *, character: str) -> ImageRecord:
    """Describe bytes that lie in a folder."""
    sha256 = sha256_of(body)
    return record(body, character, sha256=sha256, file=f"{folder}/{sha256}.png", bytes=len(body))


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """Make a project with one collected and one contributed image."""
    project = make_project()
    collected = image("data/raw/ariel/images", b"collected", character="ariel")
    brought = image("data/contributions/m2/ariel", b"brought", character="ariel")
    write_rows(project.raw_manifest("ariel"), ImageRecord, [collected])
    write_rows(project.raw_manifest("elsa"), ImageRecord, [])
    write_rows(project.manifests / "m2" / "ariel.csv", ImageRecord, [brought])
    write_bytes(project.root / collected.file, b"collected")
    write_bytes(project.root / brought.file, b"brought")
    return project


def gather(project: Project, progress: Progress = silent) -> list[ImageRecord]:
    """Read all rows and check their files, as `deduplicate` does."""
    catalog = Catalog(project, characters=CHARACTERS)
    check_files(catalog.records_of, progress=progress)
    return list(catalog.records)


def refused(project: Project) -> str:
    """Give the one line that gather stops with."""
    with pytest.raises(DataError) as caught:
        gather(project)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def file_of(project: Project, folder: str) -> Path:
    """Find the only image below a folder."""
    return next((project.root / "data" / folder).rglob("*.png"))


def test_collected_and_contributed_images_are_gathered(project: Project) -> None:
    """All rows come back, collected ones first, and each file counts as a step."""
    steps: list[tuple[int, int]] = []

    def progress(done: int, total: int, note: str = "") -> None:
        assert note == ""
        steps.append((done, total))

    found = gather(project, progress)

    assert [sha256_of(b"collected"), sha256_of(b"brought")] == [row.sha256 for row in found]
    assert [(1, 2), (2, 2)] == steps


def test_missing_contribution_says_dvc_pull(project: Project) -> None:
    """A contributed image that was not pulled stops everything, with the command that helps."""
    file_of(project, "contributions").unlink()

    message = refused(project)

    assert f"{sha256_of(b'brought')}.png is not there" in message
    assert message.endswith("run dvc pull data/contributions/m2/ariel.dvc")


def test_a_folder_with_a_blank_is_quoted(project: Project) -> None:
    """The command that helps works as it is typed."""
    row = image("data/contributions/m 2/ariel", b"brought", character="ariel")
    write_rows(project.manifests / "m 2" / "ariel.csv", ImageRecord, [row])

    assert refused(project).endswith("run dvc pull 'data/contributions/m 2/ariel.dvc'")


def test_missing_collected_image_says_dvc_repro(project: Project) -> None:
    """A collected image comes back by collecting."""
    file_of(project, "raw").unlink()

    assert refused(project).endswith("is not there; run dvc repro collect@ariel")


@pytest.mark.parametrize("folder", ["raw", "contributions"])
def test_other_bytes_are_refused(project: Project, folder: str) -> None:
    """A file that was edited in place is not the image that its row describes."""
    file_of(project, folder).write_bytes(b"something else")

    assert "has other bytes than its name says" in refused(project)


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        ({"width_px": 5000}, "width_px is 5000; must be 120, as in the picture"),
        ({"height_px": 9}, "height_px is 9; must be 110, as in the picture"),
        ({"format": "WEBP"}, "format is 'WEBP'; must be 'PNG', as in the picture"),
        ({"bytes": 1}, "bytes is 1; must be "),
    ],
)
def test_what_a_row_claims_is_checked(
    project: Project, draw_png: Callable[[], bytes], claim: dict[str, object], problem: str
) -> None:
    """One line names the row, what it says and what the picture is."""
    body = draw_png()
    row = image("data/contributions/m2/ariel", body, character="ariel")
    write_bytes(project.root / row.file, body)
    manifest = project.manifests / "m2" / "ariel.csv"
    true = {"width_px": 120, "height_px": 110, "format": "PNG"}
    write_rows(manifest, ImageRecord, [replace(row, **(true | claim))])

    assert refused(project).startswith(f"{manifest}:2: {problem}")


def test_unknown_folder_is_to_be_deleted(project: Project) -> None:
    """The leftovers of a character that left params.yaml would still be hashed by DVC."""
    (project.raw / "olaf").mkdir()

    assert "has no character 'olaf'; delete this folder" in refused(project)


def test_manifest_of_unknown_character(project: Project) -> None:
    """A contribution to a character that is not there stops instead of vanishing."""
    write_rows(project.manifests / "m2" / "olaf.csv", ImageRecord, [])

    assert "has no character 'olaf'; add it there or delete this manifest" in refused(project)


def test_missing_manifest_says_which_stage(project: Project) -> None:
    """A character that was never collected is an error, not an empty class."""
    project.raw_manifest("elsa").unlink()

    assert "not there; run the stage that writes it" in refused(project)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (record("a", "elsa"), "character 'elsa'; this manifest is of 'ariel'"),
        (record("a", file=f"../../etc/{sha('a')}.png"), "must be data/contributions/m2/ariel/"),
        (record("a", file="data/contributions/m2/ariel/other.png"), f"ariel/{sha('a')}.<ext>"),
    ],
)
def test_rows_that_lead_elsewhere(project: Project, row: ImageRecord, message: str) -> None:
    """A row names an image of its own character in its own folder, and nothing beyond."""
    manifest = project.manifests / "m2" / "ariel.csv"
    write_rows(manifest, ImageRecord, [row])

    assert refused(project).startswith(f"{manifest}:2: ")
    assert message in refused(project)


def test_image_listed_twice(project: Project) -> None:
    """A merge of two branches that repeats a row is named by its line."""
    manifest = project.manifests / "m2" / "ariel.csv"
    row = image("data/contributions/m2/ariel", b"brought", character="ariel")
    write_rows(manifest, ImageRecord, [row, row])

    assert f"{manifest}:3: sha256 {row.sha256} is listed twice" in refused(project)


def test_every_manifest_is_listed(project: Project) -> None:
    """Collected ones by character, whether they are there or not, then members' own."""
    found = [(each.member, each.character) for each in list_manifests(project, ("merida",))]

    assert [("", "ariel"), ("", "elsa"), ("", "merida"), ("m2", "ariel")] == found

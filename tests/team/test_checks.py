"""Each mistake in a manifest is one line that says what to do."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of, write_bytes, write_rows, write_text
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Denied, ImageRecord
from pipeline.team.checks import check_shelves
from tests.team.clones import Clone, drawing


@pytest.fixture
def clone(make_project: Callable[..., Project]) -> Clone:
    """Start a project with one picture of na's, without git and DVC."""
    clone = Clone(make_project())
    clone.add(1)
    return clone


def row_of(clone: Clone) -> ImageRecord:
    """Read the one row."""
    return read_rows(clone.shelf().manifest, ImageRecord)[0]


def problems(clone: Clone, *, new: set[str]) -> list[str]:
    """Check everybody's shelves, where only some rows are new."""
    params = load_params(clone.project)
    found = check_shelves(clone.project, params, cache=clone.cache, new=new)
    return [each.problem for each in found]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"character": "elsa"}, "character is 'elsa'; must be 'ariel'"),
        ({"member": "m2"}, "member is 'm2'; must be 'na'"),
        ({"file": "/etc/passwd"}, "file is '/etc/passwd'; must be 'data/contributions/na/ariel/"),
        ({"licence": ""}, "no licence; write unknown where it is not known"),
        ({"width_px": 7}, "width_px is 7; must be 128, as in the picture"),
        ({"bytes": 7}, "bytes is 7; must be "),
        ({"phash": "f" * 16}, f"phash is '{'f' * 16}'; must be '"),
    ],
)
def test_a_wrong_cell(clone: Clone, change: dict[str, str], problem: str):
    """By file and line."""
    write_rows(clone.shelf().manifest, ImageRecord, [replace(row_of(clone), **change)])

    (finding,) = clone.check()

    assert finding.startswith(f"data/manifests/na/ariel.csv:2: {problem}")


def test_what_is_no_hash(clone: Clone):
    """No path is made of it."""
    manifest = clone.shelf().manifest
    manifest.write_text(manifest.read_text("utf-8").replace(row_of(clone).sha256, "../x", 1))

    problem = "2: sha256: got '../x', allowed: 64 of 0-9 a-f; mend the row"
    assert f"data/manifests/na/ariel.csv: {problem}" in clone.check()


def test_what_is_no_picture(clone: Clone):
    """A file whose name is right may still be anything."""
    sha256 = sha256_of(b"no picture")
    row = replace(row_of(clone), sha256=sha256, bytes=len(b"no picture"))
    row = replace(row, file=f"data/contributions/na/ariel/{sha256}.png")
    write_bytes(clone.project.root / row.file, b"no picture")
    write_rows(clone.shelf().manifest, ImageRecord, [row])

    problem = f"{row.file} is no picture: not an image (text); delete the row and the file"
    assert any(
        line.startswith(f"data/manifests/na/ariel.csv:2: {problem}") for line in clone.check()
    )


def test_a_cell_of_somebody_else(clone: Clone):
    """What one member wrote wrongly is a line with file and row for the next who adds."""
    text = clone.shelf().manifest.read_text("utf-8").replace(row_of(clone).phash, "zz")
    write_text(clone.project.manifests / "m2" / "elsa.csv", text)

    with pytest.raises(DataError, match=r"m2/elsa\.csv:2: phash: got 'zz', allowed: 16 of 0-9 a-f"):
        clone.add(2)


def test_what_is_no_manifest(clone: Clone):
    """As in the middle of a merge; the path is said once."""
    clone.shelf().manifest.write_text("<<<<<<< HEAD\n")

    (finding,) = clone.check()

    assert finding.startswith("data/manifests/na/ariel.csv: 1: columns are <<<<<<< HEAD; expected")


def test_a_character_that_nobody_has(clone: Clone):
    """Or deduplicate would stop on the lead's machine."""
    write_rows(clone.project.manifests / "na" / "olaf.csv", ImageRecord, [])

    (finding,) = clone.check()

    assert (
        "data/manifests/na/olaf.csv: params.yaml has no character 'olaf'; "
        "run disney characters add, or rename the file"
    ) == finding


def test_a_licence_that_is_not_wanted(make_project: Callable[..., Project]):
    """By the rule of params.yaml."""
    clone = Clone(make_project())
    clone.add(1)
    limits = {"sources": [{"kind": "studio"}], "licences": ["cc0"]}
    make_project(collect=limits)

    (finding,) = clone.check()

    assert finding.startswith("data/manifests/na/ariel.csv:2: licence (unknown); ")


def test_the_denied(clone: Clone):
    """With the reason that was written down."""
    rows = [Denied(item=row_of(clone).sha256, reason="asked")]
    write_rows(clone.project.denied, Denied, rows)

    assert ["data/manifests/na/ariel.csv:2: denied (asked); "] == [
        line.partition("run ")[0] for line in clone.check()
    ]


def test_the_same_picture_in_two_sets(clone: Clone):
    """Only the one that gives way is told: without git, what comes first by member stays."""
    row = row_of(clone)
    file = row.file.replace("/na/ariel/", "/m2/elsa/")
    other = replace(row, member="m2", character="elsa", file=file)
    write_rows(clone.shelf("m2", "elsa").manifest, ImageRecord, [other])

    (finding,) = [line for line in clone.check() if "is also" in line]

    assert f"data/manifests/na/ariel.csv:2: {row.sha256[:12]} is also {file}; " in finding
    assert [finding] == clone.check(member="na")
    (told,) = [each for each in problems(clone, new={row.sha256}) if "is also" in each]
    assert told in finding
    assert [] == [each for each in problems(clone, new={"f" * 64}) if "is also" in each]
    assert [] == [line for line in clone.check(member="m2") if "is also" in line]


@pytest.mark.parametrize("places", [[1, 0], [0, 0, 1]])
def test_rows_as_a_merge_leaves_them(clone: Clone, places: list[int]):
    """Unsorted, or one of them twice."""
    clone.add(2)
    rows = read_rows(clone.shelf().manifest, ImageRecord)
    write_rows(clone.shelf().manifest, ImageRecord, [rows[place] for place in places])

    assert (
        "data/manifests/na/ariel.csv: rows are not sorted by sha256, each once; "
        "run disney contribute mend --as na"
    ) in clone.check()
    write_rows(clone.shelf().manifest, ImageRecord, rows)
    assert [] == clone.check()


def test_an_add_that_was_interrupted(clone: Clone):
    """Its journal is still there."""
    write_text(clone.shelf().journal, "{}")

    assert [
        "data/manifests/na/ariel.csv: an `add` was interrupted; run disney contribute mend --as na"
    ] == clone.check()


def test_a_manifest_without_its_pointer(clone: Clone):
    """As when only one of the two was committed; without a row there is nothing to point to."""
    clone.shelf().pointer.unlink()

    (finding,) = clone.check()

    assert (
        "data/contributions/na/ariel.dvc: not there, but the manifest has 1 rows; "
        "run disney contribute mend --as na"
    ) == finding
    write_rows(clone.shelf().manifest, ImageRecord, [])
    assert [] == clone.check()


def test_rows_and_list_name_the_same(clone: Clone):
    """What either has alone is counted, once for all."""
    clone.add(2)
    first, second = read_rows(clone.shelf().manifest, ImageRecord)
    stranger = replace(second, sha256="f" * 64, file=first.file.replace(first.sha256, "f" * 64))
    write_rows(clone.shelf().manifest, ImageRecord, [first, stranger])

    (finding,) = clone.check()

    assert (
        "data/contributions/na/ariel.dvc: lists 2 images, 1 rows have none and 1 images have no "
        "row; run disney contribute mend --as na, or bring the other file back from git"
    ) == finding


def test_a_pointer_that_is_none(clone: Clone):
    """By its path, once, and with the command that helps."""
    clone.shelf().pointer.write_text("<<<<<<< HEAD\nouts: [\n")

    (finding,) = clone.check()

    assert (
        "data/contributions/na/ariel.dvc: no .dvc file, perhaps half merged; "
        "run disney contribute mend --as na"
    ) == finding


def test_only_new_rows_are_decoded(clone: Clone):
    """What was merged before has been judged, and decoding takes time; its bytes are compared."""
    row = replace(row_of(clone), width_px=7)
    write_rows(clone.shelf().manifest, ImageRecord, [row])

    assert ["width_px is 7"] == problems(clone, new={row.sha256})
    assert [] == problems(clone, new={"f" * 64})
    write_bytes(clone.project.root / row.file, drawing(2))
    assert [f"{row.file} has other bytes than its name says"] == problems(clone, new={"f" * 64})


def test_a_wrong_number_of_files_is_found_and_mended(clone: Clone):
    """The pointer's nfiles is checked against its list, and mended where only it is wrong."""
    pointer = clone.shelf().pointer
    right = pointer.read_text()
    pointer.write_text(right.replace("nfiles: 1", "nfiles: 2"))

    assert (
        "data/contributions/na/ariel.dvc: says nfiles 2, and its list has 1; "
        "run disney contribute mend --as na"
    ) in clone.check()
    clone.mend()
    assert right == pointer.read_text()
    assert [] == clone.check()


def test_other_bytes_under_its_name(clone: Clone):
    """Where the image is here; one that was not pulled is no finding."""
    path = clone.project.root / row_of(clone).file
    write_bytes(path, drawing(2))

    (finding,) = clone.check()

    assert "has other bytes than its name says; delete the file, then dvc pull" in finding
    path.unlink()
    assert [] == clone.check()


def test_a_review_that_says_nothing(clone: Clone):
    """Or deduplicate would stop on the lead's machine."""
    clone.project.reviews.joinpath("na.csv").write_text(
        f"sha256,verdict,character,other_sha256,note\n{'0' * 64},nice,,,\n"
    )

    (finding,) = clone.check()

    assert finding.startswith("data/reviews/na.csv:2: verdict 'nice'; allowed: keep")

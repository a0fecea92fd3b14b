"""The stage `deduplicate`: from files to files, the same bytes on every run."""

import io
import shutil
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from pipeline.files import read_rows, sha256_of, write_bytes, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import ConflictRow, Denied, GroupRow, ImageRecord, QualityRow, Review
from pipeline.stages.deduplicate import main
from tests.dedup.scenes import doll, jpeg, png, record, scene


def bring(project: Project, folder: str, character: str, *bodies: bytes) -> None:
    """Put images and their manifest where a collection or a member has them."""
    rows = []
    for body in sorted(bodies, key=sha256_of):
        sha256 = sha256_of(body)
        with Image.open(io.BytesIO(body)) as image:
            width_px, height_px, kind = *image.size, image.format
        rows.append(
            record(
                body,
                character,
                sha256=sha256,
                file=f"{folder}/{sha256}.png",
                width_px=width_px,
                height_px=height_px,
                bytes=len(body),
                format=kind,
            )
        )
        write_bytes(project.root / rows[-1].file, body)
    is_raw = folder.startswith("data/raw")
    manifest = project.manifests / "m2" / f"{character}.csv"
    write_rows(project.raw_manifest(character) if is_raw else manifest, ImageRecord, rows)


ORIGINAL, SMALL, FLIPPED = (
    png(scene(1)),
    jpeg(scene(1).resize((120, 100)), quality=60),
    png(scene(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((200, 166))),
)
BOTH, ELSA, MERIDA, BROUGHT = (png(scene(seed)) for seed in (2, 3, 4, 5))


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """Make a project with copies, a label conflict and a contribution."""
    project = make_project()
    bring(project, "data/raw/ariel/images", "ariel", ORIGINAL, SMALL, BOTH)
    bring(project, "data/raw/elsa/images", "elsa", ELSA, BOTH)
    bring(project, "data/raw/merida/images", "merida", MERIDA)
    bring(project, "data/contributions/m2/ariel", "ariel", FLIPPED, BROUGHT)
    return project


def reasons(project: Project) -> dict[bytes, set[tuple[str, str]]]:
    """Run the stage; say under which character each image is now, and why it stays or goes."""
    main(project, load_params(project))
    rows = read_rows(project.groups, GroupRow)
    return {
        body: {(row.character, row.reason) for row in rows if row.sha256 == sha256_of(body)}
        for body in (ORIGINAL, SMALL, FLIPPED, BOTH, ELSA, MERIDA, BROUGHT)
    }


def test_copies_go_and_the_best_stays(project: Project) -> None:
    """Copies from everywhere form one group, conflicts are left out, the rest is kept."""
    assert {
        ORIGINAL: {("ariel", "kept")},
        SMALL: {("ariel", "near duplicate")},
        FLIPPED: {("ariel", "near duplicate")},
        BOTH: {("ariel", "label conflict"), ("elsa", "label conflict")},
        ELSA: {("elsa", "kept")},
        MERIDA: {("merida", "kept")},
        BROUGHT: {("ariel", "kept")},
    } == reasons(project)
    groups = {row.group for row in read_rows(project.groups, GroupRow) if row.reason != "kept"}
    assert {sha256_of(ORIGINAL)[:16], sha256_of(BOTH)[:16]} == groups


def test_conflicts_are_listed(project: Project) -> None:
    """A person finds each pair under two names in conflicts.csv."""
    reasons(project)
    both = sha256_of(BOTH)

    assert [
        ConflictRow(
            sha256=both,
            character="ariel",
            other_sha256=both,
            other_character="elsa",
            distance_bits=0,
        )
    ] == read_rows(project.conflicts, ConflictRow)


def test_reviews_and_denials_are_applied(project: Project) -> None:
    """What members say wins: a relabelled image settles its conflict, others leave."""
    said = [
        ("relabel", BOTH, "elsa", b""),
        ("reject", MERIDA, "", b""),
        ("distinct", FLIPPED, "", ORIGINAL),
        ("keeper", SMALL, "", b""),
    ]
    rows = [
        Review(
            sha256=sha256_of(body),
            verdict=verdict,
            character=character,
            other_sha256=sha256_of(other) if other else "",
            note="",
        )
        for verdict, body, character, other in said
    ]
    write_rows(project.reviews / "na.csv", Review, rows)
    write_rows(project.denied, Denied, [Denied(item=sha256_of(ELSA), reason="take-down")])

    found = reasons(project)

    assert {("elsa", "kept"), ("elsa", "exact duplicate")} == found[BOTH]
    assert {("merida", "rejected by review")} == found[MERIDA]
    assert {("elsa", "denied")} == found[ELSA]
    assert {("ariel", "kept")} == found[SMALL]
    assert [] == read_rows(project.conflicts, ConflictRow)


def test_unreadable_contribution_is_a_row(project: Project) -> None:
    """An image that cannot be decoded leaves with its reason and stops nothing."""
    broken = record("x", sha256=sha256_of(b"no image"))
    file = f"data/contributions/m2/elsa/{broken.sha256}.png"
    write_rows(
        project.manifests / "m2" / "elsa.csv",
        ImageRecord,
        [record("x", "elsa", sha256=broken.sha256, file=file, bytes=len(b"no image"))],
    )
    write_bytes(project.root / file, b"no image")

    reasons(project)

    (row,) = (r for r in read_rows(project.groups, GroupRow) if r.sha256 == broken.sha256)
    assert (False, "undecodable") == (row.keep, row.reason)


def test_quality_is_a_row_for_each_image(project: Project) -> None:
    """quality.csv follows groups.csv, row by row; nothing is left out for it by default."""
    drawing = png(doll(hair="navy", dress="gold"))
    bring(project, "data/contributions/m2/merida", "merida", drawing)

    reasons(project)
    groups, quality = read_rows(project.groups, GroupRow), read_rows(project.quality, QualityRow)

    assert [(row.sha256, row.file, row.character) for row in groups] == [
        (row.sha256, row.file, row.character) for row in quality
    ]
    assert {sha256_of(drawing): "drawing"}.items() <= {r.sha256: r.flags for r in quality}.items()
    assert "quality" not in {row.reason for row in groups}


def test_named_flags_leave_images_out(
    project: Project, make_project: Callable[..., Project]
) -> None:
    """`dedup.quality.reject` names the flags that decide; a copy without them takes over."""
    drawing = doll(hair="navy", dress="gold")
    grain = np.random.default_rng(1).normal(0, 9, (180, 150, 3))
    small = np.asarray(drawing.resize((150, 180))) + grain
    grainy = jpeg(Image.fromarray(small.clip(0, 255).astype(np.uint8)), quality=90)
    bring(project, "data/contributions/m2/merida", "merida", png(drawing), grainy)
    strict = make_project("strict", dedup={"quality": {"reject": ["drawing"]}})
    (strict.root / "params.yaml").replace(project.params)

    reasons(project)
    found = {row.sha256: row.reason for row in read_rows(project.groups, GroupRow)}

    assert ("quality", "kept") == (found[sha256_of(png(drawing))], found[sha256_of(grainy)])


def test_same_input_same_bytes(
    project: Project, make_project: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run, and a project whose characters come in another order, write the same files."""
    reasons(project)
    files = project.groups, project.conflicts, project.quality
    first = [file.read_bytes() for file in files]
    line = capsys.readouterr().out

    shutil.rmtree(project.cache / "dedup")
    characters = dict(
        reversed(load_params(project).model_dump(exclude_none=True)["characters"].items())
    )
    again = make_project("again", characters=characters)
    (again.root / "params.yaml").replace(project.params)
    reasons(project)

    assert first == [file.read_bytes() for file in files]
    assert "deduplicate: 4 kept, 2 label conflict, 2 near duplicate\n" == line
    assert line == capsys.readouterr().out

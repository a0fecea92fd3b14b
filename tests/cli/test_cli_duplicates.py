"""`disney duplicates`: what is a copy of what, with the evidence."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import sha256_of, write_bytes, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import ImageRecord
from pipeline.stages.deduplicate import main
from tests.dedup.scenes import jpeg, png, record, scene

ORIGINAL, COPY, OTHER = png(scene(1)), jpeg(scene(1).resize((120, 100)), quality=70), png(scene(2))


@pytest.fixture
def project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in a project with one copy, deduplicated."""
    project = make_project()
    sizes = {ORIGINAL: (240, 200), COPY: (120, 100), OTHER: (240, 200)}
    for character, bodies in {"ariel": [ORIGINAL, COPY, OTHER], "elsa": [], "merida": []}.items():
        rows = []
        for body in sorted(bodies, key=sha256_of):
            name = sha256_of(body)
            file = f"data/raw/{character}/images/{name}.png"
            facts = dict(zip(("width_px", "height_px"), sizes[body], strict=True))
            facts |= {"bytes": len(body), "format": "JPEG" if body is COPY else "PNG"}
            rows.append(record(body, character, sha256=name, file=file, **facts))
            write_bytes(project.root / file, body)
        write_rows(project.raw_manifest(character), ImageRecord, rows)
    main(project, load_params(project))
    monkeypatch.chdir(project.root)
    return project


def disney(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, ["duplicates", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("project")
def test_groups_have_their_keeper_first() -> None:
    """The keeper comes first, then its copies with what shows it."""
    code, text, _ = disney("--json")

    (group,) = map(json.loads, text.splitlines())
    keeper, copy = group["members"]
    assert 0 == code
    assert ("duplicate", "kept", "near duplicate") == (
        group["band"],
        keeper["row"]["reason"],
        copy["row"]["reason"],
    )
    assert ("", True) == (keeper["evidence"], "same colours" in copy["evidence"])


@pytest.mark.usefixtures("project")
def test_groups_are_a_table() -> None:
    """A line an image, for people."""
    _, text, _ = disney()

    assert ["group", "band", "reason", "file", "evidence"] == text.splitlines()[0].split()
    assert 3 == len(text.splitlines())


def test_sheet_shows_pictures_side_by_side(project: Project) -> None:
    """The page marks the keeper and shows the pictures where they lie."""
    code, text, _ = disney("--sheet", "pages/duplicates.html")

    page = (project.root / "pages" / "duplicates.html").read_text("utf-8")
    assert (0, "pages/duplicates.html: 1 groups\n") == (code, text)
    assert f'src="../data/raw/ariel/images/{sha256_of(ORIGINAL)}.png"' in page
    assert (1, 1) == (page.count('<figure class="kept">'), page.count('<figure class="left">'))


def test_picture_is_looked_up(project: Project) -> None:
    """A picture of one's own is compared with the dataset; one that is in it is told as such."""
    (project.root / "mine.jpg").write_bytes(jpeg(scene(1).crop((10, 0, 240, 190)), quality=80))
    (project.root / "new.jpg").write_bytes(jpeg(scene(77), quality=80))

    code, text, _ = disney("--json", "mine.jpg", "new.jpg")

    mine, new = map(json.loads, text.splitlines())
    assert 0 == code
    assert ["duplicate", "duplicate"] == [each["band"] for each in mine["alike"]]
    assert [] == new["alike"]
    _, text, _ = disney(f"data/raw/ariel/images/{sha256_of(OTHER)}.png")
    assert "same bytes" in text


@pytest.mark.usefixtures("project")
def test_missing_picture_is_one_line() -> None:
    """A file that is not there is an error for people; two wishes at once are wrong usage."""
    code, _, errors = disney("gone.jpg")

    assert (1, "gone.jpg: not there; name a picture file\n") == (code, errors)
    assert 2 == disney("gone.jpg", "--sheet", "x.html")[0]

"""The catalogue: one answer to each question about images, whoever asks."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.catalog.catalog import Catalog, Table
from pipeline.errors import DataError
from pipeline.files import read_rows, write_rows
from pipeline.paths import Project
from pipeline.records import ConflictRow, GroupRow, ImageRecord, QualityRow, Review, SplitRow
from tests.rows import group_row, image_record, review, sha

REPOSITORY = Path(__file__).resolve().parents[2]
CHARACTERS = ("ariel", "elsa", "merida")
ONE, TWO, THREE = sha(1), sha(2), sha(3)


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """Make a project with two collected images and the same bytes as one of them, brought."""
    project = make_project()
    for slug in CHARACTERS:
        rows = [image_record(each) for each in (ONE, TWO)] if slug == "ariel" else []
        write_rows(project.raw_manifest(slug), ImageRecord, rows)
    write_rows(project.manifests / "m2" / "ariel.csv", ImageRecord, [brought(ONE)])
    return project


def brought(sha256: str) -> ImageRecord:
    """Describe an image that m2 brought."""
    return image_record(sha256, "ariel", "m2", author="m2 themself")


def lenient(project: Project) -> Catalog:
    """Read as pages and the team's commands do."""
    return Catalog(project, characters=CHARACTERS, strict=False)


def strict(project: Project) -> Catalog:
    """Read as stages do."""
    return Catalog(project, characters=CHARACTERS)


def spoil(path: Path, old: str, new: str) -> None:
    """Break a file by hand."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_litter_is_nobodys_data(project: Project) -> None:
    """What a system leaves in the team's folders brings no member, character or review."""
    for name in (
        "reviews/._na.csv",
        "manifests/m2/._ariel.csv",
        "manifests/.ipynb_checkpoints/ariel-checkpoint.csv",
        "raw/.ipynb_checkpoints/x.csv",
    ):
        path = project.root / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\0\x05\x16\x07")

    catalog = strict(project)

    assert ([ONE, TWO, ONE], ("m2",)) == ([row.sha256 for row in catalog.records], catalog.members)


def test_every_row_is_in_hand(project: Project) -> None:
    """Collected ones first; an image that was both collected and brought has two rows."""
    assert [ONE, TWO, ONE] == [row.sha256 for row in strict(project).records]
    assert ["na", "m2"] == [
        image.record.member for image in strict_with_groups(project).images_by_sha256[ONE]
    ]


def strict_with_groups(project: Project, **rows: list) -> Catalog:
    """Write what `deduplicate` and `split` leave, and read strictly."""
    kinds = {"groups": GroupRow, "conflicts": ConflictRow, "split": SplitRow}
    for name, kind in kinds.items():
        write_rows(getattr(project, name), kind, rows.get(name, []))
    return strict(project)


def test_the_kept_row_is_credited(project: Project) -> None:
    """Of two rows of one image the one that `deduplicate` kept counts, not the first or last."""
    groups = [
        group_row(image_record(ONE), keep=False, reason="exact duplicate"),
        group_row(brought(ONE)),
        group_row(image_record(TWO), keep=False, reason="rejected by review"),
    ]
    catalog = strict_with_groups(project, groups=groups)

    assert {ONE: "m2"} == {each: image.record.member for each, image in catalog.kept.items()}
    assert (("m2 themself", 1),) == catalog.rights.by_author
    assert 2 == catalog.kept[ONE].copies
    with pytest.raises(DataError, match=r"not kept in groups\.csv"):
        catalog.kept_record(TWO)


def test_an_image_of_no_manifest_is_told(project: Project) -> None:
    """groups.csv that is newer than the manifests names what is missing; a page goes on."""
    groups = [group_row(image_record(each)) for each in (THREE, sha(4), sha(5))]

    told = rf"{THREE} \(and 2 more\): in groups\.csv, but in no manifest"
    with pytest.raises(DataError, match=told):
        _ = strict_with_groups(project, groups=groups).kept
    catalog = lenient(project)
    assert {} == catalog.kept
    assert 1 == len(catalog.problems)


def test_a_bad_row_stops_a_stage_and_is_told_elsewhere(project: Project) -> None:
    """The good rows of the same file are used, and the line names file, row, found and allowed."""
    manifest = project.raw_manifest("ariel")
    spoil(manifest, f"images/{min(ONE, TWO)}.png", "images/x.png")
    told = f"{manifest}:2: file 'data/raw/ariel/images/x.png'; must be data/raw/ariel/images/"

    with pytest.raises(DataError, match=re.escape(told)):
        _ = strict(project).records
    catalog = lenient(project)
    assert sorted([max(ONE, TWO), ONE]) == sorted(row.sha256 for row in catalog.records)
    assert [True] == [problem.startswith(told) for problem in catalog.problems]


def test_a_foreign_character_stops_a_stage_and_is_told_elsewhere(project: Project) -> None:
    """Its images are in hand like any others; without a list of characters nothing is asked."""
    path = project.manifests / "m2" / "olaf.csv"
    write_rows(path, ImageRecord, [image_record(THREE, "olaf", "m2")])
    told = f"{path}: params.yaml has no character 'olaf'; add it there or delete this manifest"

    with pytest.raises(DataError, match=re.escape(told)):
        _ = strict(project).records
    catalog = lenient(project)
    assert THREE in {row.sha256 for row in catalog.records}
    assert [told] == catalog.problems
    assert THREE in {row.sha256 for row in Catalog(project).records}


def test_a_missing_file_stops_a_stage_and_is_empty_elsewhere(project: Project) -> None:
    """Half way through the pipeline the team's commands work."""
    with pytest.raises(DataError, match=r"groups\.csv: not there; run the stage"):
        _ = strict(project).groups
    project.raw_manifest("elsa").unlink()
    with pytest.raises(DataError, match=r"manifest\.csv: not there; run the stage"):
        _ = strict(project).records
    catalog = lenient(project)
    assert ((), {}, []) == (catalog.groups, catalog.kept, catalog.problems)


def test_the_later_word_of_a_member_holds(project: Project) -> None:
    """A merge that left two rows on one subject counts as the later, for stages and pages alike."""
    rows = [review(ONE, "keep"), review(ONE, "reject"), review(TWO, "keep")]
    write_rows(project.reviews / "na.csv", Review, rows)
    catalog = strict(project)

    assert {"na": (review(ONE, "reject"), review(TWO, "keep"))} == {
        name: tuple(sorted(said, key=lambda row: row.verdict, reverse=True))
        for name, said in catalog.reviews.items()
    }
    assert frozenset({ONE}) == catalog.verdicts.rejected
    assert frozenset({(TWO, "")}) == catalog.verdicts.wanted


def test_what_members_say_of_an_image(project: Project) -> None:
    """A rejected or denied image is in hand; a relabelled one counts where it was moved to."""
    write_rows(project.reviews / "na.csv", Review, [review(ONE, "reject")])
    project.denied.write_text(f"item,reason\n{TWO},asked\n", "utf-8")
    moved = group_row(image_record(TWO), character="elsa")
    catalog = strict_with_groups(project, groups=[moved])

    assert {ONE, TWO} == {row.sha256 for row in catalog.records}
    assert frozenset({TWO}) == catalog.denied.among(catalog.records)
    assert [TWO] == [image.sha256 for image in catalog.images_by_character["elsa"]]


def test_members_are_who_brings_or_reviews(project: Project) -> None:
    """By name; a file that is named like nobody is nobody's."""
    for name in ("lead", "Copy of na"):
        write_rows(project.reviews / f"{name}.csv", Review, [])

    assert ("lead", "m2") == strict(project).members


def test_one_file_each(project: Project) -> None:
    """Whoever asks for manifests reads no reviews, and the other way round."""
    (project.reviews / "na.csv").write_text("broken\n", "utf-8")
    assert 3 == len(strict(project).records)

    (project.reviews / "na.csv").unlink()
    project.raw_manifest("ariel").write_text("broken\n", "utf-8")
    assert {} == strict(project).reviews


def test_what_was_read_stays(project: Project) -> None:
    """A file is read once; a catalogue that shall see a change is made anew."""
    catalog = strict(project)
    before = catalog.records
    write_rows(project.raw_manifest("ariel"), ImageRecord, [])

    assert before is catalog.records
    assert [ONE] == [row.sha256 for row in strict(project).records]


def test_every_file_is_watched(project: Project) -> None:
    """A server that keeps a catalogue learns which files make it old."""
    names = {path.relative_to(project.root).as_posix() for path in lenient(project).files}

    assert {
        "data/raw/ariel/manifest.csv",
        "data/manifests/m2/ariel.csv",
        "data/interim/groups.csv",
        "data/processed/split.csv",
    } <= names


def test_a_new_file_of_facts_is_one_line(project: Project) -> None:
    """A table is declared, and is read, missed and watched like the others."""
    try:
        Catalog.sharpness = Table(QualityRow, lambda project: project.quality)
        Catalog.sharpness.__set_name__(Catalog, "sharpness")
        project.quality.parent.mkdir(parents=True)
        project.quality.write_text("sha256\n", "utf-8")
        catalog = lenient(project)

        assert () == catalog.sharpness
        assert [True] == ["columns are sha256" in problem for problem in catalog.problems]
        assert 2 == catalog.files.count(project.quality)
    finally:
        del Catalog.sharpness


def test_manifests_are_listed_in_one_place() -> None:
    """One reading of the folders: a second would answer questions in its own way."""
    sources = {path: path.read_text("utf-8") for path in (REPOSITORY / "pipeline").rglob("*.py")}
    pattern = re.compile(r"(?:manifests|raw|reviews)(?:\.glob\(|, )\"")
    found = {path.name: pattern.findall(text) for path, text in sources.items()}

    assert {"manifests.py": 2, "catalog.py": 1} == {n: len(f) for n, f in found.items() if f}


def test_a_column_more_touches_two_files(tmp_path: Path, project: Project) -> None:
    """A copy of the product with a column more in its row, and in what is known of a file.

    It is collected, brought, read, kept and exported without another edit.
    """
    shutil.copytree(REPOSITORY / "pipeline", tmp_path / "pipeline")
    spoil(
        tmp_path / "pipeline" / "records.py",
        "    phash: str  # imagehash.phash, 16 hex digits\n",
        "    phash: str  # imagehash.phash, 16 hex digits\n    is_square: bool\n",
    )
    shelf = tmp_path / "pipeline" / "collect" / "shelf.py"
    spoil(shelf, "    mirrored_phash: str\n", "    mirrored_phash: str\n    is_square: bool\n")
    new = "        is_square=picture.width_px == picture.height_px,\n"
    spoil(shelf, "        mirrored_phash=mirrored,\n", f"        mirrored_phash=mirrored,\n{new}")
    for path in (project.raw, project.manifests / "m2"):
        shutil.rmtree(path)

    script = tmp_path / "run.py"
    script.write_text(SCRIPT, "utf-8")
    run = subprocess.run(
        [sys.executable, script, str(project.root)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (0, "True 12 1 13") == (run.returncode, run.stdout.splitlines()[-1]), run.stderr
    header = project.raw_manifest("ariel").read_text("utf-8").splitlines()[0]
    assert header.endswith(",phash,is_square")
    with pytest.raises(DataError, match="columns are"):
        read_rows(project.raw_manifest("ariel"), ImageRecord)


SCRIPT = """
import io, sys
from pathlib import Path
from PIL import Image
import pipeline
from pipeline.catalog.catalog import Catalog
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.stages import collect, search
from pipeline.team.contributions import Offered, add_pictures
from pipeline.team.dvc_cache import DvcCache

project = Project(Path(sys.argv[1]))
params = load_params(project)
search.main(project, params, "ariel")
collect.main(project, params, "ariel")
file = io.BytesIO()
Image.effect_mandelbrot((200, 200), (-2, -1, 1, 1), 50).convert("RGB").save(file, "PNG")
add_pictures(
    project,
    params,
    member="na",
    character="ariel",
    pictures=[Offered(name="a.png", data=file.getvalue())],
    cache=DvcCache(project.root / "cache"),
)
rows = Catalog(project, strict=False).records
own = [row for row in rows if row.file.startswith("data/raw")]
squares = [row for row in rows if row.file.startswith("data/contributions") and row.is_square]
print(Path(pipeline.__file__).parent.parent == Path.cwd(), len(own), len(squares), len(rows))
"""

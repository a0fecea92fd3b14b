"""What a branch may change, with real git."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.errors import DataError
from pipeline.files import read_rows, write_bytes, write_rows
from pipeline.params import Search, load_params
from pipeline.records import Denied, ImageRecord, Review
from pipeline.team.branch import scope_of
from pipeline.team.changes import OUTPUTS, check_paths, members_in
from pipeline.team.roster import add_character
from tests.rows import image_record
from tests.team.clones import QUIET, REPOSITORY, Clone, clone_of, share_caches


@pytest.fixture
def na(lead: Clone) -> Clone:
    """Clone for na, where two pictures are on main already; without DVC, which takes longer."""
    lead.add(1, 2)
    lead.git("rm", "--quiet", ".dvc/config")
    lead.commit()
    clone = clone_of(lead, "na")
    share_caches(lead, clone)
    return clone


def drop_row(clone: Clone, index: int = 0) -> ImageRecord:
    """Take a row out of the manifest and its image out of the pointer."""
    rows = read_rows(clone.shelf().manifest, ImageRecord)
    gone = rows.pop(index)
    write_rows(clone.shelf().manifest, ImageRecord, rows)
    return gone


def removals(clone: Clone) -> list[str]:
    """Check; only what is said about rows that were taken out."""
    return [line for line in clone.check() if "taken out" in line]


def test_members_are_known_by_their_files():
    """Folders and reviews; files of nobody in particular tell nothing."""
    paths = ["data/manifests/na/ariel.csv", "data/reviews/m2.csv", "data/denied.csv", "dvc.lock"]

    assert ["m2", "na"] == members_in([*paths, "data/contributions/na/.gitignore"])


def test_only_own_paths():
    """Own ones and the list of the denied; what else there is has a line for each cause."""
    own = ["data/contributions/na/ariel.dvc", "data/denied.csv"]
    outputs = ["data/raw/ariel/manifest.csv", "data/raw/elsa/manifest.csv", "dvc.lock"]
    paths = [*own, "data/reviews/m2.csv", *outputs, "pipeline/x.py"]

    found = [str(each) for each in check_paths(paths, member="na", base="a" * 40)]

    restore = "; run git restore --source=aaaaaaaaaaaa --staged"
    commit = " && git commit -m 'not of this contribution'"
    others, outputs_of_a_run, code = found
    assert others.startswith("data/reviews/m2.csv: changed, but m2's; ")
    assert others.endswith(f"{restore} --worktree -- data/reviews/m2.csv{commit}")
    assert outputs_of_a_run.startswith(
        "data/raw/ariel/manifest.csv: changed (and 2 more), but written by the lead's dvc repro"
    )
    assert outputs_of_a_run.endswith(f"{restore} -- data/raw dvc.lock{commit}")
    assert "pipeline/x.py: changed, but no part of a contribution" in code
    assert code.endswith(f"{restore} -- pipeline{commit}")


def test_what_a_run_writes_is_known() -> None:
    """Every output of dvc.yaml: whoever adds a stage finds its outputs left out of branches."""
    stages = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"].values()
    bodies = [stage.get("do", stage) for stage in stages]
    outs = [
        out
        for body in bodies
        for kind in ("outs", "metrics", "plots")
        for out in body.get(kind, [])
    ]
    paths = [next(iter(out)) if isinstance(out, dict) else out for out in outs]

    assert len(paths) > 10
    assert [] == [path for path in paths if not path.startswith(OUTPUTS)]


def typed(clone: Clone, finding: str) -> None:
    """Type the command of a finding, as a member would."""
    command = finding.partition("; run ")[2]
    disney = f'disney() {{ "{sys.executable}" -m pipeline.cli "$@"; }}; '
    subprocess.run(
        ["bash", "-c", disney + command],
        cwd=clone.project.root,
        env=os.environ | QUIET | {"PYTHONPATH": str(REPOSITORY)},
        check=True,
        capture_output=True,
    )


def test_an_image_in_git_is_found(na: Clone):
    """A .gitignore that was lost lets `git add` take the images in; the command takes them out."""
    na.add(3, 4)
    na.shelf().folder.with_name(".gitignore").unlink()

    (before,) = na.check()
    na.commit()
    (finding,) = na.check()

    assert before.endswith("; run disney contribute mend --as na")
    assert "changed (and 1 more), but an image, which stays in git for ever" in finding
    typed(na, finding)
    assert [] == na.check()
    assert 2 == len(list(na.shelf().folder.iterdir()))


@pytest.fixture
def tired(na: Clone) -> Clone:
    """Do what the README says: a run, a character more, and pictures of it."""
    na.git("switch", "--quiet", "main")
    for name in ("dvc.lock", "reports/summary.md", "data/raw/ariel/manifest.csv"):
        write_bytes(na.project.root / name, b"the lead's")
    write_rows(na.project.raw_manifest("ariel"), ImageRecord, [])
    na.commit("the lead's run")
    na.git("switch", "--quiet", "--create", "olaf")
    for name in ("dvc.lock", "reports/summary.md", "reports/networks/cnn/metrics.json"):
        write_bytes(na.project.root / name, b"of this machine")
    for slug in load_params(na.project).characters:
        write_bytes(na.project.candidates(slug), b"")
        write_rows(na.project.raw_manifest(slug), ImageRecord, [])
    add_character(na.project, "olaf", member="na", search=Search(name="Olaf"))
    na.add(3, character="olaf")
    return na


def test_a_run_of_the_pipeline_is_no_part_of_a_branch(tired: Clone):
    """What it wrote lies about and is in no commit: only the contribution is judged."""
    assert [] == tired.check(base="main")
    tired.git("add", "data/manifests", "data/contributions", "params.yaml")
    tired.git("commit", "--quiet", "--message", "olaf")

    assert [] == tired.check(base="main")


def test_pictures_that_another_branch_left_are_no_part_of_this_one(na: Clone):
    """A second branch begins beside them: git shows them as new, and they are nobody's here."""
    na.add(11, character="merida", member="m2")
    na.commit()
    na.git("switch", "--quiet", "--create", "na-2", "origin/main")
    left = list((na.project.contributions / "m2" / "merida").glob("*.png"))
    assert left
    assert any("m2/merida" in line for line in na.git("status", "--porcelain", "-uall").split())

    assert [] == [finding for finding in na.check(base="origin/main") if "m2/merida" in finding]


def test_a_committed_run_is_one_line(tired: Clone):
    """`git add data` takes it in; the command takes it out of the branch, and out of no folder."""
    tired.commit("far too much")
    files = [
        tired.project.params,
        tired.project.candidates("elsa"),
        tired.shelf("na", "olaf").manifest,
    ]
    before = [path.read_bytes() for path in files]

    (finding,) = tired.check(base="main")

    assert finding.startswith("data/candidates/ariel.jsonl: changed (and 7 more), but written by")
    typed(tired, finding)
    assert [] == tired.check(base="main")
    assert before == [path.read_bytes() for path in files]
    assert "data/candidates" not in tired.git("diff", "--name-only", "main", "HEAD")
    assert "dvc.lock" not in tired.git("diff", "--name-only", "main", "HEAD")


def test_a_lock_beside_pictures_is_found(na: Clone):
    """Once it is committed."""
    (na.project.root / "dvc.lock").write_text("schema: '2.0'\n")
    na.project.reviews.joinpath("na.csv").write_text("sha256,verdict,character,other_sha256,note\n")
    assert [] == na.check()
    na.commit()

    (finding,) = na.check()

    assert finding.startswith("dvc.lock: changed, but written by the lead's dvc repro alone")


def test_a_character_by_pull_request(na: Clone):
    """The branch is the member's whose the character is, though no picture is there yet."""
    add_character(na.project, "olaf", member="na", search=Search(name="Olaf"))

    assert ("na",) == scope_of(na.project).members
    assert [] == na.check()
    na.commit()
    assert [] == na.check()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda values: values.update(seed=8), "seed"),
        (lambda values: values["characters"]["elsa"].update(member="na"), "characters"),
        (lambda values: values["characters"].pop("elsa"), "characters"),
        (lambda values: values["collect"].update(allow_hosts=["10.0.0.1"]), "collect"),
        (
            lambda values: values["characters"].update(
                sven={"member": "m9", "search": {"name": "Sven"}}
            ),
            "sven",
        ),
    ],
)
def test_no_other_setting_by_pull_request(
    na: Clone, change: Callable[[dict[str, Any]], None], named: str
):
    """Not a word of params.yaml but own characters: neither settings, nor what others have."""
    values = YAML(typ="safe").load(na.project.params)
    change(values)
    YAML().dump(values, na.project.params)

    assert [f"params.yaml: changes {named}, and a contribution may add characters of na"] == [
        line.partition(" but ")[0] for line in na.check(member="na")
    ]


def test_files_of_two_members_are_found(na: Clone):
    """Unless it is said whose branch it is; then the other's are named."""
    for member in ("na", "m2"):
        na.project.reviews.joinpath(f"{member}.csv").write_text(
            "sha256,verdict,character,other_sha256,note\n"
        )

    assert ["data: the branch changes files of m2, na; one branch a member; "] == [
        line.partition("--member")[0] for line in na.check()
    ]
    (finding,) = na.check(member="na")
    assert finding.startswith("data/reviews/m2.csv: changed, but m2's")


def test_a_row_that_vanished_is_found(na: Clone):
    """Also with its whole manifest."""
    gone = drop_row(na)

    (finding,) = removals(na)
    assert f"{gone.sha256[:12]} was taken out, and no review rejects it" in finding
    na.shelf().manifest.unlink()
    assert 2 == len(removals(na))


def test_a_review_or_a_denial_lets_a_row_go(na: Clone):
    """By whoever gave it."""
    rejected, denied = drop_row(na), drop_row(na)
    review = Review(
        sha256=rejected.sha256, verdict="reject", character="", other_sha256="", note=""
    )
    write_rows(na.project.reviews / "m2.csv", Review, [review])
    write_rows(na.project.denied, Denied, [Denied(item=denied.sha256, reason="asked")])

    assert [] == removals(na)


def test_a_broken_review_lets_nothing_go(na: Clone):
    """And hides no other finding: both are told."""
    drop_row(na)
    na.project.reviews.joinpath("na.csv").write_text("what,is,this\n")

    review, row = (line for line in na.check() if "ariel.dvc" not in line)

    assert review.startswith("data/reviews/na.csv:1: columns are what,is,this; expected")
    assert "was taken out, and no review rejects it" in row


def test_a_row_that_another_member_has_as_well_may_go(na: Clone):
    """One of two copies must go, and no review is needed for that."""
    gone = drop_row(na)
    write_rows(na.shelf("m2", "elsa").path, ImageRecord, [image_record(gone.sha256, "elsa", "m2")])

    assert [] == removals(na)


def test_a_branch_that_is_not_there(na: Clone):
    """One line, with what CI must do."""
    with pytest.raises(DataError, match=r"no commit in common with nowhere; .*fetch-depth: 0"):
        na.check(base="nowhere")

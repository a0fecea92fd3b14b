"""Every trap of DVC and git that says nothing, and the test that shows it caught or impossible.

Each was tried with DVC 3.67: the command ends with 0, and images or results are lost, hidden, or
never there. `TRAPS` names the test of each; those of dvc.yaml and of the committed git and DVC
files are below.
"""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.team.clones import QUIET

REPOSITORY = Path(__file__).resolve().parents[2]
TRAPS = {
    # A member adds.
    "dvc add of a folder that was not pulled drops its images": (
        "team/test_branch.py::test_dvc_add_of_a_folder_that_was_not_pulled_is_found"
    ),
    "adding without the older images at hand shrinks the pointer": (
        "team/test_contributions.py::test_more_pictures_need_none_of_the_older"
    ),
    "a pointer that git lost is made anew with fewer images": (
        "team/test_contributions.py::test_rows_without_a_pointer_stop"
    ),
    "killed in the middle of adding, half of the images are there": (
        "team/test_contributions.py::test_killed_anywhere_nothing_is_half_added"
    ),
    "two processes of one member add at once, one is lost": (
        "team/test_contributions.py::test_two_at_once_lose_nothing"
    ),
    # A member commits and pushes.
    "dvc push was forgotten": "team/test_branch.py::test_a_push_that_was_forgotten_is_found",
    "dvc push was forgotten, seen from a clone without images": (
        "team/test_branch.py::test_a_forgotten_push_is_found_in_a_fresh_clone"
    ),
    "the remote has the list of a folder and misses an image": (
        "team/test_branch.py::test_a_remote_that_misses_one_image_is_found"
    ),
    "a wildcard in .gitignore hides the pointer from DVC": (
        "team/test_branch.py::test_a_hidden_pointer_is_found"
    ),
    "images get into git where .gitignore was lost": (
        "team/test_changes.py::test_an_image_in_git_is_found"
    ),
    "a contribution brings a dvc.lock": (
        "team/test_changes.py::test_a_lock_beside_pictures_is_found"
    ),
    "a contribution changes another member's files": "team/test_changes.py::test_only_own_paths",
    "rows vanish and nobody has rejected them": (
        "team/test_changes.py::test_a_row_that_vanished_is_found"
    ),
    "one image lies in two members' sets": (
        "team/test_checks.py::test_the_same_picture_in_two_sets"
    ),
    "an image was edited in place": "team/test_checks.py::test_other_bytes_under_its_name",
    # The lead merges.
    "two members' images of one character conflict": (
        "team/test_mend.py::test_two_members_add_to_one_character"
    ),
    "the .gitignore beside two pointers conflicts": (
        "team/test_mend.py::test_two_characters_of_one_member"
    ),
    "git checkout --ours of a pointer drops the other side's images": (
        "team/test_mend.py::test_a_wrong_resolution_is_found_and_mended"
    ),
    "both sides of a pointer are needed and no image is pulled": (
        "team/test_mend.py::test_a_merge_in_a_clone_that_has_no_image"
    ),
    "merge=union brings a row back that was taken down": (
        "team/test_mend.py::test_what_was_taken_down_does_not_come_back"
    ),
    "merge=union leaves rows twice and unsorted": (
        "team/test_mend.py::test_rows_in_disorder_are_sorted"
    ),
    "characters that two members add on neighbouring lines conflict": (
        "team/test_roster.py::test_two_members_add_at_the_same_time"
    ),
    "the order of merges decides what the dataset is": (
        "team/test_five_members.py::test_any_order_gives_the_same_dataset"
    ),
    "merge=union breaks dvc.lock": "team/test_traps.py::test_the_lock_is_merged_by_nobody",
    # The lead runs the pipeline.
    "images that were not pulled are silently left out": (
        "team/test_contributed_end_to_end.py::test_a_picture_that_was_not_pulled_stops_everything"
    ),
    "repro --pull --allow-missing runs on no images": (
        "team/test_traps.py::test_no_stage_depends_on_contributed_folders"
    ),
    "a dep holds pointers or lists beside its images": (
        "test_dvc_yaml.py::test_every_data_dep_is_an_output_or_a_committed_file"
    ),
    "the folder of a character that was removed is still hashed": (
        "catalog/test_manifests.py::test_unknown_folder_is_to_be_deleted"
    ),
    "a contribution to a character that is not there vanishes": (
        "catalog/test_manifests.py::test_manifest_of_unknown_character"
    ),
    "outs are deleted before a run, and downloads with them": (
        "collect/test_collect_stages.py::test_killed_at_ten_moments_it_ends_the_same"
    ),
    "persist and always_changed turn the run-cache off": (
        "team/test_traps.py::test_no_stage_gives_up_the_run_cache"
    ),
    "a failed stage's outs get into git": "team/test_traps.py::test_what_dvc_keeps_git_ignores",
    "DVC's own .gitignore is hashed with a folder": (
        "team/test_traps.py::test_what_dvc_keeps_git_ignores"
    ),
    "metrics that git ignores are in no comparison": (
        "team/test_traps.py::test_what_dvc_does_not_keep_git_sees"
    ),
    # Anybody writes params.yaml.
    "a character that stands twice overwrites the first": "params/test_load.py::test_not_yaml",
    "a dot or a quote in a name breaks stage and path": "params/test_load.py::test_slugs",
    # DVC itself.
    "each command reports to a server": "team/test_traps.py::test_dvc_tells_nobody",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_a_test(trap: str) -> None:
    """The test that the table names is there."""
    file, _, name = TRAPS[trap].partition("::")
    tree = ast.parse((REPOSITORY / "tests" / file).read_text("utf-8"))

    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.fixture(scope="module")
def stages() -> dict[str, dict[str, Any]]:
    """Read dvc.yaml; of a stage per item, what each of them does."""
    content = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
    return {name: stage.get("do", stage) for name, stage in content.items()}


def outs_of(stages: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """List every output with its options; items are called `item`."""
    for stage in stages.values():
        for out in (out for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])):
            path, options = next(iter(out.items())) if isinstance(out, dict) else (out, {})
            yield path.replace("${key}", "item"), options


def ignored(paths: list[str]) -> set[str]:
    """Ask git which paths the committed .gitignore keeps out; a name without a dot is a folder."""
    named = {path if "." in path.rpartition("/")[2] else f"{path}/": path for path in paths}
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=REPOSITORY,
        env=QUIET | {"PATH": "/usr/bin:/bin"},
        input="\n".join(named),
        capture_output=True,
        text=True,
        check=False,
    )
    return {named[line] for line in done.stdout.splitlines()}


def test_what_dvc_keeps_git_ignores(stages: dict[str, dict[str, Any]]) -> None:
    """From day one: DVC would write a .gitignore only once the stage has ended well."""
    kept = [path for path, options in outs_of(stages) if options.get("cache", True)]

    assert len(kept) > 5
    assert set() == set(kept) - ignored(kept)


def test_what_dvc_does_not_keep_git_sees(stages: dict[str, dict[str, Any]]) -> None:
    """Small texts are the team's, and `dvc metrics diff` finds only what git tracks."""
    small = [path for path, options in outs_of(stages) if not options.get("cache", True)]

    assert len(small) > 10
    assert set() == ignored([*small, "dvc.lock", "data/contributions/na/ariel.dvc"])


def test_no_stage_gives_up_the_run_cache(stages: dict[str, dict[str, Any]]) -> None:
    """What was computed once on anybody's machine comes back."""
    assert not any("always_changed" in stage for stage in stages.values())
    assert not any("persist" in options for _, options in outs_of(stages))


def test_no_stage_depends_on_contributed_folders(stages: dict[str, dict[str, Any]]) -> None:
    """The manifests are the dep, and each row must have its file: fewer images are an error."""
    deps = {name: stage.get("deps", []) for name, stage in stages.items()}

    assert [] == [name for name, found in deps.items() if "data/contributions" in found]
    assert "data/manifests" in deps["deduplicate"]


def test_the_lock_is_merged_by_nobody() -> None:
    """Lists of rows are united by git; dvc.lock and the pointers conflict, and say so."""
    united = ["data/manifests/na/ariel.csv", "data/reviews/na.csv", "data/denied.csv"]
    strict = ["dvc.lock", "data/contributions/na/ariel.dvc", "params.yaml", "dvc.yaml"]
    text = subprocess.run(
        ["git", "check-attr", "merge", *united, *strict],
        cwd=REPOSITORY,
        env=QUIET | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    found = {line.split(": ")[0]: line.split(": ")[2] for line in text.splitlines()}
    assert dict.fromkeys(united, "union") | dict.fromkeys(strict, "unspecified") == found


def test_dvc_tells_nobody() -> None:
    """No server hears of the team's commands, and none is asked for news."""
    lines = (REPOSITORY / ".dvc" / "config").read_text("utf-8").splitlines()

    assert {"analytics = false", "check_update = false"} <= set(map(str.strip, lines))

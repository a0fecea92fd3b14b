"""Names of files and cells of manifests that try to be more than names, in every command."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import read_rows, write_rows
from pipeline.records import ImageRecord
from tests.team.clones import Clone, clone_of, drawing, first_clone

ATTACK = "a\n::error::b\x1b[31m\r%0A::set-env name=x::y\u202e"  # as the name of a file


@pytest.fixture
def na(
    tmp_path: Path, write_project: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> Clone:
    """Stand in a clone beside a picture and a text with such names."""
    lead = first_clone(tmp_path, write_project)
    lead.git("rm", "--quiet", ".dvc/config")  # DVC's commands take longer, and print nothing here
    lead.commit()
    clone = clone_of(lead, "na")
    folder = clone.project.root / "images"
    folder.mkdir()
    (folder / f"{ATTACK}.png").write_bytes(drawing(1))
    (folder / f"{ATTACK}.jpg").write_bytes(b"no picture")
    monkeypatch.chdir(clone.project.root)
    return clone


def lines_of(*arguments: str) -> list[str]:
    """Run a command; give all that it says, having looked at every line."""
    result = CliRunner().invoke(app, arguments)
    lines = (result.stdout + result.stderr).split("\n")
    assert result.exit_code in {0, 1}, result.output
    assert [] == [line for line in lines if line.lstrip().startswith("::")]
    assert [] == [line for line in lines if {"\x1b", "\r", "\u202e"} & set(line)]
    return lines


ADD = ("contribute", "add", "--as", "na", "--character", "ariel")


@pytest.mark.usefixtures("na")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_became_of_pictures(options: tuple[str, ...]) -> None:
    """Added and refused ones, in a table and for scripts."""
    added, refused, *_ = sorted(
        line for line in lines_of(*ADD, "images", *options) if "set-env" in line
    )

    assert "added" in added + refused
    assert "refused" in added + refused


@pytest.mark.usefixtures("na")
@pytest.mark.parametrize("command", [ADD, ("collect",)])
def test_a_name_that_is_not_there(command: tuple[str, ...]) -> None:
    """The error is one line."""
    assert any("a\\n::error::b\\x1b[31m" in line for line in lines_of(*command, ATTACK))


def test_what_a_manifest_says(na: Clone) -> None:
    """A cell of another's manifest is shown by `check`, `mend` and `forget`."""
    na.add(1)
    row = read_rows(na.shelf().manifest, ImageRecord)[0]
    other = replace(row, file=ATTACK, member="m2", character=ATTACK, title=ATTACK)
    write_rows(na.shelf("a1", "elsa").manifest, ImageRecord, [other])
    na.commit()

    assert any("file is" in line for line in lines_of("contribute", "check", "--member", "a1"))
    assert any("it is also a\\n::error" in line for line in lines_of(*MEND))
    lines_of("forget", "--sha256", row.sha256, "--dry-run")
    lines_of("contribute", "status")


MEND = ("contribute", "mend", "--as", "na")


def test_what_a_branch_brings(na: Clone) -> None:
    """A file of the branch is named, and its name is one word of the command."""
    for name in ("data/x y $(touch z).txt", f"docs/{ATTACK}"):
        path = na.project.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    na.add(1)
    na.commit()

    told = "\n".join(lines_of("contribute", "check"))

    assert "-- 'data/x y $(touch z).txt' docs" in told

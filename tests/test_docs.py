"""The documents are held to the code: commands, columns, reasons and the README's tree."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import records
from pipeline.params.schema import Augment, Collect, Evaluate, Split
from pipeline.params.section import Section

REPOSITORY = Path(__file__).resolve().parents[1]
DATA_CARD = (REPOSITORY / "data" / "README.md").read_text(encoding="utf-8")
RECORDS = {
    "data/candidates/<character>.jsonl": records.Candidate,
    "data/raw/<character>/manifest.csv": records.ImageRecord,
    "data/raw/<character>/rejected.csv": records.RejectedRow,
    "data/reviews/<member>.csv": records.Review,
    "data/denied.csv": records.Denied,
    "data/interim/groups.csv": records.GroupRow,
    "data/interim/conflicts.csv": records.ConflictRow,
    "data/interim/pairs.csv": records.PairRow,
    "data/interim/quality.csv": records.QualityRow,
    "data/processed/split.csv": records.SplitRow,
    "data/processed/<split>/": records.PackRow,
}


def section(title: str) -> str:
    """Cut the part of the data card whose heading names a file."""
    return next(part for part in DATA_CARD.split("\n### ") if part.startswith(f"`{title}"))


@pytest.mark.parametrize("title", RECORDS)
def test_every_column_is_explained(title: str) -> None:
    """A reader of a CSV file finds each of its columns in data/README.md."""
    explained = set(re.findall(r"`(\w+)`", section(title)))

    assert set() == {field.name for field in fields(RECORDS[title])} - explained


def test_every_reason_is_listed() -> None:
    """The closed list of rejected.csv is the list that readers see."""
    text = section("data/raw/<character>/rejected.csv").split("Reasons: ")[1].splitlines()[0]

    assert {str(reason) for reason in records.Reason} == set(re.findall(r"`([^`]+)`", text))


@pytest.mark.parametrize("section_of", [Collect, Split, Augment, Evaluate])
def test_every_setting_is_explained(section_of: type[Section]) -> None:
    """The table of CONTRIBUTING.md names every key of a section, and none that is gone."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    first_cells = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    keys = {key for cell in first_cells for key in re.findall(r"`([^`]+)`", cell)}
    name = section_of.__name__.lower()

    expected = {f"{name}.{key}" for key in section_of.model_fields}

    assert expected == {key for key in keys if key.startswith(f"{name}.")}


def test_readme_tree_is_the_real_tree() -> None:
    """The commented tree of README.md names every module folder, and nothing that is gone."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^  (\w+)/ ", readme, flags=re.MULTILINE))
    real = {p.name for p in (REPOSITORY / "pipeline").iterdir() if (p / "__init__.py").is_file()}

    assert real == named


def test_readme_quotes_the_stages() -> None:
    """The numbered list of README.md says the same sentences as dvc.yaml."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    stages = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
    item = {"${characters}": "a character", "${networks}": "a network"}
    sentences = [
        stage.get("do", stage)["desc"].replace("${key}", item.get(stage.get("foreach"), ""))
        for stage in stages.values()
    ]

    missing = [sentence for sentence in sentences if sentence not in readme]

    assert missing == []


def test_nothing_clears_a_remote_by_what_is_checked_out() -> None:
    """DVC's own clean-up takes what other branches have pushed: nothing of ours names it."""
    places = ("*.md", "Makefile", "data/*.md", "docs/**/*", "models/*.md", ".github/**/*", ".ci/*")
    found = [path for place in (*places, "pipeline/**/*") for path in REPOSITORY.glob(place)]
    texts = {path: path.read_bytes() for path in found if path.is_file()}
    names = re.compile(rb"""\bdvc\W{1,5}gc\b|["']gc["']|\bgc +-""")

    assert [] == [path for path, text in texts.items() if names.search(text)]
    assert len(texts) > 300

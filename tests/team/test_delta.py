"""What a branch changes in the funnel, from git alone."""

import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError
from pipeline.files import write_rows
from pipeline.params import load_params
from pipeline.records import Review
from pipeline.team.delta import deltas
from tests.team.clones import Clone, clone_of


@pytest.fixture
def na(lead: Clone) -> Clone:
    """Clone for na, after m2 has added two pictures on the main branch."""
    lead.add(1, 2, member="m2", character="elsa")
    lead.commit()
    return clone_of(lead, "na")


def changes(clone: Clone, ref: str = "origin/main") -> dict[str, dict[str, int]]:
    """Name what differs, by character."""
    params = load_params(clone.project)
    catalog = Catalog(clone.project, characters=params.characters, strict=False)
    found = deltas(catalog, params, ref=ref)
    return {each.now.character: dict(each.change) for each in found if each.change}


def test_what_a_contribution_brings(na: Clone, lead: Clone) -> None:
    """Committed or not; what the main branch got meanwhile is not this branch's."""
    na.add(3, 4)
    na.commit()
    na.add(5)
    lead.add(6, member="m2", character="merida")
    lead.commit()
    na.git("fetch", "--quiet")

    assert {"ariel": {"contributed": 3}} == changes(na)


def test_a_review_counts(na: Clone) -> None:
    """Without the pictures at hand: manifests name them."""
    line = na.shelf("m2", "elsa").manifest.read_text().splitlines()[1]
    review = Review(
        sha256=line.split(",")[0], verdict="reject", character="", other_sha256="", note=""
    )
    write_rows(na.project.reviews / "na.csv", Review, [review])

    assert {"elsa": {"rejected": 1}} == changes(na)


def test_a_character_more(na: Clone) -> None:
    """All that it has is new, and missing."""
    text = na.project.params.read_text("utf-8")
    entry = "  olaf:\n    member: na\n    search: {name: Olaf}\ncollect:"
    na.project.params.write_text(text.replace("collect:", entry), "utf-8")

    assert {"olaf": {"target": 12, "missing": 12}} == changes(na)


def test_nothing_changed(na: Clone) -> None:
    """Nothing is said of anybody."""
    assert {} == changes(na)


def test_what_cannot_be_compared(na: Clone, lead: Clone) -> None:
    """No such branch, and a branch whose files were broken: one line that names it."""
    with pytest.raises(DataError, match="no commit in common with nobody"):
        changes(na, "nobody")
    lead.project.params.write_text("seed: x\n")
    lead.commit()
    na.git("pull", "--quiet", "origin", "main")
    na.project.params.write_bytes(lead.git("show", "HEAD~1:params.yaml").encode())
    with pytest.raises(DataError, match=r"origin/main, as it was at [0-9a-f]{12}: params.yaml: "):
        changes(na)

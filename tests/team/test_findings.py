"""A line for each thing to do, not for each row."""

from pipeline.team.findings import Finding, grouped


def finding(row: int, *, problem: str = "no licence", mend: str = "write unknown") -> Finding:
    """Find something in a row of a manifest."""
    return Finding(path=f"data/manifests/na/ariel.csv:{row}", problem=problem, mend=mend)


def test_what_is_mended_in_one_go_is_one_line() -> None:
    """The first row of each file and remedy, and how many more; order stays."""
    other = Finding(path="data/manifests/na/elsa.csv:2", problem="no licence", mend="write unknown")

    lines = map(
        str, grouped([finding(2), finding(3), other, finding(4, mend="delete"), finding(9)])
    )

    assert [
        "data/manifests/na/ariel.csv:2: no licence (and 2 more); write unknown",
        "data/manifests/na/elsa.csv:2: no licence; write unknown",
        "data/manifests/na/ariel.csv:4: no licence; delete",
    ] == list(lines)


def test_a_finding_is_one_line() -> None:
    """Whatever a cell holds."""
    assert "data/manifests/na/ariel.csv:2: a\\n::error::b; mend the row" == str(
        finding(2, problem="a\n::error::b", mend="mend the row")
    )

"""The summary in Markdown: the same numbers, nothing else."""

from dataclasses import replace

from pipeline.report.summary import build_metrics, build_summary


def test_scores_are_in_a_table(inputs, findings):
    """Networks, floors and their intervals stand in rows that a diff shows well."""
    text = build_summary(inputs, findings)
    accuracy = inputs.networks[0].metrics["accuracy"]

    assert f"| cnn | {100 * accuracy:.1f} % (" in text
    assert "| colours alone | 100.0 % (" in text
    assert "\u00a0" not in text


def test_verdicts_and_gaps_are_told(inputs, findings):
    """Studies are counted and listed; characters short of their target are named."""
    text = build_summary(inputs, findings)

    assert "### Ideas of the notes: 1 supported, 0 refuted, 1 undecided" in text
    assert "| Title of heads | supported | 0.0884" in text
    assert "| Elsa &lt;b> | m2 | 15 | 5 |" in text
    assert "- Not evaluated: vit." in text


def test_before_the_first_network(inputs, findings):
    """Without networks and studies the dataset remains."""
    text = build_summary(
        replace(inputs, networks=[], studies=[]), replace(findings, than_others={})
    )

    assert "No network was evaluated yet." in text
    assert "Ideas of the notes" not in text


def test_all_there(inputs, findings):
    """Nothing is listed once every target is reached."""
    rows = [replace(row, kept=row.target) for row in inputs.funnel]

    assert "Every character has reached its target." in build_summary(
        replace(inputs, funnel=rows), findings
    )


def test_few_numbers_are_compared(inputs, findings):
    """Each classifier has a handful, equal to those of metrics.json."""
    found = build_metrics(inputs, findings)

    assert ["cnn", "colour"] == list(found)
    assert round(inputs.networks[0].metrics["accuracy"], 4) == found["cnn"]["accuracy"]
    assert round(findings.than_colour["cnn"].value, 4) == found["cnn"]["beyond_colours"]
    assert max(map(len, found.values())) <= 6

"""What to do next follows from the numbers, and each order has a command that exists."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pipeline.cli.app import app
from pipeline.evaluation.gains import Gain
from pipeline.evaluation.suspects import Suspect
from pipeline.report.advice import actions, doubted
from pipeline.report.results import Difference

BETTER = Difference(value=0.2, low=0.1, high=0.3)
UNCLEAR = Difference(value=0.0, low=-0.1, high=0.1)
SUSPECT = Suspect(sha256="a", split="val", character="elsa", suggested="ariel", doubt=0.9)


def orders(inputs, findings):
    """Give what is to do: the order and its commands."""
    return {each.what: each for each in actions(inputs, findings)}


def with_best(inputs, **facts):
    """Replace facts of the only network."""
    return replace(inputs, networks=[replace(inputs.networks[0], **facts)])


def test_a_network_without_results_is_asked_for(inputs, findings):
    """A network of params.yaml that was never trained is named."""
    assert ("dvc repro",) == orders(inputs, findings)["Train and evaluate vit"].commands


def test_who_is_short_of_the_target_is_collected(inputs, findings):
    """All three have 15 of 20; each has the command of its own member."""
    (found,) = [each for what, each in orders(inputs, findings).items() if "short of" in what]

    assert "5 of 인어공주 Ariel, 5 of Elsa <b> and 5 of Merida" in found.what
    assert "disney contribute add --as m2 --character elsa PICTURES…" in found.commands


def test_who_is_found_less_often_is_collected(inputs, findings):
    """A recall whose interval lies below the accuracy asks for more pictures."""
    rows = [replace(row, recall=0.9, recall_high=0.95) for row in inputs.networks[0].per_class]
    rows[1] = replace(rows[1], recall=0.25, recall_high=0.4)
    changed = with_best(
        inputs, per_class=tuple(rows), metrics=inputs.networks[0].metrics | {"accuracy": 0.8}
    )
    found = orders(changed, findings)

    assert "Collect more of Elsa <b>" in found
    assert "Collect more of Merida" not in found
    assert "finds only 25\u00a0% of the test pictures" in found["Collect more of Elsa <b>"].why


def test_doubted_labels_are_reviewed(inputs, findings):
    """Suspects are counted by character; at most thirty, the most doubted, are asked for."""
    changed = with_best(inputs, suspects=(SUSPECT,) * 40)
    found = orders(changed, findings)["Review these 30 pictures"]

    assert 30 == len(doubted(changed.networks[0]))
    assert "30 of Elsa <b>" in found.why
    assert ("disney review --as m2 --character elsa",) == found.commands


def test_palettes_are_called_palettes(inputs, findings):
    """Not better than colours, or only in colour: said by name; better in both: not."""
    grey = Gain(pictures="grey", num=9, ours=0.5, theirs=0.5, gain=0.0, low=-0.1, high=0.1)
    stuck = orders(inputs, replace(findings, than_colour={"cnn": UNCLEAR}, on_grey={}))
    blind = orders(inputs, replace(findings, than_colour={"cnn": BETTER}, on_grey={"cnn": grey}))
    fine = orders(
        inputs,
        replace(findings, than_colour={"cnn": BETTER}, on_grey={"cnn": replace(grey, low=0.01)}),
    )

    assert "Make cnn learn more than colours" in stuck
    assert "Do not trust cnn with pictures in grey" in blind
    assert not any("grey" in what or "colours" in what for what in fine)


@pytest.mark.parametrize(("best_epoch", "expected"), [(2, True), (1, False)])
def test_networks_that_were_still_learning_train_longer(inputs, findings, best_epoch, expected):
    """Only if the last epoch was the best."""
    metrics = inputs.networks[0].metrics | {"best_epoch": best_epoch, "num_epochs": 2}
    found = orders(with_best(inputs, metrics=metrics), findings)

    assert expected == ("Train cnn for more epochs" in found)


def test_unknown_licences_are_to_be_cleared(inputs, findings):
    """24 pictures of strangers have none."""
    assert "Find out the licence of 24 pictures, or replace them" in orders(inputs, findings)


def test_every_command_exists(inputs, findings):
    """What a reader is told to type is a command of this project."""
    changed = with_best(inputs, suspects=(SUSPECT,))
    typed = {each for action in actions(changed, findings) for each in action.commands}
    names = {line.split()[1] for line in typed if line.startswith("disney ")}
    help_text = CliRunner().invoke(app, ["--help"]).output

    assert names
    assert all(name in help_text for name in names)
    assert all(line.startswith(("disney ", "dvc ")) for line in typed)

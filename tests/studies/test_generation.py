"""The study of writing names."""

import pytest
import torch

from pipeline.networks import build_network
from pipeline.params.networks import Caption
from pipeline.studies.generation import END, STUDY, _mixed, _shift, letter_probs
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table

NAMES = ["ann", "anna", "bo"]


@pytest.fixture(scope="module")
def writer() -> torch.nn.Module:
    """Build an untrained writer of three names, two of which begin alike."""
    torch.manual_seed(7)
    spec = Caption(arch="caption", image_size_px=32, width=16, heads=2, depth=1, token_px=8)
    return build_network(spec, classes=NAMES).eval()


def test_the_product_of_the_letters_is_the_name_s_probability(writer: torch.nn.Module) -> None:
    """The chain rule: each letter given those before it, the end of the name among them."""
    x_1CSS = torch.randn(1, 3, 32, 32)

    for place, name in enumerate(NAMES):
        probs = letter_probs(writer, x_1CSS, place)

        assert len(name) + 1 == len(probs)
        log_prob = float(writer(x_1CSS)[0, place].detach())
        assert pytest.approx(log_prob, rel=1e-4) == float(torch.tensor(probs).log().sum())


def test_halves_are_of_different_characters() -> None:
    """Pictures are paired so that most meet another character."""
    assert 2 == _shift(["ann", "ann", "bo", "bo"])


def test_mixed_pictures_are_counted_once(writer: torch.nn.Module) -> None:
    """The shares of what is written add up to all of them."""
    shares = _mixed(writer, torch.randn(4, 3, 32, 32), ["ann", "ann", "bo", "bo"], NAMES)

    assert pytest.approx(1, abs=1e-5) == sum(shares)


def make_table(over_chance: float, *, no_name: float = 0.1) -> Table:
    """Make up what was written, over three seeds."""
    return Table(
        [
            Run(
                settings={},
                seed=seed,
                values={
                    "exact": 0.3 + over_chance + luck,
                    "over_chance": over_chance + luck,
                    "written": [0.5, 0.5 - no_name, no_name],
                    "mixed": [0.4, 0.3, 0.2, 0.1],
                    "letters": ["b", "o", END],
                    "letter_probs": [0.9, 0.8, 1.0],
                },
                timing={},
            )
            for seed, luck in ((1, 0.0), (2, 0.01), (3, -0.01))
        ]
    )


@pytest.mark.parametrize(
    ("over_chance", "verdict"),
    [(0.2, Verdict.SUPPORTED), (-0.2, Verdict.REFUTED), (0.005, Verdict.UNDECIDED)],
)
def test_exact_names_decide(over_chance: float, verdict: Verdict) -> None:
    """A name that is nearly right is wrong."""
    assert verdict == STUDY.conclude(make_table(over_chance)).verdict


def test_who_cannot_spell_decides_nothing() -> None:
    """Below chance because nearly nothing is a name, a network says nothing about decoders."""
    finding = STUDY.conclude(make_table(-0.2, no_name=0.51))

    assert Verdict.UNDECIDED == finding.verdict
    assert finding.why.startswith("after so short a training it cannot spell yet")

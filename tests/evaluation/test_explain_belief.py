"""Belief over the sequence: what is read later changes nothing earlier."""

import pytest
import torch

from pipeline.evaluation.explain.belief import NUM_STRIPS, belief, reads_in_order
from tests.evaluation.test_explain_heat import SIDE, model_of, pictures


@pytest.mark.parametrize(
    ("name", "steps"), [("gru", 16), ("lstm-deep", 16), ("gru-one-way", 16), ("cnn", NUM_STRIPS)]
)
def test_the_last_belief_is_the_answer(name: str, steps: int) -> None:
    """Whoever has read all, or seen all, believes what the network answers."""
    model, x_BCSS = model_of(name), pictures()
    probs_BTK = belief(model, x_BCSS)

    assert (2, steps, 3) == probs_BTK.shape
    assert torch.allclose(torch.ones(2, steps), probs_BTK.sum(dim=2))
    assert torch.allclose(model.module(x_BCSS).softmax(dim=1), probs_BTK[:, -1], atol=1e-6)
    assert (name != "cnn") == reads_in_order(model)


@pytest.mark.parametrize("name", ["gru", "gru-one-way", "rnn-relu", "vit"])
def test_belief_knows_nothing_of_what_comes(name: str) -> None:
    """With another lower half the first half of the steps stays, the last does not."""
    model, x_BCSS = model_of(name), pictures()
    other_BCSS = x_BCSS.clone()
    other_BCSS[:, :, SIDE // 2 :] += 1
    one_BTK, two_BTK = belief(model, x_BCSS), belief(model, other_BCSS)
    half = one_BTK.shape[1] // 2

    assert torch.equal(one_BTK[:, :half], two_BTK[:, :half])
    assert not torch.allclose(one_BTK[:, -1], two_BTK[:, -1], atol=1e-6)


def test_one_way_belief_is_the_read_out_of_the_states_so_far() -> None:
    """Read one way, the states of a prefix are the first states of the whole."""
    model, x_BCSS = model_of("gru-one-way"), pictures()
    states_BND = model.module.tokens(x_BCSS)
    expected = model.module.head(states_BND).softmax(dim=2)  # read-out: the last state

    assert torch.allclose(expected, belief(model, x_BCSS), atol=1e-6)

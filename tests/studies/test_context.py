"""The study of context follows one token through a network."""

import pytest
import torch

from pipeline.networks import build_network
from pipeline.params.networks import Cnn, Gru, Vit
from pipeline.studies.context import _alone, _changes, _replaced, relative_change, trace

NETWORKS = {
    "cnn": Cnn(arch="cnn", kernel_size=3, width=8, image_size_px=64),
    "vit": Vit(arch="vit", image_size_px=64, width=16, heads=2, depth=1, token_px=8, stem="linear"),
    "gru": Gru(
        arch="gru",
        image_size_px=64,
        width=16,
        hidden=16,
        token_px=8,
        bidirectional=False,
        stem="linear",
    ),
}


def changes_of(arch: str, *, is_last: bool) -> dict[str, float]:
    """Replace a patch and follow the token at the other end of an untrained network."""
    torch.manual_seed(7)
    module = build_network(NETWORKS[arch], classes=["a", "b"]).eval().double()
    x_BCSS = torch.randn(4, 3, 64, 64, dtype=torch.float64)
    changed_BCSS = _replaced(x_BCSS, is_last=is_last)
    return dict(_changes(module, x_BCSS, changed_BCSS, place=0 if is_last else -1))


def test_attention_reaches_the_other_end_at_once() -> None:
    """The token's own patch is the same, its vector is not."""
    changes = changes_of("vit", is_last=True)

    assert 0 == changes["stem"]
    assert changes["attention 1"] > 1e-4


def test_a_recurrent_network_knows_the_past_alone() -> None:
    """The first token does not hear of the last; the last hears of the first."""
    assert 0 == changes_of("gru", is_last=True)["layer 1"]
    assert changes_of("gru", is_last=False)["layer 1"] > 0


def test_a_cnn_sees_as_far_as_its_filters_reach() -> None:
    """Nothing from the other end arrives in the first stages."""
    changes = changes_of("cnn", is_last=True)

    assert [0, 0] == [changes["stem"], changes["stage 1"]]


def test_feed_forward_layers_do_not_mix() -> None:
    """Exactly nothing: each token alone."""
    torch.manual_seed(7)
    module = build_network(NETWORKS["vit"], classes=["a", "b"]).eval().double()

    assert 0 == _alone(module, torch.randn(4, 3, 64, 64, dtype=torch.float64))


def test_the_stages_are_those_of_the_network() -> None:
    """What comes out of the last stage is what the network itself makes of the picture."""
    torch.manual_seed(7)
    module = build_network(NETWORKS["vit"], classes=["a", "b"]).eval().double()
    x_BCSS = torch.randn(2, 3, 64, 64, dtype=torch.float64)

    last_BD = trace(module, x_BCSS, place=5)[-1][1]

    assert torch.allclose(module.tokens(x_BCSS)[:, 5], module.norm(last_BD))


def test_only_the_corner_is_replaced() -> None:
    """By the same corner of another picture."""
    x_BCSS = torch.rand(3, 3, 64, 64)

    changed_BCSS = _replaced(x_BCSS, is_last=True)

    assert torch.equal(x_BCSS[:, :, :56], changed_BCSS[:, :, :56])
    assert torch.equal(x_BCSS[0, :, 56:, 56:], changed_BCSS[1, :, 56:, 56:])


def test_half_its_length_is_a_half() -> None:
    """The mean over pictures of |y - x| / |x|."""
    x_BD = torch.tensor([[2.0, 0.0], [0.0, 4.0]])

    assert pytest.approx(0.5) == relative_change(x_BD, 1.5 * x_BD)

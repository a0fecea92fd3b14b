"""How many tokens become one vector."""

import pytest
import torch

from pipeline.networks.parts.pooling import POOLS, SeqPool


@pytest.mark.parametrize("kind", POOLS)
def test_what_is_masked_counts_for_nothing(kind: str) -> None:
    """Tokens that are not there change nothing, whatever stands in them."""
    torch.manual_seed(7)
    pool = POOLS[kind](6)
    x_BND = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1))
    mask_BN = torch.tensor([True, True, True, False, False]).expand(2, 5)

    assert torch.allclose(pool(x_BND[:, :3]), pool(x_BND, mask_BN), atol=1e-6)


@pytest.mark.parametrize("kind", POOLS)
def test_equal_tokens_are_their_own_average(kind: str) -> None:
    """Weights sum to 1."""
    token_D = torch.arange(4.0)

    assert torch.allclose(token_D, POOLS[kind](4)(token_D.expand(1, 7, 4))[0])


def test_attention_prefers_what_scores_high() -> None:
    """A token whose score is far above the others is read alone."""
    pool = SeqPool(2)
    torch.nn.init.ones_(pool.score.weight)
    x_BND = torch.tensor([[[1.0, 2.0], [30.0, 40.0], [3.0, 1.0]]])

    assert torch.allclose(x_BND[:, 1], pool(x_BND))

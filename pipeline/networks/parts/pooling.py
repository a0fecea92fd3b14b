"""How many tokens become one vector per picture.

A mask (B, N) is True where there is a token; the others count for nothing.
"""

import torch
from torch import Tensor, nn


class MeanPool(nn.Module):
    """Average the tokens, all alike."""

    def __init__(self, width: int) -> None:  # noqa: ARG002 - as its sibling
        super().__init__()

    def forward(self, x_BND: Tensor, mask_BN: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to one vector each picture, (B, D)."""
        if mask_BN is None:
            return x_BND.mean(dim=1)
        counted_BN1 = mask_BN[..., None].to(x_BND.dtype)
        return (counted_BN1 * x_BND).sum(dim=1) / counted_BN1.sum(dim=1)


class SeqPool(nn.Module):
    """Average the tokens by weights that depend on them (Hassani et al. 2021, arXiv:2104.05704)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1, bias=False)  # softmax would undo a bias

    def forward(self, x_BND: Tensor, mask_BN: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to one vector each picture, (B, D)."""
        scores_BN1: Tensor = self.score(x_BND)
        if mask_BN is not None:
            scores_BN1 = scores_BN1.masked_fill(~mask_BN[..., None], -torch.inf)
        return (scores_BN1.softmax(dim=1) * x_BND).sum(dim=1)


POOLS: dict[str, type[MeanPool | SeqPool]] = {"mean": MeanPool, "attention": SeqPool}

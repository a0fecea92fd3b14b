"""Attention: tokens ask tokens, and each answer is an average chosen by the one who asks.

Vaswani et al. 2017 (arXiv:1706.03762). Letters: M tokens that are asked, E numbers of a query.
"""

import math
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

MLP_RATIO = 2  # width inside the feed-forward layers, of a token's width


def attention_weights(
    query: Tensor, key: Tensor, *, mask: Tensor | None = None, scale: bool = True
) -> Tensor:
    """Say how much each query listens to each key: softmax(Q K^T / sqrt(d_k)).

    A sum of d_k products grows as sqrt(d_k); the division keeps the softmax soft.

    Args:
        query: (..., N, E), E = d_k.
        key: (..., M, E): queries and keys have one dimension, since they are multiplied.
        mask: boolean, (N, M) or more, broadcasts to (..., N, M); where False nobody listens.
        scale: divide by sqrt(d_k).

    Returns:
        Shape (..., N, M), each in [0, 1], each row with sum 1.
    """
    products = query @ key.transpose(-2, -1)
    if scale:
        products = products / math.sqrt(query.shape[-1])
    if mask is not None:
        products = products.masked_fill(~mask, -math.inf)
    return products.softmax(dim=-1)


def attend(
    query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None = None, scale: bool = True
) -> Tensor:
    """Average the values by the weights: softmax(Q K^T / sqrt(d_k)) V.

    Returns:
        Shape (..., N, the values' dimension): it may differ from that of queries and keys.
    """
    return attention_weights(query, key, mask=mask, scale=scale) @ value


def attend_fused(
    query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None = None, scale: bool = True
) -> Tensor:
    """Do what `attend` does in one kernel, which never stores the N x M weights."""
    factor = None if scale else 1.0  # None: 1 / sqrt(d_k)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=factor)


class Attention(nn.Module):
    """Each token asks all tokens of a memory, in several heads at once.

    In each head a token has a query, and a token of the memory has a key and a value. So a token's
    output changes when the memory changes, even if the token does not. A last linear layer projects
    the answers of all heads, side by side, back to the width of a token.

    Cost: N M (query_dim + value_dim) multiply-adds per head, and the four projections.

    Args:
        width: of a token that asks, and of its answer.
        heads: how many questions each token asks.
        memory_width: of a token that is asked; null: as `width`.
        query_dim: of queries and keys in one head; null: width / heads.
        value_dim: of values in one head; null: width / heads.
        scale: divide the products by sqrt(query_dim).
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        memory_width: int | None = None,
        query_dim: int | None = None,
        value_dim: int | None = None,
        scale: bool = True,
    ) -> None:
        super().__init__()
        self.heads, self.scale = heads, scale
        memory_width = memory_width or width
        query_dim, value_dim = query_dim or width // heads, value_dim or width // heads
        self.query = nn.Linear(width, heads * query_dim)
        # No bias: it would add the same to all products of a query, which the softmax undoes.
        self.key = nn.Linear(memory_width, heads * query_dim, bias=False)
        self.value = nn.Linear(memory_width, heads * value_dim)
        self.project = nn.Linear(heads * value_dim, width)

    def forward(
        self, x_BND: Tensor, memory_BMD: Tensor | None = None, *, mask: Tensor | None = None
    ) -> Tensor:
        """Map tokens (B, N, D) to their answers (B, N, D).

        Args:
            x_BND: the tokens that ask.
            memory_BMD: the tokens that are asked; null: `x_BND` itself (self-attention).
            mask: boolean, broadcasts to (B, heads, N, M): who may listen to whom.
        """
        memory_BMD = x_BND if memory_BMD is None else memory_BMD
        query, key = self._in_heads(self.query(x_BND)), self._in_heads(self.key(memory_BMD))
        value = self._in_heads(self.value(memory_BMD))
        answer_BHNE = attend_fused(query, key, value, mask=mask, scale=self.scale)
        projected_BND: Tensor = self.project(answer_BHNE.transpose(1, 2).flatten(2))
        return projected_BND

    def weights(
        self, x_BND: Tensor, memory_BMD: Tensor | None = None, *, mask: Tensor | None = None
    ) -> Tensor:
        """Give the weights that `forward` averages by, (B, heads, N, M): for drawing."""
        memory_BMD = x_BND if memory_BMD is None else memory_BMD
        query, key = self._in_heads(self.query(x_BND)), self._in_heads(self.key(memory_BMD))
        return attention_weights(query, key, mask=mask, scale=self.scale)

    def _in_heads(self, x_BNX: Tensor) -> Tensor:
        """Cut (B, N, heads * E) into (B, heads, N, E)."""
        B, N, X = x_BNX.shape
        return x_BNX.view(B, N, self.heads, X // self.heads).transpose(1, 2)


class EncoderLayer(nn.Module):
    """Tokens look at each other, then each thinks alone; both are added to what was there.

    Norms come first, inside the sum (Xiong et al. 2020, arXiv:2002.04745): it trains without a long
    warm-up. The options are those of `Attention`.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        query_dim: int | None = None,
        value_dim: int | None = None,
        scale: bool = True,
    ) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(width)
        self.attention = Attention(
            width, heads=heads, query_dim=query_dim, value_dim=value_dim, scale=scale
        )
        self.norm_feed_forward = nn.LayerNorm(width)
        self.feed_forward = feed_forward(width)

    def forward(self, x_BND: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to tokens (B, N, D); `mask` as in `Attention`."""
        x_BND = x_BND + self.attention(self.norm_attention(x_BND), mask=mask)
        changed_BND: Tensor = x_BND + self.feed_forward(self.norm_feed_forward(x_BND))
        return changed_BND


class DecoderLayer(nn.Module):
    """Queries look at each other, then at a memory, then each thinks alone."""

    def __init__(self, width: int, *, heads: int, memory_width: int) -> None:
        super().__init__()
        self.norm_among = nn.LayerNorm(width)
        self.among = Attention(width, heads=heads)
        self.norm_across = nn.LayerNorm(width)
        self.across = Attention(width, heads=heads, memory_width=memory_width)
        self.norm_feed_forward = nn.LayerNorm(width)
        self.feed_forward = feed_forward(width)

    def forward(
        self,
        x_BND: Tensor,
        memory_BMD: Tensor,
        *,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Map queries (B, N, D) to queries (B, N, D).

        Args:
            x_BND: the queries.
            memory_BMD: tokens of an encoder; their keys and values are what it hands over.
            mask: boolean, broadcasts to (B, heads, N, N): who may look at whom.
            memory_mask: boolean, broadcasts to (B, heads, N, M).
        """
        x_BND = self.look_around(x_BND, mask=mask)
        x_BND = x_BND + self.across(self.norm_across(x_BND), memory_BMD, mask=memory_mask)
        changed_BND: Tensor = x_BND + self.feed_forward(self.norm_feed_forward(x_BND))
        return changed_BND

    def look_around(self, x_BND: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """Do the first third of the layer: self-attention among the queries."""
        changed_BND: Tensor = x_BND + self.among(self.norm_among(x_BND), mask=mask)
        return changed_BND

    def memory_weights(
        self, x_BND: Tensor, memory_BMD: Tensor, *, memory_mask: Tensor | None = None
    ) -> Tensor:
        """Say which tokens of the memory each query listens to, (B, heads, N, M)."""
        x_BND = self.norm_across(self.look_around(x_BND))
        return self.across.weights(x_BND, memory_BMD, mask=memory_mask)


class Layers(nn.ModuleList):
    """Layers one after another; each may be computed twice instead of stored."""

    is_checkpointed = False

    def forward(self, x_BND: Tensor, *memory: Tensor, **masks: Tensor | None) -> Tensor:
        """Map tokens (B, N, D) to tokens (B, N, D); each layer gets the memory and the masks."""
        for layer in self:
            step = partial(layer, **masks)
            if self.is_checkpointed and torch.is_grad_enabled():
                x_BND = checkpoint(step, x_BND, *memory, use_reentrant=False)
            else:
                x_BND = step(x_BND, *memory)
        return x_BND


def feed_forward(width: int) -> nn.Sequential:
    """Two linear layers that act on each token alone."""
    return nn.Sequential(
        nn.Linear(width, MLP_RATIO * width), nn.GELU(), nn.Linear(MLP_RATIO * width, width)
    )

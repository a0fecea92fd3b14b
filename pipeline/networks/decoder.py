"""A decoder with one question per character: is it you, and where?

The encoder (a Vision Transformer, or any other network) turns the picture into tokens and hands
their keys and values to the decoder. The decoder has one learned query per character; each looks at
the other queries, then at the picture's tokens, then thinks alone. What comes back from the query
of a character is read out as that character's logit.

Query2Label (Liu et al. 2021, arXiv:2107.10834), from which the read-out is: each class has a linear
map of its own. DETR (Carion et al. 2020, arXiv:2005.12872) has learned queries for boxes instead.
In the first layer the queries do not know the picture yet, so they have nothing new to tell each
other: ML-Decoder (Ridnik et al. 2021, arXiv:2111.12933) leaves that step out to save K^2; here,
with few characters, the layer stays as Vaswani et al. 2017 (arXiv:1706.03762) drew it.

Shapes at 96 px, width 128, K characters: (B, 3, 96, 96) -> tokens (B, 36, 128); queries (B, K, 128)
-> answers (B, K, 128) -> logits (B, K).

Cost at 96 px, width 128, K = 6: 0.7 M parameters, 26 M multiply-adds a picture; 0.2 M and 2 M of
them are the decoder's, the rest its encoder's, a Vision Transformer of depth 3. A step takes 0.9
times as long as with `vit`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from pipeline.networks import Start
from pipeline.networks.parts.attention import DecoderLayer
from pipeline.networks.parts.decoding import Reader, build_reader, start_reader
from pipeline.networks.parts.encoders import Encoder
from pipeline.params.networks import Decoder

EXPLAINED_BY = "cross_attention"


class ClassDecoder(Reader):
    """One learned query per class asks the tokens of an encoder."""

    def __init__(
        self, encoder: Encoder, *, num_classes: int, width: int, depth: int, heads: int
    ) -> None:
        super().__init__(encoder, width=width, depth=depth, heads=heads)
        self.queries = nn.Embedding(num_classes, width)
        self.head = nn.Linear(width, num_classes)  # row k reads the answer to query k, no other

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures to logits (B, K)."""
        return self.classify(*self.remember(x_BCSS))

    def classify(self, memory_BMD: Tensor, memory_mask: Tensor | None = None) -> Tensor:
        """Map what the encoder hands over to logits (B, K)."""
        answers_BKD = self.answer(self._ask(memory_BMD), memory_BMD, memory_mask)
        return (answers_BKD * self.head.weight).sum(dim=2) + self.head.bias

    @torch.no_grad()
    def attention_maps(self, x_BCSS: Tensor) -> Tensor:
        """Show where each character is looked for: weights of the last layer's cross-attention.

        Returns:
            Shape (B, heads, K, N), each in [0, 1]; those of one head and character have sum 1.
        """
        memory_BMD, memory_mask = self.remember(x_BCSS)
        queries_BKD = self._ask(memory_BMD)
        for layer in self.layers[:-1]:
            queries_BKD = layer(queries_BKD, memory_BMD, memory_mask=memory_mask)
        last = cast("DecoderLayer", self.layers[-1])
        return last.memory_weights(queries_BKD, memory_BMD, memory_mask=memory_mask)

    def _ask(self, memory_BMD: Tensor) -> Tensor:
        """Put the same queries to every picture, (B, K, D)."""
        return self.queries.weight.expand(memory_BMD.shape[0], -1, -1)


def build(spec: Decoder, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""
    return build_reader(spec, _maker(spec, classes=classes), classes=classes)


def start(spec: Decoder, *, classes: Sequence[str], root: Path) -> Start:
    """Build the network as training begins; an encoder with weights starts from them."""
    return start_reader(spec, _maker(spec, classes=classes), classes=classes, root=root)


def _maker(spec: Decoder, *, classes: Sequence[str]) -> partial[ClassDecoder]:
    return partial(
        ClassDecoder,
        num_classes=len(classes),
        width=spec.width,
        depth=spec.depth,
        heads=spec.heads,
    )

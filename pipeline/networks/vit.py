"""A small Vision Transformer: the picture as tokens that look at each other.

Dosovitskiy et al. 2021 (arXiv:2010.11929), made for small data: strided convolutions cut the
picture into tokens (Xiao et al. 2021, arXiv:2106.14881), and instead of a class token the tokens
are averaged by weights that the network chooses (SeqPool of CCT, Hassani et al. 2021,
arXiv:2104.05704). With linear patches the same network learned 57 % where this one learned 99 %
of a drawn test set in the same 20 CPU-seconds.

A token is 16 x 16 px, N = (S / 16)^2 of them: 36 at 96 px. Every token looks at every other one, so
attention costs N^2; at N = 36 the layers that act on each token alone cost far more.

With `resize: native` pictures keep their proportions and so become different numbers of tokens (as
in NaViT, Dehghani et al. 2023, arXiv:2307.06304). They lie in the upper left corner of a square;
the tokens outside are no one's keys and are not pooled, so how much of the square is empty changes
no logit. Batch norm in the stem counts the empty places while it trains, and only then.

Shapes at 96 px, width 128: (B, 3, 96, 96) -> tokens (B, 36, 128) -> (B, 128) -> logits (B, K).

Cost at 96 px, width 128, depth 4: 0.6 M parameters, 29 M multiply-adds a picture; with a linear
stem 24 M, and a step takes 0.7 times as long.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from pipeline.networks import Start
from pipeline.networks.parts.attention import EncoderLayer, Layers
from pipeline.networks.parts.pooling import POOLS
from pipeline.networks.parts.position import LEARNED_STD, Position
from pipeline.networks.parts.tokens import STEMS, tokens_in_row
from pipeline.params import View, Vit

EXPLAINED_BY = "attention"
LR = 1e-3  # AdamW, batches of 64
RGB_CHANNELS = 3  # a fourth says where there is picture


class VisionTransformer(nn.Module):
    """A stem makes tokens, the encoder lets them look at each other, a pool reads them."""

    def __init__(self, spec: Vit, *, num_classes: int) -> None:
        super().__init__()
        self.token_px, self.token_width = spec.token_px, spec.width
        self.is_native = spec.resize == "native"
        side = tokens_in_row(spec.image_size_px, token_px=spec.token_px)
        self.stem = STEMS[spec.stem](spec.width, token_px=spec.token_px)
        self.position = Position(spec.position, width=spec.width, side=side)
        self.class_token = ClassToken(spec.width) if spec.pool == "class_token" else None
        self.layers = Layers(_layer(spec) for _ in range(spec.depth))
        self.norm = nn.LayerNorm(spec.width)
        self.read_out = FirstToken() if spec.pool == "class_token" else POOLS[spec.pool](spec.width)
        self.head = nn.Linear(spec.width, num_classes)

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures to logits (B, K).

        Args:
            x_BCSS: (B, 3, S, S); native: (B, 4, S, S), the last channel 1 where there is picture.
        """
        return self.classify(self.cut(x_BCSS), self.token_mask(x_BCSS))

    def tokens(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures to tokens (B, N, D), which a decoder may read."""
        x_BND = self.encode(self.cut(x_BCSS), self.token_mask(x_BCSS))
        return x_BND if self.class_token is None else x_BND[:, 1:]

    def token_mask(self, x_BCSS: Tensor) -> Tensor | None:
        """Say which tokens show picture, (B, N) bool; null: all of them."""
        if not self.is_native:
            return None
        is_picture_BHW = x_BCSS[:, RGB_CHANNELS, :: self.token_px, :: self.token_px] > 0
        return is_picture_BHW.flatten(1)

    def cut(self, x_BCSS: Tensor) -> Tensor:
        """Cut pictures into tokens (B, N, D), row by row, that do not know their place yet."""
        mask_B1SS = x_BCSS[:, RGB_CHANNELS:] if self.is_native else None
        x_BND: Tensor = self.stem(x_BCSS[:, :RGB_CHANNELS], mask_B1SS)
        return x_BND

    def encode(self, x_BND: Tensor, mask_BN: Tensor | None = None) -> Tensor:
        """Tell tokens their place and let them look at each other; a class token comes first."""
        x_BND = self.position(x_BND)
        if self.class_token is not None:
            x_BND = self.class_token(x_BND)
        keys_B11N = None if mask_BN is None else self._with_class(mask_BN)[:, None, None]
        encoded_BND: Tensor = self.norm(self.layers(x_BND, mask=keys_B11N))
        return encoded_BND

    def classify(self, x_BND: Tensor, mask_BN: Tensor | None = None) -> Tensor:
        """Map tokens as they were cut (B, N, D) to logits (B, K)."""
        logits_BK: Tensor = self.head(self.read_out(self.encode(x_BND, mask_BN), mask_BN))
        return logits_BK

    def no_weight_decay(self) -> set[str]:
        """Name parameters that the optimizer must not shrink (timm's convention)."""
        tables = {"position.table_HWD", "class_token.vector_D"}
        return tables & {name for name, _ in self.named_parameters()}

    def group_matcher(self, *, coarse: bool = False) -> dict[str, Any]:  # noqa: ARG002 - timm's
        """Give the layers in order of depth (timm's convention)."""
        return {
            "stem": r"^(?:stem|position|class_token)\.",
            "blocks": [(r"^layers\.(\d+)", None), (r"^norm\.", (99999,))],  # with the last of them
            "head": r"^(?:read_out|head)\.",
        }

    def set_grad_checkpointing(self, enable: bool = True) -> None:  # noqa: FBT001, FBT002 - timm's
        """Compute layers twice instead of storing them."""
        self.layers.is_checkpointed = enable

    def _with_class(self, mask_BN: Tensor) -> Tensor:
        """Let the class token, if there is one, be listened to."""
        return mask_BN if self.class_token is None else F.pad(mask_BN, (1, 0), value=True)


class ClassToken(nn.Module):
    """Put a learned token before the others; what it comes to know is the answer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vector_D = nn.Parameter(nn.init.trunc_normal_(torch.empty(width), std=LEARNED_STD))

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map tokens (B, N, D) to tokens (B, 1 + N, D)."""
        return torch.cat([self.vector_D.expand(x_BND.shape[0], 1, -1), x_BND], dim=1)


class FirstToken(nn.Module):
    """Read the class token, and it alone."""

    def forward(self, x_BND: Tensor, mask_BN: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Map tokens (B, 1 + N, D) to one vector each picture, (B, D)."""
        return x_BND[:, 0]


def build(spec: Vit, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""
    return VisionTransformer(spec, num_classes=len(classes))


def start(spec: Vit, *, classes: Sequence[str], root: Path) -> Start:  # noqa: ARG001 - the contract
    """Build the network as training begins."""
    return Start(
        module=build(spec, classes=classes),
        view=View(
            image_size_px=spec.image_size_px,
            resize=spec.resize,
            multiple_px=spec.token_px if spec.resize == "native" else 1,
        ),
        lr=LR,
    )


def _layer(spec: Vit) -> EncoderLayer:
    return EncoderLayer(
        spec.width,
        heads=spec.heads,
        query_dim=spec.query_dim,  # key_dim is the same, or params refuse it
        value_dim=spec.value_dim,
        scale=spec.scale,
    )

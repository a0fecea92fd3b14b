"""What asks an encoder: layers of a decoder, and the encoder whose keys and values they read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from pipeline.networks import Start, build_network, start_network
from pipeline.networks.parts.attention import DecoderLayer, Layers
from pipeline.networks.parts.encoders import Encoder, as_encoder, prefixed
from pipeline.params import AnyNetwork
from pipeline.params.card import SCRATCH
from pipeline.params.networks import Caption, Decoder, Vit

ENCODER_DEPTH = 3  # of the encoder that nobody named: with the decoder it costs what a vit costs
LR = 1e-3  # AdamW, batches of 64: the most that attention bears
HEAD_LR_SCALE = 10.0  # of the decoder, where the encoder's weights are not new


class Reader(nn.Module):
    """An encoder, and layers of a decoder that read its tokens.

    A network that is built on it adds what the queries are and how their answers are read out.

    Args:
        encoder: of any network, ours or timm's.
        width: of a query; the encoder's tokens may have another.
        depth: decoder layers.
        heads: of each attention.
    """

    def __init__(self, encoder: Encoder, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.norm_memory = nn.LayerNorm(encoder.token_width)  # maps of a CNN come in any scale
        self.layers = Layers(
            DecoderLayer(width, heads=heads, memory_width=encoder.token_width) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)

    def remember(self, x_BCSS: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map normalised pictures to what the decoder reads.

        Returns:
            Tokens (B, M, D), and which of them show picture, (B, 1, 1, M) bool; null: all.
        """
        tokens_BMD, mask_BM = self.encoder(x_BCSS)
        mask = None if mask_BM is None else mask_BM[:, None, None]
        return self.norm_memory(tokens_BMD), mask

    def answer(
        self,
        queries_BND: Tensor,
        memory_BMD: Tensor,
        memory_mask: Tensor | None,
        *,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Map queries (B, N, D) to their answers (B, N, D); `mask`: who may look at whom."""
        answers_BND: Tensor = self.norm(
            self.layers(queries_BND, memory_BMD, mask=mask, memory_mask=memory_mask)
        )
        return answers_BND

    def own_parts(self) -> tuple[str, ...]:
        """Name all but the encoder."""
        return tuple(name for name, _ in self.named_children() if name != "encoder")

    def no_weight_decay(self) -> set[str]:
        """Name parameters that the optimizer must not shrink (timm's convention)."""
        inner = {f"encoder.{name}" for name in self.encoder.no_weight_decay()}
        tables = {"queries.weight", "letters.weight"} | inner  # timm may name what is not there
        return tables & {name for name, _ in self.named_parameters()}

    def group_matcher(self, *, coarse: bool = False) -> dict[str, Any]:
        """Give the layers in order of depth (timm's convention): the encoder's, then our own."""
        own = {
            "stem": r"^(?:queries|letters|norm_memory)\.",
            "blocks": [(r"^layers\.(\d+)", None), (r"^norm\.", (99999,))],  # with the last of them
            "head": r"^head\.",
        }
        return prefixed(self.encoder.group_matcher(coarse=coarse), "encoder.") | own

    def set_grad_checkpointing(self, enable: bool = True) -> None:  # noqa: FBT001, FBT002 - timm's
        """Compute layers twice instead of storing them."""
        self.encoder.set_grad_checkpointing(enable)
        self.layers.is_checkpointed = enable


Make = Callable[[Encoder], Reader]


def build_reader(spec: Decoder | Caption, make: Make, *, classes: Sequence[str]) -> Reader:
    """Build a network on an untrained encoder."""
    encoder = encoder_spec(spec)
    module = build_network(encoder, classes=classes)
    return make(as_encoder(module, image_size_px=encoder.image_size_px))


def start_reader(
    spec: Decoder | Caption, make: Make, *, classes: Sequence[str], root: Path
) -> Start:
    """Build a network as training begins: how it sees pictures, its encoder decides."""
    encoder = encoder_spec(spec)
    begun = start_network(encoder, classes=classes, root=root)
    module = make(as_encoder(begun.module, image_size_px=encoder.image_size_px))
    is_new = begun.init == SCRATCH
    return Start(
        module=module,
        view=begun.view,
        lr=min(begun.lr, LR),
        init=begun.init,
        head=() if is_new else module.own_parts(),
        head_lr_scale=1.0 if is_new else HEAD_LR_SCALE,
        freezes_batch_norm=begun.freezes_batch_norm,
    )


def encoder_spec(spec: Decoder | Caption) -> AnyNetwork:
    """Give the section of the encoder: the named one, else a vit as wide as the decoder."""
    return spec.encoder or Vit(
        arch="vit",
        image_size_px=spec.image_size_px,
        resize=spec.resize,
        width=spec.width,
        token_px=spec.token_px,
        stem=spec.stem,
        heads=spec.heads,
        depth=ENCODER_DEPTH,
    )

"""A small convolutional network; the size of its filters is the point.

`convolution: depthwise` makes depthwise-separable blocks (MobileNet, Howard et al. 2017,
arXiv:1704.04861), `dense` plain ones; both with skip connections (He et al. 2016,
arXiv:1512.03385) and batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167). A depthwise filter
looks at each channel alone, so k x k costs k^2 C and not k^2 C^2: from k = 3 to 11 a step takes
3 times as long, where a dense network takes 8 times as long.

Two strided convolutions (the stem) shrink the picture first: at 96 px most of the work of a network
lies in its first feature maps, and the stem makes it four times as fast for no accuracy measured.

`palette: 8` adds what the colours alone say (parts/palette.py), 8 levels each of red, green and
blue: what the filters see and how much there is of each colour are read apart and summed.

Shapes: (B, 3, S, S) -> (B, D, S / 32, S / 32), D = 8 width -> (B, K).
Cost at 96 px, width 32, per picture, and the side in px of what one place of the last map can see
and, untrained, does see (95 % of the gradient; parts/cost.py):

    k                  3      5      7      9     11
    can see          103    199    295    391    487
    depthwise: sees   73    123    179    237    283
      M parameters   .07    .08    .09    .10    .12
      M mult.-adds   6.0    6.5    7.2    8.2    9.5
    dense:     sees   85    155    219    287    353
      M parameters   .55    1.5    3.0    4.9    7.3
      M mult.-adds    22     55    105    171    253
"""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from pipeline.networks import Start
from pipeline.networks.parts.convolution import conv_norm
from pipeline.networks.parts.palette import Palette
from pipeline.networks.parts.tokens import as_tokens
from pipeline.params import Cnn, View

EXPLAINED_BY = "maps"
LR = 3e-3  # AdamW, batches of 64
BLOCKS = (1, 1, 2, 1)  # per stage; each later stage halves the map and doubles the channels


class SeparableBlock(nn.Module):
    """Look around in each channel alone, then mix the channels at each place alone."""

    def __init__(self, channels_in: int, channels: int, *, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.look = conv_norm(
            channels_in, channels_in, kernel_size=kernel_size, stride=stride, groups=channels_in
        )
        self.mix = conv_norm(channels_in, channels, kernel_size=1)
        self.has_skip = stride == 1 and channels_in == channels

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map (B, C_in, H, W) to (B, C, H / stride, W / stride)."""
        y_BCHW: Tensor = self.mix(self.look(x_BCHW))
        return x_BCHW + y_BCHW if self.has_skip else y_BCHW


class DenseBlock(nn.Module):
    """Look around in all channels at once."""

    def __init__(self, channels_in: int, channels: int, *, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.look = conv_norm(channels_in, channels, kernel_size=kernel_size, stride=stride)
        self.has_skip = stride == 1 and channels_in == channels

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map (B, C_in, H, W) to (B, C, H / stride, W / stride)."""
        y_BCHW: Tensor = self.look(x_BCHW)
        return x_BCHW + y_BCHW if self.has_skip else y_BCHW


CONVOLUTIONS: dict[str, type[SeparableBlock | DenseBlock]] = {
    "depthwise": SeparableBlock,
    "dense": DenseBlock,
}


class ConvNet(nn.Module):
    """Stem, stages of blocks, mean over all places, linear read-out."""

    def __init__(
        self, *, num_classes: int, kernel_size: int, width: int, convolution: str, palette: int
    ) -> None:
        super().__init__()
        self.is_checkpointing = False
        self.stem = nn.Sequential(  # (B, 3, S, S) -> (B, width, S / 4, S / 4)
            conv_norm(3, width // 2, kernel_size=3, stride=2),
            conv_norm(width // 2, width, kernel_size=3, stride=2),
        )
        self.stages = nn.Sequential()  # -> (B, 8 width, S / 32, S / 32)
        make_block, channels = CONVOLUTIONS[convolution], width
        for stage, num_blocks in enumerate(BLOCKS):
            blocks = nn.Sequential()
            for block in range(num_blocks):
                channels_in, channels = channels, width * 2**stage
                stride = 2 if stage and not block else 1
                blocks.append(
                    make_block(channels_in, channels, kernel_size=kernel_size, stride=stride)
                )
            self.stages.append(blocks)
        self.token_width = channels
        self.head = nn.Linear(channels, num_classes)
        self.palette = Palette(levels=palette, num_classes=num_classes) if palette else None

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures (B, 3, S, S) to logits (B, K)."""
        logits_BK: Tensor = self.head(self.maps(x_BCSS).mean(dim=(2, 3)))
        return logits_BK if self.palette is None else logits_BK + self.palette(x_BCSS)

    def maps(self, x_BCSS: Tensor) -> Tensor:
        """Map pictures to the last feature maps (B, token_width, H, W)."""
        x_BCHW: Tensor = self.stem(x_BCSS)
        for stage in self.stages:
            if self.is_checkpointing and self.training:
                x_BCHW = checkpoint(stage, x_BCHW, use_reentrant=False)
            else:
                x_BCHW = stage(x_BCHW)
        return x_BCHW

    def chain(self) -> nn.Sequential:
        """Give what makes the maps, for the cost and the reach of it (parts/cost.py)."""
        return nn.Sequential(self.stem, self.stages)

    def tokens(self, x_BCSS: Tensor) -> Tensor:
        """Map pictures to tokens (B, N, token_width): the places of the last maps, row by row."""
        return as_tokens(self.maps(x_BCSS))

    def no_weight_decay(self) -> set[str]:
        """Name parameters that the optimizer must not shrink (timm's convention): none."""
        return set()

    def group_matcher(self, *, coarse: bool = False) -> dict[str, object]:
        """Say which parameters make a layer, by depth (timm's convention)."""
        return {
            "stem": r"^stem",
            "blocks": r"^stages\.(\d+)" if coarse else r"^stages\.(\d+)\.(\d+)",
            "head": r"^head|^palette",
        }

    def set_grad_checkpointing(self, enable: bool = True) -> None:  # noqa: FBT001, FBT002 - timm's
        """Keep only what goes into a stage, and compute the rest again for the gradient.

        Less memory for a third more time. Batch norm counts each batch twice, and so its running
        statistics follow faster.
        """
        self.is_checkpointing = enable


def build(spec: Cnn, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""
    return ConvNet(
        num_classes=len(classes),
        kernel_size=spec.kernel_size,
        width=spec.width,
        convolution=spec.convolution,
        palette=spec.palette,
    )


def start(spec: Cnn, *, classes: Sequence[str], root: Path) -> Start:  # noqa: ARG001 - the contract
    """Build the network as training begins."""
    return Start(
        module=build(spec, classes=classes),
        view=View(image_size_px=spec.image_size_px, resize=spec.resize),
        lr=LR,
    )

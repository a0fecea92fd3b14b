"""Any network as an encoder: pictures become tokens, keys and values for a decoder.

Our own networks have `tokens(x)` and `token_width`, and keep what reads the tokens out under the
names `read_out` and `head`. A model of timm, once its read-out is taken off, gives a map of
features, (B, C, H, W) or (B, H, W, C), or tokens (B, N, D), class token and all.
"""

import re
from abc import ABC, abstractmethod
from typing import Any, cast

import torch
from torch import Tensor, nn

from pipeline.errors import ParamsError

READ_OUT = ("read_out", "head")  # the parts of our own networks that a decoder has no use for
TOKENS_NDIM, MAP_NDIM = 3, 4


class Encoder(nn.Module, ABC):
    """A network without its read-out: pictures become tokens.

    The hooks of timm answer for the network inside, as seen from here.
    """

    token_width: int  # D, numbers in a token

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    @abstractmethod
    def forward(self, x_BCSS: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map normalised pictures to tokens (B, N, D).

        Returns:
            The tokens, and which of them show picture, (B, N) bool; null: all of them.
        """

    def no_weight_decay(self) -> set[str]:
        """Name parameters that the optimizer must not shrink."""
        return {f"module.{name}" for name in _ask(self.module, "no_weight_decay", default=())}

    def group_matcher(self, *, coarse: bool = False) -> dict[str, Any]:
        """Give the layers in order of depth."""
        return prefixed(_ask(self.module, "group_matcher", default={}, coarse=coarse), "module.")

    def set_grad_checkpointing(self, enable: bool = True) -> None:  # noqa: FBT001, FBT002 - timm's
        """Compute layers twice instead of storing them, where the network knows how."""
        _ask(self.module, "set_grad_checkpointing", default=None, enable=enable)


class OwnEncoder(Encoder):
    """A network of this folder."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        for name in READ_OUT:
            setattr(module, name, nn.Identity())
        self.token_width = cast("int", module.token_width)

    def forward(self, x_BCSS: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map normalised pictures to tokens (B, N, D), and their mask if they have one."""
        module = cast("Any", self.module)
        mask_BN = module.token_mask(x_BCSS) if hasattr(module, "token_mask") else None
        return module.tokens(x_BCSS), mask_BN


class TimmEncoder(Encoder):
    """A model of timm.

    Raises:
        ParamsError: what comes before its read-out is no set of tokens.
    """

    def __init__(self, module: nn.Module, *, image_size_px: int) -> None:
        super().__init__(module)
        refusal = f"networks: {type(module).__name__} of timm cannot be an encoder"
        try:
            cast("Any", module).reset_classifier(0, "")  # timm: features, not pooled
            shape = self._look(image_size_px)
        except (AssertionError, AttributeError, RuntimeError, TypeError) as error:
            raise ParamsError(f"{refusal}: {error}") from error
        if len(shape) not in (TOKENS_NDIM, MAP_NDIM):
            raise ParamsError(f"{refusal}: it gives no tokens, but shape {shape}")
        is_channels_first = getattr(module, "output_fmt", "NCHW") == "NCHW"
        self.channel_axis = 1 if is_channels_first and len(shape) == MAP_NDIM else -1
        self.token_width = shape[self.channel_axis]

    def forward(self, x_BCSS: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map normalised pictures (B, 3, S, S) to tokens (B, N, D), all of them picture."""
        features: Tensor = self.module(x_BCSS)
        return features.movedim(self.channel_axis, -1).flatten(1, -2), None

    def _look(self, image_size_px: int) -> tuple[int, ...]:
        """Show it an empty picture; give the shape of what comes out."""
        was_training = self.module.training
        with torch.no_grad():
            features: Tensor = self.module.eval()(torch.zeros(1, 3, image_size_px, image_size_px))
        self.module.train(was_training)
        return tuple(features.shape)


def as_encoder(module: nn.Module, *, image_size_px: int) -> Encoder:
    """Take the read-out off a network, one of ours or of timm.

    Raises:
        ParamsError: what is left of it gives no tokens.
    """
    if hasattr(module, "tokens"):
        return OwnEncoder(module)
    return TimmEncoder(module, image_size_px=image_size_px)


def prefixed(matcher: dict[str, Any], prefix: str) -> dict[str, Any]:
    r"""Let a group matcher of timm find the same parameters under a longer name.

    >>> prefixed({"stem": "^conv|bn", "blocks": [(r"^layer(\d+)", None)]}, "encoder.")
    {'encoder.stem': '^encoder\\.(?:conv|bn)', 'encoder.blocks': [('^encoder\\.(?:layer(\\d+))', None)]}
    """  # noqa: E501 - the output is one line
    return {f"{prefix}{group}": _deepen(spec, prefix) for group, spec in matcher.items()}


def _deepen(spec: Any, prefix: str) -> Any:
    if isinstance(spec, str):
        unanchored = re.sub(r"(?<!\[)\^", "", spec)
        return f"^{re.escape(prefix)}(?:{unanchored})"
    return None if spec is None else [(_deepen(each, prefix), suffix) for each, suffix in spec]


def _ask(module: nn.Module, method: str, *, default: Any, **arguments: bool) -> Any:
    """Call a method that a network may lack; some of timm's say so only when called."""
    try:
        return getattr(module, method)(**arguments) if hasattr(module, method) else default
    except (AssertionError, NotImplementedError):  # timm's way to say that it cannot
        return default

"""The networks of params.yaml: one section per architecture, the same name as its file.

`arch: cnn` is `pipeline/networks/cnn.py`; a slug of params.yaml names one trained network.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.params.section import Section

RGB = tuple[float, float, float]
HALF: RGB = (0.5, 0.5, 0.5)  # maps [0, 1] to [-1, 1]


class View(Section):
    """How a network sees a picture; its card keeps it, so that everyone shows it the same."""

    image_size_px: int = Field(ge=16, le=1024)  # side of the square
    mean: RGB = HALF  # of each colour in [0, 1]: x becomes (x - mean) / std
    std: RGB = HALF


class Train(Section):
    """How to train. A network's own `train:` overrides single keys of the common one."""

    epochs: int = Field(20, ge=1, le=10_000)
    batch_size: int = Field(64, ge=2, le=4096)
    lr: float | None = Field(None, gt=0)  # peak of the schedule; null: the architecture's own
    weight_decay: float = Field(0.05, ge=0)
    warmup_fraction: float = Field(0.1, ge=0, lt=1)  # of all steps
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    clip_grad_norm: float = Field(1.0, gt=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)  # weight average that is evaluated; 0: none
    patience_epochs: int = Field(10, ge=1)  # stop so long after the best val macro-F1
    crop_min_area: float = Field(0.5, gt=0, le=1)  # smallest random crop, of the picture's area
    flip_probability: float = Field(0.5, ge=0, le=1)
    colour_jitter: float = Field(0.2, ge=0, le=1)  # brightness, contrast, saturation: +-


class Network(Section):
    """What every network has."""

    image_size_px: int = Field(96, ge=16, le=1024)  # side of the square it sees
    train: Train = Train()


class Cnn(Network):
    """A small convolutional network; its filter size is the point."""

    arch: Literal["cnn"]
    kernel_size: int = Field(5, ge=1, le=31)
    width: int = Field(32, ge=4, le=512)  # channels after the stem; doubles at each of 3 halvings

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {self.kernel_size}")
        return self


class Vit(Network):
    """A small Vision Transformer with a convolutional stem."""

    arch: Literal["vit"]
    width: int = Field(128, ge=8, le=1024, multiple_of=8)  # of a token
    depth: int = Field(4, ge=1, le=32)  # encoder layers
    heads: int = Field(4, ge=1, le=64)
    position: Literal["none", "learned", "sine"] = "learned"

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads (={self.heads}) must divide width (={self.width})")
        return self


class Timm(Network):
    """Any model of timm, from scratch or from weights."""

    arch: Literal["timm"]
    model: str = Field(min_length=1)
    weights: str = Field("auto", min_length=1)  # none, auto (hub or its cache) or a file
    model_kwargs: dict[str, Any] = Field({})  # passed to timm.create_model
    # Null: as timm says the weights were trained; from scratch 0.5.
    mean: float | tuple[float, float, float] | None = None
    std: float | tuple[float, float, float] | None = None


AnyNetwork = Annotated[Cnn | Vit | Timm, Field(discriminator="arch")]

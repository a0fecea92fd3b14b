"""The networks of params.yaml: one section per architecture, the same name as its file.

`arch: cnn` is `pipeline/networks/cnn.py`; a slug of params.yaml names one trained network.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.params.section import Section, Slug
from pipeline.params.train import Train

RGB = tuple[float, float, float]
HALF: RGB = (0.5, 0.5, 0.5)  # maps [0, 1] to [-1, 1]

# How a picture that is not square becomes one:
# letterbox - whole, in proportion, with quiet bars;
# squash    - whole, its proportions lost;
# native    - whole, in proportion, in the upper left corner; a fourth channel is 1 where there is
#             picture and 0 where there is nothing, so that a network can leave the rest out.
Resize = Literal["letterbox", "squash", "native"]


class View(Section):
    """How a network sees a picture; its card keeps it, so that everyone shows it the same."""

    image_size_px: int = Field(ge=16, le=1024)  # side of the square
    mean: RGB = HALF  # of each colour in [0, 1]: x becomes (x - mean) / std
    std: RGB = HALF
    resize: Resize = "letterbox"
    multiple_px: int = Field(1, ge=1)  # native: width and height of the picture are multiples of it


class Network(Section):
    """What every network has."""

    image_size_px: int = Field(96, ge=16, le=1024)  # side of the square it sees
    resize: Literal["letterbox", "squash"] = "letterbox"
    train: Train = Train()


class Cnn(Network):
    """A small convolutional network; its filter size is the point."""

    arch: Literal["cnn"]
    kernel_size: int = Field(5, ge=1, le=31)
    width: int = Field(32, ge=4, le=512)  # channels after the stem; doubles at each of 3 halvings
    convolution: Literal["depthwise", "dense"] = "depthwise"
    palette: int = Field(0, ge=0, le=16)  # levels of each colour in a histogram beside; 0: none

    @model_validator(mode="after")
    def _palette_has_levels(self) -> Self:
        if self.palette == 1:
            raise ValueError("palette must be 0 (none) or at least 2 levels, got 1")
        return self

    @model_validator(mode="after")
    def _kernel_fits(self) -> Self:
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {self.kernel_size}")
        if self.kernel_size > self.image_size_px:
            raise ValueError(
                f"kernel_size (={self.kernel_size}) must not exceed image_size_px "
                f"(={self.image_size_px})"
            )
        return self


class Sequence(Network):
    """A picture as a sequence of tokens."""

    width: int = Field(128, ge=8, le=1024, multiple_of=8)  # of a token
    token_px: Literal[4, 8, 16, 32] = 16  # side of the square that becomes a token
    stem: Literal["conv", "linear"] = "conv"  # strided convolutions, or one linear map of its px

    @model_validator(mode="after")
    def _token_fits(self) -> Self:
        if self.token_px > self.image_size_px:
            raise ValueError(
                f"token_px (={self.token_px}) must not exceed image_size_px (={self.image_size_px})"
            )
        return self


class Recurrent(Sequence):
    """Tokens read one after another, what was read kept in a state."""

    hidden: int = Field(128, ge=4, le=2048)  # numbers in the state, per direction
    layers: int = Field(1, ge=1, le=8)
    bidirectional: bool = True
    order: Literal["raster", "random"] = "raster"  # random: one order, drawn once, the same always
    read_out: Literal["last", "mean", "attention"] = "mean"
    recurrent_init: Literal["default", "orthogonal", "identity"] = "orthogonal"
    truncate_steps: int | None = Field(None, ge=1)  # gradients flow back so far; null: to the start


class Rnn(Recurrent):
    """Elman's recurrent network."""

    arch: Literal["rnn"]
    nonlinearity: Literal["tanh", "relu"] = "tanh"


class Lstm(Recurrent):
    """Long short-term memory."""

    arch: Literal["lstm"]
    forget_bias: float = Field(1.0, ge=-10, le=10)  # at the start; large: remembers


class Gru(Recurrent):
    """Gated recurrent unit."""

    arch: Literal["gru"]
    update_bias: float = Field(1.0, ge=-10, le=10)  # at the start; large: keeps its state


class Renet(Sequence):
    """Recurrent networks along rows, then along columns, both ways."""

    arch: Literal["renet"]
    token_px: Literal[4, 8, 16, 32] = 8
    cell: Literal["rnn", "lstm", "gru"] = "lstm"
    hidden: int = Field(64, ge=4, le=2048)  # per direction
    layers: int = Field(1, ge=1, le=8)  # pairs of sweeps


class Transformer(Sequence):
    """What all that attends has."""

    heads: int = Field(4, ge=1, le=64)

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads (={self.heads}) must divide width (={self.width})")
        return self


class Vit(Transformer):
    """A small Vision Transformer."""

    arch: Literal["vit"]
    resize: Literal["letterbox", "squash", "native"] = "letterbox"  # type: ignore[assignment]
    depth: int = Field(4, ge=1, le=32)  # encoder layers
    query_dim: int | None = Field(None, ge=1)  # of a head's queries; null: width / heads
    key_dim: int | None = Field(None, ge=1)  # of a head's keys: as its queries
    value_dim: int | None = Field(None, ge=1)  # of a head's values; null: width / heads
    scale: bool = True  # divide the products by sqrt(query_dim)
    position: Literal["none", "learned", "sine_1d", "sine_2d"] = "learned"
    pool: Literal["class_token", "mean", "attention"] = "attention"
    distill: "Distill | None" = None  # learn from a teacher's answers, too

    @model_validator(mode="after")
    def _queries_meet_keys(self) -> Self:
        head_dim = self.width // self.heads
        query_dim, key_dim = self.query_dim or head_dim, self.key_dim or self.query_dim or head_dim
        if query_dim != key_dim:
            raise ValueError(
                f"query_dim (={query_dim}) and key_dim (={key_dim}) must be equal: "
                "each query is multiplied with each key"
            )
        return self


class Timm(Network):
    """Any model of timm, from scratch or from weights."""

    arch: Literal["timm"]
    model: str = Field(min_length=1)
    # none, auto (hub or its cache) or a file; in params.yaml, one of data/weights/
    weights: str = Field("auto", min_length=1)
    model_kwargs: dict[str, Any] = Field({})  # passed to timm.create_model
    # Null: as timm says the weights were trained; from scratch 0.5.
    mean: float | tuple[float, float, float] | None = None
    std: float | tuple[float, float, float] | None = None
    freeze_batch_norm: bool | None = None  # keep its statistics; null: with weights


Encoder = Annotated[Cnn | Rnn | Lstm | Gru | Renet | Vit | Timm, Field(discriminator="arch")]


class Reader(Transformer):
    """A decoder that reads the tokens of an encoder."""

    resize: Literal["letterbox", "squash", "native"] = "letterbox"  # type: ignore[assignment]
    encoder: "Encoder | None" = None  # null: a vit of this width, stem and size

    @model_validator(mode="before")
    @classmethod
    def _hand_down(cls, values: Any) -> Any:
        """Let the encoder see pictures as the whole network does, unless it says otherwise."""
        if isinstance(values, dict) and isinstance(values.get("encoder"), dict):
            common = {key: values[key] for key in ("image_size_px", "resize") if key in values}
            return values | {"encoder": common | values["encoder"]}
        return values

    @model_validator(mode="after")
    def _sees_one_size(self) -> Self:
        if self.encoder and self.encoder.image_size_px != self.image_size_px:
            raise ValueError(
                f"encoder.image_size_px (={self.encoder.image_size_px}) must be image_size_px "
                f"(={self.image_size_px})"
            )
        if self.encoder and self.encoder.resize != self.resize:
            raise ValueError(
                f"encoder.resize (={self.encoder.resize}) must be resize (={self.resize})"
            )
        if self.encoder and self.encoder.train != Train():  # a card holds the defaults as well
            raise ValueError(
                "encoder.train: it learns with its reader; say it in the reader's train"
            )
        return self


class Decoder(Reader):
    """One learned query per character asks the tokens of an encoder: who is here?"""

    arch: Literal["decoder"]
    depth: int = Field(1, ge=1, le=12)  # decoder layers


class Caption(Reader):
    """The decoder writes the character's name, letter by letter."""

    arch: Literal["caption"]
    depth: int = Field(2, ge=1, le=12)  # decoder layers
    names: dict[Slug, str] = Field({})  # what to write, such as 인어공주; missing: the slug itself


class Distill(Section):
    """A teacher is trained first, in the same stage, and its answers are learned as well.

    Hinton et al. 2015 (arXiv:1503.02531).
    """

    teacher: Encoder
    weight: float = Field(0.5, gt=0, le=1)  # of the teacher's answers; the rest: of the labels
    temperature: float = Field(2.0, gt=0)  # divides the logits of both; high: softer answers


Vit.model_rebuild()  # Distill is known now; messages about misspelt keys look into the sections

AnyNetwork = Annotated[
    Cnn | Rnn | Lstm | Gru | Renet | Vit | Decoder | Caption | Timm, Field(discriminator="arch")
]


def weight_files(network: Section) -> Iterator[str]:
    """List the files of weights that a section and those in it (encoder, teacher) name."""
    if isinstance(network, Timm) and network.weights not in {"none", "auto"}:
        yield network.weights
    for name in type(network).model_fields:
        if isinstance(nested := getattr(network, name), Section):
            yield from weight_files(nested)


def merge_train(common: Train, network: Network) -> Train:
    """Put a network's own `train:` over the common one, key by key."""
    own = {key: getattr(network.train, key) for key in network.train.model_fields_set}
    return Train(**(common.model_dump() | own))

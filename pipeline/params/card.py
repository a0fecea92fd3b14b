"""What is known about a trained network: card.json, which lies with its weights. No torch."""

from pathlib import Path

from pydantic import Field, ValidationError

from pipeline.errors import ModelError
from pipeline.files import read_json
from pipeline.params.networks import RGB, AnyNetwork, Resize, View
from pipeline.params.section import Section
from pipeline.params.train import Train

SCRATCH = "scratch"
CARD, WEIGHTS = "card.json", "weights.safetensors"  # in models/<network>/


class Card(Section):
    """What is known about a trained network: card.json."""

    classes: tuple[str, ...]  # slugs; a label is an index into this list
    packed_px: int = Field(ge=16)  # side of the squares that pictures are packed into first
    image_size_px: int
    mean: RGB
    std: RGB
    resize: Resize
    multiple_px: int = 1
    network: AnyNetwork  # its section of params.yaml
    train: Train  # with the network's own keys merged in
    num_params: int
    data_sha256: str  # of the packed training and validation splits
    weights_sha256: str = ""  # of the file beside; empty until it is saved
    seed: int
    init: str  # SCRATCH, or "weights:<sha256 of the file they came from>"
    best_epoch: int  # 1 is the first
    val_macro_f1: float  # at the best epoch, in [0, 1]

    @property
    def has_no_weights(self) -> bool:
        """Tell whether it asked for weights that were not to be had (`weights: auto`)."""
        body = getattr(self.network, "encoder", None) or self.network
        return getattr(body, "weights", None) == "auto" and self.init == SCRATCH

    @property
    def view(self) -> View:
        """How the network sees a packed picture."""
        return View(**self.model_dump(include=set(View.model_fields)))


def read_card(folder: Path) -> Card:
    """Read the card of a folder such as models/<network>/.

    Raises:
        DataError: the card is missing or is not JSON.
        ModelError: it breaks its contract.
    """
    path = folder / CARD
    try:
        return Card.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"{path}: {key}: {first['msg']}; train the network again") from error

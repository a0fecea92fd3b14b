"""The one door: a trained network that is asked about pictures. No torch with onnxruntime."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from pipeline.evaluation.temperature import read_calibration
from pipeline.inference.answers import Answer, make_answers
from pipeline.inference.backends import (
    Backend,
    ExportError,
    Network,
    is_installed,
    load_torch,
)
from pipeline.inference.exported import open_onnx
from pipeline.inference.squares import Squares, pack_squares
from pipeline.inference.trained import Say, choose_network
from pipeline.params import Params
from pipeline.params.card import read_card
from pipeline.paths import Project

TOP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A trained network, ready to be asked; threads may share it."""

    slug: str  # of the network, in params.yaml
    network: Network
    side_px: int  # P, of the packed squares
    temperature: float  # divides the logits, so that probabilities mean what they say

    @property
    def classes(self) -> tuple[str, ...]:
        """Slugs of the characters it knows."""
        return self.network.classes

    def predict_pictures(
        self, pictures: Sequence[Image.Image], *, top: int = TOP, reject_below: float = 0.0
    ) -> list[Answer]:
        """Say who is in each picture.

        Args:
            pictures: RGB and upright, as `pictures.decode` gives them.
            top: how many characters an answer lists.
            reject_below: the least probability of a character that is named, in [0, 1].
        """
        if not pictures:
            return []
        squares = pack_squares(pictures, side_px=self.side_px)
        return self.predict_squares(squares, top=top, reject_below=reject_below)

    def predict_squares(
        self, squares: Squares, *, top: int = TOP, reject_below: float = 0.0
    ) -> list[Answer]:
        """Say who is in each packed picture, as `predict_pictures` does."""
        return make_answers(
            self.network.logits(squares),
            classes=self.classes,
            temperature=self.temperature,
            top=top,
            reject_below=reject_below,
        )


def load_predictor(
    project: Project,
    params: Params,
    network: str | None = None,
    backend: Backend = "auto",
    *,
    say: Say = lambda _: None,
) -> Predictor:
    """Load a trained network; all that its answers depend on lies in models/<network>/.

    Args:
        project: where it lies.
        params: which networks there are.
        network: slug; None: the one with the best macro-F1 on the validation pictures, of those
            that learned the present characters and pictures.
        backend: "onnx", "torch", or "auto": onnxruntime where it is installed, else torch.
        say: told what takes a while, what is passed over, and what the network did not learn.

    Raises:
        ParamsError: no network has this slug.
        DataError: the network's card or calibration cannot be read.
        ModelError: no network can be chosen, its folder is of another version or damaged, or what
            is asked for is not installed.
    """
    slug = choose_network(project, params, network, say=say)
    folder = project.model(slug)
    card = read_card(folder)
    return Predictor(
        slug=slug,
        network=_open(project, slug, backend=backend, say=say),
        side_px=card.packed_px,
        temperature=read_calibration(folder, weights_sha256=card.weights_sha256).temperature,
    )


def _open(project: Project, slug: str, *, backend: Backend, say: Say) -> Network:
    if backend == "onnx" or (backend == "auto" and is_installed("onnxruntime")):
        try:
            return open_onnx(project, slug, say=say)
        except ExportError as error:
            if backend == "onnx":
                raise
            say(f"{error}; torch is asked")
    return load_torch(project.model(slug))

"""What computes logits: torch as it is, or onnxruntime, which starts faster and is faster."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.inference.squares import Squares

if TYPE_CHECKING:
    from pipeline.networks import Model

Backend = Literal["auto", "torch", "onnx"]
Logits = NDArray[np.float64]

IMAGES, CONTENT, LOGITS = "images", "content", "logits"  # names in the graph
_ONLY_ERRORS = 3  # of onnxruntime's levels


class ExportError(ModelError):
    """A network that cannot be ONNX, or is another one as ONNX; torch can still be asked."""


class Network(Protocol):
    """A trained network that can be asked."""

    @property
    def classes(self) -> tuple[str, ...]:
        """K slugs, the order of the logits."""
        ...

    def logits(self, squares: Squares) -> Logits:
        """Give the logits of packed pictures, shape (B, K)."""
        ...


class OnnxNetwork:
    """A network in a file of ONNX that `inference.export` wrote. No torch."""

    def __init__(self, source: Path | bytes, *, name: str) -> None:
        """Open a file, or what would be in it.

        Args:
            source: the file or its bytes.
            name: of the file or the network, for messages.

        Raises:
            ModelError: onnxruntime is not installed, or the file is none of ours.
        """
        require("onnxruntime", extra="export")
        import onnxruntime  # noqa: PLC0415 - an extra

        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ONLY_ERRORS
        # Networks this small lose more by handing parts to other threads than they win: 4.5 ms
        # instead of 1.8 ms on two busy cores. Several batches at once use the cores instead.
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                source, options, providers=["CPUExecutionProvider"]
            )
            self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
            self._classes = tuple(json.loads(self.metadata["classes"]))
        except Exception as error:  # its exceptions have no base of their own
            raise ModelError(
                f"{name}: no network that disney exported; delete it and try again"
            ) from error
        self._inputs = [each.name for each in self._session.get_inputs()]

    @property
    def classes(self) -> tuple[str, ...]:
        """K slugs, the order of the logits."""
        return self._classes

    def logits(self, squares: Squares) -> Logits:
        """Give the logits of packed pictures, shape (B, K)."""
        given = {IMAGES: squares.images_BPPC, CONTENT: squares.content_B2}
        (logits_BK,) = self._session.run([LOGITS], {name: given[name] for name in self._inputs})
        return np.asarray(logits_BK, dtype=np.float64)


class TorchNetwork:
    """A network as training left it."""

    def __init__(self, model: "Model") -> None:
        self.model = model

    @property
    def classes(self) -> tuple[str, ...]:
        """K slugs, the order of the logits."""
        return self.model.card.classes

    def logits(self, squares: Squares) -> Logits:
        """Give the logits of packed pictures, shape (B, K)."""
        import torch  # noqa: PLC0415 - seconds that onnxruntime does not need

        from pipeline.dataset.transforms import eval_view  # noqa: PLC0415

        with torch.inference_mode():
            x_BCSS = eval_view(
                torch.from_numpy(squares.images_BPPC),
                content_B2=torch.from_numpy(squares.content_B2),
                view=self.model.card.view,
            )
            logits_BK: Logits = self.model.module(x_BCSS).double().numpy()
        return logits_BK


def load_torch(folder: Path) -> TorchNetwork:
    """Load a trained network as training left it.

    Raises:
        DataError: the card is missing or is not JSON.
        ModelError: torch is not installed, or card or weights cannot be used.
    """
    require("torch", extra="train")
    from pipeline.networks import load_model  # noqa: PLC0415

    return TorchNetwork(load_model(folder))


def require(module: str, *, extra: str) -> None:
    """Refuse to go on without a library.

    Raises:
        ModelError: it is not installed; the text says how to.
    """
    if not is_installed(module):
        raise ModelError(f"{module} is not installed; pip install 'disney-characters[{extra}]'")


def is_installed(module: str) -> bool:
    """Tell whether a library is there, without the time to import it."""
    return find_spec(module) is not None

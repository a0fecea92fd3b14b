"""Trained networks in the formats of other software.

The ONNX graph takes packed squares (uint8) and gives logits, so whoever uses it needs the letterbox
and a softmax, and nothing of this project; what else is known is in its metadata.

Every network goes through torch's exporter by tracing (`dynamo=False`). It takes 0.1 to 0.6 s; the
newer one takes 18 to 78 s for recurrent networks, unrolls the plain ones, and froze the batch size
of a decoder's queries. What tracing may get wrong is measured instead of hoped for: `parity`.
"""

import io
import json
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from pipeline import __version__
from pipeline.errors import ModelError
from pipeline.evaluation.temperature import CALIBRATION_JSON, read_calibration
from pipeline.files import write_bytes
from pipeline.inference.backends import CONTENT, IMAGES, LOGITS, ExportError
from pipeline.inference.view import PackedView
from pipeline.networks import Model, load_model
from pipeline.networks.parts.recurrent import RecurrentLayer
from pipeline.params.card import CARD, WEIGHTS

OPSET = 18  # of ONNX; onnxruntime reads it since 1.14 (2023)


class Graph(nn.Module):
    """A view and its network, from packed squares to logits."""

    def __init__(self, model: Model, *, side_px: int) -> None:
        super().__init__()
        self.view = PackedView(model.card.view, side_px=side_px)
        self.module = model.module

    def forward(self, images_BPPC: Tensor, content_B2: Tensor) -> Tensor:
        """Map packed squares (B, P, P, C) uint8 and their content to logits (B, K)."""
        logits_BK: Tensor = self.module(self.view(images_BPPC, content_B2))
        return logits_BK


def export_onnx(model: Model, *, network: str, temperature: float = 1.0) -> bytes:
    """Write a trained network as ONNX, its facts within.

    Args:
        model: in evaluation mode; what truncates its gradients is switched off.
        network: slug, for the metadata.
        temperature: for the metadata.

    Returns:
        A file whose graph has the inputs `images` (B, P, P, 3) uint8 and, unless the view is
        letterbox, `content` (B, 2) int64, and the output `logits` (B, K) float32, of any B.

    Raises:
        ExportError: an operation of the network has no counterpart in ONNX.
    """
    _read_in_one_go(model.module)
    buffer, side_px = io.BytesIO(), model.card.packed_px
    batch = {0: "batch"}
    images_BPPC = torch.zeros(2, side_px, side_px, 3, dtype=torch.uint8)
    content_B2 = torch.tensor([[side_px, side_px], [side_px, side_px // 2]])
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # what may go wrong while tracing, `parity` measures
        try:
            torch.onnx.export(
                Graph(model, side_px=side_px).eval(),
                (images_BPPC, content_B2),
                buffer,  # type: ignore[arg-type]  # as documented for this exporter
                dynamo=False,
                opset_version=OPSET,
                input_names=[IMAGES, CONTENT],
                output_names=[LOGITS],
                dynamic_axes={IMAGES: batch, CONTENT: batch, LOGITS: batch},
            )
        except RuntimeError as error:  # also the base of what torch.onnx raises
            words = str(error).strip().partition("\n")[0]
            raise ExportError(f"{network}: cannot be ONNX: {words}") from error
    graph = onnx.load_from_string(buffer.getvalue())
    facts = _metadata(model, network=network, temperature=temperature)
    onnx.helper.set_model_props(graph, facts)
    content: bytes = graph.SerializeToString(deterministic=True)
    return content


def export_safetensors(source: Path, folder: Path) -> None:
    """Copy all that answers depend on, checked: weights, card and calibration.

    Args:
        source: models/<network>/.
        folder: where they go; as models/<network>/ of another project it gives the same answers.

    Raises:
        DataError: card or calibration is missing, is not JSON, or is of other weights.
        ModelError: card or weights cannot be used, or the folder is the network's own.
    """
    card = load_model(source).card
    read_calibration(source, weights_sha256=card.weights_sha256)
    if folder.resolve() == source.resolve():
        raise ModelError(f"{folder}: there the network lies already; name another folder")
    for name in (WEIGHTS, CARD, CALIBRATION_JSON):
        write_bytes(folder / name, (source / name).read_bytes())


def _metadata(model: Model, *, network: str, temperature: float) -> dict[str, str]:
    """Give facts as texts: ONNX stores nothing else."""
    return {
        "network": network,
        "classes": json.dumps(model.card.classes),
        "view": json.dumps(model.card.view.model_dump() | {"packed_px": model.card.packed_px}),
        "temperature": str(temperature),
        "disney": __version__,
    }


def _read_in_one_go(module: nn.Module) -> None:
    """Let recurrent networks read all tokens at once.

    They are cut into blocks for the sake of gradients alone, and tracing would cut them wrongly.
    """
    for part in module.modules():
        if isinstance(part, RecurrentLayer):
            part.truncate_steps = None

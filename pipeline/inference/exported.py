"""Trained networks as ONNX in .cache/onnx/: exported on first use, from then on no torch."""

from pathlib import Path

from pipeline.errors import ModelError
from pipeline.files import read_checked, replacing_checked, sha256_of, sha256_of_file
from pipeline.inference.backends import OnnxNetwork, load_torch, require
from pipeline.inference.parity import check_parity, compare, noise_batches
from pipeline.inference.trained import Say
from pipeline.params.card import CARD, WEIGHTS
from pipeline.paths import Project

# Of what `inference.export` writes; another number, and all is exported anew.
FORMAT = 3


def cached_onnx(project: Project, network: str) -> Path:
    """Name the file that holds a trained network, as it is now, as ONNX.

    Args:
        project: whose `.cache/` it is.
        network: slug.

    Raises:
        ModelError: the network is not trained.
    """
    parts = [str(FORMAT)]
    for name in (CARD, WEIGHTS):
        path = project.model(network) / name
        if not path.is_file():
            raise ModelError(f"{path}: not there; train the network (dvc repro)")
        parts.append(sha256_of_file(path))
    return project.cache / "onnx" / f"{sha256_of(' '.join(parts).encode())}.onnx"


def open_onnx(project: Project, network: str, *, say: Say) -> OnnxNetwork:
    """Open a trained network as ONNX, exported first if it is not yet.

    Errors are those of `cached_onnx`, `load_model`, `export_onnx` and `check_parity`.
    """
    path = cached_onnx(project, network)
    data = read_checked(path)
    if data is None:
        say(f"{network}: exporting to ONNX, once, into {project.relative(path.parent)}/")
        data = _export(project.model(network), network=network)
        with replacing_checked(path) as file:
            file.write(data)
    return OnnxNetwork(data, name=project.relative(path))


def _export(folder: Path, *, network: str) -> bytes:
    """Export a network, and see that it says the same."""
    require("onnxruntime", extra="export")
    require("onnx", extra="export")
    torch = load_torch(folder)
    from pipeline.inference.export import export_onnx  # noqa: PLC0415 - torch

    exported = export_onnx(torch.model, network=network)
    onnx = OnnxNetwork(exported, name=network)
    batches = noise_batches(side_px=torch.model.card.packed_px)
    check_parity(compare(onnx, torch, batches), network=network)
    return exported

"""`disney export`: networks and pictures for other software."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.app import Debug, app

if TYPE_CHECKING:
    from pipeline.params import Params
    from pipeline.paths import Project

HELP = """Write a trained network, or the pictures, for other software.

\b
Examples:
  disney export --format onnx --network vit --out vit.onnx
        packed squares in (uint8), logits out; classes, view and temperature in the metadata;
        written only if it says what torch says on every test picture
  disney export --format safetensors --network vit --out vit/
        weights.safetensors, card.json and calibration.json
  disney export --format imagefolder --out pictures/
        <split>/<character>/<sha256>.<ext>, metadata.csv with rights, and classes.txt, a label a
        line: for torchvision's ImageFolder (allow_empty=True where a character has no picture)
        and datasets.load_dataset("imagefolder", data_dir="pictures")
"""


@app.command(help=HELP)
def export(
    *,
    kind: Annotated[Literal["onnx", "safetensors", "imagefolder"], typer.Option("--format")],
    out: Annotated[Path, typer.Option(metavar="FILE|FOLDER", help="Where to write.")],
    network: Annotated[
        str | None,
        typer.Option(metavar="SLUG", help="Default: best val macro-F1.", show_default=False),
    ] = None,
    debug: Debug = False,
) -> None:
    """Write one format and say what is in it."""
    from pipeline.inference.trained import best_network  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415

    if kind == "imagefolder" and network:
        raise typer.BadParameter("--network: imagefolder is of the pictures, not of a network")
    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        if kind == "imagefolder":
            _export_pictures(project, params, out)
            return
        slug = network or best_network(project, params, say=print)
        params.network(slug)
        if kind == "onnx":
            _export_onnx(project, params, slug, out)
        else:
            _export_weights(project, slug, out)


def _export_pictures(project: "Project", params: "Params", out: Path) -> None:
    from pipeline.inference.dataset import absent, export_imagefolder  # noqa: PLC0415
    from pipeline.stages.console import progress_bar  # noqa: PLC0415

    with progress_bar("pictures") as progress:
        number = export_imagefolder(project, out, characters=params.characters, progress=progress)
    print(f"{out}: {number} pictures; their rights are in metadata.csv of each split")
    for line in absent(out):
        print(line)


def _export_weights(project: "Project", slug: str, out: Path) -> None:
    from pipeline.inference.export import export_safetensors  # noqa: PLC0415
    from pipeline.inference.trained import read_temperature  # noqa: PLC0415

    temperature = read_temperature(project, slug)
    export_safetensors(project.model(slug), out, temperature=temperature)
    print(f"{out}: weights.safetensors, card.json and calibration.json of {slug}")


def _export_onnx(project: "Project", params: "Params", slug: str, out: Path) -> None:
    from pipeline.dataset.pack import read_pack  # noqa: PLC0415
    from pipeline.files import write_bytes  # noqa: PLC0415
    from pipeline.inference.backends import OnnxNetwork, load_torch, require  # noqa: PLC0415
    from pipeline.inference.parity import (  # noqa: PLC0415
        BATCH_SIZES,
        check_parity,
        compare,
        measure_latencies,
        packed_batches,
    )
    from pipeline.inference.trained import read_temperature  # noqa: PLC0415

    require("onnx", extra="export")
    torch = load_torch(project.model(slug))
    from pipeline.inference.export import export_onnx  # noqa: PLC0415 - needs both

    test = read_pack(project.pack("test"))
    temperature, side_px = read_temperature(project, slug), params.augment.image_size_px
    data = export_onnx(torch.model, network=slug, side_px=side_px, temperature=temperature)
    onnx = OnnxNetwork(data, name=slug)
    parity = compare(onnx, torch, packed_batches(test))
    check_parity(parity, network=slug)
    write_bytes(out, data)
    print(f"{out}: {slug}, {len(data) / 1e6:.1f} MB; classes, view and temperature within")
    print(
        f"parity on all {len(test)} test pictures, in batches of {', '.join(map(str, BATCH_SIZES))}"
        f": logits differ by at most {parity.max_difference:.1e}, same answers"
    )
    shown = next(packed_batches(test))
    for name, latency in zip(
        ("onnx", "torch"), measure_latencies([onnx, torch], shown), strict=True
    ):
        print(f"{name}: {latency.p50_ms:.1f} ms a picture (p50), {latency.p95_ms:.1f} ms (p95)")

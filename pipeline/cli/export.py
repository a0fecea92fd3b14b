"""`disney export`: networks and pictures for other software."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.app import Debug, app

if TYPE_CHECKING:
    from pipeline.inference.squares import Squares
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
    from pipeline.inference.trained import choose_network  # noqa: PLC0415
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
        slug = choose_network(project, params, network, say=print)
        if kind == "onnx":
            _export_onnx(project, slug, out)
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

    export_safetensors(project.model(slug), out)
    print(f"{out}: weights.safetensors, card.json and calibration.json of {slug}")


def _export_onnx(project: "Project", slug: str, out: Path) -> None:
    from pipeline.evaluation.temperature import read_calibration  # noqa: PLC0415
    from pipeline.files import write_bytes  # noqa: PLC0415
    from pipeline.inference.backends import OnnxNetwork, load_torch, require  # noqa: PLC0415
    from pipeline.inference.parity import (  # noqa: PLC0415
        BATCH_SIZES,
        check_parity,
        compare,
        measure_latencies,
    )

    require("onnx", extra="export")
    torch, folder = load_torch(project.model(slug)), project.model(slug)
    from pipeline.inference.export import export_onnx  # noqa: PLC0415 - needs both

    card = torch.model.card
    calibration = read_calibration(folder, weights_sha256=card.weights_sha256)
    data = export_onnx(torch.model, network=slug, temperature=calibration.temperature)
    onnx = OnnxNetwork(data, name=slug)
    shown, batches = _batches(project, side_px=card.packed_px)
    parity = compare(onnx, torch, batches())
    check_parity(parity, network=slug)
    write_bytes(out, data)
    print(f"{out}: {slug}, {len(data) / 1e6:.1f} MB; classes, view and temperature within")
    print(
        f"parity on {shown}, in batches of {', '.join(map(str, BATCH_SIZES))}"
        f": logits differ by at most {parity.max_difference:.1e}, same answers"
    )
    for name, latency in zip(
        ("onnx", "torch"), measure_latencies([onnx, torch], next(batches())), strict=True
    ):
        print(f"{name}: {latency.p50_ms:.1f} ms a picture (p50), {latency.p95_ms:.1f} ms (p95)")


def _batches(project: "Project", *, side_px: int) -> "tuple[str, Callable[[], Iterator[Squares]]]":
    """Name and give what both are asked about: noise where no test pictures are of this side."""
    from pipeline.dataset.pack import read_pack  # noqa: PLC0415
    from pipeline.inference.parity import noise_batches, packed_batches  # noqa: PLC0415

    folder = project.pack("test")
    if folder.is_dir() and (test := read_pack(folder)).side_px == side_px:
        return f"all {len(test)} test pictures", lambda: packed_batches(test)
    name = f"drawn noise (there are no test pictures packed at {side_px} px)"
    return name, lambda: noise_batches(side_px=side_px)

"""`disney serve`: a page on this machine that says who is in a picture, and JSON for programs."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.app import Debug, app

HELP = """Open a page that says who is in a picture, and what the network looked at.

The same for programs: POST /predict answers with the object of `disney predict --json`; with
?heat=1 it holds the heat map, too. Ctrl-C ends it.

\b
Examples:
  disney serve                       by the network with the best val macro-F1
  disney serve --network vit --port 8000
  disney serve --reject-below 0.7    more pictures are "none of these"
  disney serve --host 0.0.0.0        for others on the network: anyone there may ask
  curl --data-binary @photo.jpg http://127.0.0.1:8000/predict
  curl -F picture=@photo.jpg 'http://127.0.0.1:8000/predict?heat=1'
"""


@app.command(help=HELP)
def serve(
    *,
    network: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Of params.yaml.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Of this machine; 127.0.0.1: for itself only.")
    ] = "127.0.0.1",
    reject_below: Annotated[
        float, typer.Option(min=0, max=1, help="Name nobody who is less probable.")
    ] = 0.5,
    per_minute: Annotated[
        int, typer.Option(min=1, max=10_000, help="Pictures that one client may ask about.")
    ] = 60,
    heat: Annotated[
        bool, typer.Option("--heat/--no-heat", help="Show where it looks; needs torch.")
    ] = True,
    backend: Annotated[
        Literal["auto", "torch", "onnx"], typer.Option(help="auto: onnx where it is installed.")
    ] = "auto",
    debug: Debug = False,
) -> None:
    """Serve the page until Ctrl-C."""
    _check_address(host)
    from pipeline.inference.predict import load_predictor  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.serve.seer import Seer  # noqa: PLC0415
    from pipeline.serve.server import serve as serve_page  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        predictor = load_predictor(project, params, network, backend, say=_say)
        heater = None
        if heat:
            from pipeline.networks import load_model  # noqa: PLC0415 - torch
            from pipeline.serve.heat import ModelHeater  # noqa: PLC0415

            model = load_model(project.model(predictor.slug))
            heater = ModelHeater(model)
        try:
            serve_page(
                Seer(predictor, heater=heater, reject_below=reject_below),
                names=params.names,
                host=host,
                port=port,
                per_minute=per_minute,
                announce=lambda address: print(
                    f"serve: {address} asks {predictor.slug}\nCtrl-C ends it", flush=True
                ),
            )
        except KeyboardInterrupt:
            print("\nstopped", flush=True)


def _check_address(host: str) -> None:
    try:
        ip_address(host)
    except ValueError as error:
        raise typer.BadParameter(f"--host: got {host!r}, expected an IP address") from error


def _say(text: str) -> None:
    print(text, flush=True)

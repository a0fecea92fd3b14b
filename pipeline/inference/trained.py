"""Which trained network to ask, and how sure it may be: read without torch."""

from collections.abc import Callable

from pipeline.errors import DataError, ModelError
from pipeline.evaluation.temperature import CALIBRATION_JSON, read_calibration
from pipeline.files import read_json
from pipeline.params import Params
from pipeline.paths import Project

Say = Callable[[str], object]  # tells a user, in one line, what happens meanwhile

CARD, WEIGHTS = "card.json", "weights.safetensors"  # as `pipeline.networks` names them


def best_network(project: Project, params: Params, *, say: Say) -> str:
    """Choose the trained network with the best macro-F1 on the validation pictures.

    Raises:
        ModelError: none is trained.
    """
    scores = {}
    for slug in params.networks:
        try:
            scores[slug] = read_score(project, slug)
        except (DataError, ModelError) as error:
            if (project.model(slug) / CARD).exists():  # not yet trained is nothing to tell
                say(f"{error}; it is not asked")
    if not scores:
        raise ModelError(f"{project.root / 'models'}: no trained network; train one (dvc repro)")
    return max(scores, key=lambda slug: scores[slug])  # the first of equals


def read_score(project: Project, network: str) -> float:
    """Read macro-F1 on the validation pictures from a network's card, in [0, 1].

    Raises:
        DataError: the card is missing or is not JSON.
        ModelError: the card does not say it.
    """
    path = project.model(network) / CARD
    card = read_json(path)
    score = card.get("val_macro_f1") if isinstance(card, dict) else None
    if not isinstance(score, int | float):
        raise ModelError(f"{path}: val_macro_f1: missing; train the network again")
    return float(score)


def read_temperature(project: Project, network: str) -> float:
    """Read what the logits are divided by; 1 where the network was not calibrated.

    Raises:
        DataError: the file is there, but is no calibration.
    """
    path = project.network_report(network) / CALIBRATION_JSON
    return read_calibration(path).temperature if path.is_file() else 1.0

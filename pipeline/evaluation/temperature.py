"""What val says about a network's probabilities, as predicting needs it; numpy only, to start fast.

models/<network>/calibration.json lies with the weights and names them: those of another training
have another temperature.

Letters: N pictures, K classes.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import DataError
from pipeline.evaluation.metrics import FloatArray
from pipeline.files import read_json, write_json

CALIBRATION_JSON = "calibration.json"
_LEAST = 1e-300  # a probability of 0 has no logarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What val says about a network's probabilities: calibration.json."""

    temperature: float  # divides the logits; above 1: it was too sure
    reject_below: (
        float | None
    )  # least calibrated confidence with 95 % of val right; None: there is none
    num_val: int  # pictures that this rests on
    weights_sha256: str = ""  # of the network that said it; empty: of a floor


def apply_temperature(probs_NK: FloatArray, temperature: float) -> FloatArray:
    """Divide the logits by a temperature; (N, K) probabilities -> (N, K) probabilities.

    >>> apply_temperature(np.array([[0.8, 0.2]]), 2.0).round(3)
    array([[0.667, 0.333]])
    """
    logits_NK = np.log(np.maximum(probs_NK, _LEAST)) / temperature
    powers_NK = np.exp(logits_NK - logits_NK.max(axis=1, keepdims=True))
    scaled_NK: FloatArray = powers_NK / powers_NK.sum(axis=1, keepdims=True)
    return scaled_NK


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Write calibration.json."""
    write_json(folder / CALIBRATION_JSON, asdict(calibration))


def read_calibration(folder: Path, *, weights_sha256: str) -> Calibration:
    """Read calibration.json.

    Args:
        folder: models/<network>/.
        weights_sha256: of the weights that lie there, as their card says.

    Raises:
        DataError: the file is missing, says something else, or is of other weights.
    """
    path = folder / CALIBRATION_JSON
    values = read_json(path)
    try:
        calibration = Calibration(**values)
        is_usable = calibration.temperature > 0
    except TypeError as error:
        raise DataError(f"{path}: not a calibration ({error}); train the network again") from error
    if not is_usable:
        raise DataError(f"{path}: temperature is {calibration.temperature}, expected more than 0")
    if calibration.weights_sha256 != weights_sha256:
        raise DataError(f"{path}: of other weights than lie here; train the network again")
    return calibration

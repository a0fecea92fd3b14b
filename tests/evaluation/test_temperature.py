"""calibration.json: what predicting needs, and nothing else is taken for it."""

import subprocess
import sys

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.evaluation.temperature import (
    Calibration,
    apply_temperature,
    read_calibration,
    write_calibration,
)


def test_a_class_without_a_chance_stays_without():
    """A probability of 0 is no error, and the rest still sums to 1."""
    after_NK = apply_temperature(np.array([[0.8, 0.2, 0.0]]), 2.0)

    assert (1.0, 0.0) == pytest.approx((after_NK.sum(), after_NK[0, 2]))


def test_written_is_read(tmp_path):
    """calibration.json comes back as it was, without a threshold too."""
    calibration = Calibration(temperature=1.5, reject_below=None, num_val=20, weights_sha256="ab")
    write_calibration(tmp_path, calibration)

    assert calibration == read_calibration(tmp_path, weights_sha256="ab")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "not a calibration"),
        ('{"temperature": 0, "reject_below": null, "num_val": 1}', "expected more than 0"),
        ('{"temperature": "hot", "reject_below": null, "num_val": 1}', "not a calibration"),
        ('{"temperature": 1, "reject_below": null, "num_val": 1}', "of other weights"),
    ],
)
def test_another_file_is_refused(tmp_path, text, message):
    """A calibration.json that somebody edited is told by name."""
    (tmp_path / "calibration.json").write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=rf"calibration\.json: .*{message}"):
        read_calibration(tmp_path, weights_sha256="ab")


def test_it_starts_fast():
    """Predicting reads it and waits for no library of statistics."""
    code = "import sys, pipeline.evaluation.temperature as _; print('scipy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "False" == told.stdout.strip()

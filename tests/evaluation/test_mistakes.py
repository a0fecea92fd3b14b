"""The worst mistakes are the surest ones."""

import numpy as np

from pipeline.evaluation.mistakes import worst_mistakes
from pipeline.evaluation.predictions import make_predictions


def test_surest_first_and_right_answers_never(pack_rows):
    """Mistakes come by confidence; what is right is none; no more than the limit."""
    probs_NK = np.array([[0.9, 0.1], [0.4, 0.6], [0.05, 0.95], [0.3, 0.7]])
    rows = pack_rows(["ariel", "ariel", "ariel", "ariel"])
    predictions = make_predictions({"test": (rows, probs_NK)}, classes=("ariel", "elsa"))
    first, second = worst_mistakes(predictions, limit=2)

    assert [rows[2].sha256, rows[3].sha256] == [first.sha256, second.sha256]
    assert ("ariel", "elsa", 0.95, 0.05) == (
        first.label,
        first.predicted,
        first.confidence,
        first.label_probability,
    )
    assert 3 == len(worst_mistakes(predictions, limit=9))

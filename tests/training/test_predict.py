"""What a network says about every picture."""

from collections.abc import Callable

import numpy as np
import torch

from pipeline.networks import build_network
from pipeline.params import View
from pipeline.training.loop import Job
from pipeline.training.predict import predict_probs

CLASSES = ("ariel", "elsa", "merida")

VIEW = View(image_size_px=16)


def predict(job: Job, *, batch_size: int = 5) -> np.ndarray:
    """Predict the training pictures with a network of a fixed seed."""
    torch.manual_seed(7)
    module = build_network(job.network, classes=CLASSES).train()
    return predict_probs(
        module, job.train_pack, view=VIEW, runtime=job.runtime, batch_size=batch_size
    )


def test_rows_are_probabilities(make_job: Callable[..., Job]) -> None:
    """One row a picture, one column a class, each row sums to 1 in float64."""
    probs_NK = predict(make_job())

    assert ((24, 3), np.float64) == (probs_NK.shape, probs_NK.dtype)
    assert np.allclose(1, probs_NK.sum(axis=1), atol=1e-12)
    assert probs_NK.min() >= 0


def test_the_batch_size_does_not_matter(make_job: Callable[..., Job]) -> None:
    """Batches bound memory and change nothing: rows stay in the order of the pack."""
    job = make_job()

    assert np.allclose(predict(job, batch_size=24), predict(job, batch_size=1), atol=1e-6)

"""What a network says about every picture of a pack."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.selection import Pictures
from pipeline.params import View
from pipeline.training.distributed import gather_over_processes
from pipeline.training.runtime import Runtime


def predict_probs(
    module: nn.Module,
    pictures: Pictures,
    *,
    view: View,
    runtime: Runtime,
    batch_size: int = 128,
) -> NDArray[np.float64]:
    """Predict every picture of a pack, whole and not augmented, in the order of the pack.

    Of several processes each predicts its share, and all get the answers of all.

    Args:
        module: the network, on the device; it is put in evaluation mode.
        pictures: N of them.
        view: how the network sees a picture (`Card.view`).
        runtime: where it runs.
        batch_size: bounds memory; the probabilities do not depend on it but for rounding.

    Returns:
        Probabilities, shape (N, K), each row sums to 1.
    """
    module.eval()
    batches = eval_batches(
        pictures, view=view, batch_size=batch_size, share=runtime.share, device=runtime.device
    )
    parts, places = [], []
    with torch.inference_mode():
        for x_BCSS, indices_B in batches:
            parts.append(module(x_BCSS.to(runtime.dtype)).double().softmax(dim=1).cpu())
            places.append(indices_B)
    num_classes = len(pictures.classes)
    probs_MK = torch.cat([torch.zeros(0, num_classes, dtype=torch.float64), *parts])
    places_M = torch.cat([torch.zeros(0, dtype=torch.int64), *places])
    probs_NK = np.empty((len(pictures), num_classes))
    for where, what in zip(
        gather_over_processes(places_M, runtime),
        gather_over_processes(probs_MK, runtime),
        strict=True,
    ):
        probs_NK[where.numpy()] = what.numpy()
    return probs_NK

"""What a network says about every picture of a pack."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.pack import Pack
from pipeline.params import View


def predict_probs(
    module: nn.Module, pack: Pack, *, view: View, batch_size: int = 128, device: str = "cpu"
) -> NDArray[np.float64]:
    """Predict every picture of a pack, whole and not augmented, in the order of the pack.

    Args:
        module: the network, on `device`; it is put in evaluation mode.
        pack: N pictures.
        view: how the network sees a picture (`Card.view`).
        batch_size: bounds memory; the probabilities do not depend on it but for rounding.
        device: where the network is.

    Returns:
        Probabilities, shape (N, K), each row sums to 1.
    """
    module.eval()
    parts = []
    with torch.inference_mode():
        for x_BCSS, _ in eval_batches(pack, view=view, batch_size=batch_size, device=device):
            parts.append(module(x_BCSS).double().softmax(dim=1).cpu().numpy())
    probs_NK: NDArray[np.float64] = np.concatenate(parts)
    return probs_NK

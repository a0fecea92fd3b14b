"""What a network believes while it reads: class probabilities after each token.

A recurrent network has an answer at every step: its layers and its read-out do for the first n
tokens what they do for all of them. Networks that see all at once have none; they are shown the
picture from the top instead, row by row of a few, the rest in the grey that normalises to zero.
"""

import torch
from torch import Tensor

from pipeline.evaluation.explain.evidence import RGB
from pipeline.networks import Model
from pipeline.networks.parts.recurrent import RecurrentClassifier

NUM_STRIPS = 6  # in which a picture is uncovered


@torch.no_grad()
def belief(model: Model, x_BCSS: Tensor) -> Tensor:
    """Give the class probabilities at each step of reading.

    Args:
        model: a trained network.
        x_BCSS: pictures as the network sees them, on its device.

    Returns:
        Shape (B, T, K) float32 on the CPU, rows sum to 1; the last is the network's answer. T
        counts tokens, in the order of reading, or strips.
    """
    module = model.module.eval()
    if isinstance(module, RecurrentClassifier):
        steps = _read_beginnings(module, x_BCSS)
    else:
        steps = [module(each_BCSS) for each_BCSS in _uncovered(x_BCSS)]
    return torch.stack(steps, dim=1).float().softmax(dim=2).cpu()


def reads_in_order(model: Model) -> bool:
    """Tell whether steps are tokens that are read, not strips that are uncovered."""
    return isinstance(model.module, RecurrentClassifier)


def _read_beginnings(module: RecurrentClassifier, x_BCSS: Tensor) -> list[Tensor]:
    """Read the first token, the first two, ... each anew: the way back begins at the last one."""
    x_BND = module.order(module.stem(x_BCSS))
    return [
        module.head(module.read_out(module.layers(x_BND[:, :num])))
        for num in range(1, x_BND.shape[1] + 1)
    ]


def _uncovered(x_BCSS: Tensor) -> list[Tensor]:
    """Show more and more of the pictures, from the top; the mask of `native` stays as it is."""
    size_px, views = x_BCSS.shape[2], []
    for strip in range(1, NUM_STRIPS + 1):
        view_BCSS = x_BCSS.clone()
        view_BCSS[:, :RGB, size_px * strip // NUM_STRIPS :] = 0
        views.append(view_BCSS)
    return views

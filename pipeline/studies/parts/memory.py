"""What a network keeps in memory while it learns: counted, so the same on every machine."""

import torch
from torch import Tensor, nn


def kept_bytes(module: nn.Module, x: Tensor) -> int:
    """Count the bytes that the way forward keeps for the way back, weights left out.

    Args:
        module: the network, in training mode.
        x: its input.
    """
    weights = {each.untyped_storage().data_ptr() for each in module.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        answer = module(x)
    del answer  # till here the graph holds all of them, so that no address is used twice
    return sum(kept.values())

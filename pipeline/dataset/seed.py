"""Seeds for everything random, derived from what they are for.

No stream of random numbers is carried from step to step: each step of training draws from a seed of
its own, so it is a pure function of (weights, step), and a run that was killed anywhere goes on
exactly as if it was not.
"""

import hashlib

import torch

SEED_BITS = 63  # what torch takes without a sign


def derive_seed(seed: int, *, use: str, epoch: int = 0, rank: int = 0, step: int = 0) -> int:
    """Derive one seed; any other argument gives an unrelated one.

    Args:
        seed: of the project.
        use: what it is for, such as "init" or "order".
        epoch: 1 is the first; 0 where it does not matter.
        rank: of the process in distributed training.
        step: within the epoch, 0 is the first.

    Returns:
        An integer in [0, 2^63).

    >>> derive_seed(7, use="order", epoch=1) == derive_seed(7, use="order", epoch=2)
    False
    """
    text = f"{seed}/{use}/{epoch}/{rank}/{step}"
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def make_generator(seed: int, *, use: str, epoch: int = 0, step: int = 0) -> torch.Generator:
    """Make a generator of the CPU from a derived seed."""
    return torch.Generator().manual_seed(derive_seed(seed, use=use, epoch=epoch, step=step))

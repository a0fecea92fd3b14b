"""Randomness that is a pure function of a picture's address: the same anywhere."""

from collections.abc import Mapping
from hashlib import blake2b
from random import Random
from typing import TypeVar

Key = TypeVar("Key", bound=str)


def dice(*parts: object) -> Random:
    """Make random numbers that depend on `parts` alone, never on the process or the thread.

    >>> dice("ariel", 7, "pose").random() == dice("ariel", 7, "pose").random()
    True
    """
    digest = blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest))


def pick(rng: Random, weights: Mapping[Key, float]) -> Key:
    """Draw one key, each as often as its weight says."""
    return rng.choices(list(weights), weights=list(weights.values()))[0]

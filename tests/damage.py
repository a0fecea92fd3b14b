"""What disks do to files: cut them, empty them, mix them up, flip one of their bits."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

Damage = Callable[[bytes], bytes]
NUM_FLIPS = 8


def flipping(seed: int) -> Damage:
    """Flip the bit that a seed draws."""

    def flip(data: bytes) -> bytes:
        place = Random(seed).randrange(8 * len(data))
        spoiled = bytearray(data)
        spoiled[place // 8] ^= 1 << place % 8
        return bytes(spoiled)

    return flip


DAMAGES: dict[str, Damage] = {
    "cut": lambda data: data[: len(data) // 2],
    "one byte short": lambda data: data[:-1],
    "empty": lambda _: b"",
    "of another": lambda data: data[::-1],
} | {f"bit {seed}": flipping(seed) for seed in range(NUM_FLIPS)}
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
# Where it takes a second to make anew what was lost.
three_flips = pytest.mark.parametrize("damage", [flipping(seed) for seed in range(3)])


def spoil(path: Path, damage: Damage) -> None:
    """Damage a file in place."""
    path.write_bytes(damage(path.read_bytes()))

"""Small splits of drawn pictures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import sha256_of
from pipeline.records import SplitRow

CLASSES = ("ariel", "elsa", "merida")
COLOURS = ("crimson", "skyblue", "seagreen")


@pytest.fixture
def draw_split(tmp_path: Path, draw_png: Callable[..., bytes]) -> Callable[..., list[SplitRow]]:
    """Write `num` pictures, the classes in turn, no two of one size; give their rows."""

    def draw(num: int = 6, *, split: str = "train") -> list[SplitRow]:
        rows = []
        for index in range(num):
            data = draw_png(COLOURS[index % 3], size=(90 + 7 * index, 80))
            sha256 = sha256_of(data)
            (tmp_path / f"{sha256}.png").write_bytes(data)
            rows.append(
                SplitRow(
                    sha256=sha256,
                    file=f"{sha256}.png",
                    character=CLASSES[index % 3],
                    group=sha256[:12],
                    split=split,
                )
            )
        return rows

    return draw

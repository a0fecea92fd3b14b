"""Training state on disk, whole or absent, and where it lies.

A run lies in .runs/<key>/, and the key is a hash of all that decides the result: settings, data,
code, first weights, runtime. So a run that was killed goes on, a finished one is found again, and a
changed one can never be taken for it.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import ModelError
from pipeline.files import read_checked, replacing_checked, sha256_of
from pipeline.records import EpochRow

Weights = dict[str, Tensor]


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """All that the next step needs, and the best so far."""

    epoch: int = 0  # finished ones
    step: int = 0  # finished ones of the epoch in progress
    loss_sum: float = 0.0  # over the pictures of those
    module: Weights = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    average: Weights = field(default_factory=dict)  # of the weights; empty if there is none
    history: list[EpochRow] = field(default_factory=list)
    best_epoch: int = 0
    best: Weights = field(default_factory=dict)
    is_finished: bool = False
    seconds: float = 0.0  # spent so far

    def drop_state(self) -> None:
        """Keep only what came out: a finished run needs a quarter of the space."""
        self.module, self.optimizer, self.average = {}, {}, {}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the state of a run in one step: a kill leaves the last epoch's.

    Raises:
        OSError: the disk is full; the last epoch's stays.
    """
    values = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}
    values["history"] = [asdict(row) for row in checkpoint.history]  # plain: no code is unpickled
    with replacing_checked(path) as file:
        try:
            torch.save(values, file)
        except RuntimeError as error:  # torch stumbles over what a full disk made it leave out
            raise error.__context__ or error from None


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Read the state of a run; None if there is none yet, or none that can be trusted.

    Raises:
        ModelError: another version of this program wrote it.
    """
    data = read_checked(path)
    if data is None:
        return None
    values = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    try:
        history = [EpochRow(**row) for row in values.pop("history")]
        return Checkpoint(**values, history=history)
    except (KeyError, TypeError) as error:
        raise ModelError(f"{path}: of another version; delete it and train again") from error


def run_key(settings: dict[str, Any], *, code: Iterable[Path]) -> str:
    """Hash all that decides a result: 16 hex digits.

    Args:
        settings: anything that JSON can hold.
        code: source files whose change may change the result.
    """
    sources = [path.read_text(encoding="utf-8") for path in sorted(code)]
    return sha256_of(json.dumps([settings, sources], sort_keys=True).encode())[:16]

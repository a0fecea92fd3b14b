"""Training state on disk."""

from pathlib import Path

import pytest
import torch

from pipeline.errors import ModelError
from pipeline.records import EpochRow
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, run_key, save_checkpoint

ROW = EpochRow(epoch=1, lr=0.1, train_loss=1.5, val_loss=1.25, val_accuracy=0.5, val_macro_f1=0.4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Save a checkpoint; give its path."""
    checkpoint = Checkpoint(
        epoch=1, module={"w": torch.arange(3.0)}, history=[ROW], best_epoch=1, seconds=2.5
    )
    save_checkpoint(tmp_path / "run" / "checkpoint.pt", checkpoint)
    return tmp_path / "run" / "checkpoint.pt"


def test_what_is_saved_is_loaded(path: Path) -> None:
    """Tensors, rows and numbers come back."""
    loaded = load_checkpoint(path)

    assert loaded is not None
    assert [0, 1, 2] == loaded.module["w"].tolist()
    assert ([ROW], 1, 2.5) == (loaded.history, loaded.epoch, loaded.seconds)


def test_nothing_saved_is_nothing_loaded(tmp_path: Path) -> None:
    """A new run has no checkpoint, and that is no error."""
    assert load_checkpoint(tmp_path / "checkpoint.pt") is None


@pytest.mark.parametrize("data", [b"", b"not a checkpoint", "half"])
def test_a_damaged_checkpoint_is_named(path: Path, data: bytes | str) -> None:
    """The text says what to delete."""
    whole = path.read_bytes()
    path.write_bytes(data if isinstance(data, bytes) else whole[: len(whole) // 2])

    with pytest.raises(ModelError, match=r"checkpoint\.pt: damaged; delete .*run and train again"):
        load_checkpoint(path)


def test_a_checkpoint_of_other_fields_is_named(path: Path) -> None:
    """State that another version wrote is never half used."""
    torch.save({"history": [], "epochs": 3}, path)

    with pytest.raises(ModelError, match="damaged"):
        load_checkpoint(path)


def test_the_key_depends_on_settings_and_sources(tmp_path: Path) -> None:
    """Another setting or a changed source file is another run; order is not."""
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1\n")
    two.write_text("b = 2\n")
    key = run_key({"lr": 1, "seed": 7}, code=[one, two])
    other = run_key({"lr": 2, "seed": 7}, code=[one, two])

    assert key == run_key({"seed": 7, "lr": 1}, code=[two, one])
    two.write_text("b = 3\n")
    assert 3 == len({key, other, run_key({"lr": 1, "seed": 7}, code=[one, two])})

"""Training state on disk."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from pipeline.errors import ModelError
from pipeline.files import replacing_checked
from pipeline.records import EpochRow
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, run_key, save_checkpoint
from tests.damage import Damage, every_damage, spoil

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


@every_damage
def test_a_damaged_checkpoint_is_none(
    path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """A run begins anew rather than with numbers that a disk made up, and says so."""
    spoil(path, damage)

    assert load_checkpoint(path) is None
    assert [f"{path}: damaged; it is made anew"] == caplog.messages


def test_a_checkpoint_of_other_fields_is_named(path: Path) -> None:
    """State that another version wrote is never half used."""
    with replacing_checked(path) as file:
        torch.save({"history": [], "epochs": 3}, file)

    with pytest.raises(ModelError, match=r"checkpoint\.pt: of another version; delete it"):
        load_checkpoint(path)


@pytest.mark.parametrize("room_bytes", [0, 1000, 100_000])
def test_a_full_disk_is_told_as_such(path: Path, room_bytes: int) -> None:
    """Wherever the room ends, the system's own error names the file, and the old one stays."""
    before = path.read_bytes()

    with room(room_bytes), pytest.raises(OSError, match=r"File too large: .*checkpoint\.pt"):
        save_checkpoint(path, Checkpoint(module={"w": torch.zeros(100_000)}))

    assert before == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


@contextmanager
def room(num_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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

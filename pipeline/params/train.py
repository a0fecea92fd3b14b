"""How networks are trained: the section `train` of params.yaml."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params.section import Section

# Settings that change how a run goes, not what comes out.
WITHOUT_EFFECT = {"launcher", "save_every_s", "seeds", "folds"}


class Launcher(Section):
    """Train in several processes, one part of each batch in each (torchrun, on this machine)."""

    processes: int = Field(ge=1, le=64)  # one per GPU, or so many on the CPU


class Train(Section):
    """How to train. A network's own `train:` overrides single keys of the common one."""

    epochs: int = Field(15, ge=1, le=10_000)
    batch_size: int = Field(64, ge=2, le=4096)  # pictures per step, over all processes
    micro_batches: int = Field(1, ge=1, le=256)  # parts of a batch, one after another: less memory
    seeds: tuple[int, ...] = ()  # train once with each; empty: the project's seed
    folds: int = Field(0, ge=0, le=20)  # also predict each training picture by networks that did
    # not see its group; 0 or 2 and more

    # How weights move.
    lr: float | None = Field(None, gt=0)  # peak of the schedule; null: the architecture's own
    weight_decay: float = Field(0.05, ge=0)
    layer_decay: float = Field(1.0, gt=0, le=1)  # rate of a layer, of the one above it
    warmup_fraction: float = Field(0.1, ge=0, lt=1)  # of all steps
    head_first_epochs: int = Field(0, ge=0)  # in which only a new read-out learns
    clip_grad_norm: float = Field(1.0, gt=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)  # weight average that is evaluated; 0: none
    patience_epochs: int = Field(20, ge=1)  # stop so long after the best val macro-F1

    # What is learned from.
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    class_weights: Literal["none", "sqrt", "inverse"] = "none"  # rare characters count more
    balanced_sampler: bool = False  # each epoch shows every character equally often
    crop_min_area: float = Field(0.5, gt=0, le=1)  # smallest random crop, of the picture's area
    flip_probability: float = Field(0.5, ge=0, le=1)
    colour_jitter: float = Field(0.2, ge=0, le=1)  # brightness, contrast, saturation: +-
    mixup_alpha: float = Field(0.0, ge=0)  # blend pairs of pictures; 0: never
    cutmix_alpha: float = Field(0.0, ge=0)  # paste a piece of another picture; 0: never

    # What it runs on.
    # auto: bfloat16 on a GPU that has it, else float32; float64 is for comparing runs
    precision: Literal["auto", "float32", "bfloat16", "float64"] = "auto"
    compile: bool = False  # torch.compile, on a GPU
    grad_checkpointing: bool = False  # compute layers twice instead of storing them
    save_every_s: float = Field(60.0, gt=0)  # within long epochs; every epoch is saved anyway
    launcher: Launcher | None = None  # null: one process

    @model_validator(mode="after")
    def _folds(self) -> Self:
        if self.folds == 1:
            raise ValueError("folds must be 0 (none) or at least 2, got 1")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds must differ, got {list(self.seeds)}")
        if self.micro_batches > self.batch_size // 2:
            raise ValueError(
                f"micro_batches (={self.micro_batches}) must leave at least 2 pictures each of "
                f"batch_size (={self.batch_size})"
            )
        return self

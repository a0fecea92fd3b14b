"""Sections `train` and `networks`: what makes no sense is one line with key, value and rule."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import ParamsError
from pipeline.params import Params, load_params
from pipeline.paths import Project

MakeProject = Callable[..., Project]
VIT = {"arch": "vit", "width": 16, "heads": 2, "image_size_px": 32}


def load(make_project: MakeProject, *, train: Any = None, **networks: Any) -> Params:
    """Load params of some networks and common training."""
    sections = {"networks": networks or {"cnn": {"arch": "cnn", "image_size_px": 32}}}
    return load_params(make_project(**sections, train=train or {}))


def mistake(make_project: MakeProject, **sections: Any) -> str:
    """Give the one line that loading ends in."""
    with pytest.raises(ParamsError) as caught:
        load(make_project, **sections)
    (line,) = str(caught.value).splitlines()
    return line.removeprefix("params.yaml: ")


@pytest.mark.parametrize(
    ("train", "line"),
    [
        ({"folds": 1}, "train: folds must be 0 (none) or at least 2, got 1"),
        ({"folds": -1}, "train.folds: must be greater than or equal to 0, got -1"),
        ({"seeds": [1, 2, 1]}, "train: seeds must differ, got [1, 2, 1]"),
        ({"seeds": [1.5]}, "train.seeds.0: "),
        (
            {"micro_batches": 5, "batch_size": 8},
            "train: micro_batches (=5) must leave at least 2 pictures each of batch_size (=8)",
        ),
        ({"micro_batches": 0}, "train.micro_batches: must be greater than or equal to 1"),
        ({"batch_size": 1}, "train.batch_size: must be greater than or equal to 2, got 1"),
        ({"layer_decay": 0}, "train.layer_decay: must be greater than 0, got 0"),
        ({"layer_decay": 1.5}, "train.layer_decay: must be less than or equal to 1"),
        ({"head_first_epochs": -1}, "train.head_first_epochs: must be greater than or"),
        ({"label_smoothing": 1}, "train.label_smoothing: must be less than 1, got 1"),
        ({"mixup_alpha": -0.1}, "train.mixup_alpha: must be greater than or equal to 0"),
        ({"cutmix_alpha": -0.1}, "train.cutmix_alpha: must be greater than or equal to 0"),
        ({"class_weights": "root"}, "train.class_weights: must be 'none', 'sqrt' or 'inverse'"),
        ({"precision": "half"}, "train.precision: must be 'auto', 'float32', 'bfloat16'"),
        ({"save_every_s": 0}, "train.save_every_s: must be greater than 0, got 0"),
        ({"launcher": {"processes": 0}}, "train.launcher.processes: must be greater"),
        (
            {"launcher": {"processes": 2, "process": 2}},
            "train.launcher.process: unknown key; did you mean 'processes'?",
        ),
    ],
    ids=str,
)
def test_training_in_range(make_project: MakeProject, train: dict[str, Any], line: str) -> None:
    """A value out of range is told with the range."""
    assert mistake(make_project, train=train).startswith(line)


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ({"arch": "cnn", "kernel_size": 4}, "networks.it: kernel_size must be odd, got 4"),
        (
            {"arch": "cnn", "kernel_size": 31, "image_size_px": 16},
            "networks.it: kernel_size (=31) must not exceed image_size_px (=16)",
        ),
        (VIT | {"heads": 3}, "networks.it: heads (=3) must divide width (=16)"),
        (
            VIT | {"query_dim": 8, "key_dim": 4},
            "networks.it: query_dim (=8) and key_dim (=4) must be equal: each query",
        ),
        (
            VIT | {"key_dim": 16},
            "networks.it: query_dim (=8) and key_dim (=16) must be equal: each query",
        ),
        (
            VIT | {"token_px": 32, "image_size_px": 16},
            "networks.it: token_px (=32) must not exceed image_size_px (=16)",
        ),
        (VIT | {"token_px": 12}, "networks.it.token_px: must be 4, 8, 16 or 32, got 12"),
        (
            {"arch": "gru", "token_px": 32, "image_size_px": 16},
            "networks.it: token_px (=32) must not exceed image_size_px (=16)",
        ),
        (
            VIT | {"arch": "decoder", "encoder": VIT | {"image_size_px": 16}},
            "networks.it: encoder.image_size_px (=16) must be image_size_px (=32)",
        ),
        (
            VIT | {"arch": "decoder", "encoder": VIT | {"resize": "native"}},
            "networks.it: encoder.resize (=native) must be resize (=letterbox)",
        ),
        (
            VIT | {"arch": "decoder", "encoder": VIT | {"train": {"epochs": 3}}},
            "networks.it: encoder.train: it learns with its reader; say it in the reader's train",
        ),
        (
            VIT | {"distill": {"teacher": {"arch": "cnn"}, "temprature": 3}},
            "networks.it.distill.temprature: unknown key; did you mean 'temperature'?",
        ),
        (
            VIT | {"distill": {"teacher": {"arch": "cnn", "kernel": 3}}},
            "networks.it.distill.teacher.kernel: unknown key; did you mean 'kernel_size'?",
        ),
        (
            VIT | {"arch": "decoder", "encoder": {"arch": "gru", "hiden": 3}},
            "networks.it.encoder.hiden: unknown key; did you mean 'hidden'?",
        ),
        (
            {"arch": "cnn", "image_size_px": 32, "resize": "native"},
            "networks.it.resize: must be 'letterbox' or 'squash', got 'native'",
        ),
    ],
    ids=str,
)
def test_networks_in_range(make_project: MakeProject, network: dict[str, Any], line: str) -> None:
    """What cannot be built is told before anything is trained."""
    assert mistake(make_project, it={"image_size_px": 32} | network).startswith(line)


@pytest.mark.parametrize("kind", ["mixup_alpha", "cutmix_alpha"])
def test_pictures_of_different_shapes_are_not_mixed(make_project: MakeProject, kind: str) -> None:
    """`resize: native` with mixing is refused, wherever either is asked for."""
    native = VIT | {"resize": "native"}
    line = "networks.vit: resize: native does not go with mixup_alpha or cutmix_alpha"

    assert mistake(make_project, train={kind: 0.2}, vit=native).startswith(line)
    assert mistake(make_project, vit=native | {"train": {kind: 0.2}}).startswith(line)
    load(make_project, train={kind: 0.2}, vit=native | {"train": {kind: 0}})


def test_own_training_must_fit_the_common_one(make_project: MakeProject) -> None:
    """Keys that are right alone and wrong together are told when params.yaml is read."""
    own = VIT | {"train": {"batch_size": 4}}

    assert mistake(make_project, train={"micro_batches": 8}, vit=own) == (
        "networks.vit with train: micro_batches (=8) must leave at least 2 pictures each of "
        "batch_size (=4)"
    )


def test_a_teacher_is_checked_too(make_project: MakeProject) -> None:
    """Its section has the rules of any network, and the key is named."""
    teacher = {"arch": "cnn", "kernel_size": 4, "image_size_px": 32}

    line = mistake(make_project, vit=VIT | {"distill": {"teacher": teacher}})

    assert line.startswith("networks.vit.distill.teacher: kernel_size must be odd, got 4")

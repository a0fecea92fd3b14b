"""Recipes of others, trained on ImageFolder trees: train/, val/ and test/<character>/*.jpg.

`scratch`: timm's loader and augmentation (RandAugment m9, random erasing .25), 96 px, 20 epochs,
AdamW 1e-3, cosine with warm-up, label smoothing .1. `fine_tuned`: from a file of weights, 160 px,
6 epochs, crops of .35 and more, AdamW 1e-4 and ten times that for the read-out, which starts near
zero; batch norm in evaluation mode. Both keep the epoch that is best on val.
"""

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import timm
import timm.data
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import nn

WARMUP, SMOOTHING, DECAY = 0.1, 0.1, 0.05
Probs = dict[str, NDArray[np.float64]]  # "val" and "test" -> (N, K), in the order of the files


def scratch(tree: Path, *, model: str, seed: int, epochs: int = 20, **model_kwargs: Any) -> Probs:
    """Train a timm model from nothing."""
    torch.manual_seed(seed)
    module = timm.create_model(model, num_classes=_num_classes(tree), **model_kwargs)
    learned = _loader(
        tree / "train",
        size_px=96,
        batch_size=64,
        is_training=True,
        auto_augment="rand-m9-mstd0.5-mmax9-inc1",  # at 10 timm posterizes to 0 bits: an error
        re_prob=0.25,
    )
    groups = [{"params": list(module.parameters()), "peak": 1e-3}]
    return _train(module, learned, groups, tree, size_px=96, epochs=epochs)


def fine_tuned(tree: Path, *, weights: Path, seed: int, epochs: int = 6) -> Probs:
    """Train mobilenetv2_100 on from ImageNet weights with folded batch norm."""
    torch.manual_seed(seed)
    module = timm.create_model(
        "mobilenetv2_100",
        pretrained=True,
        pretrained_cfg_overlay={"file": str(weights)},
        num_classes=_num_classes(tree),
        pad_type="same",
    )
    head: nn.Linear = module.get_classifier()
    with torch.no_grad():
        head.weight.mul_(1e-3)
        head.bias.zero_()
    learned = _loader(
        tree / "train", size_px=160, batch_size=32, is_training=True, scale=(0.35, 1.0)
    )
    old = [each for name, each in module.named_parameters() if not name.startswith("classifier")]
    groups = [
        {"params": old, "peak": 1e-4},
        {"params": list(head.parameters()), "peak": 1e-3},
    ]
    return _train(module, learned, groups, tree, size_px=160, epochs=epochs, freezes_norm=True)


def _train(
    module: nn.Module,
    learned: Any,
    groups: list[dict[str, Any]],
    tree: Path,
    *,
    size_px: int,
    epochs: int,
    freezes_norm: bool = False,
) -> Probs:
    module.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
    num_steps, step, best, kept = epochs * len(learned), 0, -1.0, {}
    val_labels = [label for _, label in _files(tree / "val")]
    for _ in range(epochs):
        module.train()
        if freezes_norm:
            for layer in module.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        for x_BCSS, labels_B in learned:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * _factor(step, num_steps)
            loss = F.cross_entropy(
                module(x_BCSS.to(memory_format=torch.channels_last)),
                labels_B,
                label_smoothing=SMOOTHING,
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
            step += 1
        right = float((_probs(module, tree / "val", size_px).argmax(axis=1) == val_labels).mean())
        if right > best:
            best, kept = right, copy.deepcopy(module.state_dict())
    module.load_state_dict(kept)
    return {split: _probs(module, tree / split, size_px) for split in ("val", "test")}


def _factor(step: int, num_steps: int) -> float:
    warmup = round(num_steps * WARMUP)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (num_steps - warmup)))


def _probs(module: nn.Module, folder: Path, size_px: int) -> NDArray[np.float64]:
    module.eval()
    loader = _loader(folder, size_px=size_px, batch_size=64, is_training=False, crop_pct=1.0)
    with torch.inference_mode():
        parts = [
            module(x_BCSS.to(memory_format=torch.channels_last)).double().softmax(dim=1)
            for x_BCSS, _ in loader
        ]
    return torch.cat(parts).numpy()


def _loader(folder: Path, *, size_px: int, batch_size: int, is_training: bool, **more: Any) -> Any:
    return timm.data.create_loader(
        timm.data.create_dataset("", str(folder)),
        input_size=(3, size_px, size_px),
        batch_size=batch_size,
        is_training=is_training,
        use_prefetcher=False,
        num_workers=0,
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        device=torch.device("cpu"),
        **more,
    )


def _num_classes(tree: Path) -> int:
    return sum(1 for _ in (tree / "train").iterdir())


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """List files and their classes in the order in which a loader gives them."""
    for path, label in timm.data.create_dataset("", str(folder)).reader.samples:
        yield Path(path).stem, label


def names_of(folder: Path) -> list[str]:
    """List the files of a split in the order of the probabilities, without their endings."""
    return [name for name, _ in _files(folder)]

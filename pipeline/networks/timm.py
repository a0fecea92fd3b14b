"""Any model of timm (Wightman 2019, github.com/huggingface/pytorch-image-models), by its name.

With weights it is fine-tuned: the new read-out starts near zero and learns ten times as fast as the
rest, and batch norm keeps the statistics that came with the weights. Measured with mobilenetv2_100
at 160 px on four characters, 6 epochs: .871 so, against .841 with timm's own start of the read-out
(whose first loss is 25) and statistics that follow the few pictures of a batch.

Some files of weights come from another library with their batch norm folded into the convolutions:
the norms are left as maps from x to x, and the statistics (mean 0, variance 1) describe no picture.
Such a network must keep them, or the first batch in training mode changes every feature map. So
`freeze_batch_norm` is on with weights, and null means just that; `false` lets the statistics follow
the batches, for long training with large ones, and `true` holds them at their start from scratch.

Layers for layer-wise decay (`group_matcher`), what must not decay (`no_weight_decay`) and
`set_grad_checkpointing` come with timm's models. Filter sizes, and a recurrent network in two
dimensions (Sequencer, Tatsunami and Taki 2022, arXiv:2205.01972), are configurations:

    atto_k7: {arch: timm, model: convnext_atto, weights: none, model_kwargs: {kernel_sizes: 7}}
    sequencer:
      arch: timm
      model: sequencer2d_s
      weights: none
      model_kwargs:
        {layers: [1, 1, 2, 1], embed_dims: [48, 96, 96, 96], hidden_sizes: [12, 24, 24, 24]}

and a sweep is `dvc exp run --queue -S networks.atto_k7.model_kwargs.kernel_sizes=3,5,7,9,11`.

Shapes: (B, 3, S, S) -> logits (B, K). Cost: of every model in the tables of timm's repository
(results/); convnext_atto at 96 px has 3.4 M parameters and 100 M multiply-adds a picture.
"""

import difflib
import logging
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import requests
import timm
import torch
from huggingface_hub import hf_hub_download, hf_hub_url, is_offline_mode, try_to_load_from_cache
from safetensors import SafetensorError
from torch import Tensor, nn

from pipeline.errors import ModelError, ParamsError
from pipeline.files import sha256_of_file
from pipeline.networks import Start
from pipeline.params import Timm, View
from pipeline.params.networks import HALF, RGB

EXPLAINED_BY = "timm"
SCRATCH_LR = 1e-3  # AdamW, batches of 64: what convolutions and attention both bear
FINE_TUNE_LR = 1e-4
HEAD_LR_SCALE = 10.0
HEAD_INIT_SCALE = 1e-3
HUB_FILE = "model.safetensors"  # of every repository of timm on the hub
HUB_TIMEOUT_S = 5.0  # to see that there is no network
_log = logging.getLogger(__name__)
_UNFIT = (RuntimeError, KeyError, ValueError, EOFError, SafetensorError, pickle.UnpicklingError)


def build(spec: Timm, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network.

    Raises:
        ParamsError: timm has no such model, or the model takes no such arguments.
    """
    return _create(spec, num_classes=len(classes))


def start(spec: Timm, *, classes: Sequence[str], root: Path) -> Start:
    """Build the network as training begins, with weights if they are asked for and at hand.

    Raises:
        ParamsError: timm has no such model, or the model takes no such arguments.
        ModelError: the file of weights is not there or does not fit.
    """
    path = find_weights(spec, root=root)
    if path is None:
        if spec.weights == "auto":
            _log.warning("%s: weights: auto found none; it begins from scratch", spec.model)
        module = build(spec, classes=classes)
        return Start(
            module=module,
            view=_view(spec, mean=HALF, std=HALF),
            lr=SCRATCH_LR,
            freezes_batch_norm=spec.freeze_batch_norm is True,
        )
    module = _create_with(path, spec, classes=classes)
    head = _new_head(module, num_classes=len(classes))
    known = _timm_config(module)
    return Start(
        module=module,
        view=_view(spec, mean=known["mean"], std=known["std"]),
        lr=FINE_TUNE_LR,
        init=f"weights:{sha256_of_file(path)}",
        head=head,
        head_lr_scale=HEAD_LR_SCALE,
        freezes_batch_norm=spec.freeze_batch_norm is not False,
    )


def find_weights(spec: Timm, *, root: Path) -> Path | None:
    """Find the file of weights that a section asks for.

    Returns:
        The file; None for `weights: none`, or for `auto` when neither the hub nor its cache has it.

    Raises:
        ModelError: the section names a file that is not there.
    """
    if spec.weights == "none":
        return None
    if spec.weights == "auto":
        config = timm.models.get_pretrained_cfg(spec.model)
        return _from_hub(config.hf_hub_id) if config and config.hf_hub_id else None
    path = root / spec.weights  # an absolute path stays as it is
    if not path.is_file():
        raise ModelError(f"{path}: not there; allowed for weights: none, auto or a file")
    return path


def _from_hub(repository: str) -> Path | None:
    """Fetch weights from the hub or its cache; None without a network, soon and without a word."""
    cached = try_to_load_from_cache(repository, HUB_FILE)
    if isinstance(cached, str):
        return Path(cached)
    if is_offline_mode():  # the user set HF_HUB_OFFLINE
        return None
    try:  # asked once here, because without a network the hub's client tries again for 20 s
        url = hf_hub_url(repository, HUB_FILE)
        requests.head(url, timeout=HUB_TIMEOUT_S).raise_for_status()
        return Path(hf_hub_download(repository, HUB_FILE))
    except Exception:  # noqa: BLE001 - the client changed its HTTP library, and its errors, twice
        return None


def _create(spec: Timm, *, num_classes: int, **more: Any) -> nn.Module:
    if not timm.is_model(spec.model):
        near = difflib.get_close_matches(spec.model, timm.list_models(), n=3)
        advice = f"did you mean {', '.join(near)}?" if near else "see timm.list_models()"
        raise ParamsError(f"networks: timm has no model {spec.model!r}; {advice}")
    arguments = _size_argument(spec) | spec.model_kwargs | more
    try:
        module: nn.Module = timm.create_model(spec.model, num_classes=num_classes, **arguments)
    except TypeError as error:
        raise ParamsError(f"networks: {spec.model}: model_kwargs: {error}") from error
    return module


def _size_argument(spec: Timm) -> dict[str, Any]:
    """Tell models that are built for one size (Vision Transformers) which one it is."""
    config = timm.models.get_pretrained_cfg(spec.model)
    is_fixed = config is not None and config.fixed_input_size
    return {"img_size": spec.image_size_px} if is_fixed else {}


def _create_with(path: Path, spec: Timm, *, classes: Sequence[str]) -> nn.Module:
    """Build a network with weights; timm adapts read-out and position tables.

    timm skips what a file does not hold, so an untrained twin tells whether it held anything.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        twin = build(spec, classes=classes)
        torch.manual_seed(0)
        try:
            module = _create(
                spec,
                num_classes=len(classes),
                pretrained=True,
                pretrained_cfg_overlay={"file": str(path)},
            )
        except _UNFIT as error:
            detail = " ".join(str(error).split())[:200]
            raise ModelError(f"{path}: not weights of timm's {spec.model} ({detail})") from error
    for name, weight in module.named_parameters():
        if not _is_head(name, _head_names(module)) and _is_untouched(twin, name, weight):
            raise ModelError(f"{path}: not weights of timm's {spec.model}: it has no {name}")
    return module


def _is_untouched(twin: nn.Module, name: str, weight: Tensor) -> bool:
    """Tell whether a weight is as it was drawn; constants say nothing."""
    drawn = twin.get_parameter(name)
    return bool(drawn.std(correction=0) > 0) and torch.equal(drawn, weight)


def _new_head(module: nn.Module, *, num_classes: int) -> tuple[str, ...]:
    """Start the read-out anew, near zero: all classes alike. Returns its names."""
    cast("Any", module).reset_classifier(num_classes)
    names = _head_names(module)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if _is_head(name, names):
                weight.mul_(HEAD_INIT_SCALE)
    return names


def _head_names(module: nn.Module) -> tuple[str, ...]:
    """Name the read-out; some models have two."""
    names = _timm_config(module)["classifier"]
    return (names,) if isinstance(names, str) else tuple(names)


def _timm_config(module: nn.Module) -> dict[str, Any]:
    """Give what timm knows about a model: where its weights are, how they were trained."""
    return cast("dict[str, Any]", module.pretrained_cfg)


def _is_head(name: str, heads: tuple[str, ...]) -> bool:
    return any(name.startswith(f"{head}.") for head in heads)


def _view(spec: Timm, *, mean: RGB, std: RGB) -> View:
    return View(
        image_size_px=spec.image_size_px,
        resize=spec.resize,
        mean=_per_colour(spec.mean, default=mean),
        std=_per_colour(spec.std, default=std),
    )


def _per_colour(value: float | RGB | None, *, default: RGB) -> RGB:
    if value is None:
        return default
    return (value, value, value) if isinstance(value, float) else value

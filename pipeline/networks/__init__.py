"""Networks: one file per architecture, found by its name; and how trained ones are kept.

Every other file of this folder is an architecture, `arch: vit` is vit.py, and holds

    build(spec, *, classes)         an untrained network: (B, 3, S, S) float -> logits (B, K)
    start(spec, *, classes, root)   the same as training begins: a `Start`
    EXPLAINED_BY                    how its answers are explained: an `Explanation`; else pixels

What several architectures share lies in parts/. Where a network has them, training uses timm's
`no_weight_decay()`, `group_matcher(coarse)` (layers, for layer-wise decay) and
`set_grad_checkpointing(enable)`; a decoder reads the `tokens(x)` of any `Encoder`.

Letters in the names of tensors: B pictures of a batch, K classes, C channels, H and W height and
width of a feature map, S side of the picture in px, N tokens, D width of a token, T letters.
"""

import ast
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from pipeline.errors import ModelError, ParamsError
from pipeline.files import sha256_of, write_bytes, write_json
from pipeline.params import AnyNetwork, View
from pipeline.params.card import CARD, SCRATCH, WEIGHTS, Card, read_card
from pipeline.params.section import Section

# What shows where a network looks (evaluation/explain); "timm": whichever fits the model.
Explanation = Literal["maps", "tokens", "attention", "cross_attention", "pixels", "timm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A network as training begins, and how it likes to be trained."""

    module: nn.Module
    view: View
    lr: float  # peak of the schedule, for AdamW
    init: str = SCRATCH  # as `Card.init`
    head: tuple[str, ...] = ()  # prefixes of the parameters that are new, where the rest is not
    head_lr_scale: float = 1.0  # how much faster those learn
    freezes_batch_norm: bool = False  # keep the running statistics that came with the weights
    # What the logits are: "classes", compared by softmax over K; or "log_likelihood", each the log
    # of the probability that the network gives to a whole description of that class.
    logits: Literal["classes", "log_likelihood"] = "classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained network, ready to predict."""

    module: nn.Module  # in evaluation mode, on the CPU
    card: Card


def build_network(spec: AnyNetwork, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network: (B, 3, S, S) float -> logits (B, K), K = len(classes).

    Raises:
        ParamsError: no file of this folder has the name of the architecture.
    """
    module: nn.Module = _architecture(spec.arch).build(spec, classes=classes)
    return module


def start_network(spec: AnyNetwork, *, classes: Sequence[str], root: Path) -> Start:
    """Build a network as training begins, with weights if its section asks for them.

    Args:
        spec: section of params.yaml.
        classes: K slugs, the order of the logits.
        root: of the project; files that the section names are relative to it.

    Raises:
        ParamsError: no file of this folder has the name of the architecture, or `explanation_of`.
        ModelError: the weights that the section names cannot be used.
    """
    explanation_of(spec.arch)  # what would fail after training fails before it
    start: Start = _architecture(spec.arch).start(spec, classes=classes, root=root)
    return start


def explanation_of(arch: str) -> Explanation:
    """Tell how an architecture's answers are explained: as its file says, or by pixels.

    Raises:
        ParamsError: no file of this folder has its name, or it names no way that there is.
    """
    way: Explanation = getattr(_architecture(arch), "EXPLAINED_BY", "pixels")
    if way not in (known := get_args(Explanation)):
        raise ParamsError(
            f"{architecture_file(arch)}: EXPLAINED_BY is {way!r}; allowed: {', '.join(known)}"
        )
    return way


def known_architectures() -> list[str]:
    """Name the files of this folder."""
    return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.ispkg)


def architecture_file(arch: str) -> Path:
    """Find the file of an architecture.

    Raises:
        ParamsError: there is none; the text lists those there are.
    """
    if arch not in known_architectures():
        known = ", ".join(known_architectures())
        raise ParamsError(f"networks: unknown architecture {arch!r}; known: {known}")
    return Path(__path__[0]) / f"{arch}.py"


def sources_of(network: Section) -> set[Path]:
    """List the files of this room that a network is made of: its own, and what they import.

    Args:
        network: its section; a nested one (an encoder, a teacher) counts as well.
    """
    todo = {Path(__file__)}
    if isinstance(arch := getattr(network, "arch", None), str):
        todo.add(architecture_file(arch))
    found: set[Path] = set()
    while todo:
        path = todo.pop()
        found.add(path)
        todo |= set(_imported(path)) - found
    nested = (getattr(network, name) for name in type(network).model_fields)
    return found.union(*(sources_of(each) for each in nested if isinstance(each, Section)))


def count_parameters(module: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(each.numel() for each in module.parameters() if each.requires_grad)


def save_model(folder: Path, state: dict[str, Tensor], card: Card) -> None:
    """Write weights and card; the same state gives the same bytes.

    Args:
        folder: models/<network>/.
        state: `state_dict` of the network.
        card: what is known about it; as written it names the weights.
    """
    tensors = {name: each.detach().cpu().contiguous().clone() for name, each in state.items()}
    data = save(tensors)
    write_bytes(folder / WEIGHTS, data)
    named = card.model_copy(update={"weights_sha256": sha256_of(data)})
    write_json(folder / CARD, named.model_dump(mode="json"))


def load_model(folder: Path) -> Model:
    """Read a trained network.

    Raises:
        DataError: the card is missing or is not JSON.
        ModelError: the card breaks its contract, or the weights are missing, damaged, or of
            another network, or not those that the card names.
    """
    card, path = read_card(folder), folder / WEIGHTS
    module = build_network(card.network, classes=card.classes)
    data = _read_bytes(path)
    state = _parse(data, path=path)
    _check_fit(state, module, path=path)
    if sha256_of(data) != card.weights_sha256:
        raise ModelError(f"{path}: not the weights that {CARD} names; train the network again")
    module.load_state_dict(state)
    return Model(module=module.eval(), card=card)


def _imported(path: Path) -> Iterator[Path]:
    """Find the files of this room that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{__name__}."):
            base = Path(__path__[0]).joinpath(*str(node.module).split(".")[2:])
            names = [base.with_suffix(".py"), *(base / f"{each.name}.py" for each in node.names)]
            yield from (file for file in names if file.is_file())


def _architecture(arch: str) -> ModuleType:
    return import_module(f"{__name__}.{architecture_file(arch).stem}")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"{path}: not there; train the network (dvc repro)") from error


def _parse(data: bytes, *, path: Path) -> dict[str, Tensor]:
    try:
        return load(data)
    except SafetensorError as error:
        raise ModelError(f"{path}: damaged ({error}); train the network again") from error


def _check_fit(state: dict[str, Tensor], module: nn.Module, *, path: Path) -> None:
    """Say in one line what `load_state_dict` would say in a hundred."""
    expected = {name: tuple(each.shape) for name, each in module.state_dict().items()}
    found = {name: tuple(each.shape) for name, each in state.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ModelError(
                f"{path}: not the weights of this network: {name} has shape "
                f"{found.get(name, 'none')}, expected {expected.get(name, 'none')}; "
                "train the network again"
            )

"""What every network promises, and how trained ones are kept."""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from pydantic import BaseModel
from timm.models import group_parameters
from torch import Tensor, nn

from pipeline.errors import DataError, ModelError, ParamsError
from pipeline.files import sha256_of
from pipeline.networks import (
    Model,
    architecture_file,
    build_network,
    count_parameters,
    explanation_of,
    known_architectures,
    load_model,
    save_model,
    start_network,
)
from pipeline.params import AnyNetwork
from pipeline.params.card import Card, read_card
from tests.networks.conftest import SMALL

CLASSES = ("ariel", "elsa", "merida")

MakeCard = Callable[..., Card]


def pictures(spec: AnyNetwork) -> Tensor:
    """Draw normalised noise, shape (8, 3, 32, 32); native: half a square of it, and its mask."""
    x_BCSS = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    if spec.resize != "native":
        return x_BCSS
    mask_B1SS = torch.ones(8, 1, 32, 32)
    mask_B1SS[:, :, :, 16:] = 0
    return torch.cat([mask_B1SS * x_BCSS, mask_B1SS], dim=1)


def build(spec: AnyNetwork) -> nn.Module:
    """Build a network of three classes from a fixed seed."""
    torch.manual_seed(7)
    return build_network(spec, classes=CLASSES)


def test_gives_one_logit_per_class(spec: AnyNetwork) -> None:
    """Pictures (B, 3, S, S) become logits (B, K)."""
    assert (8, 3) == build(spec)(pictures(spec)).shape


def test_gradient_reaches_every_parameter(spec: AnyNetwork) -> None:
    """No parameter is idle."""
    module = build(spec)

    F.cross_entropy(module(pictures(spec)), torch.arange(8) % 3).backward()

    idle = [
        name for name, each in module.named_parameters() if each.grad is None or not each.grad.any()
    ]
    assert [] == idle


def test_overfits_eight_pictures(spec: AnyNetwork, tmp_path: Path) -> None:
    """A network that cannot learn eight pictures of noise by heart is broken."""
    torch.manual_seed(7)
    start = start_network(spec, classes=CLASSES, root=tmp_path)
    optimizer = torch.optim.AdamW(start.module.parameters(), lr=start.lr)
    x_BCSS, labels_B = pictures(spec), torch.arange(8) % 3

    loss, steps = torch.tensor(torch.inf), 0
    while loss > 0.1 and steps < 300:
        logits_BK = start.module(x_BCSS)
        if start.logits == "log_likelihood":  # of the whole name, and not among these names
            loss = F.nll_loss(logits_BK, labels_B)
        else:
            loss = F.cross_entropy(logits_BK, labels_B)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1

    assert loss <= 0.1


def test_saved_and_loaded_it_says_the_same(
    spec: AnyNetwork, make_card: MakeCard, folder: Path
) -> None:
    """Equal logits, bit for bit, from the files alone."""
    module = build(spec).eval()
    card = make_card(spec)
    save_model(folder, module.state_dict(), card)

    model = load_model(folder)

    named = sha256_of((folder / "weights.safetensors").read_bytes())
    assert card.model_copy(update={"weights_sha256": named}) == model.card
    assert torch.equal(module(pictures(spec)), model.module(pictures(spec)))
    assert not model.module.training


def test_each_parameter_is_of_one_layer(spec: AnyNetwork) -> None:
    """Layer-wise decay finds stem, blocks and read-out (timm's convention)."""
    if spec.arch == "timm":
        pytest.skip("timm tests its own models, and leaves their read-out unmatched")
    module = cast("Any", build(spec))
    names = [name for name, _ in module.named_parameters()]
    for coarse in (False, True):
        matcher = module.group_matcher(coarse=coarse)
        layers = group_parameters(module, matcher)

        assert dict.fromkeys(names, 1) == {
            name: sum(pattern.match(name) is not None for pattern in _patterns(matcher))
            for name in names
        }
        assert sorted(names) == sorted(itertools.chain(*layers.values()))
        assert len(layers) >= 3


def test_a_decoder_can_read_its_tokens(spec: AnyNetwork) -> None:
    """An encoder of our own gives tokens (B, N, D), D = `token_width`, and the gradient back."""
    module = cast("Any", build(spec))
    if not hasattr(module, "tokens"):
        pytest.skip("no encoder of our own")

    tokens_BND = module.tokens(pictures(spec))

    B, N, D = tokens_BND.shape
    assert (8, module.token_width) == (B, D)
    assert N >= 1
    assert tokens_BND.requires_grad


def test_computing_layers_twice_gives_the_same_gradients(spec: AnyNetwork) -> None:
    """Checkpointing saves memory and changes nothing that is learnt."""
    gradients = []
    for is_checkpointing in (False, True):
        module = cast("Any", build(spec))
        if not hasattr(module, "set_grad_checkpointing"):
            pytest.skip("stores all its steps")
        module.set_grad_checkpointing(enable=is_checkpointing)
        F.cross_entropy(module(pictures(spec)), torch.arange(8) % 3).backward()
        gradients.append([each.grad for each in module.parameters()])

    for expected, actual in zip(*gradients, strict=True):
        assert torch.allclose(expected, actual, atol=1e-6)


def _patterns(matcher: dict[str, Any]) -> list[re.Pattern[str]]:
    """Give the patterns of a `group_matcher`."""
    nested = [
        [each] if isinstance(each, str) else [p for p, _ in each] for each in matcher.values()
    ]
    return [re.compile(pattern) for pattern in itertools.chain(*nested)]


def test_same_weights_give_same_bytes(small: Any, make_card: MakeCard, tmp_path: Path) -> None:
    """Memory order does not show in the files."""
    spec = small("cnn")
    module = build(spec)
    save_model(tmp_path / "a", module.state_dict(), make_card(spec))
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    save_model(tmp_path / "b", module.state_dict(), make_card(spec))

    for name in ("weights.safetensors", "card.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_card_says_how_to_show_a_picture(small: Any, make_card: MakeCard) -> None:
    """Size, mean and standard deviation travel with the weights."""
    view = make_card(small("cnn"), mean=(0.1, 0.2, 0.3)).view

    assert (32, (0.1, 0.2, 0.3), (0.5, 0.5, 0.5)) == (view.image_size_px, view.mean, view.std)


def test_architectures_are_files() -> None:
    """Each has a section of params and a small one here, which all contract tests run on."""
    sections = {get_args(each.model_fields["arch"].annotation)[0] for each in _sections()}

    assert set(known_architectures()) == sections == {each["arch"] for each in SMALL.values()}
    assert "vit.py" == architecture_file("vit").name


def _sections() -> tuple[type[BaseModel], ...]:
    """List the members of the union of all networks."""
    return get_args(get_args(AnyNetwork)[0])


def test_an_unknown_explanation_is_met_before_training(
    small: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line that lists those there are; who says nothing is explained by pixels."""
    monkeypatch.setattr("pipeline.networks.cnn.EXPLAINED_BY", "eyes")
    with pytest.raises(ParamsError, match=r"cnn\.py: EXPLAINED_BY is 'eyes'; allowed: maps, tok"):
        start_network(small("cnn"), classes=CLASSES, root=tmp_path)

    monkeypatch.delattr("pipeline.networks.cnn.EXPLAINED_BY")
    assert "pixels" == explanation_of("cnn")
    start_network(small("cnn"), classes=CLASSES, root=tmp_path)


def test_an_unknown_architecture_lists_the_known() -> None:
    """A misspelt name is answered with those there are."""
    with pytest.raises(ParamsError, match="'resnet'; known: caption, cnn, decoder, gru, lstm"):
        architecture_file("resnet")


def test_counts_what_training_may_change() -> None:
    """Frozen parameters and running statistics are not counted."""
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    module[0].requires_grad_(requires_grad=False)

    assert 8 == count_parameters(module)


@pytest.fixture
def saved(small: Any, make_card: MakeCard, folder: Path) -> Path:
    """Save a small network; give its folder."""
    spec = small("cnn")
    save_model(folder, build(spec).state_dict(), make_card(spec))
    return folder


@pytest.mark.parametrize("keep", [0, 5, 1000, -1])
def test_damaged_weights_are_refused_in_one_line(saved: Path, keep: int) -> None:
    """A file that was cut off anywhere is named, never loaded in part."""
    path = saved / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(ModelError, match=r"weights\.safetensors: damaged .*train") as caught:
        load_model(saved)

    assert "\n" not in str(caught.value)


def test_weights_of_another_network_are_refused_in_one_line(
    saved: Path, small: Any, make_card: MakeCard
) -> None:
    """The first weight that does not fit is named with both shapes."""
    other = small("cnn", width=16)
    save_model(saved, build(small("cnn")).state_dict(), make_card(other))

    with pytest.raises(ModelError, match=r"not the weights of this network.*\(3, 64\)") as caught:
        load_model(saved)

    assert "\n" not in str(caught.value)


def test_weights_of_another_training_are_refused(saved: Path) -> None:
    """A card speaks of its own weights: others of the same shapes are not taken for them."""
    other = saved.parent / "other"
    trained = {name: 2 * each for name, each in load_model(saved).module.state_dict().items()}
    save_model(other, trained, read_card(saved))
    (other / "weights.safetensors").replace(saved / "weights.safetensors")

    with pytest.raises(ModelError, match=r"weights\.safetensors: not the weights that card\.json"):
        load_model(saved)


def test_missing_weights_are_named(saved: Path) -> None:
    """A card alone is no model."""
    (saved / "weights.safetensors").unlink()

    with pytest.raises(ModelError, match=r"weights\.safetensors: not there"):
        load_model(saved)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    """A network that was never trained says which file is missing."""
    with pytest.raises(DataError, match=r"card\.json: not there"):
        load_model(tmp_path)


def test_a_broken_card_is_refused_in_one_line(saved: Path) -> None:
    """The key that is wrong is named."""
    card = json.loads((saved / "card.json").read_text())
    (saved / "card.json").write_text(json.dumps(card | {"resize": "stretch"}))

    with pytest.raises(ModelError, match=r"card\.json: resize: Input should be 'letterbox'"):
        load_model(saved)


def test_a_model_is_a_value(saved: Path) -> None:
    """What was loaded cannot be changed by accident."""
    model: Model = load_model(saved)

    with pytest.raises(AttributeError):
        model.card = model.card  # type: ignore[misc]

"""Heat maps: where the network looks, for each way of looking."""

from typing import get_args

import pytest
import torch
from torch import nn

from pipeline.evaluation.explain.attention import glances, opened, rollout
from pipeline.evaluation.explain.evidence import map_evidence, pixel_evidence, token_evidence
from pipeline.evaluation.explain.heat import IN_WORDS, LOOKS, choose_look, explain
from pipeline.networks import Explanation, Model, build_network
from pipeline.params import Train
from pipeline.params.card import Card
from tests.networks.conftest import SMALL, spec_of

CLASSES = ("ariel", "elsa", "merida")
SIDE = 32
OWN_WAYS = {
    "cnn": map_evidence,
    "gru": token_evidence,
    "renet": token_evidence,
    "vit": rollout,
    "decoder": glances,
    "caption": glances,
    "timm-cnn": map_evidence,
    "timm-vit": rollout,
}


def model_of(name: str, *, seed: int = 1, **more: object) -> Model:
    """Build an untrained network with weights drawn from a seed."""
    spec = spec_of(name, **more)
    torch.manual_seed(seed)
    module = build_network(spec, classes=CLASSES).eval()
    card = Card(
        classes=CLASSES,
        packed_px=SIDE,
        image_size_px=SIDE,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        resize=spec.resize,
        network=spec,
        train=Train(),
        num_params=1,
        data_sha256="00",
        seed=seed,
        init="scratch",
        best_epoch=1,
        val_macro_f1=0.5,
    )
    return Model(module=module, card=card)


def pictures(num: int = 2, *, name: str = "") -> torch.Tensor:
    """Draw noise; of a native network the lower quarter is empty."""
    x_BCSS = torch.randn(num, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    if name != "vit-native":
        return x_BCSS
    mask_B1SS = torch.ones(num, 1, SIDE, SIDE)
    mask_B1SS[:, :, SIDE // 2 :] = 0
    return torch.cat([x_BCSS * mask_B1SS, mask_B1SS], dim=1)


class Corners(nn.Module):
    """A network that looks at the upper left corner for class 0, the lower right for class 1."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(nn.Identity(), nn.Conv2d(3, 3, 4, stride=4), nn.Identity())
        self.stem = nn.Sequential(nn.Conv2d(3, 3, 4, stride=4), nn.Flatten(2), Turn())
        for parameter in self.parameters():
            nn.init.ones_(parameter)

    def forward(self, x_BCSS: torch.Tensor) -> torch.Tensor:
        """Map pictures to logits (B, 2); both parts see the same."""
        maps_BCHW = self.stages[1](x_BCSS)
        tokens_BND = self.stem(x_BCSS)
        first = maps_BCHW[:, :, 0, 0].sum(1) + tokens_BND[:, 0].sum(1)
        return torch.stack([first, maps_BCHW[:, :, -1, -1].sum(1) + tokens_BND[:, -1].sum(1)], 1)


class Turn(nn.Module):
    """Channels last."""

    def forward(self, x_BDN: torch.Tensor) -> torch.Tensor:
        """Map (B, D, N) to (B, N, D)."""
        return x_BDN.transpose(1, 2)


@pytest.mark.parametrize("look", [map_evidence, token_evidence, pixel_evidence])
def test_a_network_that_looks_at_one_corner(look) -> None:
    """All heat lies in that corner, and another class has another one."""
    x_BCSS = torch.ones(2, 3, SIDE, SIDE)
    heat_BHW = look(Corners(), x_BCSS, torch.tensor([0, 1]))

    assert heat_BHW[0, 0, 0] > 0
    assert heat_BHW[1, -1, -1] > 0
    for heat_HW, corner in zip(heat_BHW, [(0, 0), (-1, -1)], strict=True):
        heat_HW[corner] = 0  # pixels: the edge of the corner may lie in the next place
        assert heat_HW[2:-2].sum() == 0


@pytest.mark.parametrize("name", ["vit-linear", "vit-class"])
def test_rollout_finds_the_only_token_that_says_anything(name: str) -> None:
    """Whether tokens speak for themselves or the class token listens to them."""
    model = model_of(name, position="none", stem="linear", depth=1, token_px=8)
    for key, parameter in model.module.named_parameters():
        if key.endswith("bias") or "feed_forward" in key:
            nn.init.zeros_(parameter)  # so that an empty token is zero from end to end
    x_1CSS = torch.zeros(1, 3, SIDE, SIDE)
    x_1CSS[:, :, 16:24, 8:16] = 1
    heats = [rollout(model.module, x_1CSS, torch.tensor([k]))[0] for k in range(len(CLASSES))]
    heat_GG = sum(heats)  # a class may be spoken against only

    assert (4, 4) == heat_GG.shape
    assert heat_GG[2, 1] > 0
    assert heat_GG[2, 1] == heat_GG.max()


@pytest.mark.parametrize("name", SMALL)
def test_every_architecture(name: str) -> None:
    """Heat is in [0, 1], its peak is 1, classes differ, other weights look elsewhere."""
    model, x_BCSS = model_of(name), pictures(name=name)
    by_class = [explain(model, x_BCSS, classes=[k, k]) for k in range(len(CLASSES))]
    heat_KBSS = torch.stack(by_class)

    assert (3, 2, SIDE, SIDE) == heat_KBSS.shape
    assert heat_KBSS.min() >= 0
    assert set(heat_KBSS.amax(dim=(2, 3)).flatten().tolist()) <= {0.0, 1.0}
    assert not torch.equal(heat_KBSS[0], heat_KBSS[1]) or not torch.equal(*heat_KBSS[1:])
    assert torch.equal(by_class[0], explain(model, x_BCSS, classes=[0, 0]))

    others = [explain(model_of(name, seed=2), x_BCSS, classes=[k, k]) for k in range(len(CLASSES))]

    assert (torch.stack(others) - heat_KBSS).abs().mean() > 0.01


@pytest.mark.parametrize(("name", "look"), OWN_WAYS.items())
def test_each_network_is_looked_into_its_own_way(name: str, look) -> None:
    """And each way is said in words."""
    assert look is choose_look(model_of(name))
    assert look in IN_WORDS


def test_a_new_architecture_needs_no_explainer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way that an architecture may name is there; one that names none is seen by pixels."""
    assert {*LOOKS, "timm"} == set(get_args(Explanation))
    monkeypatch.delattr("pipeline.networks.gru.EXPLAINED_BY")

    assert pixel_evidence is choose_look(model_of("gru"))
    assert (2, SIDE, SIDE) == explain(model_of("gru"), pictures()).shape


@pytest.mark.parametrize(
    ("timm_model", "kwargs", "look"),
    [
        ("swin_tiny_patch4_window7_224", {"depths": [1, 1, 1, 1], "window_size": 4}, map_evidence),
        ("mixer_s32_224", {}, pixel_evidence),
    ],
)
def test_timm_is_looked_into_by_what_it_is(timm_model: str, kwargs: dict, look) -> None:
    """Attention in windows leads nowhere, so its maps are asked; without maps pixels remain."""
    model = model_of("timm-vit", model=timm_model, model_kwargs=kwargs)

    assert look is choose_look(model)
    assert (2, SIDE, SIDE) == explain(model, pictures()).shape


def test_without_a_class_the_answer_is_explained() -> None:
    """The class asked about is the predicted one, picture by picture."""
    model, x_BCSS = model_of("cnn"), pictures(6)
    predicted = model.module(x_BCSS).argmax(dim=1).tolist()

    assert torch.equal(explain(model, x_BCSS, classes=predicted), explain(model, x_BCSS))


def test_native_has_no_heat_outside_the_picture() -> None:
    """The empty part of the square stays cold."""
    heat_BSS = explain(model_of("vit-native"), pictures(name="vit-native"))

    assert 0 == heat_BSS[:, SIDE // 2 :].max()
    assert 1 == heat_BSS[:, : SIDE // 2].max()


@pytest.mark.parametrize("name", ["vit", "decoder", "caption", "timm-vit"])
def test_looking_leaves_the_network_as_it_was(name: str) -> None:
    """Weights in the open give the same logits, and afterwards the fused kernel is back."""
    model, x_BCSS = model_of(name), pictures()
    logits_BK = model.module(x_BCSS)
    with opened(model.module) as weights:
        open_BK = model.module(x_BCSS)
    num = len(weights)

    assert torch.allclose(logits_BK, open_BK, atol=1e-5)
    assert num > 0
    assert all(torch.allclose(each.sum(dim=-1), torch.ones(1)) for each in weights)
    assert torch.equal(logits_BK, model.module(x_BCSS))
    assert num == len(weights)  # nobody listens any more


def test_an_encoder_that_reads_in_random_order() -> None:
    """The decoder's glances are put back where their tokens came from."""
    encoder = SMALL["lstm"] | {"image_size_px": SIDE, "layers": 1, "bidirectional": False}
    ordered = model_of("decoder", encoder=encoder | {"order": "raster"})
    shuffled = model_of("decoder", encoder=encoder | {"order": "random"})
    order_N = shuffled.module.encoder.module.order.order_N
    shuffled.module.load_state_dict(
        ordered.module.state_dict() | {"encoder.module.order.order_N": order_N}
    )
    seen = {}
    for name, model in {"raster": ordered, "random": shuffled}.items():
        recurrent = model.module.encoder.module
        recurrent.layers = nn.Identity()  # so that only the order of the tokens differs
        model.module.norm_memory = nn.Identity()
        torch.manual_seed(5)
        for layer in model.module.layers:
            layer.across.key = nn.Linear(32, 32, bias=False)
            layer.across.value = nn.Linear(32, 32)
        seen[name] = glances(model.module, pictures(), torch.tensor([0, 1]))

    assert torch.allclose(seen["raster"], seen["random"], atol=1e-6)
    assert seen["raster"].std() > 0

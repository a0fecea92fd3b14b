"""One learned query per character."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from pydantic import TypeAdapter, ValidationError
from safetensors.torch import save_file
from torch import Tensor

from pipeline.errors import ParamsError
from pipeline.networks import Start, build_network, start_network
from pipeline.networks.decoder import ClassDecoder
from pipeline.networks.parts.decoding import encoder_spec
from pipeline.params import AnyNetwork

CLASSES = ("ariel", "elsa", "merida")
ENCODERS = ["cnn", "rnn", "lstm", "gru", "renet", "vit", "timm-cnn", "timm-vit"]
SWIN = {
    "arch": "timm",
    "model": "swin_tiny_patch4_window7_224",
    "weights": "none",
    "model_kwargs": {"depths": (1, 1), "num_heads": (2, 2), "embed_dim": 16, "window_size": 4},
}


def pictures(num: int = 2, *, side: int = 32) -> Tensor:
    """Draw normalised noise, (num, 3, side, side)."""
    return torch.randn(num, 3, side, side, generator=torch.Generator().manual_seed(1))


def build(spec: AnyNetwork) -> ClassDecoder:
    """Build a network from a fixed seed, in evaluation mode."""
    torch.manual_seed(7)
    module = build_network(spec, classes=CLASSES).eval()
    assert isinstance(module, ClassDecoder)
    return module


@pytest.fixture
def on_weights(small: Any, tmp_path: Path) -> Start:
    """Start a decoder whose encoder, of timm, has weights."""
    torch.manual_seed(1)
    module = timm.create_model("test_efficientnet", num_classes=10)
    save_file(module.state_dict(), tmp_path / "w.safetensors")
    encoder = {"arch": "timm", "model": "test_efficientnet", "weights": "w.safetensors"}
    return start_network(small("decoder", encoder=encoder), classes=CLASSES, root=tmp_path)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_reads_the_tokens_of_any_encoder(small: Any, encoder: str) -> None:
    """Whatever gives tokens can be asked who is here; every parameter of both learns."""
    section = small(encoder).model_dump(mode="json")
    module = build(small("decoder", encoder=section)).train()

    logits_BK = module(pictures())
    logits_BK.square().sum().backward()

    assert (2, 3) == logits_BK.shape
    assert all(each.grad is not None for each in module.parameters())


def test_reads_maps_whose_channels_come_last(small: Any) -> None:
    """A Swin Transformer of timm gives (B, H, W, C)."""
    module = build(small("decoder", encoder=SWIN, image_size_px=64))

    assert (2, 3) == module(pictures(side=64)).shape


def test_swapped_memories_swap_the_predictions(small: Any) -> None:
    """All that the queries know of a picture is its keys and values."""
    module = build(small("decoder"))
    memory_BMD, _ = module.remember(pictures())

    expected_BK = module.classify(memory_BMD).flip(0)

    assert torch.allclose(expected_BK, module.classify(memory_BMD.flip(0)), atol=1e-6)
    assert not torch.allclose(expected_BK[0], expected_BK[1], atol=1e-3)


def test_a_class_is_read_from_its_own_query(small: Any) -> None:
    """Without the look at each other, another query changes no other logit."""
    module = build(small("decoder"))
    for layer in module.layers:
        torch.nn.init.zeros_(layer.among.project.weight)
    expected_BK = module(pictures())

    with torch.no_grad():
        module.queries.weight[2] += torch.arange(32) % 2

    changed_BK = (module(pictures()) - expected_BK).abs() > 1e-6
    assert [False, False, True] == changed_BK.all(dim=0).tolist()


def test_maps_show_where_each_class_is_looked_for(small: Any) -> None:
    """Each head spreads each class's attention over the tokens, differently for each picture."""
    module = build(small("decoder", image_size_px=64))

    maps_BHKN = module.attention_maps(pictures(side=64))

    assert (2, 2, 3, 16) == maps_BHKN.shape
    assert torch.allclose(torch.ones(2, 2, 3), maps_BHKN.sum(dim=3))
    assert not torch.allclose(maps_BHKN[0], maps_BHKN[1], atol=1e-4)


def test_maps_are_what_the_answers_are_averaged_by(small: Any) -> None:
    """With one layer the answer of the cross-attention can be had from the map."""
    module = build(small("decoder", depth=1, heads=1))
    heard: list[Tensor] = []
    across = module.layers[0].across
    across.register_forward_hook(lambda _module, _inputs, output: heard.append(output))
    memory_BMD, _ = module.remember(pictures())

    module(pictures())

    averaged_BKD = module.attention_maps(pictures())[:, 0] @ across.value(memory_BMD)
    assert torch.allclose(heard[0], across.project(averaged_BKD), atol=1e-5)


def test_empty_places_are_not_looked_at(small: Any) -> None:
    """An encoder of native pictures hides what is no picture, and more of it changes no logit."""
    module = build(small("decoder", resize="native", image_size_px=64))
    canvas_BCSS = torch.zeros(1, 4, 64, 64)
    canvas_BCSS[:, :3, :32, :16], canvas_BCSS[:, 3, :32, :16] = pictures(1)[..., :16], 1

    maps_BHKN = module.attention_maps(canvas_BCSS)

    assert [0, 4] == maps_BHKN.amax(dim=(0, 1, 2)).nonzero().flatten().tolist()
    assert torch.allclose(module(canvas_BCSS), module(canvas_BCSS[..., :32, :32]), atol=1e-5)


def test_the_unnamed_encoder_is_a_vit_of_its_kind(small: Any) -> None:
    """Width, stem, size and heads are those of the decoder."""
    spec = small("decoder", width=48, heads=3, stem="linear", token_px=8, resize="squash")

    encoder = encoder_spec(spec)

    keys = ("width", "heads", "stem", "token_px", "resize", "image_size_px")
    assert {key: getattr(spec, key) for key in keys} == encoder.model_dump(include=set(keys))


def test_the_named_encoder_sees_what_the_decoder_sees(small: Any) -> None:
    """Size and shape of the picture are said once; read back from a card they are the same."""
    spec = small("decoder", image_size_px=64, resize="squash", encoder={"arch": "cnn"})

    assert (64, "squash") == (spec.encoder.image_size_px, spec.encoder.resize)
    assert spec == TypeAdapter(AnyNetwork).validate_json(spec.model_dump_json())


def test_only_who_can_leave_places_out_sees_native_pictures(small: Any) -> None:
    """A vit can; a convolutional network would take the mask for a colour."""
    assert "native" == small("decoder", resize="native", encoder={"arch": "vit"}).encoder.resize
    with pytest.raises(ValidationError, match="Input should be 'letterbox' or 'squash'"):
        small("decoder", resize="native", encoder={"arch": "cnn"})


def test_two_sizes_are_refused(small: Any) -> None:
    """Decoder and encoder cannot see the same picture at two sizes."""
    with pytest.raises(ValidationError, match=r"encoder.image_size_px \(=48\) must be image_size"):
        small("decoder", image_size_px=64, encoder={"arch": "cnn", "image_size_px": 48})


def test_an_encoder_with_weights_starts_from_them(on_weights: Start) -> None:
    """They are inside and recorded, batch norm is frozen, pictures look as they know them."""
    torch.manual_seed(1)
    donor = timm.create_model("test_efficientnet", num_classes=10).state_dict()

    inside = on_weights.module.encoder.module.state_dict()

    assert all(torch.equal(donor[name], weight) for name, weight in inside.items())
    assert on_weights.init.startswith("weights:")
    assert on_weights.freezes_batch_norm
    assert (0.485, 0.456, 0.406) == on_weights.view.mean


def test_what_is_new_learns_faster(on_weights: Start) -> None:
    """All but the encoder is the head."""
    names = [name for name, _ in on_weights.module.named_parameters()]
    in_head = [name for name in names if name.startswith(tuple(f"{h}." for h in on_weights.head))]

    assert [name for name in names if not name.startswith("encoder.")] == in_head
    assert on_weights.head_lr_scale > 1


def test_from_scratch_all_is_new(small: Any, tmp_path: Path) -> None:
    """Nothing is faster than the rest, and no network is pushed harder than it bears."""
    encoder = {"arch": "cnn", "kernel_size": 3, "width": 8}
    starts = [
        start_network(small(name, **more), classes=CLASSES, root=tmp_path)
        for name, more in (("decoder", {"encoder": encoder}), ("decoder", {}), ("cnn", {}))
    ]

    assert ((), "scratch", False) == (starts[0].head, starts[0].init, starts[0].freezes_batch_norm)
    assert starts[0].lr == starts[1].lr < starts[2].lr


def test_a_model_without_tokens_is_refused(small: Any) -> None:
    """One line says which model of timm it is."""
    encoder = {
        "arch": "timm",
        "model": "deit_tiny_distilled_patch16_224",
        "weights": "none",
        "model_kwargs": {"depth": 1},
    }

    with pytest.raises(ParamsError, match="Distilled of timm cannot be an encoder"):
        build(small("decoder", encoder=encoder))

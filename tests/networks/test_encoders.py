"""Any network as an encoder."""

from typing import Any

import pytest
import timm
import torch
from timm.models import group_parameters

from pipeline.errors import ParamsError
from pipeline.networks import build_network
from pipeline.networks.parts.encoders import Encoder, as_encoder

CLASSES = ("ariel", "elsa", "merida")
SWIN = {"img_size": 64, "depths": (1, 1), "num_heads": (2, 2), "embed_dim": 16, "window_size": 4}
OWN = ["cnn", "rnn", "lstm", "gru", "renet", "vit", "vit-class", "vit-linear", "vit-native"]


def of_timm(model: str, **arguments: Any) -> Encoder:
    """Make an encoder of a model of timm that sees 64 px."""
    torch.manual_seed(7)
    module = timm.create_model(model, num_classes=3, **arguments)
    return as_encoder(module, image_size_px=64)


@pytest.mark.parametrize(
    ("model", "arguments", "shape"),
    [
        ("test_resnet", {}, (4, 96)),  # (B, C, H, W)
        ("mobilenetv3_small_050", {}, (4, 1024)),  # with the convolution of its read-out
        ("test_vit", {"img_size": 64}, (17, 64)),  # (B, N, D), with a class token
        ("swin_tiny_patch4_window7_224", SWIN, (64, 32)),  # (B, H, W, C)
    ],
)
def test_features_of_timm_are_tokens(
    model: str, arguments: dict[str, Any], shape: tuple[int, int]
) -> None:
    """A map of features in either order, and tokens, become tokens (B, N, D)."""
    encoder = of_timm(model, **arguments)

    tokens_BND, mask_BN = encoder(torch.zeros(2, 3, 64, 64))

    assert (2, *shape) == tokens_BND.shape
    assert shape[1] == encoder.token_width
    assert mask_BN is None


def test_tokens_are_places() -> None:
    """A token is all channels of one place, row by row."""
    encoder = of_timm("test_resnet").eval()
    x_BCSS = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    map_BCHW = encoder.module.forward_features(x_BCSS)

    assert torch.equal(map_BCHW[0, :, 1, 0], encoder(x_BCSS)[0][0, 2])


def test_looking_changes_nothing() -> None:
    """The empty picture that shows the shape leaves no trace in batch norm."""
    encoder = of_timm("test_resnet")

    assert encoder.module.training
    assert 0 == encoder.module.bn1.num_batches_tracked


def test_what_has_no_tokens_is_refused() -> None:
    """A model that pools whatever it is told cannot be read."""
    with pytest.raises(ParamsError, match="VisionTransformerDistilled of timm cannot be an encod"):
        of_timm("deit_tiny_distilled_patch16_224", img_size=64, depth=1)


@pytest.mark.parametrize("name", OWN)
def test_nothing_of_our_own_networks_is_idle(small: Any, name: str) -> None:
    """The read-out is gone, and the tokens need every parameter that is left."""
    spec = small(name, image_size_px=64)
    torch.manual_seed(7)
    encoder = as_encoder(build_network(spec, classes=CLASSES), image_size_px=64)
    x_BCSS = torch.randn(2, 4, 64, 64, generator=torch.Generator().manual_seed(1))

    tokens_BND, _ = encoder(x_BCSS if spec.resize == "native" else x_BCSS[:, :3])
    tokens_BND.square().sum().backward()

    assert encoder.token_width == tokens_BND.shape[2]
    assert all(each.grad is not None for each in encoder.parameters())


def test_only_places_with_picture_are_told(small: Any) -> None:
    """An encoder of native pictures says which tokens are picture."""
    module = build_network(small("vit-native", image_size_px=64), classes=CLASSES)
    x_BCSS = torch.zeros(1, 4, 64, 64)
    x_BCSS[:, 3, :16, :48] = 1

    _, mask_BN = as_encoder(module, image_size_px=64)(x_BCSS)

    assert [0, 1, 2] == mask_BN[0].nonzero().flatten().tolist()


@pytest.mark.parametrize("model", ["test_resnet", "test_vit", "test_convnext"])
def test_layers_of_timm_are_found_under_their_longer_names(model: str) -> None:
    """The network inside has the same layers, in the same order, as alone."""
    module = timm.create_model(model, num_classes=0, global_pool="")
    layers = group_parameters(module, module.group_matcher(), reverse=True)
    encoder = as_encoder(module, image_size_px=160)

    expected = {f"module.{name}": layer for name, layer in layers.items()}
    assert expected == group_parameters(encoder, encoder.group_matcher(), reverse=True)


def test_names_that_do_not_decay_are_longer_too() -> None:
    """What the network inside names is named from outside."""
    encoder = of_timm("test_vit", img_size=64)

    assert {"module.pos_embed", "module.cls_token"} <= encoder.no_weight_decay()


def test_hooks_that_a_network_lacks_are_no_error(small: Any) -> None:
    """A recurrent network stores its steps, asked to or not."""
    encoder = as_encoder(build_network(small("gru"), classes=CLASSES), image_size_px=32)

    encoder.set_grad_checkpointing(enable=True)

    assert (1, 16, encoder.token_width) == encoder(torch.zeros(1, 3, 32, 32))[0].shape

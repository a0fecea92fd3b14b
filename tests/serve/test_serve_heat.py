"""Heat maps of pictures as they come in, and the names of a server."""

import socket

import pytest
import torch
from PIL import Image

from pipeline.inference.squares import pack_squares
from pipeline.networks import Model
from pipeline.serve.heat import ModelHeater
from pipeline.serve.server import hosts_of
from tests.evaluation.test_explain_heat import model_of


def test_a_network_of_torch_shows_where() -> None:
    """In the proportions of the picture, another map for another character."""
    model: Model = model_of("cnn")
    heater = ModelHeater(model)
    square = pack_squares([Image.effect_noise((300, 150), 80).convert("RGB")], side_px=64)
    maps = [heater(square, character=slug) for slug in model.card.classes]

    assert [(16, 32)] * 3 == [heat.shape for heat in maps]
    assert not torch.equal(*(torch.from_numpy(heat.copy()) for heat in maps[:2]))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1", "localhost"]),
        ("127.0.0.2", ["127.0.0.2", "localhost"]),
        ("::1", ["::1", "localhost"]),
        ("192.0.2.7", ["192.0.2.7"]),
    ],
)
def test_hosts_of_an_address(address: str, expected: list[str]) -> None:
    """Who names the server otherwise is refused."""
    assert expected == hosts_of(address)


def test_hosts_of_all_addresses() -> None:
    """A server for others is reached by the machine's name and its addresses."""
    hosts = hosts_of("0.0.0.0")  # noqa: S104 - what the user would ask for

    assert socket.gethostname() == hosts[0]
    assert {"127.0.0.1", "localhost"} <= set(hosts)

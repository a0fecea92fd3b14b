"""Names, letter by letter."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from pipeline.errors import ParamsError
from pipeline.networks import build_network, start_network
from pipeline.networks.caption import NameWriter, names_to_write

CLASSES = ("anna", "annabel", "ariel")
NAMES = {"ariel": "인어공주"}
LEARNT = 0.1  # loss at which a name is known by heart


def pictures(num: int = 8) -> Tensor:
    """Draw normalised noise, (num, 3, 32, 32)."""
    return torch.randn(num, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def build(small: Any, **more: Any) -> NameWriter:
    """Build a network from a fixed seed, in evaluation mode."""
    torch.manual_seed(7)
    spec = small("caption", **({"names": NAMES} | more))
    module = build_network(spec, classes=CLASSES).eval()
    assert isinstance(module, NameWriter)
    return module


@pytest.fixture(scope="module")
def labels_B() -> Tensor:
    """Give eight pictures one of three classes each."""
    return torch.arange(8) % 3


@pytest.fixture
def learnt(small: Any, labels_B: Tensor) -> NameWriter:
    """Teach a network the names of eight pictures by heart."""
    module = build(small).train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    loss, steps = torch.tensor(torch.inf), 0
    while loss > LEARNT and steps < 200:
        loss = F.nll_loss(module(pictures()), labels_B)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
    return module


def test_writes_what_it_has_learnt(learnt: NameWriter, labels_B: Tensor) -> None:
    """Greedy writing gives the names back, Hangul and a name that begins another among them."""
    names = ("anna", "annabel", "인어공주")

    assert [names[label] for label in labels_B] == learnt.write(pictures())
    assert labels_B.tolist() == learnt(pictures()).argmax(dim=1).tolist()


def test_likelihoods_are_products_over_letters(small: Any) -> None:
    """P(name) = prod P(letter | letters before), each name read alone and in full."""
    module = build(small)
    memory_BMD, _ = module.remember(pictures(2))

    for index, name in enumerate(("anna", "annabel", "인어공주")):
        read = [module.alphabet.index(letter) for letter in ("", *name)]
        written = [module.alphabet.index(letter) for letter in (*name, "")]
        queries_TD = module.letters(torch.tensor(read)) + module.place_ND[: len(read)]
        before_TT = torch.ones(len(read), len(read)).tril().bool()
        answers_BTD = module.answer(queries_TD.expand(2, -1, -1), memory_BMD, None, mask=before_TT)
        probs_BTL = module.head(answers_BTD).softmax(dim=2)
        expected_B = probs_BTL[:, range(len(read)), written].prod(dim=1)

        assert torch.allclose(expected_B.log(), module(pictures(2))[:, index], atol=1e-4)


def test_names_are_some_of_all_that_can_be_written(small: Any) -> None:
    """The names that it knows have less than all of the probability."""
    total_B = build(small)(pictures()).exp().sum(dim=1)

    assert (total_B > 0).all()
    assert (total_B < 1).all()


def test_later_letters_are_not_seen(small: Any) -> None:
    """A letter that comes later changes no probability before it."""
    module = build(small)
    with torch.no_grad():
        expected_BK = module(pictures())
        module.letters.weight[module.alphabet.index("l")] += torch.arange(32) % 2  # ends annabel

    changes_K = (module(pictures()) - expected_BK).abs().amax(dim=0)

    assert [False, True, False] == (changes_K > 1e-6).tolist()


def test_a_name_that_begins_another_ends_earlier(small: Any) -> None:
    """`anna` and `annabel` part at the sign for the end."""
    module = build(small)
    with torch.no_grad():
        module.head.bias[0] += 5  # the end is likelier

    anna, annabel, _ = module(pictures()).unbind(dim=1)

    assert (anna > annabel).all()


def test_writing_comes_to_an_end(small: Any) -> None:
    """A name without an end is cut off where the longest known one is over."""
    module = build(small)
    with torch.no_grad():
        module.head.bias[module.alphabet.index("n")] += 50

    assert ["n" * len("annabel")] * 2 == module.write(pictures(2))


def test_hangul_is_composed(small: Any) -> None:
    """A syllable is one letter, however the file was typed."""
    typed = unicodedata.normalize("NFD", "인어공주")

    module = build(small, names={"ariel": typed})

    assert set("인어공주") < set(module.alphabet)


def test_beginnings_are_computed_once(small: Any) -> None:
    """`anna` costs nothing beside `annabel`: 8 beginnings of both, and 4 more of 인어공주."""
    assert 8 + 4 == len(build(small).beginning_T)


def test_the_loss_is_told(small: Any, tmp_path: Path) -> None:
    """Training is told not to compare the names among themselves only."""
    start = start_network(small("caption", names={}), classes=CLASSES, root=tmp_path)

    assert "log_likelihood" == start.logits


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"ariel": "anna"}, "names: anna and ariel must differ, got 'anna' twice"),
        ({"ariel": " "}, "names: ariel: must have at least one letter"),
        ({"elsa": "엘사"}, "names: no character 'elsa'; known: anna, annabel, ariel"),
    ],
)
def test_names_that_tell_nobody_apart_are_refused(names: dict[str, str], message: str) -> None:
    """One line says whose names they are."""
    with pytest.raises(ParamsError, match=message):
        names_to_write(names, classes=CLASSES)

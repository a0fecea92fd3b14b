"""How weights move."""

import itertools

import pytest
from torch import nn

from pipeline.errors import ParamsError
from pipeline.networks import Start
from pipeline.params import Train, View
from pipeline.training.optim import lr_factor, make_optimizer, set_lr


class Network(nn.Module):
    """A body, a table of places and a read-out."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.table = nn.Parameter(self.body.weight.detach().clone())
        self.head = nn.Linear(4, 3)

    def no_weight_decay(self) -> set[str]:
        """Keep the table."""
        return {"table"}


class Deep(nn.Module):
    """Three layers that say how deep they are."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body, self.head = (nn.Linear(4, 4) for _ in range(3))

    def group_matcher(self, *, coarse: bool) -> dict[str, str]:
        """Name the layers from the input on (timm's convention)."""
        del coarse
        return {"stem": r"^stem", "body": r"^body", "head": r"^head"}


def make_start(**more: object) -> Start:
    """Start a network; keywords change the start."""
    values = {"module": Network(), "view": View(image_size_px=16), "lr": 0.01} | more
    return Start(**values)  # type: ignore[arg-type]


def groups(
    start: Start, *, only_head: bool = False, **train: object
) -> dict[str, tuple[float, float]]:
    """Give weight decay and rate of each parameter, at a rate of 1."""
    optimizer = make_optimizer(start, Train(weight_decay=0.05, **train))  # type: ignore[arg-type]
    set_lr(optimizer, 1.0, only_head=only_head)
    names = {id(each): name for name, each in start.module.named_parameters()}
    return {
        names[id(parameter)]: (group["weight_decay"], group["lr"])
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


def test_only_matrices_decay() -> None:
    """Biases and what the network names keep their size."""
    decays = {name: decay for name, (decay, _) in groups(make_start()).items()}

    assert {
        "body.weight": 0.05,
        "head.weight": 0.05,
        "body.bias": 0,
        "head.bias": 0,
        "table": 0,
    } == decays


def test_a_new_head_is_faster() -> None:
    """The read-out has the rate times its scale, all else the rate."""
    rates = {
        name: rate
        for name, (_, rate) in groups(make_start(head=("head",), head_lr_scale=10)).items()
    }

    assert {"head.weight", "head.bias"} == {name for name, rate in rates.items() if rate == 10}
    assert {1, 10} == set(rates.values())


def test_deep_layers_learn_slower() -> None:
    """Each layer has half the rate of the one above it; the read-out has all of it."""
    rates = {
        name: rate for name, (_, rate) in groups(make_start(module=Deep()), layer_decay=0.5).items()
    }

    assert {
        "stem.weight": 0.25,
        "stem.bias": 0.25,
        "body.weight": 0.5,
        "body.bias": 0.5,
        "head.weight": 1,
        "head.bias": 1,
    } == rates


def test_layers_without_names_are_not_guessed() -> None:
    """A network that does not tell its layers is told apart in one line."""
    with pytest.raises(ParamsError, match=r"train\.layer_decay \(=0.5\): Network does not name"):
        groups(make_start(), layer_decay=0.5)


def test_all_but_the_head_may_rest() -> None:
    """In the first epochs only the new read-out has a rate."""
    start = make_start(head=("head",), head_lr_scale=10)

    rates = {name: rate for name, (_, rate) in groups(start, only_head=True).items()}

    assert {"head.weight": 10, "head.bias": 10} == {n: r for n, r in rates.items() if r}


def test_the_head_comes_first_only_after_weights() -> None:
    """From scratch all of it is new: the setting makes no sense, and that is said."""
    with pytest.raises(ParamsError, match="head_first_epochs: needs a network that starts from"):
        groups(make_start(), head_first_epochs=1)


@pytest.mark.parametrize(("asked", "peak"), [(None, 0.01), (0.5, 0.5)])
def test_the_rate_is_that_of_params_else_of_the_network(asked: float | None, peak: float) -> None:
    """`train.lr` wins over what the architecture likes."""
    optimizer = make_optimizer(make_start(), Train(lr=asked))

    assert {peak} == {group["lr"] for group in optimizer.param_groups}


def test_the_rate_warms_up_and_fades_out() -> None:
    """It rises to 1, then only falls, and never reaches 0."""
    rates = [lr_factor(step, num_steps=100, warmup_fraction=0.1) for step in range(100)]

    assert pytest.approx([0.1, 0.2, 0.3]) == rates[:3]
    assert 1 == max(rates) == rates[9] == rates[10]
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.001


@pytest.mark.parametrize("num_steps", [1, 2, 3])
def test_the_shortest_runs_have_a_rate(num_steps: int) -> None:
    """Nothing is divided by zero, and no step stands still."""
    for fraction in (0, 0.1, 0.9):
        factors = [
            lr_factor(step, num_steps=num_steps, warmup_fraction=fraction)
            for step in range(num_steps)
        ]

        assert all(0 < factor <= 1 for factor in factors)

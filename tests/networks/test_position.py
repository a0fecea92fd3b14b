"""What tells a token its place."""

import pytest
import torch

from pipeline.networks.parts.position import Position, sine_1d, sine_2d, waves


@pytest.mark.parametrize("table", [sine_1d, sine_2d])
def test_every_place_has_its_own_sines(table: object) -> None:
    """No two of 36 places are described alike, and all numbers are in [-1, 1]."""
    table_HWD = table(32, side=6)

    table_ND = table_HWD.flatten(0, 1)
    distances_NN = torch.cdist(table_ND, table_ND) + 9 * torch.eye(36)
    assert (6, 6, 32) == table_HWD.shape
    assert table_ND.abs().max() <= 1
    assert distances_NN.min() > 0.1


def test_rows_and_columns_are_told_apart() -> None:
    """In two dimensions the first half of a vector tells the row, the second the column."""
    table_HWD = sine_2d(8, side=3)

    assert torch.equal(table_HWD[1, 0, :4], table_HWD[1, 2, :4])
    assert torch.equal(table_HWD[0, 1, 4:], table_HWD[2, 1, 4:])
    assert torch.equal(table_HWD[2, 0, :4], table_HWD[0, 2, 4:])


def test_one_dimension_counts_row_by_row() -> None:
    """In one dimension the first place of a row comes after the last of the row above."""
    table_HWD = sine_1d(8, side=3)

    assert torch.equal(waves(torch.tensor([3]), width=8)[0], table_HWD[1, 0])


def test_the_nearer_the_more_alike() -> None:
    """The product of two places' waves falls with their distance."""
    waves_ND = waves(torch.arange(4), width=64)

    products = (waves_ND[0] * waves_ND).sum(dim=1)

    assert torch.equal(products, products.sort(descending=True).values)


@pytest.mark.parametrize("kind", ["learned", "sine_1d", "sine_2d"])
def test_a_place_does_not_depend_on_the_canvas(kind: str) -> None:
    """The second token of the second row gets the same vector on a small and a large canvas."""
    torch.manual_seed(7)
    position = Position(kind, width=8, side=5)

    small_BND, large_BND = position(torch.zeros(1, 9, 8)), position(torch.zeros(1, 25, 8))

    assert torch.equal(small_BND[0, 1 * 3 + 1], large_BND[0, 1 * 5 + 1])
    assert small_BND.any()


def test_none_adds_nothing() -> None:
    """A bag of patches stays as it is."""
    x_BND = torch.ones(1, 4, 8)

    assert x_BND is Position("none", width=8, side=2)(x_BND)


@pytest.mark.parametrize(("kind", "names"), [("learned", ["table_HWD"]), ("sine_2d", [])])
def test_only_learned_places_are_saved(kind: str, names: list[str]) -> None:
    """A fixed table is neither learned nor saved."""
    assert names == list(Position(kind, width=8, side=2).state_dict())

"""Recurrent networks along rows, then along columns."""

import torch
from torch import nn

from pipeline.networks.parts.recurrent import RecurrentLayer
from pipeline.networks.renet import RowsThenColumns, read_rows


def make_gru(width: int) -> nn.GRU:
    """Make one way of one layer, three numbers in its state."""
    return nn.GRU(width, 3, batch_first=True)


def reached(sweep: nn.Module) -> list[list[int]]:
    """Draw a square of 4 x 4 tokens; list the places that the state at row 1, column 2 sees."""
    x_BHWD = torch.randn(1, 4, 4, 2, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (gradient_BHWD,) = torch.autograd.grad(sweep(x_BHWD)[:, 1, 2].sum(), x_BHWD)
    return gradient_BHWD[0].abs().sum(dim=2).nonzero().tolist()


def test_rows_are_read_alone() -> None:
    """A place knows its whole row after the first sweep, and nothing else."""
    torch.manual_seed(7)
    layer = RecurrentLayer(2, make_fused=make_gru, bidirectional=True)

    class Rows(nn.Module):
        def forward(self, x_BHWD: torch.Tensor) -> torch.Tensor:
            return read_rows(layer, x_BHWD)

    assert [[1, 0], [1, 1], [1, 2], [1, 3]] == reached(Rows())


def test_after_both_sweeps_every_place_knows_every_other() -> None:
    """Rows, then columns: 4 + 4 steps each way reach all 16 places."""
    torch.manual_seed(7)

    seen = reached(RowsThenColumns(2, hidden=3, make_fused=make_gru))

    assert [[row, column] for row in range(4) for column in range(4)] == seen


def test_columns_are_read_along_columns() -> None:
    """The state at a place is that of its column's sequence of row states."""
    torch.manual_seed(7)
    sweep = RowsThenColumns(2, hidden=3, make_fused=make_gru)
    x_BHWD = torch.randn(2, 4, 4, 2, generator=torch.Generator().manual_seed(1))

    row_states_BHWD = read_rows(sweep.rows, x_BHWD)
    expected_BHD = sweep.columns(row_states_BHWD[:, :, 2])

    assert torch.allclose(expected_BHD, sweep(x_BHWD)[:, :, 2], atol=1e-6)

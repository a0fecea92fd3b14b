"""The study of the chain rule: conditionals whose product is a probability."""

from itertools import product
from math import log2

import pytest
import torch

from pipeline.dataset.seed import make_generator
from pipeline.studies import chain_rule
from pipeline.studies.chain_rule import (
    IID,
    PLACES,
    RASTER,
    SHUFFLED,
    STUDY,
    CodeReader,
    Reading,
    bits_of_places,
    extremes,
    learn_centres,
    measure_bits,
    measure_places,
    nearest,
    patches_of,
)
from pipeline.studies.parts.cells import Bench, Measured
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table


@pytest.fixture(scope="module")
def measured(bench: Bench) -> dict[str, Measured]:
    """Learn the codes of tiny pictures for a few steps, in each order, and count them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain_rule, "BATCH", 8)
        read = {
            order: measure_bits(bench, seed=1, order=order, num_batches=5)
            for order in (RASTER, SHUFFLED, IID)
        }
    return {**read, PLACES: measure_places(bench, seed=1)}


def test_the_product_of_conditionals_is_a_probability() -> None:
    """Over all sequences of three of four codes the products add up to 1, for any weights."""
    torch.manual_seed(7)
    model = CodeReader(num_codes=4, num_classes=2).double()
    codes_BN = torch.tensor(list(product(range(4), repeat=3)))

    with torch.inference_mode():
        bits_BN = model.bits(codes_BN, torch.ones(len(codes_BN), dtype=torch.int64))

    assert float((0.5 ** bits_BN.sum(dim=1)).sum()) == pytest.approx(1, abs=1e-12)


def test_a_conditional_knows_nothing_of_what_follows() -> None:
    """Another code at the end changes only the last conditional."""
    torch.manual_seed(7)
    model, labels_B = CodeReader(num_codes=4, num_classes=2), torch.zeros(2, dtype=torch.int64)

    with torch.inference_mode():
        one, other = model.bits(torch.tensor([[0, 1, 2], [0, 1, 3]]), labels_B)

    assert torch.equal(one[:2], other[:2])
    assert one[2] != other[2]


def test_patches_are_squares_of_their_picture() -> None:
    """The second patch is the square to the right of the first, colour by colour."""
    x_BCHW = torch.randn(1, 3, 32, 32)

    patches_BNP = patches_of(x_BCHW)

    assert (1, 64, 48) == patches_BNP.shape
    assert torch.equal(x_BCHW[0, :, :4, 4:8].flatten(), patches_BNP[0, 1])


def test_k_means_finds_heaps() -> None:
    """Each of two far heaps gets the centre in its middle, and its members that number."""
    heaps_MP = torch.tensor([[0.0], [1.0], [10.0], [11.0]])

    centres_CP = learn_centres(heaps_MP, generator=make_generator(1, use="test"), num=2)
    numbers = nearest(heaps_MP, centres_CP).tolist()

    assert [0.5, 10.5] == sorted(centres_CP.flatten().tolist())
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_shuffled_is_one_order_for_all_pictures() -> None:
    """In any batch each picture has the same other order, so a place can be known in both."""
    codes_BN = torch.arange(64).repeat(3, 1)
    reading = Reading(order=SHUFFLED, seed=1, pool=codes_BN)

    one, other = (reading.told(codes_BN, generator=make_generator(n, use="test")) for n in (1, 2))

    assert torch.equal(one, other)
    assert torch.equal(one[0].expand(3, -1), one)
    assert one[0].tolist() != sorted(one[0].tolist()) == list(range(64))


def test_iid_codes_come_from_all_places() -> None:
    """Whatever the pictures, each code is drawn from the whole pool."""
    pool = torch.tensor([[1, 1], [2, 1]])
    reading = Reading(order=IID, seed=1, pool=pool)

    drawn = reading.told(torch.zeros(50, 40).long(), generator=make_generator(1, use="test"))

    assert (50, 40) == drawn.shape
    assert 0.25 == pytest.approx(float((drawn == 2).double().mean()), abs=0.05)
    assert 0.25 == pytest.approx(float((drawn[:, 0] == 2).double().mean()), abs=0.2)


def test_each_place_has_frequencies_of_its_own() -> None:
    """Three pictures and half a one of each of two codes: (3 + 0.5) / 4 and 0.5 / 4; 2.5, 1.5."""
    bits_NC = bits_of_places(torch.tensor([[0, 0], [0, 1], [0, 0]]), num_codes=2)

    expected = [[-log2(3.5 / 4), -log2(0.5 / 4)], [-log2(2.5 / 4), -log2(1.5 / 4)]]
    assert torch.allclose(torch.tensor(expected, dtype=torch.float64), bits_NC, atol=1e-12)


def test_extremes_are_of_their_own_character() -> None:
    """The fewest bits first, then the most, character by character."""
    found = extremes(torch.tensor([3.0, 9.0, 1.0, 2.0, 5.0]), torch.tensor([0, 1, 0, 1, 1]))

    assert [2, 0, 3, 1] == found


def test_each_order_has_bits_at_each_place(measured: dict[str, Measured]) -> None:
    """64 places; their mean is the bits of a code, near log2 of the number of codes at first."""
    for each in measured.values():
        bits_at = each.values["bits_at"]
        assert 64 == len(bits_at)
        assert sum(bits_at) / 64 == pytest.approx(each.values["bits"], abs=1e-3)
    assert 6 == len(measured[RASTER].values["extremes"])


def made_up(measured: dict[str, Measured], *, shuffled: float, iid: float) -> Table:
    """Make up the bits of two seeds; row by row takes 3, by place 3.75."""
    bits = {RASTER: 3.0, SHUFFLED: shuffled, IID: iid, PLACES: 3.75}
    return Table(
        [
            Run(
                settings={"order": order},
                seed=seed,
                values={
                    **measured[order].values,
                    "bits": own + seed * (0.1 + 0.001 * (order == RASTER)),
                },
                timing={},
            )
            for order, own in bits.items()
            for seed in (1, 2)
        ],
        ("ariel", "elsa", "merida"),
    )


@pytest.mark.parametrize(
    ("shuffled", "iid", "verdict"),
    [
        (3.5, 4.0, Verdict.SUPPORTED),
        (2.5, 4.0, Verdict.REFUTED),
        (3.0015, 4.0, Verdict.UNDECIDED),
    ],
)
def test_order_and_dependence_decide(
    measured: dict[str, Measured], shuffled: float, iid: float, verdict: Verdict
) -> None:
    """Both must save bits; and both figures are drawn."""
    finding = STUDY.conclude(made_up(measured, shuffled=shuffled, iid=iid))

    assert verdict == finding.verdict
    assert ["figure.svg", "extremes.png"] == [figure.file for figure in finding.figures]


def test_identical_and_independent_are_told_apart(measured: dict[str, Measured]) -> None:
    """What i.i.d. costs is what alike places cost and what not knowing other codes costs."""
    finding = STUDY.conclude(made_up(measured, shuffled=3.5, iid=4.0))
    values = {each.setting: each.value for each in finding.evidence}

    assert 0.25 == pytest.approx(values["i.i.d. less by place"], abs=0.01)
    assert 0.75 == pytest.approx(values["by place less row by row"], abs=0.01)


def test_each_setting_runs_with_each_seed(setup: Setup) -> None:
    """Three orders are read by networks; the codes at each place are only counted."""
    cells = STUDY.plan(setup)

    assert [each for each in (RASTER, SHUFFLED, IID, PLACES) for _ in (1, 2)] == [
        cell.settings["order"] for cell in cells
    ]
    assert [measure_bits] * 6 + [measure_places] * 2 == [cell.function for cell in cells]

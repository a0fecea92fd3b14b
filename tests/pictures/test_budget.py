"""Pixels in flight: never more than the budget, and everybody's turn comes."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from pipeline.pictures.budget import PixelBudget
from pipeline.pictures.decode import decode, decoding
from pipeline.records import Rejected

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pool():
    """Run up to eight threads, and join them."""
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_who_fits_beside_others_goes(pool) -> None:
    """A small share waits for nobody; one too many waits until another ends."""
    budget = PixelBudget(10)

    with budget.taken(6), budget.taken(4):
        waiting = pool.submit(take, budget, 1)
        assert not wait([waiting], timeout=0.05).done

    assert waiting.result(timeout=5)


def test_more_than_the_whole_budget_goes_alone(pool) -> None:
    """It is not refused, and goes beside nobody."""
    budget = PixelBudget(10)

    with budget.taken(1):
        waiting = pool.submit(take, budget, 11)
        assert not wait([waiting], timeout=0.05).done

    assert waiting.result(timeout=5)


def test_a_large_share_is_not_overtaken(pool) -> None:
    """Who comes later waits behind it, though there would be room."""
    budget, entered, leave = PixelBudget(10), Event(), Event()

    def hold() -> None:
        with budget.taken(10):
            entered.set()
            leave.wait(5)

    with budget.taken(5):
        large = pool.submit(hold)
        assert not entered.wait(0.05)
        small = pool.submit(take, budget, 1)
        assert not wait([small], timeout=0.05).done

    assert entered.wait(5)
    leave.set()
    assert (None, True) == (large.result(5), small.result(5))


def test_an_error_gives_back_what_was_taken() -> None:
    """A picture that breaks while it is decoded costs the others nothing."""
    budget = PixelBudget(10)
    with pytest.raises(ValueError, match="broken"), budget.taken(10):
        raise ValueError("broken")

    assert take(budget, 10)


def test_every_decoder_shares_one_budget(pool, draw_png, monkeypatch) -> None:
    """A picture counts while it is decoded, and in `decoding` to the end of the block."""
    monkeypatch.setattr("pipeline.pictures.budget.SMALL", PixelBudget(120 * 110))
    data = draw_png()

    with decoding(data) as picture:
        waiting = [pool.submit(decode, data) for _ in range(3)]
        assert not wait(waiting, timeout=0.05).done

    assert [picture.image] * 3 == [each.result(timeout=5).image for each in waiting]


def test_small_pictures_do_not_wait_for_large_ones(pool, draw_png, monkeypatch) -> None:
    """Who sends a photograph is answered while others send posters."""
    monkeypatch.setattr("pipeline.pictures.budget.LARGE", PixelBudget(2_000_000))
    large = draw_png(size=(2000, 1000))

    with decoding(large):
        waiting = pool.submit(decode, large)
        assert (120, 110) == decode(draw_png()).image.size
        assert not waiting.done()

    assert (2000, 1000) == waiting.result(timeout=5).image.size


def test_a_broken_picture_gives_its_pixels_back(draw_png, monkeypatch) -> None:
    """Half a file is rejected as often as it comes."""
    monkeypatch.setattr("pipeline.pictures.budget.SMALL", PixelBudget(120 * 110))
    found = [decode(draw_png()[:200]) for _ in range(3)]

    assert [Rejected] * 3 == [type(each) for each in found]


def test_rows_on_white_are_those_of_the_whole() -> None:
    """Laying a picture on white band by band changes no pixel."""
    shades = Image.linear_gradient("L").resize((700, 700))
    picture = Image.merge("RGBA", (shades, shades.rotate(90), shades.rotate(180), shades))
    file = io.BytesIO()
    picture.save(file, "PNG")
    white = Image.new("RGBA", picture.size, "white")

    assert Image.alpha_composite(white, picture).convert("RGB") == decode(file.getvalue()).image


CROWD = """
import io, re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from PIL import Image
from pipeline.pictures.budget import free_at_once
from pipeline.pictures.decode import decode

def megabytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000

free_at_once()
file = io.BytesIO()
Image.new("RGBA", (3000, 3000), (200, 30, 30, 120)).save(file, "PNG")
before = megabytes("VmHWM")
with ThreadPoolExecutor(8) as pool:
    sizes = [pool.submit(lambda: decode(file.getvalue()).image.size) for _ in range(16)]
    assert [(3000, 3000)] * 16 == [size.result() for size in sizes]
    print(megabytes("VmHWM") - before, megabytes("VmRSS") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account")
def test_a_crowd_of_large_pictures_needs_memory_for_a_few() -> None:
    """Eight threads with 9 megapixels each hold two at once, and give them back."""
    done = subprocess.run(
        [sys.executable, "-c", CROWD], capture_output=True, text=True, check=True, cwd=ROOT
    )
    peak_mb, left_mb = map(float, done.stdout.split())

    assert 0 < peak_mb < 350  # 630 without a budget, 480 where freed blocks are kept
    assert left_mb < 150  # 410 where they are kept


def take(budget: PixelBudget, pixels: int) -> bool:
    """Hold pixels for a moment."""
    with budget.taken(pixels):
        return True

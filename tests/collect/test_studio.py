"""The studio: a picture is a pure function of its address, and the list is as messy as the web."""

import io
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pipeline.collect.sources.studio import StudioAdapter, candidates, truth
from pipeline.collect.sources.studio.adapter import answer_to
from pipeline.collect.sources.studio.looks import look_of
from pipeline.collect.sources.studio.plan import DEATHS, EDITS, KINDS, Kind, plan_of
from pipeline.files import sha256_of
from pipeline.params import Search, StudioParams
from pipeline.pictures.decode import Picture, decode
from pipeline.records import Reason, Rejected

SEARCH = Search(name="Ariel", queries=("인어공주 에리얼",))


def first(number: int, *, kind: Kind, edit: str = "", death: str = "") -> str:
    """Find the address of the first candidate of ariel of a certain kind."""
    plans = (plan_of("ariel", n) for n in range(1, number))
    return next(
        p.url for p in plans if p.kind is kind and edit in {"", p.edit} and death in {"", p.death}
    )


def image_at(url: str) -> Image.Image:
    """Draw and decode one picture."""
    picture = decode(answer_to(url).body)
    assert isinstance(picture, Picture)
    return picture.image


def listed(character: str, number: int) -> list[str]:
    """List the first addresses of a character."""
    source = StudioParams(kind="studio")
    offered = candidates(character, SEARCH, source, client=None, root=Path())
    return [candidate.image_url for candidate in islice(offered, number)]


def test_same_address_same_bytes_in_any_thread() -> None:
    """Bytes depend on the address alone, not on the thread or on what was drawn before."""
    urls = listed("elsa", 12)
    alone = [sha256_of(answer_to(url).body) for url in urls]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda url: sha256_of(answer_to(url).body), reversed(urls)))

    assert alone == together[::-1]


def test_same_address_same_bytes_in_another_process() -> None:
    """Bytes do not depend on the process either, whose string hashes differ."""
    url = listed("merida", 1)[0]
    code = (
        "from pipeline.collect.sources.studio.adapter import answer_to;"
        "from pipeline.files import sha256_of;"
        f"print(sha256_of(answer_to({url!r}).body))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert sha256_of(answer_to(url).body) == done.stdout.strip()


def test_search_is_ranked_and_unique() -> None:
    """Candidates come in rank order, each address once."""
    source = StudioParams(kind="studio")
    offered = list(islice(candidates("ariel", SEARCH, source, client=None, root=Path()), 600))

    assert list(range(1, 601)) == [candidate.rank for candidate in offered]
    assert len({candidate.image_url for candidate in offered}) == 600


@pytest.mark.parametrize("kind", KINDS)
def test_shares_of_kinds(kind: Kind) -> None:
    """Copies, wrong characters and dead addresses come as often as they are said to."""
    counts = Counter(plan_of(slug, n).kind for slug in ("ariel", "elsa") for n in range(1, 2001))

    assert KINDS[kind] == pytest.approx(counts[kind] / 4000, abs=0.02)


@pytest.mark.parametrize(
    ("death", "reason"),
    [
        ("cut", Reason.UNDECODABLE),
        ("html", Reason.NOT_AN_IMAGE),
        ("pixel", Reason.TOO_SMALL),
        ("huge", Reason.TOO_MANY_PIXELS),
    ],
)
def test_dead_files(death: str, reason: Reason) -> None:
    """Each kind of dead file is refused for its own reason."""
    body = answer_to(first(3000, kind=Kind.DEAD, death=death)).body
    judged = decode(body, min_side_px=100)

    assert isinstance(judged, Rejected)
    assert reason == judged.reason


def test_broken_off_and_missing_through_a_session() -> None:
    """A short body fails its Content-Length, and a missing picture is a 404, as on the web."""
    session = requests.Session()
    session.mount("studio://", StudioAdapter())
    missing = session.get(first(3000, kind=Kind.DEAD, death="missing"))

    assert missing.status_code == 404
    assert session.get("studio://elsewhere").status_code == 404
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        session.get(first(3000, kind=Kind.DEAD, death="broken off"))


def test_every_death_and_edit_occurs() -> None:
    """Nothing on the lists of edits and deaths is a dead letter."""
    plans = [plan_of("ariel", n) for n in range(1, 3001)]

    assert set(EDITS) | {""} == {plan.edit for plan in plans}
    assert set(DEATHS) | {""} == {plan.death for plan in plans}


def test_exact_copy_has_the_bytes_of_its_original() -> None:
    """An exact copy is exact."""
    url = first(2000, kind=Kind.COPY, edit="exact")

    assert answer_to(truth(url).copy_of).body == answer_to(url).body


def test_flipped_copy_mirrors_picture_and_masks() -> None:
    """A flipped copy shows its original mirrored, and so do its masks."""
    url = first(2000, kind=Kind.COPY, edit="flipped")
    original = truth(truth(url).copy_of)
    mirrored = np.asarray(ImageOps.mirror(image_at(original.url)), dtype=float)

    assert np.abs(mirrored - np.asarray(image_at(url), dtype=float)).mean() < 12
    for slug, mask_HW in original.masks().items():
        assert np.array_equal(mask_HW[:, ::-1], truth(url).masks()[slug])


@settings(max_examples=10)
@given(st.integers(1, 400))
def test_masks_fit_the_picture(number: int) -> None:
    """Each drawn character's mask has the picture's size, and the main one can be seen."""
    plan = plan_of("rapunzel", number)
    told = truth(plan.url)
    for mask_HW in told.masks().values():
        assert image_at(plan.url).size[::-1] == mask_HW.shape
    if plan.kind is Kind.PICTURE:
        assert told.masks()["rapunzel"].any()


@settings(max_examples=15)
@given(st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,20}\Z"))
def test_any_slug_has_a_look(slug: str) -> None:
    """Characters that the studio has never heard of get a face of their own, always the same."""
    assert look_of(slug) == look_of(slug)
    assert image_at(plan_of(slug, 1).url).width >= 100


def test_unknown_address_is_told() -> None:
    """The truth about an address that the studio does not have is an error that names it."""
    with pytest.raises(ValueError, match="studio://nowhere"):
        truth("studio://nowhere")


def test_picture_is_a_real_file() -> None:
    """What comes is a file of one of the web's formats, bigger than an icon."""
    image = Image.open(io.BytesIO(answer_to(plan_of("ariel", 1).url).body))

    assert image.format in {"JPEG", "PNG", "WEBP", "GIF"}
    assert min(image.size) >= 100

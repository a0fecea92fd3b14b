"""The studio's pictures, copies and dead answers hold what `truth` says about them."""

import io
import struct
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipeline.collect.sources.studio import StudioAdapter, candidates, truth
from pipeline.collect.sources.studio.copies import edited, reshaped
from pipeline.collect.sources.studio.dice import dice
from pipeline.collect.sources.studio.files import decoded
from pipeline.collect.sources.studio.looks import CAST, look_of
from pipeline.collect.sources.studio.picture import labelled, painted, sketch
from pipeline.collect.sources.studio.plan import DEATHS, EDITS, KINDS, Kind, Plan, plan_of
from pipeline.params import Search, StudioParams
from pipeline.records import UNKNOWN, Candidate

SEARCH = Search(name="Elsa", queries=("겨울왕국 엘사",))
PLANS = [plan_of("elsa", number) for number in range(1, 2001)]


def first(*, kind: Kind, edit: str = "", death: str = "") -> Plan:
    """Find the first plan of elsa of a certain kind."""
    return next(
        p for p in PLANS if p.kind is kind and edit in {"", p.edit} and death in {"", p.death}
    )


def listed() -> list[Candidate]:
    """List all candidates of elsa."""
    source = StudioParams(kind="studio")
    return list(candidates("elsa", SEARCH, source, client=None, root=Path()))


def grey_32(image: Image.Image) -> NDArray[np.float64]:
    """Shrink a picture to 32 x 32 grey values in [0, 1]."""
    return np.asarray(image.convert("L").resize((32, 32)), dtype=np.float64) / 255


@pytest.fixture
def session() -> requests.Session:
    """Open a session that reaches the studio as it reaches the web."""
    session = requests.Session()
    session.mount("studio://", StudioAdapter())
    return session


def test_ariel_has_red_hair_and_a_green_tail() -> None:
    """The mermaid looks like one."""
    ariel = look_of("ariel")
    red, green, _ = ariel.hair_colour
    tail_red, tail_green, tail_blue = ariel.main

    assert ariel.outfit == "tail"
    assert red > 2 * green
    assert tail_green > max(tail_red, tail_blue)


@pytest.mark.parametrize("part", ["hair", "outfit", "ornament"])
def test_shapes_tell_the_cast_apart(part: str) -> None:
    """No two of the cast share a hairdo, an outfit or an ornament: colours are not needed."""
    assert len(CAST) == len({getattr(look, part) for look in CAST.values()})


def test_a_picture_shows_its_character_and_a_wrong_one_somebody_else() -> None:
    """Pictures draw who they are listed under; wrong ones draw another as their subject."""
    wrong = [plan for plan in PLANS if plan.kind is Kind.WRONG]

    assert all("elsa" in truth(plan.url).drawn for plan in PLANS[:100] if plan.kind is Kind.PICTURE)
    assert all(plan.subject != "elsa" for plan in wrong)
    assert any(truth(plan.url).drawn == () for plan in wrong)  # things only


def test_copies_point_back() -> None:
    """Originals are pictures that come earlier in the list, or early in another's list."""
    for plan in PLANS:
        if plan.original is not None:
            limit = plan.number if plan.original.slug == plan.slug else 150

            assert plan.original.kind is Kind.PICTURE
            assert plan.original.number < limit


def test_some_copies_come_from_other_characters() -> None:
    """About a fifth of the copies is a label conflict."""
    copies = [plan.original for plan in PLANS if plan.original is not None]
    foreign = sum(original.slug != "elsa" for original in copies)

    assert 0.2 == pytest.approx(foreign / len(copies), abs=0.08)


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_copies_look_like_their_originals(session: requests.Session, edit: str) -> None:
    """Whatever was done to a copy, after undoing a flip it is still that picture."""
    plan = first(kind=Kind.COPY, edit=edit)
    copy, original = (
        decoded(session.get(url).content) for url in (plan.url, truth(plan.url).copy_of)
    )
    if edit == "flipped":
        copy = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    assert np.corrcoef(grey_32(copy).ravel(), grey_32(original).ravel())[0, 1] > 0.6


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_labels_follow_every_edit(edit: str) -> None:
    """An edit takes a picture and its labels to the same size, and invents no label."""
    image, labels = Image.new("RGB", (300, 200), "red"), Image.new("L", (300, 200), 3)
    changed = edited(image, edit, dice("edit"))
    moved = reshaped(labels, edit, dice("edit"), is_label=True)

    assert changed.size == moved.size
    assert {0, 3} >= {value for _, value in moved.getcolors() or []}


def test_what_a_figure_changes_is_under_its_mask() -> None:
    """Painted with and without its figures, a picture differs under the masks alone."""
    drawing = next(d for d in map(sketch, PLANS) if d.style == "colour" and len(d.figures) > 1)
    with_all, without = (
        np.asarray(painted(each, dice("light")), dtype=int)
        for each in (drawing, replace(drawing, figures=[]))
    )
    changed_HW = np.abs(with_all - without).max(axis=2) > 24
    grown = labelled(drawing).point([0] + [255] * 255).filter(ImageFilter.MaxFilter(9))  # outlines
    mask_HW = np.asarray(grown) > 0

    assert (changed_HW & ~mask_HW).mean() < 0.001
    assert (changed_HW & mask_HW).sum() > 0.5 * mask_HW.sum()


def test_company_has_a_mask_each() -> None:
    """Characters in one picture have masks that do not overlap."""
    told = next(t for t in (truth(plan.url) for plan in PLANS) if len(set(t.drawn)) == 2)
    first_HW, second_HW = told.masks().values()

    assert sorted(set(told.drawn)) == list(told.masks())
    assert first_HW.any()
    assert not (first_HW & second_HW).any()


def test_cut_file_is_honest_about_its_length(session: requests.Session) -> None:
    """A truncated JPEG arrives whole as far as HTTP can tell: decoding must find it out."""
    answer = session.get(first(kind=Kind.DEAD, death="cut").url)

    assert str(len(answer.content)) == answer.headers["Content-Length"]
    assert answer.content.startswith(b"\xff\xd8")
    assert not answer.content.endswith(b"\xff\xd9")


def test_broken_off_file_promises_more_than_it_sends(session: requests.Session) -> None:
    """The other truncated JPEG is shorter than its Content-Length, seen while streaming."""
    answer = session.get(first(kind=Kind.DEAD, death="broken off").url, stream=True)
    body = answer.raw.read(1_000)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        body += b"".join(answer.iter_content(1_000))

    assert len(body) < int(answer.headers["Content-Length"])


def test_page_under_the_name_of_a_picture(session: requests.Session) -> None:
    """HTML is called .jpg and says it is a JPEG."""
    url = first(kind=Kind.DEAD, death="html").url
    answer = session.get(url)

    assert url.endswith(".jpg")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert b"<html>" in answer.content


def test_pixel_is_a_sound_picture(session: requests.Session) -> None:
    """A counting pixel decodes: only its size is wrong."""
    answer = session.get(first(kind=Kind.DEAD, death="pixel").url)
    with Image.open(io.BytesIO(answer.content)) as image:
        image.load()

    assert (1, 1) == image.size


def test_huge_picture_is_a_small_file(session: requests.Session) -> None:
    """900 million pixels come in less than a megabyte, as a decompression bomb does."""
    body = session.get(first(kind=Kind.DEAD, death="huge").url).content

    assert (30_000, 30_000) == struct.unpack(">II", body[16:24])
    assert len(body) < 1_000_000


def test_dead_have_no_masks_and_a_death() -> None:
    """The truth about a dead candidate is why it is dead."""
    told = truth(first(kind=Kind.DEAD).url)

    assert told.masks() == {}
    assert told.death in DEATHS


def test_listing_says_what_galleries_say() -> None:
    """Pages are unique or missing, sizes may be missing, and each licence has its own address."""
    offered = listed()
    pages = [each.page_url for each in offered if each.page_url]

    assert len(pages) == len(set(pages))
    assert 0.96 == pytest.approx(len(pages) / len(offered), abs=0.015)
    assert 0.15 == pytest.approx(sum(c.width_px is None for c in offered) / len(offered), abs=0.03)
    assert len(Counter((c.licence, c.licence_url) for c in offered)) == 4
    assert {c.licence for c in offered if not c.licence_url} == {UNKNOWN}


def test_pictures_depend_on_no_search() -> None:
    """Another name or other queries change titles, never what is offered."""
    source = StudioParams(kind="studio")
    other = candidates("elsa", Search(name="Anna"), source, client=object(), root=Path("elsewhere"))

    assert [c.image_url for c in islice(other, 50)] == [c.image_url for c in listed()[:50]]


def test_shares_add_up() -> None:
    """What each draw chooses from is a whole."""
    for shares in (KINDS, EDITS, DEATHS):
        assert sum(shares.values()) == pytest.approx(1)

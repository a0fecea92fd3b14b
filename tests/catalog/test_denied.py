"""The list of what is never collected."""

from pathlib import Path

import pytest

from pipeline.catalog.denied import DeniedList
from pipeline.records import Denied, Reason, Rejected
from tests.rows import candidate

URL = "https://static.pics.example/a.jpg"
PAGE = "https://wiki.example/File:A"


@pytest.mark.parametrize("item", [URL, PAGE, "static.pics.example", "pics.example", "wiki.example"])
def test_denies_by_address_page_and_host(item: str):
    """A row names an image, its page, its host or a domain above; its reason is the detail."""
    denied = DeniedList([Denied(item=item, reason="asked by the artist")])

    rejected = denied.judge_candidate(candidate(image_url=URL, page_url=PAGE))

    assert Rejected(reason=Reason.DENIED, detail="asked by the artist") == rejected


@pytest.mark.parametrize("item", ["", "pics", "s.example", "https://static.pics.example/b.jpg"])
def test_denies_nothing_else(item: str):
    """Other addresses and parts of names do not match."""
    denied = DeniedList([Denied(item=item, reason="x")])

    assert denied.judge_candidate(candidate(image_url=URL)) is None


def test_reads_the_file_of_a_project(tmp_path: Path):
    """data/denied.csv may be missing; a hash in it denies bytes."""
    path = tmp_path / "denied.csv"
    assert DeniedList.read(path).judge_sha256("ab" * 32) is None

    path.write_text(f"item,reason\n{'ab' * 32},take-down\n", encoding="utf-8")

    assert Rejected(reason=Reason.DENIED, detail="take-down") == DeniedList.read(path).judge_sha256(
        "ab" * 32
    )


def test_an_address_that_is_none_has_no_host():
    """A broken address is judged later, by the client."""
    assert DeniedList().judge_candidate(candidate(image_url="http://[broken")) is None

"""The end of a run in words: honest numbers, and what helps to act on them."""

import pytest

from pipeline.collect.words import reasons_in_words
from pipeline.records import Reason, RejectedRow


def rows(number: int, reason: Reason, detail: str = "x") -> list[RejectedRow]:
    """Make some rows of one reason."""
    return [RejectedRow(image_url=f"u{n}", reason=reason, detail=detail) for n in range(number)]


def test_says_it_as_people_would():
    """Most frequent first, with statuses and hosts."""
    rejected = [
        *rows(20, Reason.NOT_AN_IMAGE, "HTML"),
        *rows(96, Reason.EXACT_DUPLICATE),
        *rows(40, Reason.GONE, "HTTP 404"),
        *rows(61, Reason.TOO_SMALL, "20x20 px, need 100 px"),
        *rows(22, Reason.BLOCKED, "static.example: HTTP 403"),
    ]

    assert (
        "96 duplicates, 61 too small, 40 gone (404), 22 blocked by static.example, 20 not an image"
        == ", ".join(reasons_in_words(rejected))
    )


@pytest.mark.parametrize(
    ("rejected", "expected"),
    [
        ([], []),
        (rows(1, Reason.EXACT_DUPLICATE), ["1 duplicate"]),
        (rows(2, Reason.SERVER_ERROR, "HTTP 503"), ["2 server errors (503)"]),
        (
            rows(1, Reason.GONE, "HTTP 410") + rows(1, Reason.GONE, "HTTP 404"),
            ["2 gone (404, 410)"],
        ),
        (
            rows(1, Reason.BLOCKED, "a.example: HTTP 403")
            + rows(2, Reason.BLOCKED, "b.example:81: left alone, as it asked"),
            ["3 blocked by b.example:81 (2), a.example (1)"],
        ),
        (
            [row for n in range(5) for row in rows(1, Reason.BLOCKED, f"{n}.example: challenge")],
            ["5 blocked by 0.example (1), 1.example (1), 2.example (1), …"],
        ),
    ],
)
def test_one_and_many(rejected: list[RejectedRow], expected: list[str]):
    """One is not plural; several statuses and hosts are named, a long list is cut."""
    assert expected == reasons_in_words(rejected)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason):
    """No reason of the closed list is left without a count."""
    (text,) = reasons_in_words(rows(2, reason, "h.example: y"))

    assert text.startswith("2 ")

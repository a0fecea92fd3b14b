"""Words of strangers: one plain line, harmless in a page, a terminal and a spreadsheet."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.text import MAX_LENGTH, clean_text

strange = st.text(st.characters(codec=None)) | st.text("<>&=+-@'\"/ab \t\n\x00\u202e\u0301가")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ariel", "Ariel"),
        ("<b>Ariel</b>&amp;Eric<br/>", "Ariel&Eric"),
        ("<style>.x{}</style><span>An Artist</span><script>x()</script>", "An Artist"),
        ("  two\n lines\t", "two lines"),
        ("I <3 Ariel", "I <3 Ariel"),
        ("\u1100\u1161", "가"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("a\u2028b\x85c", "a b c"),
        ("\ud800x", "x"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@a", "'@a"),
        ("\x00-1", "'-1"),
        ("👩‍🎨", "👩‍🎨"),
        ("", ""),
    ],
)
def test_examples(text: str, expected: str):
    """Markup, controls and formulas go, letters and emoji stay."""
    assert expected == clean_text(text)


@given(strange)
def test_is_one_printable_line(text: str):
    """Nothing is left that breaks a line, turns the writing round or is half a character."""
    categories = {unicodedata.category(char) for char in clean_text(text)} - {"Cf"}

    assert set() == categories & {"Cc", "Cs", "Zl", "Zp"}


@given(strange)
def test_is_composed_trimmed_and_short(text: str):
    """Letters are composed, white space is single, the length is bounded."""
    cleaned = clean_text(text)

    assert unicodedata.is_normalized("NFC", cleaned)
    assert " ".join(cleaned.split()) == cleaned
    assert len(cleaned) <= MAX_LENGTH + 1
    cleaned.encode()


@given(strange)
def test_is_no_formula(text: str):
    """No spreadsheet runs it."""
    assert not clean_text(text).startswith(("=", "+", "-", "@"))


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1))
def test_plain_words_survive(text: str):
    """Letters and digits of any script are only composed."""
    assert unicodedata.normalize("NFC", text)[:MAX_LENGTH] == clean_text(text)

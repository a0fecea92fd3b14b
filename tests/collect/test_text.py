"""Words of strangers: one plain line, harmless in a page, a terminal and a spreadsheet."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.text import MAX_LENGTH, clean_text, size_px, web_address

TAGS = ["<", ">", "<![", "<![CDATA[", "<!--", "-->", "<a ", "</", "<style", "</style>", "<SCRIPT>"]
REST = ["&#", "&#x", "9" * 5000, "&amp", ";", '"', "'", "=", "]]>", "<?", "/>", "가", "\ud800", " "]
strange = (
    st.text(st.characters(codec=None))
    | st.text("<>&=+-@'\"/ab \t\n\x00\u202e\u0301가")
    | st.lists(st.sampled_from(TAGS + REST)).map("".join)
)


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
        ("Ariel <![2", "Ariel <![2"),
        ("<![dsgvo_x]>Ariel", "Ariel"),
        ("Ariel <b", "Ariel <b"),
        ("<a title='1 > 2'>Ariel</a>", "Ariel"),
        ("<a title='>Ariel", "Ariel"),
        ("<!-- > -->Ariel<!-->", "Ariel"),
        ("<styled>Ariel</styled>", "Ariel"),
        ("Ariel<script>x()>", "Ariel"),
        (f"Ariel&#{'9' * 5000};", "Ariel"),
        ("&#65;&#x42;&lt;b&gt;", "AB<b>"),
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


@pytest.mark.parametrize("end", ["", ">"])
@pytest.mark.parametrize(
    "piece",
    ["<a ", "<![", "<!--", "<style>", "<a '", "<a \"<a '", "</", "&#", "&#9", "\u0327\u0301", "  "],
)
def test_takes_time_in_proportion_to_its_length(piece: str, end: str):
    """A megabyte of anything takes seconds at most; what grows with the square takes hours."""
    start = time.process_time()

    clean_text(piece * (1_000_000 // len(piece)) + end)

    assert time.process_time() - start < 10


@given(st.none() | st.integers() | strange | st.just("9" * 5000), strange)
def test_addresses_and_sizes_are_never_an_error(value: object, text: str):
    """Whatever an answer holds in place of an address or a size is one, or nothing."""
    addresses = [web_address(value), web_address(f"https://pics.example/{text}"), web_address(text)]

    assert all(address.isascii() for address in addresses)
    assert (size_px(value) or 1) > 0

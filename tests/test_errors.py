"""A text from outside is shown on its line, and is one word of a command."""

import os
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError, ParamsError, printable, shell_word

ODD = [
    "a b",
    "a\nb",
    "-x",
    "$(id)",
    "`id`",
    "it's",
    "\\n",
    "\x1b[31m",
    "인어\u2028공주",
    "\x85",
    "*",
    "",
]
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@example("a\u2028b\u2029c\x0bd\x1ce\x85f")  # all that Python takes for line ends
@given(st.text())
def test_a_printed_text_is_one_plain_line(text: str) -> None:
    """Nothing in it ends a line, moves a terminal or cannot be encoded; letters stay."""
    shown = printable(text)

    assert [shown] == (shown.splitlines() or [""])
    assert shown == printable(shown)
    assert not any(char < " " or "\x7f" <= char <= "\x9f" or char == "\u202e" for char in shown)
    assert shown == shown.encode().decode()
    assert all(char in shown for char in text if char.isalnum())


def test_an_error_is_one_line_for_each_mistake() -> None:
    """Whatever names it holds."""
    assert "a\\n::error::b: gone" == str(DataError("a\n::error::b: gone"))
    assert "one\ntwo\\n" == str(ParamsError("one", "two\n"))


def read_by(shell: str, *words: str) -> list[bytes]:
    """Let a shell read words, and give what a command gets."""
    tell = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    command = f"{shell_word(sys.executable)} -c {shell_word(tell)} {' '.join(words)}"
    return subprocess.run([shell, "-c", command], capture_output=True, check=True).stdout.split(
        b"\0"
    )


@settings(max_examples=10)
@given(st.lists(NAMES, min_size=20, max_size=20))
def test_a_quoted_text_is_one_word(words: list[str]) -> None:
    """Bash gives a command the very bytes, and the text to be copied has one line."""
    words = [*words, *ODD]
    quoted = [shell_word(word) for word in words]

    assert quoted == [printable(word) for word in quoted]
    assert [word.encode() for word in words] == read_by("bash", *quoted)


def test_a_name_that_is_not_utf8_is_quoted() -> None:
    """The command finds the file."""
    name = os.fsdecode(b"caf\xe9\n.png")

    assert [b"caf\xe9\n.png"] == read_by("bash", shell_word(name))
    assert "caf\\udce9\\n.png" == printable(name)


@pytest.mark.parametrize("name", ["data/contributions/na/ariel.dvc", "na"])
def test_a_plain_word_needs_no_quotes(name: str) -> None:
    """As people write it."""
    assert name == shell_word(name)

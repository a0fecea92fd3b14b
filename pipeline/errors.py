r"""What can go wrong, in words for people, and how a word from outside is printed.

DisneyError                one line: where, what was found, what is allowed, what to do
    ParamsError            params.yaml, one line per mistake, all at once
    DataError              a file or row of data/ that breaks the contract
    SourceError            a source of images that cannot be asked (missing folder, wiki down)
    ModelError             weights or a model card that cannot be used

A bad *image* is none of these: it is a row with a reason (`pipeline.records.Rejected`).

A file's name, a title or a cell of a manifest may hold anything: a line end starts a command of a
CI log ("::error"), an escape moves a terminal's cursor, a blank makes two words of one. `printable`
is the one way to show such a text, `shell_word` the one way to put it into a command to be copied.
"""

import shlex
import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, turns of direction, surrogates, line ends
_JOINERS = "\u200c\u200d"  # Persian words and emoji are spelt with these


class DisneyError(Exception):
    """Base of every error a user can cause; commands print its text and exit with code 1."""

    def __str__(self) -> str:
        """Write a line for each argument, whatever names are in it."""
        return "\n".join(printable(line) for line in self.args)


class ParamsError(DisneyError):
    """params.yaml is wrong: an argument per mistake."""


class DataError(DisneyError):
    """A file of the dataset breaks the contract."""


class SourceError(DisneyError):
    """A source of images cannot be asked."""


class ModelError(DisneyError):
    """Weights or a model card cannot be used."""


def printable(text: object) -> str:
    r"""Show a text from outside on the line where it stands; doing so twice changes nothing.

    >>> printable("a\n::error::b\x1b[31m"), printable("인어공주 👩‍🎤.jpg")
    ('a\\n::error::b\\x1b[31m', '인어공주 👩\u200d🎤.jpg')
    """
    return "".join(
        char.encode("unicode_escape").decode() if _is_unseen(char) else char for char in str(text)
    )


def shell_word(text: object) -> str:
    r"""Write a text from outside as one word of a command, to be copied into bash or zsh.

    >>> print(shell_word("a.dvc"), shell_word("a b.dvc"), shell_word("$(id)\n"))
    a.dvc 'a b.dvc' $'$(id)\x0a'
    """
    word = str(text)
    if not any(map(_is_unseen, word)):
        return shlex.quote(word)
    within = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(_as_bytes(char) if _is_unseen(char) else char for char in within)}'"


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN and char not in _JOINERS


def _as_bytes(char: str) -> str:
    """Escape a character as the bytes of a file's name; a byte that is no UTF-8 stays itself."""
    is_byte = "\udc80" <= char <= "\udcff"
    data = char.encode("utf-8", "surrogateescape" if is_byte else "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in data)

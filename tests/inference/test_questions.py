"""What a user may name, and what is read from it."""

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pipeline.inference import questions
from pipeline.inference.questions import Reader, find_questions
from pipeline.params import Params, load_params
from pipeline.paths import Project


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with pictures, other files, hidden ones and a folder without any."""
    for name in ("b.PNG", "a.jpg", "note.txt", ".hidden.jpg", "sub/인어.webp", ".git/c.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*given: str, stdin: tuple[str, ...] = ()) -> list[str]:
    """Find questions, and name those without an error."""
    return [each.name for each in find_questions(given, stdin=stdin) if not each.error]


@pytest.mark.usefixtures("pictures")
def test_names_stay_as_given() -> None:
    """Files, even those that are not there, and addresses come in the order given."""
    given = ["./b.PNG", "none.jpg", "https://pics.example/1.jpg", "note.txt", "a.jpg"]

    assert given == names(*given)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (".", ["./a.jpg", "./b.PNG", "./sub/인어.webp"]),
        ("sub", ["sub/인어.webp"]),
        ("*.jpg", ["a.jpg"]),
        ("**/*.webp", ["sub/인어.webp"]),
        ("[ab].*", ["a.jpg", "b.PNG"]),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_folders_and_patterns_become_files(given: str, found: list[str]) -> None:
    """A folder is its pictures, sorted, with all below it and nothing hidden; so is a pattern."""
    assert found == names(given)


def test_a_file_named_like_a_pattern_is_that_file(pictures: Path) -> None:
    """`[a].jpg` may be a name."""
    (pictures / "[a].jpg").write_bytes(b"")

    assert ["[a].jpg"] == names("[a].jpg")


@pytest.mark.usefixtures("pictures")
def test_a_list_on_stdin() -> None:
    """`-` stands for lines of names, which may be folders again; empty lines are nothing."""
    lines = ("sub\n", "\n", "with space .jpg\r\n", "-\n")

    assert ["a.jpg", "sub/인어.webp", "with space .jpg"] == names("a.jpg", "-", stdin=lines)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("empty", "no picture in it (JPEG, PNG, WEBP, GIF)"),
        ("*.gif", "no file fits this pattern"),
        ("ftp://pics.example/1.jpg", "addresses begin with http:// or https://"),
        ("-", "no names on stdin, one a line"),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_nothing_found_is_told(given: str, words: str) -> None:
    """A name that stands for nothing is one question with its error."""
    (question,) = find_questions([given])

    assert (given, words) == (question.name, question.error)


@pytest.fixture
def reader(trained_params: Params, trained: Project) -> Reader:
    """Read for somebody who says who asks."""
    params = trained_params.model_copy(update={"contact": "lead@example.org"})
    return Reader(params, root=trained.root)


def test_bytes_as_they_are(pictures: Path, reader: Reader) -> None:
    """A file is read whole."""
    assert b"a.jpg" == reader.read(str(pictures / "a.jpg"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.jpg", "no such file"),
        ("empty", "no file"),
        ("pipe", "no file"),
        ("a.jpg/b.jpg", "Not a directory"),
        ("nul\0.jpg", "no name of a file"),
        ("http://127.0.0.1/1.jpg", "forbidden address (127.0.0.1 is 127.0.0.1, "),
        ("HTTP://10.1.2.3/1.jpg", "forbidden address (10.1.2.3 is 10.1.2.3, "),
        ("http://[::1]/1.jpg", "forbidden address (::1 is ::1, "),
        ("http://user@/1.jpg", "forbidden address ("),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_what_cannot_be_read_is_a_line(name: str, words: str, reader: Reader) -> None:
    """No exception, no waiting for a pipe, nothing asked of a private address."""
    os.mkfifo("pipe")

    answer = reader.read(name)

    assert isinstance(answer, str)
    assert answer.startswith(words)
    assert "\n" not in answer


def test_no_film_is_read(pictures: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the limit is told by its size, not read into memory."""
    monkeypatch.setattr(questions, "MAX_FILE_BYTES", 4)

    assert "5 bytes, at most 4" == reader.read(str(pictures / "a.jpg"))


@pytest.fixture
def served(pictures: Path) -> Iterator[str]:
    """Serve that folder on loopback; gives host and port."""
    handler = partial(_Quiet, directory=pictures)
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_addresses_go_through_the_guarded_client(
    served: str, make_project: Callable[..., Project]
) -> None:
    """What collect.allow_hosts exempts is fetched, under the same limits of bytes."""
    collect = {"sources": [{"kind": "studio"}], "allow_hosts": [served], "max_file_bytes": 5}
    project = make_project(contact="lead@example.org", collect=collect)
    reader = Reader(load_params(project), root=project.root)

    answers = [reader.read(f"http://{served}/{name}") for name in ("a.jpg", "x.jpg", "note.txt")]
    reader.stop()

    assert [b"a.jpg", "gone (HTTP 404)"] == answers[:2]
    assert str(answers[2]).startswith("too many bytes")


@pytest.mark.parametrize(
    ("contact", "words"),
    [("", "contact: empty, but fetching an address asks"), ("인어@example.org", "contact: got ")],
)
def test_nobody_is_asked_without_saying_who_asks(
    pictures: Path, make_project: Callable[..., Project], contact: str, words: str
) -> None:
    """An address needs a contact here as everywhere, and a file does not."""
    project = make_project(contact=contact, collect={"sources": [{"kind": "openverse"}]})
    reader = Reader(load_params(project), root=project.root)

    answer = reader.read("https://pics.example/1.jpg")

    assert str(answer).startswith(words)
    assert b"a.jpg" == reader.read(str(pictures / "a.jpg"))

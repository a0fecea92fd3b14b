"""What a member names: files, folders, patterns, addresses."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.errors import DataError, SourceError
from pipeline.files import write_bytes, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Denied, Reason, Rejected
from pipeline.team.intake import Offered
from pipeline.team.offers import expand, offers
from tests.collect.fault_server import FaultServer, picture


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Lay some files out."""
    for name in ("a/2.jpg", "a/1.jpg", "a/deep/3.png", "a/.hidden.jpg", "a/notes.txt", "b.jpg"):
        write_bytes(tmp_path / name, name.encode())
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve pictures and faults on loopback."""
    with FaultServer() as running:
        yield running


def test_words_become_files(here: Path):
    """In the order of words, then names, each once; what is passed over in a folder is told."""
    said: list[str] = []
    url = "https://pics.example/x.jpg"

    assert ["b.jpg", "a/1.jpg", "a/2.jpg", "a/deep/3.png", url] == expand(
        ["b.jpg", "a", "a/*.jpg", url, "b.jpg"], here=here, say=said.append
    )
    assert ["a/1.jpg", "a/2.jpg", "b.jpg"] == expand(["**/*.jpg"], here=here, say=said.append)
    assert [str(here / "b.jpg")] == expand([str(here / "b.jp*")], here=here, say=said.append)
    passed_over = "passed over 1 that are none of JPEG, PNG, WEBP, GIF: notes.txt"
    assert [f"{here / 'a'}: {passed_over}"] == said


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("c.jpg", "c.jpg: no such file; give files, folders, patterns or addresses"),
        ("*.gif", r"\*.gif: no picture there"),
        ("empty", "empty: no picture there"),
    ],
)
def test_a_word_that_names_nothing(here: Path, word: str, problem: str):
    """A typo must not look like work done."""
    with pytest.raises(DataError, match=problem):
        expand([word], here=here, say=print)


def test_files_are_read_when_their_turn_comes(here: Path, make_project: Callable[..., Project]):
    """Needs no contact, whatever the sources are; one that vanished is a row with a reason."""
    project = make_project(collect={"sources": [{"kind": "openverse"}]})
    found = offers(["b.jpg", "a/1.jpg"], project=project, params=load_params(project), here=here)

    assert Offered(name="b.jpg", data=b"b.jpg", title="b") == next(found)
    (here / "a/1.jpg").unlink()
    assert Rejected(reason=Reason.GONE, detail="No such file or directory") == next(found).data


def test_a_file_of_any_size_is_no_danger(here: Path, make_project: Callable[..., Project]):
    """One that is too big is not even read."""
    project = make_project()
    with (here / "film.jpg").open("wb") as file:
        file.truncate(1 << 40)  # a hole of one TB

    (found,) = offers(["film.jpg"], project=project, params=load_params(project), here=here)

    assert Reason.TOO_MANY_BYTES == found.data.reason


def web_project(make_project: Callable[..., Project], server: FaultServer) -> Project:
    """Start a project that may ask the server."""
    limits = {"sources": [{"kind": "studio"}], "retries": 0, "allow_hosts": [server.host]}
    return make_project(contact="na@example.org", collect=limits)


def test_addresses_are_fetched(make_project: Callable[..., Project], server: FaultServer):
    """By the client of all sources: what is not there has its reason."""
    project = web_project(make_project, server)
    names = [server.url("/ok/1.jpg"), server.url("/404/2.jpg")]

    good, gone = offers(names, project=project, params=load_params(project), here=project.root)

    assert Offered(name=names[0], data=picture(1), url=names[0]) == good
    assert Reason.GONE == gone.data.reason


def test_the_guard_and_the_denied_hold(make_project: Callable[..., Project], server: FaultServer):
    """No private address, and nothing that was taken down, is even asked for."""
    project = web_project(make_project, server)
    denied = server.url("/ok/1.jpg")
    write_rows(project.denied, Denied, [Denied(item=denied, reason="asked")])
    names = [denied, "http://127.0.0.2/x.jpg"]

    found = offers(names, project=project, params=load_params(project), here=project.root)

    assert [Reason.DENIED, Reason.FORBIDDEN] == [each.data.reason for each in found]
    assert 0 == server.asked.total()


def test_addresses_need_a_contact(make_project: Callable[..., Project]):
    """A site's owner must be able to reach whoever asks."""
    project = make_project()

    with pytest.raises(SourceError, match="contact: empty, but fetching an address asks the web"):
        list(
            offers(
                ["https://pics.example/1.jpg"],
                project=project,
                params=load_params(project),
                here=project.root,
            )
        )

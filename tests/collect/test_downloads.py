"""The cache of downloads: whole files by content, checked when read."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.collect.downloads import Download, Downloads
from pipeline.collect.http import Client
from pipeline.files import sha256_of
from pipeline.params import Collect
from pipeline.paths import Project
from pipeline.records import Reason, Rejected
from tests.collect.fault_server import FaultServer, picture

SHA = sha256_of(picture(1))


@pytest.fixture
def make_downloads(
    tmp_path: Path, make_limits: Callable[..., Collect], make_client: Callable[..., Client]
) -> Callable[..., Downloads]:
    """Open the downloads of one project, as a new run does."""

    def make(character: str = "ariel", **settings) -> Downloads:
        limits = make_limits(**settings)
        client = make_client(limits)
        return Downloads(Project(tmp_path), character=character, client=client, limits=limits)

    return make


def test_a_file_is_fetched_once(server: FaultServer, make_downloads: Callable[..., Downloads]):
    """The second run, of this character or another, reads it from the cache."""
    url = server.url("/ok/1.jpg")

    first = make_downloads().obtain(url)
    second = make_downloads("merida").obtain(url)

    assert Download(sha256=SHA, data=picture(1)) == first == second
    assert 1 == server.asked["/ok/1.jpg"]


@pytest.mark.parametrize("damage", [b"", b"other bytes", None])
def test_a_damaged_file_is_fetched_again(
    server: FaultServer,
    make_downloads: Callable[..., Downloads],
    damage: bytes | None,
    caplog: pytest.LogCaptureFixture,
):
    """What a power cut left empty, or somebody deleted, is noticed by its hash; damage is told."""
    url = server.url("/ok/1.jpg")
    downloads = make_downloads()
    downloads.obtain(url)
    if damage is None:
        downloads.path(SHA).unlink()
    else:
        downloads.path(SHA).write_bytes(damage)

    assert picture(1) == make_downloads().obtain(url).data
    assert picture(1) == downloads.path(SHA).read_bytes()
    told = [] if damage is None else [f"{downloads.path(SHA)}: damaged; it is fetched again"]
    assert told == caplog.messages


def test_knows_what_needs_no_request(server: FaultServer, make_downloads: Callable[..., Downloads]):
    """Fetched files and failures are at hand, unknown and deleted ones are not."""
    urls = [server.url(path) for path in ("/ok/1.jpg", "/404/1.jpg", "/ok/2.jpg")]
    downloads = make_downloads()
    downloads.obtain(urls[0])
    downloads.obtain(urls[1])

    assert [True, True, False] == [downloads.is_at_hand(url) for url in urls]
    downloads.path(SHA).unlink()
    assert not downloads.is_at_hand(urls[0])


def test_a_lowered_limit_holds_for_the_cache_too(
    server: FaultServer, make_downloads: Callable[..., Downloads]
):
    """The result is that of the params, not of when a file was fetched."""
    url = server.url("/ok/1.jpg")
    make_downloads().obtain(url)

    rejected = make_downloads(max_file_bytes=1000).obtain(url)

    assert Rejected(reason=Reason.TOO_MANY_BYTES, detail="more than 1000 bytes") == rejected
    assert 1 == server.asked["/ok/1.jpg"]


def test_a_raised_limit_asks_again(server: FaultServer, make_downloads: Callable[..., Downloads]):
    """What was too big yesterday may fit today."""
    url = server.url("/ok/1.jpg")
    make_downloads(max_file_bytes=1000).obtain(url)

    assert picture(1) == make_downloads().obtain(url).data


def test_a_full_disk_leaves_no_half_file(
    server: FaultServer,
    make_downloads: Callable[..., Downloads],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    """An error while writing leaves neither a file under its name nor one under another."""
    downloads = make_downloads()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(OSError, match="No space"):
        downloads.obtain(server.url("/ok/1.jpg"))

    assert not downloads.path(SHA).exists()
    assert [] == list(tmp_path.rglob("*.part"))


def test_leftovers_of_a_kill_are_cleared(make_downloads: Callable[..., Downloads], tmp_path: Path):
    """The next run of a character removes its half-written files, not those of others."""
    for character in ("ariel", "merida"):
        folder = tmp_path / ".cache" / "parts" / character
        folder.mkdir(parents=True)
        (folder / "x.part").write_bytes(b"half")

    make_downloads("ariel")

    assert ["merida"] == [path.parent.name for path in tmp_path.rglob("*.part")]

"""Source `folder`: files of the disk, through the client, and nothing outside the folder."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.downloads import Downloads
from pipeline.collect.guard import ForbiddenAddressError
from pipeline.collect.http import Client
from pipeline.collect.sources.folder import PREFIX, FolderAdapter, candidates
from pipeline.errors import SourceError
from pipeline.params import Collect, FolderParams, Search
from pipeline.records import Reason, Rejected

SOURCE = FolderParams(kind="folder", path="my images")
LIMITS = Collect.model_validate({"sources": [SOURCE], "retries": 0, "max_file_bytes": 1000})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a folder of images and, beside it, a secret."""
    (tmp_path / "my images" / "ariel").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    return tmp_path


@pytest.fixture
def client(root: Path) -> Client:
    """Make a client that serves the folder."""
    return Client(
        LIMITS,
        adapters={PREFIX: FolderAdapter([SOURCE], root=root, max_bytes=LIMITS.max_file_bytes)},
    )


def listed(root: Path, client: Client) -> list[str]:
    """List the addresses of Ariel's candidates."""
    found = candidates("ariel", Search(name="x"), SOURCE, client=client, root=root)
    return [candidate.image_url for candidate in found]


@pytest.mark.parametrize(
    "name", ["a.jpg", "인어공주.jpg", "인어".encode().decode() + " 1%2f.png", "a?b#c&d.jpg", "CON"]
)
def test_serves_a_file_whatever_its_name(root: Path, client: Client, name: str):
    """Names with spaces, signs and Korean letters in either composition come through whole."""
    (root / "my images" / "ariel" / name).write_bytes(name.encode())

    (url,) = listed(root, client)

    assert url.startswith("folder://my%20images/ariel/")
    assert url.isascii()
    assert name.encode() == client.fetch(url)


def test_serves_a_name_that_is_no_text(root: Path, client: Client):
    """File names are bytes on Linux; one that is not UTF-8 is no reason to stop."""
    (root / "my images" / "ariel" / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")

    (url,) = listed(root, client)

    assert b"x" == client.fetch(url)


def test_lists_visible_files_by_name(root: Path, client: Client):
    """Folders, hidden files and litter are left out; the order does not depend on the disk."""
    ariel = root / "my images" / "ariel"
    for name in ("b.jpg", "a.jpg", ".DS_Store", "._a.jpg", "Thumbs.db", "desktop.ini", "a.jpg~"):
        (ariel / name).write_bytes(b"x")
    (ariel / "more").mkdir()

    assert ["a.jpg", "b.jpg"] == [url.rpartition("/")[2] for url in listed(root, client)]


def test_a_missing_folder_is_named(tmp_path: Path, client: Client):
    """The error says which folder and what is expected in it."""
    with pytest.raises(SourceError, match=r"my images: no such folder; .* my images/ariel/\*"):
        listed(tmp_path / "elsewhere", client)


def test_a_character_without_a_folder_has_no_candidates(root: Path, client: Client):
    """One missing character is the search's business, not a broken source."""
    found = candidates("elsa", Search(name="x"), SOURCE, client=client, root=root)

    assert [] == list(found)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("folder://my%20images/ariel/..%2F..%2Fsecret.jpg", Reason.FORBIDDEN),
        ("folder://my%20images/ariel/../../secret.jpg", Reason.FORBIDDEN),
        ("folder://my%20images/%2e%2e/secret.jpg", Reason.FORBIDDEN),
        ("folder://my%20images//secret.jpg", Reason.FORBIDDEN),
        ("folder://other/ariel/a.jpg", Reason.FORBIDDEN),
        ("folder://my%20images/ariel/link.jpg", Reason.FORBIDDEN),
        ("folder://my%20images/linked/secret.jpg", Reason.FORBIDDEN),
        ("folder://my%20images/ariel/none.jpg", Reason.GONE),
        ("folder://my%20images/ariel", Reason.GONE),
        ("folder://my%20images/ariel/big.jpg", Reason.TOO_MANY_BYTES),
    ],
)
def test_never_leaves_the_folder(root: Path, client: Client, url: str, reason: Reason):
    """Neither dots nor links lead out; what cannot be had is a row with a reason."""
    ariel = root / "my images" / "ariel"
    (ariel / "link.jpg").symlink_to(root / "secret.jpg")
    (root / "my images" / "linked").symlink_to(root)
    (ariel / "big.jpg").write_bytes(bytes(2000))

    rejected = client.fetch(url)

    assert isinstance(rejected, Rejected)
    assert reason == rejected.reason


def test_a_file_that_may_not_be_read_is_refused(
    root: Path, client: Client, monkeypatch: pytest.MonkeyPatch
):
    """A file without the right to read it is a row with a reason, not the end of the walk."""
    (root / "my images" / "ariel" / "a.jpg").write_bytes(b"x")

    def forbid(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", forbid)

    rejected = client.fetch("folder://my%20images/ariel/a.jpg")

    assert Rejected(reason=Reason.REFUSED, detail="HTTP 403") == rejected


def test_a_link_inside_the_folder_is_followed(root: Path, client: Client):
    """Sharing one file between two characters is fine."""
    (root / "my images" / "ariel" / "a.jpg").write_bytes(b"x")
    (root / "my images" / "ariel" / "b.jpg").symlink_to("a.jpg")

    assert b"x" == client.fetch("folder://my%20images/ariel/b.jpg")


@given(st.lists(st.text(min_size=1) | st.sampled_from(["..", ".", "a/../..", "\0"]), max_size=4))
def test_no_path_leads_out(tmp_path_factory: pytest.TempPathFactory, names: list[str]):
    """Whatever names an address is made of, the file lies in the folder or is refused."""
    root = tmp_path_factory.getbasetemp()
    adapter = FolderAdapter([SOURCE], root=root, max_bytes=LIMITS.max_file_bytes)
    address = "/".join(
        ["folder://my%20images", *(quote(each.encode("utf-8", "replace")) for each in names)]
    )

    try:
        path = adapter._path(address)
    except ForbiddenAddressError:
        return
    assert path.is_relative_to(root.resolve() / "my images")


def test_a_photo_is_served_without_its_metadata(root: Path, client: Client, draw_png):
    """A folder may hold a member's own photos: where they were taken is not stored."""
    clean = draw_png()
    photo = clean[:-12] + b"\0\0\0\x06eXIfBerlin\xde\xad\xbe\xef" + clean[-12:] + b"52.45, 13.57"
    (root / "my images" / "ariel" / "a.png").write_bytes(photo)

    assert clean == client.fetch("folder://my%20images/ariel/a.png")


def test_collected_files_may_change_between_runs(
    root: Path, client: Client, make_downloads_of: Callable[..., Downloads]
):
    """A file that its owner replaced is read again: nothing about a folder is remembered."""
    path = root / "my images" / "ariel" / "a.jpg"
    url = "folder://my%20images/ariel/a.jpg"
    path.write_bytes(b"old")
    first = make_downloads_of(client, LIMITS).obtain(url)
    path.write_bytes(b"new")

    second = make_downloads_of(client, LIMITS).obtain(url)

    assert (b"old", b"new") == (first.data, second.data)

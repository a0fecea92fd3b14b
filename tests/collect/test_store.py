"""What a collection leaves on the disk."""

import errno
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.collect import downloads
from pipeline.collect.downloads import Download, Downloads
from pipeline.collect.shelf import Collection, Found, examine
from pipeline.collect.store import pixel_copies, write_collection
from pipeline.files import read_rows, sha256_of, write_bytes
from pipeline.paths import Project
from pipeline.records import ImageRecord, RejectedRow
from tests.collect.fault_server import FaultServer, picture
from tests.rows import candidate

PATHS = ["/ok/1.jpg", "/404/1.jpg", "/png-named-jpg/2.jpg", "/animation/x.jpg", "/html/1.jpg"]


@pytest.fixture
def store(
    server: FaultServer, tmp_path, run_collect: Callable[..., Collection], make_limits, make_client
) -> Callable[..., Project]:
    """Collect paths of the server and write the collection of Ariel."""

    def run(paths: list[str]) -> Project:
        project = Project(tmp_path)
        collection = run_collect(project, [server.url(path) for path in paths], target=9)
        limits = make_limits()
        downloads = Downloads(project, character="ariel", client=make_client(limits), limits=limits)
        write_collection(collection, member="na", project=project, downloads=downloads)
        return project

    return run


def test_writes_bytes_as_served_and_a_row_for_each(store: Callable[..., Project]):
    """Every file has the name of its hash and its true format, and a row, sorted by hash."""
    project = store(PATHS)

    records = read_rows(project.raw_manifest("ariel"), ImageRecord)
    files = {path.name: path.read_bytes() for path in project.raw_images("ariel").iterdir()}
    assert sorted(record.sha256 for record in records) == [record.sha256 for record in records]
    assert {record.file.rpartition("/")[2] for record in records} == set(files)
    assert all(sha256_of(files[name]) == name.partition(".")[0] for name in files)
    assert {f"{sha256_of(picture(2, kind='PNG'))}.png", f"{sha256_of(picture(1))}.jpg"} < set(files)


def test_a_row_says_where_an_image_came_from(store: Callable[..., Project], server: FaultServer):
    """Address, member, size and hash are those of the image."""
    project = store(["/ok/1.jpg"])

    (record,) = read_rows(project.raw_manifest("ariel"), ImageRecord)
    assert f"data/raw/ariel/images/{record.sha256}.jpg" == record.file
    assert (server.url("/ok/1.jpg"), "na", "unknown") == (
        record.image_url,
        record.member,
        record.licence,
    )
    assert (160, 160, len(picture(1)), "JPEG", 16) == (
        record.width_px,
        record.height_px,
        record.bytes,
        record.format,
        len(record.phash),
    )


def test_rejected_rows_are_in_candidate_order(store: Callable[..., Project], server: FaultServer):
    """Who is missing and why can be read in the order they were tried."""
    project = store(PATHS)

    rows = read_rows(project.raw_rejected("ariel"), RejectedRow)
    assert [
        RejectedRow(image_url=server.url("/404/1.jpg"), reason="gone", detail="HTTP 404"),
        RejectedRow(image_url=server.url("/html/1.jpg"), reason="not an image", detail="HTML"),
    ] == rows


def test_writing_again_removes_what_is_no_longer_kept(store: Callable[..., Project]):
    """The folder holds the manifest's files and no other, also where DVC does not clear it."""
    project = store(PATHS)
    (project.raw_images("ariel") / "stray.txt").write_text("x", encoding="utf-8")

    store(["/ok/1.jpg"])

    names = [path.name for path in project.raw_images("ariel").iterdir()]
    assert [f"{sha256_of(picture(1))}.jpg"] == names


def test_editing_a_collected_file_leaves_the_cache_alone(store: Callable[..., Project]):
    """Files are copies: collecting again restores what somebody has changed in place."""
    project = store(["/ok/1.jpg"])
    (path,) = project.raw_images("ariel").iterdir()
    path.write_bytes(b"painted over")

    store(["/ok/1.jpg"])

    assert picture(1) == path.read_bytes()


def test_a_full_disk_leaves_the_old_manifest(
    store: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
):
    """Nothing is half-written: the manifest of before still names files that are there."""
    project = store(["/ok/1.jpg"])
    before = project.raw_manifest("ariel").read_bytes()

    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if "raw" in target.parts:
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        store(["/ok/1.jpg", "/ok/2.jpg"])

    assert before == project.raw_manifest("ariel").read_bytes()
    assert [f"{sha256_of(picture(1))}.jpg"] == [
        path.name for path in project.raw_images("ariel").iterdir()
    ]


ODD = [
    "../../../etc/passwd",
    "..%2f..%2fx.jpg",
    "C:\\nul",
    "con",
    "\u110b\u1175\u11ab\u110b\u1165",
    "a\x00b",
]


@given(texts=st.lists(st.text(min_size=1, max_size=300), min_size=4, max_size=4))
@example(texts=ODD[:4])
@example(texts=ODD[2:])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # they only make things
def test_no_text_of_strangers_reaches_a_file_name(make_limits, make_client, texts: list[str]):
    """Whatever address, page, title and author say, the one file is named by its hash."""
    data, limits = picture(1), make_limits()
    url, page_url, title, author = texts
    offered = candidate(image_url=url, page_url=page_url, title=title, author=author)
    found = examine(Download(sha256=sha256_of(data), data=data), limits=limits)
    assert isinstance(found, Found)
    with tempfile.TemporaryDirectory() as name, make_client(limits) as client:
        project = Project(Path(name))
        downloads = Downloads(project, character="ariel", client=client, limits=limits)
        write_bytes(downloads.path(found.sha256), data)
        collection = Collection(character="ariel", target=1, kept=[(offered, found)])

        write_collection(collection, member="na", project=project, downloads=downloads)

        written = {path.relative_to(name) for path in Path(name).rglob("*") if path.is_file()}
        assert {
            Path(f"data/raw/ariel/images/{found.sha256}.jpg"),
            Path("data/raw/ariel/manifest.csv"),
            Path("data/raw/ariel/rejected.csv"),
            downloads.path(found.sha256).relative_to(name),
        } == written - {Path(".cache/ledger.jsonl")}
        (record,) = read_rows(project.raw_manifest("ariel"), ImageRecord)
        assert (url, title) == (record.image_url, record.title)


def test_an_image_is_found_with_and_without_a_row(store: Callable[..., Project]):
    """A killed run leaves images without rows, and half of one; other images are not found."""
    project = store(["/ok/1.jpg", "/ok/2.jpg"])
    gone, kept = sorted(project.raw_images("ariel").iterdir())
    project.raw_manifest("ariel").unlink()
    part = gone.with_name(f".{gone.name}.part")
    part.write_bytes(b"half")
    half_fetched = project.parts / "ariel" / "1.part"
    half_fetched.write_bytes(b"half")

    for find in (pixel_copies, downloads.pixel_copies):
        for copy in find(project, {gone.stem}):
            copy.remove()

    left = {path for path in project.root.rglob("*") if path.is_file()}
    assert set() == {path for path in left if gone.stem in path.name} | ({half_fetched} & left)
    assert {kept, project.downloads / kept.stem[:2] / kept.stem} <= left

"""What DVC keeps of an image, here and in remotes, and what of it is somebody else's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import sha256_of, write_bytes, write_text
from pipeline.paths import Project
from pipeline.team.dvc_cache import DvcCache
from pipeline.team.object_store import ObjectStore, StoreError, local_store
from pipeline.team.traces import find_traces
from tests.team.clones import Clone

ONE, TWO = sha256_of(b"one"), sha256_of(b"two")
SHEET, CLEAN = b"\x89PNG one and two", b"\x89PNG two"


class Kept:
    """A cache, or a folder that stands for a remote."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, DvcCache(folder)
        self.store = local_store(folder)

    def images(self, *images: bytes) -> str:
        """Keep images and the folder that lists them; give its digest."""
        rows = [
            {"md5": self.cache.add_file(data), "relpath": f"{sha256_of(data)}.png"}
            for data in images
        ]
        return self.cache.add_listing(rows)

    def pack(self, pixels: bytes, *sha256s: str) -> str:
        """Keep a packed split; give the digest of its folder."""
        rows = "\n".join(["sha256", *sha256s]).encode()
        files = {"images.npy": pixels, "rows.csv": rows, "classes.json": b"[]"}
        return self.folder_of(files)

    def folder_of(self, files: dict[str, bytes]) -> str:
        """Keep a folder of files; give its digest."""
        return self.cache.add_listing(
            [{"md5": self.cache.add_file(data), "relpath": name} for name, data in files.items()]
        )

    def run(self, name: str, *, deps: dict[str, str], outs: dict[str, str]) -> Path:
        """Keep an entry of the run-cache."""
        path = self.folder / "runs" / "aa" / "key" / name
        entry: dict[str, Any] = {"cmd": "draw", **locked(deps=deps, outs=outs)}
        write_text(path, json.dumps(entry))  # JSON is YAML
        return path


def locked(**digests: dict[str, str]) -> dict[str, Any]:
    """Write paths and digests as dvc.lock does."""
    return {
        kind: [{"path": path, "hash": "md5", "md5": digest} for path, digest in named.items()]
        for kind, named in digests.items()
    }


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """Start an empty project."""
    return make_project()


@pytest.fixture
def cache(tmp_path: Path) -> Kept:
    """Start an empty cache."""
    return Kept(tmp_path / "cache")


@pytest.fixture
def remote(tmp_path: Path) -> Kept:
    """Start an empty remote."""
    return Kept(tmp_path / "remote")


def gone(project: Project, *kept: Kept, sha256: str = ONE, **options: Any) -> list[bytes]:
    """Give the contents of what would go, runs by their names."""
    found = find_traces(project, [each.store for each in kept], [sha256], **options)
    runs = sorted(Path(path).name.encode() for each in found for path in each.runs)
    objects = sorted(Path(path).read_bytes() for each in found for path in each.objects)
    return runs + objects


def test_an_image_is_found_by_the_folders_that_list_it(project, cache, remote):
    """Its file need not be in hand, and another store may have the list; other images stay."""
    cache.images(b"one", b"two")
    remote.cache.add_file(b"one")
    remote.cache.add_file(b"two")

    assert [b"one", b"one"] == gone(project, cache, remote)


def test_an_image_of_another_branch_goes_and_its_neighbours_can_be_pulled(project, cache, remote):
    """The list stays: it is the way from that branch's pointer to all its other pictures."""
    digest = remote.images(b"one", b"two")

    assert [b"one"] == gone(project, cache, remote)
    assert Path(remote.cache.path(digest)).is_file()


def test_a_list_cannot_name_anothers_picture(project, cache, remote):
    """It comes from others: what it calls by the forgotten name is looked at before it goes."""
    digest = remote.cache.add_file(b"two")
    remote.cache.add_listing([{"md5": digest, "relpath": f"{ONE}.png"}])
    broken = remote.cache.add_file(b"one")
    path = remote.cache.path(broken)
    path.chmod(0o644)
    path.write_bytes(b"on")  # half of it, after a crash: nobody can use it
    remote.cache.add_listing([{"md5": broken, "relpath": f"{ONE}.png"}])

    assert [b"on"] == gone(project, cache, remote)


def test_an_image_is_found_by_its_file(project, cache):
    """Where no folder lists it, as after a killed add, its bytes are enough."""
    cache.cache.add_file(b"one")
    cache.cache.add_file(b"two")

    assert [b"one"] == gone(project, cache)


def test_an_image_in_hand_is_found_in_a_remote(project, cache, remote, tmp_path):
    """A remote is not read through: the file in hand says under which name it lies there."""
    remote.cache.add_file(b"one")
    write_bytes(tmp_path / f"{ONE}.png", b"one")

    assert [b"one"] == gone(project, cache, remote, files=[tmp_path / f"{ONE}.png"])


def test_a_pack_goes_if_its_rows_name_it(project, cache, remote):
    """The pixels and the list, wherever it was pushed; packs without the image stay."""
    for kept in (cache, remote):
        held = kept.pack(b"\x93NUMPY one two", ONE, TWO)
        kept.pack(b"\x93NUMPY two", TWO)

    lists = 2 * [cache.cache.path(held).read_bytes()]
    assert lists + 2 * [b"\x93NUMPY one two"] == gone(project, cache, remote)


def test_what_a_run_has_drawn_of_it_goes_with_the_run(project, cache):
    """A sheet, and figures in a folder; weights and tables show nobody, and stay."""
    table = cache.cache.add_file(f"sha256\n{ONE}\n".encode())
    figures = {"a.png": SHEET, "b.svg": b"<svg>data:image/png</svg>", "c.svg": b"<svg/>"}
    outs = {
        "reports/explain.png": cache.cache.add_file(b"\x89PNG sheet"),
        "reports/studies/idea": cache.folder_of(figures),
        "models/weights.safetensors": cache.cache.add_file(b"weights"),
        "reports/metrics.json": cache.cache.add_file(b"{}"),
    }
    cache.run("of one", deps={"data/interim/groups.csv": table}, outs=outs)

    listed = cache.cache.path(outs["reports/studies/idea"]).read_bytes()
    expected = [b"of one", b"\x89PNG sheet", b"<svg>data:image/png</svg>", SHEET, listed]

    assert sorted(expected) == sorted(gone(project, cache))


def test_what_others_have_drawn_stays(project, cache):
    """A run whose tables name other images only keeps its entry and its figures."""
    table = cache.cache.add_file(f"sha256\n{TWO}\n".encode())
    outs = {"reports/explain.png": cache.cache.add_file(CLEAN)}
    cache.run("of two", deps={"data/interim/groups.csv": table}, outs=outs)

    assert [] == gone(project, cache)


def test_what_was_also_drawn_without_it_stays(project, cache):
    """The same bytes, drawn where the image was not there, cannot show it."""
    tables = [cache.cache.add_file(f"sha256\n{each}\n".encode()) for each in (ONE, TWO)]
    outs = {"reports/explain.png": cache.cache.add_file(CLEAN)}
    for name, table in zip(("of one", "of two"), tables, strict=True):
        cache.run(name, deps={"data/interim/groups.csv": table}, outs=outs)

    assert [b"of one"] == gone(project, cache)


def test_a_run_whose_tables_are_lost_might_have_seen_it(project, cache):
    """What cannot be told is not left standing."""
    outs = {"reports/explain.png": cache.cache.add_file(SHEET)}
    cache.run("unknown", deps={"data/interim/groups.csv": "0" * 32}, outs=outs)

    assert [b"unknown", SHEET] == gone(project, cache)


def test_runs_of_a_remote_are_read_too(project, cache, remote):
    """`dvc push --run-cache` has taken them there; they would bring it back to everybody."""
    folder = remote.images(b"one", b"two")
    remote.run("of one", deps={"source": folder}, outs={"made": folder})
    remote.run("of two", deps={"x": "1" * 32}, outs={"y": "2" * 32})

    assert [b"of one", b"one"] == gone(project, cache, remote)


def test_what_dvc_lock_says_was_drawn_goes(project, cache, remote):
    """Without the run-cache: dvc.lock names what was drawn while the tables named the image."""
    page = b"<img src='data:image/jpeg;base64,AA'>"
    digest = remote.cache.add_file(page)
    lock = {"schema": "2.0", "stages": {"report": locked(outs={"reports/index.html": digest})}}
    write_text(project.root / "dvc.lock", json.dumps(lock))

    assert [page] == gone(project, cache, remote)  # nothing tells what was there
    write_text(project.groups, f"sha256\n{TWO}\n")
    assert [] == gone(project, cache, remote)
    write_text(project.groups, f"sha256\n{ONE}\n")
    assert [page] == gone(project, cache, remote)


def test_what_a_branch_has_drawn_of_it_goes(lead: Clone, remote: Kept):
    """Its commit says that it had the image; one without tables might have; one without it has not.

    Nobody has checked the branch out, and only the remote has its pages.
    """
    pages = {name: f"<img src='data:image/png;base64,{name}'>".encode() for name in "abc"}
    for name, table in {"a": f"{ONE}\n", "b": None, "c": f"{TWO}\n"}.items():
        lead.git("switch", "--quiet", "--create", name, "main")
        out = {"reports/index.html": remote.cache.add_file(pages[name])}
        write_text(
            lead.project.root / "dvc.lock", json.dumps({"stages": {"report": locked(outs=out)}})
        )
        if table:
            write_text(lead.project.groups, f"sha256\n{table}")
        lead.commit()
    lead.git("switch", "--quiet", "main")

    assert [pages["a"], pages["b"]] == gone(lead.project, lead_cache(lead), remote)


def lead_cache(lead: Clone) -> Kept:
    """Open the cache of a clone."""
    return Kept(lead.project.root / ".dvc" / "cache")


def test_nothing_is_kept(project, cache):
    """A project that never ran DVC has nothing to find."""
    assert [] == gone(project, cache)


def test_a_broken_list_is_one_line(project, cache):
    """With what to do."""
    write_bytes(cache.cache.path("0" * 32 + ".dir"), b"{cut")

    with pytest.raises(StoreError, match="broken, no list of a folder; dvc pull mends it"):
        gone(project, cache)


def test_a_remote_that_fails_says_so_in_one_line(project, cache):
    """Whatever its own error is, such as a missing plug-in."""

    def connect() -> Any:
        raise RuntimeError("s3 is not installed")

    store = ObjectStore(connect, name="far")
    with pytest.raises(StoreError, match=r"^remote far: s3 is not installed$"):
        find_traces(project, [cache.store, store], [ONE])

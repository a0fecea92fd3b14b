"""Take-down: what is forgotten is nowhere, and everything else is where it was."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.cli.pixel_copies import HOLDERS
from pipeline.errors import DataError
from pipeline.files import PixelCopy, read_rows, sha256_of, write_bytes, write_rows
from pipeline.paths import Project
from pipeline.records import Denied, ImageRecord
from pipeline.team.dvc_cache import DvcCache
from pipeline.team.forget import Plan, Wanted, carry_out, plan
from pipeline.team.object_store import StoreError, local_store, remote_stores
from tests.team.clones import Clone, clone_of
from tests.team.hoard import Hoard

URL, OTHER = "https://pics.example/1.png", "https://cdn.other.example/2.png"


def cache_of(project) -> DvcCache:
    """Open the project's DVC cache at its usual place."""
    return DvcCache(project.root / ".dvc" / "cache")


def planned(project, **wanted: str) -> Plan:
    """Look up a take-down, as the command does."""
    stores = [local_store(project.root / ".dvc" / "cache"), *remote_stores(project)]
    wish = Wanted(**wanted)
    return plan(project, wish, reason="asked", stores=stores, holders=HOLDERS.values())


def forget(project, **wanted: str) -> list[str]:
    """Take down, as the command does; give what could not be done."""
    return carry_out(project, planned(project, **wanted), cache=cache_of(project))


def denied_items(project) -> list[str]:
    """List what data/denied.csv names."""
    return [row.item for row in read_rows(project.denied, Denied)]


def test_by_bytes_it_goes_from_everywhere(hoard):
    """Collected, contributed and downloaded under any address: no file and no row is left."""
    sha256 = hoard.collect(b"one", URL)
    hoard.collect(b"one", OTHER, character="elsa")
    hoard.contribute(b"one", "")
    hoard.download(b"one", "https://mirror.example/1.png")
    kept = hoard.collect(b"two", "https://pics.example/2.png")
    before = hoard.files_of(kept)

    assert [] == forget(hoard.project, sha256=sha256)

    assert [] == hoard.files_of(sha256)
    assert before == hoard.files_of(kept)
    manifests = [hoard.project.raw_manifest("ariel"), hoard.project.raw_manifest("elsa")]
    manifests.append(hoard.project.manifests / "m2" / "ariel.csv")
    rows = [[row.sha256 for row in read_rows(path, ImageRecord)] for path in manifests]
    assert [[kept], [], []] == rows
    assert [sha256, OTHER, "https://mirror.example/1.png", URL] == denied_items(hoard.project)


@pytest.mark.parametrize("url", [URL, "https://wiki.example/File:1"])
def test_by_address_or_page_its_bytes_are_denied_too(hoard, url: str):
    """The same picture must not come back from another address."""
    sha256 = hoard.collect(b"one", URL, page_url="https://wiki.example/File:1")

    forget(hoard.project, url=url)

    assert [] == hoard.files_of(sha256)
    assert {url, URL, sha256} == set(denied_items(hoard.project))


def test_an_address_may_be_typed_as_it_is_read(hoard):
    """A browser shows 인어; the list holds it quoted. Both are denied."""
    quoted = "https://pics.example/%EC%9D%B8%EC%96%B4.png"
    sha256 = hoard.collect(b"one", quoted)

    forget(hoard.project, url="https://pics.example/인어.png")

    assert [] == hoard.files_of(sha256)
    assert ["https://pics.example/인어.png", quoted, sha256] == denied_items(hoard.project)


def test_an_address_that_was_only_downloaded(hoard):
    """Such as an exact copy, which no manifest names: the ledger knows its bytes."""
    hoard.download(b"one", URL)

    forget(hoard.project, url=URL)

    assert [] == hoard.files_of(sha256_of(b"one"))
    assert [URL, sha256_of(b"one")] == denied_items(hoard.project)


def test_by_host_what_others_serve_stays(hoard):
    """A host and those below it; bytes that another host served as well are kept there."""
    gone = hoard.collect(b"one", "https://a.pics.example/1.png")
    both = hoard.collect(b"two", "https://pics.example/2.png")
    hoard.collect(b"two", OTHER, character="elsa")
    drawn = hoard.collect(b"three", "studio://pictures/ariel/3.png")

    forget(hoard.project, host="pics.example")

    assert ["pics.example"] == denied_items(hoard.project)
    assert [] == hoard.files_of(gone)
    expected = [f".cache/downloads/{both[:2]}/{both}", f"data/raw/elsa/images/{both}.png"]
    assert expected == hoard.files_of(both)
    left = read_rows(hoard.project.raw_manifest("ariel"), ImageRecord)
    assert [drawn] == [row.sha256 for row in left]


@pytest.mark.parametrize("wanted", [{"sha256": "ab" * 32}, {"url": URL}, {"host": "pics.example"}])
def test_works_when_nothing_was_collected(hoard, wanted: dict[str, str]):
    """A take-down before the first image is a row, and only that."""
    hoard.project.denied.unlink()

    assert [] == forget(hoard.project, **wanted)

    assert [*wanted.values()] == denied_items(hoard.project)
    assert [Denied(item=next(iter(wanted.values())), reason="asked")] == read_rows(
        hoard.project.denied, Denied
    )


def test_a_plan_changes_nothing(hoard):
    """What would be done is said first, path by path."""
    sha256 = hoard.collect(b"one", URL)
    files = {path: path.read_bytes() for path in hoard.project.root.rglob("*") if path.is_file()}

    found = planned(hoard.project, url=URL)

    assert [
        f"deny {URL}",
        f"deny {sha256}",
        f"take {sha256} out of data/raw/ariel/manifest.csv",
        f"delete data/raw/ariel/images/{sha256}.png",
        f"delete .cache/downloads/{sha256[:2]}/{sha256}",
    ] == found.lines(hoard.project)
    assert files == {path: path.read_bytes() for path in files}


def test_a_plan_says_what_is_rewritten(hoard):
    """A database or a list stays without the image, and is not told as deleted."""
    sha256 = hoard.collect(b"one", URL)
    path = hoard.project.root / "list"
    holders = [lambda _project, _sha256s: [PixelCopy(path, rewrite=path.touch)]]
    stores = [local_store(hoard.project.root / ".dvc" / "cache")]

    wish = Wanted(sha256=sha256)
    found = plan(hoard.project, wish, reason="asked", stores=stores, holders=holders)

    assert "rewrite list" in found.lines(hoard.project)
    assert not path.exists()
    carry_out(hoard.project, found, cache=cache_of(hoard.project))
    assert path.exists()


def test_a_second_time_there_is_nothing_to_do(hoard):
    """Rows of data/denied.csv are not repeated, and those of others stay."""
    write_rows(hoard.project.denied, Denied, [Denied(item="old.example", reason="long ago")])
    hoard.collect(b"one", URL)
    forget(hoard.project, url=URL)
    before = hoard.project.denied.read_bytes()

    found = planned(hoard.project, url=URL)
    carry_out(hoard.project, found, cache=cache_of(hoard.project))

    assert [] == found.lines(hoard.project)
    assert before == hoard.project.denied.read_bytes()
    assert "old.example" == denied_items(hoard.project)[0]


def test_stopped_half_way_it_goes_on(hoard):
    """Denied and deleted, but not yet out of the manifest: the second run ends it."""
    sha256 = hoard.collect(b"one", URL)
    for path in hoard.files_of(sha256):
        (hoard.project.root / path).unlink()

    forget(hoard.project, url=URL)

    assert [] == read_rows(hoard.project.raw_manifest("ariel"), ImageRecord)


def test_manifests_are_written_last(hoard, monkeypatch: pytest.MonkeyPatch):
    """Stopped while it deletes, it has denied the image, and its row still says what is to do."""
    sha256 = hoard.collect(b"one", URL)
    found = planned(hoard.project, url=URL)

    def full(_: PixelCopy) -> None:
        raise OSError("stopped")

    monkeypatch.setattr(PixelCopy, "remove", full)
    with pytest.raises(OSError, match="stopped"):
        carry_out(hoard.project, found, cache=cache_of(hoard.project))

    assert [URL, sha256] == denied_items(hoard.project)
    rows = read_rows(hoard.project.raw_manifest("ariel"), ImageRecord)
    assert [sha256] == [row.sha256 for row in rows]


def test_rows_that_stay_keep_their_order(hoard):
    """Sorted by sha256, as every manifest is."""
    everyone = sorted(hoard.collect(bytes([n]), f"https://pics.example/{n}") for n in range(5))

    forget(hoard.project, sha256=everyone[2])

    rows = read_rows(hoard.project.raw_manifest("ariel"), ImageRecord)
    assert [*everyone[:2], *everyone[3:]] == [row.sha256 for row in rows]


def test_an_address_gave_two_pictures(hoard):
    """The older one, which nothing names any more but the ledger, goes as well."""
    hoard.download(b"old", URL)
    hoard.collect(b"new", URL)

    forget(hoard.project, url=URL)

    assert [] == hoard.files_of(sha256_of(b"old")) + hoard.files_of(sha256_of(b"new"))


def test_images_without_a_row_go_too(hoard):
    """A killed run leaves some, in any folder of images."""
    sha256 = hoard.collect(b"one", URL)
    hoard.contribute(b"one", "")
    for manifest in hoard.project.root.rglob("data/*/*/*.csv"):
        manifest.unlink()

    forget(hoard.project, sha256=sha256)

    assert [] == hoard.files_of(sha256)


@pytest.mark.parametrize("sha256", ["*", "../../../precious", "AB" * 32])
def test_a_row_cannot_name_many_files(hoard, sha256: str):
    """What is no sha256 is told with its row: it would become a path, or a pattern."""
    hoard.collect(b"one", URL)
    manifest = hoard.project.raw_manifest("ariel")
    manifest.write_text(manifest.read_text("utf-8").replace(sha256_of(b"one"), sha256, 1))

    with pytest.raises(DataError, match=r"ariel.manifest\.csv:2: sha256: got .*64 of 0-9 a-f"):
        forget(hoard.project, url=URL)


def test_a_row_cannot_name_a_file_elsewhere(hoard, tmp_path):
    """A manifest comes from others: only what lies in its own folder is deleted."""
    outside = tmp_path / "precious.png"
    outside.write_bytes(b"x")
    sha256 = hoard.collect(b"one", URL)
    manifest = hoard.project.raw_manifest("ariel")
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace(f"data/raw/ariel/images/{sha256}.png", "../precious.png"))

    forget(hoard.project, sha256=sha256)

    assert outside.is_file()
    assert [] == hoard.files_of(sha256)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"sha256": "xyz"}, "sha256 'xyz': expected 64 digits"),
        ({"sha256": "ab" * 32 + "\n"}, "expected 64 digits"),
        ({"url": "pics.example/1.png"}, "expected an address such as"),
        ({"host": "https://pics.example/"}, "expected a name such as"),
    ],
)
def test_what_matches_nothing_for_ever_is_refused(wanted: dict[str, str], message: str):
    """A typo must not look like a take-down that was done."""
    with pytest.raises(DataError, match=message):
        Wanted(**wanted)


def dvc(project, *arguments: str) -> str:
    """Run DVC itself in the project."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, write_project) -> Path:
    """Track a member's two images with DVC itself, once for all tests."""
    hoard = Hoard(write_project(tmp_path_factory.mktemp("tracked")))
    hoard.contribute(b"one", URL)
    hoard.contribute(b"two", OTHER)
    dvc(hoard.project, "init", "--no-scm", "--quiet")
    dvc(hoard.project, "add", "--quiet", "data/contributions/m2/ariel")
    return hoard.project.root


@pytest.fixture
def tracked(template: Path, tmp_path: Path) -> Hoard:
    """Copy that project for one test."""
    shutil.copytree(template, tmp_path / "project")
    return Hoard(Project(tmp_path / "project"))


def test_leaves_dvc_a_pointer_without_the_image(tracked):
    """DVC finds the pointer up to date, brings back the other image, and never the forgotten."""
    gone, kept = sha256_of(b"one"), sha256_of(b"two")
    pointer = tracked.project.contributions / "m2" / "ariel.dvc"

    assert [] == forget(tracked.project, sha256=gone)

    assert {} == json.loads(dvc(tracked.project, "status", "--json"))
    (tracked.project.contributions / "m2" / "ariel" / f"{kept}.png").unlink()
    dvc(tracked.project, "checkout", "--quiet", "--force")
    assert [f"data/contributions/m2/ariel/{kept}.png"] == tracked.files_of(kept)
    assert [] == tracked.files_of(gone)
    assert 1 == YAML(typ="safe").load(pointer)["outs"][0]["nfiles"]
    assert all(
        b"one" != path.read_bytes() for path in tracked.project.root.rglob("*") if path.is_file()
    )


def test_other_images_need_not_be_at_hand(tracked):
    """A member without the images forgets one; `dvc add` would have dropped them all."""
    gone, kept = sha256_of(b"one"), sha256_of(b"two")
    for sha256 in (gone, kept):
        (tracked.project.contributions / "m2" / "ariel" / f"{sha256}.png").unlink()

    assert [] == forget(tracked.project, sha256=gone)

    dvc(tracked.project, "checkout", "--quiet", "--force")
    assert [f"data/contributions/m2/ariel/{kept}.png"] == tracked.files_of(kept)


def test_a_pointer_that_cannot_be_read_is_left_to_do(tracked):
    """Without DVC's cache the list of the folder is not here: said with what to do."""
    for path in (tracked.project.root / ".dvc" / "cache").rglob("*.dir"):
        path.unlink()

    (line,) = forget(tracked.project, url=URL)

    assert line.startswith("data/contributions/m2/ariel.dvc still lists the image; ")
    assert line.endswith(f"dvc pull brings it, then: disney forget --sha256 {sha256_of(b'one')}")
    assert [] == tracked.files_of(sha256_of(b"one"))


def test_what_was_left_to_do_can_be_done_later(tracked, template: Path):
    """Its row is gone already; with the list at hand again the pointer is found by the bytes."""
    sha256 = sha256_of(b"one")
    for path in (tracked.project.root / ".dvc" / "cache").rglob("*.dir"):
        path.unlink()
    forget(tracked.project, sha256=sha256)
    shutil.copytree(template / ".dvc", tracked.project.root / ".dvc", dirs_exist_ok=True)

    assert [] == forget(tracked.project, sha256=sha256)

    pointer = tracked.project.contributions / "m2" / "ariel.dvc"
    assert 1 == YAML(typ="safe").load(pointer)["outs"][0]["nfiles"]


@pytest.fixture
def pushed(tracked: Hoard, tmp_path: Path) -> tuple[Hoard, Path]:
    """Push the images to a remote of this project, where another branch has one of its own."""
    store = tmp_path / "store"
    dvc(tracked.project, "remote", "add", "--quiet", "--default", "store", str(store))
    dvc(tracked.project, "push", "--quiet")
    theirs = DvcCache(store)
    rows = [
        {"md5": theirs.add_file(data), "relpath": f"{sha256_of(data)}.png"}
        for data in (b"one", b"theirs")
    ]
    theirs.add_listing(rows)
    write_bytes(store / "runs" / "aa" / "key" / "theirs", b"outs: [{path: x, md5: '1'}]")
    return tracked, store


def files_in(folder: Path) -> dict[Path, bytes]:
    """Read all files of a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_from_the_remote_the_image_goes_alone(pushed):
    """Lists, runs and pictures of branches that are not checked out stay, byte for byte."""
    hoard, store = pushed
    before = files_in(store)

    assert [] == forget(hoard.project, sha256=sha256_of(b"one"))

    assert {path: data for path, data in before.items() if data != b"one"} == files_in(store)
    assert len(before) == 1 + len(files_in(store))


def test_an_object_that_no_list_names_goes_too(pushed):
    """The remote has the bytes of a file that is here; its list is lost."""
    hoard, store = pushed
    sha256 = hoard.contribute(b"three", "")
    gone, kept = (DvcCache(store).add_file(data) for data in (b"three", b"four"))

    forget(hoard.project, sha256=sha256)

    assert [False, True] == [DvcCache(store).path(digest).exists() for digest in (gone, kept)]


def test_no_run_can_bring_it_back(pushed):
    """Here and in the remote, the entries that name the image or its folder go; others stay."""
    hoard, store = pushed
    folders = [store, hoard.project.root / ".dvc" / "cache"]
    (digest,) = {
        path.parent.name + path.name
        for path in folders[1].rglob("*.dir")
        if sha256_of(b"one") in path.read_text()
    }
    for folder in folders:
        entry = f"outs: [{{path: made, md5: {digest}}}]"
        write_bytes(folder / "runs" / "aa" / "key" / "ours", entry.encode())

    forget(hoard.project, sha256=sha256_of(b"one"))

    left = [path.name for folder in folders for path in (folder / "runs").glob("*/*/*")]
    assert ["theirs"] == left


def test_dvc_is_told_what_the_remote_lacks(pushed):
    """It remembers what it has pushed, and would not push again what was forgotten by mistake."""
    hoard, store = pushed
    forget(hoard.project, sha256=sha256_of(b"one"))
    for data in (b"one", b"two", b"three"):
        hoard.contribute(data, "")

    dvc(hoard.project, "add", "--quiet", "data/contributions/m2/ariel")
    dvc(hoard.project, "push", "--quiet")

    assert b"one" in files_in(store).values()


def test_a_cache_that_cannot_be_read_stops_a_plan(pushed):
    """Nothing is said to be gone that could not be looked for."""
    hoard, _ = pushed
    write_bytes(cache_of(hoard.project).path("0" * 32 + ".dir"), b"{cut")

    with pytest.raises(StoreError, match="broken, no list of a folder"):
        planned(hoard.project, sha256=sha256_of(b"one"))


def test_a_remote_that_is_not_there_is_left_to_do(pushed):
    """All else is done, and the line says with which command to end it."""
    hoard, _ = pushed
    url = "ssh://user@127.0.0.1:1/folder"
    dvc(hoard.project, "remote", "add", "--quiet", "far", url)
    sha256 = sha256_of(b"one")

    (line,) = forget(hoard.project, sha256=sha256)

    assert line.startswith("remote far: ")
    assert line.endswith(f", then: disney forget --sha256 {sha256}")
    assert [] == hoard.files_of(sha256)
    assert b"one" not in files_in(hoard.project.root.parent).values()


def test_a_plan_names_what_goes_from_a_remote(pushed):
    """Path by path, and nothing is changed."""
    hoard, store = pushed
    before = files_in(store)

    lines = planned(hoard.project, sha256=sha256_of(b"one")).lines(hoard.project)

    (path,) = (path for path, data in before.items() if data == b"one")
    assert f"delete {path} of remote store" in lines
    assert before == files_in(store)


@pytest.mark.slow
def test_a_branch_that_waits_is_merged_after_a_take_down(lead: Clone):
    """Pushed before it and merged after it, it has all its pictures, and nothing stands against."""
    for name, character, numbers in (("na", "ariel", (1, 2, 3)), ("m2", "elsa", (4, 5, 6))):
        member = clone_of(lead, name)
        member.add(*numbers, member=name, character=character)
        member.commit()
        member.dvc("push", "--quiet")
        member.git("push", "--quiet", "origin", "HEAD")
    lead.git("merge", "--quiet", "na")
    lead.dvc("pull", "--quiet")
    gone = read_rows(lead.shelf().manifest, ImageRecord)[0].sha256
    assert [] == forget(lead.project, sha256=gone)
    lead.commit()
    lead.dvc("push", "--quiet")

    lead.git("merge", "--quiet", "--no-edit", "m2")

    assert [] == lead.check(base="HEAD")
    lead.dvc("pull", "--quiet")
    images = lead.project.contributions.glob("*/*/*.png")
    assert ["ariel", "ariel", "elsa", "elsa", "elsa"] == sorted(p.parent.name for p in images)


@pytest.mark.slow
def test_the_run_cache_cannot_bring_it_back(hoard):
    """DVC remembers what a stage has made; what names the image is forgotten, the rest is not."""
    for character, data in (("ariel", b"one"), ("elsa", b"two")):
        write_bytes(hoard.project.root / "source" / character / f"{sha256_of(data)}.png", data)
    copy = {"cmd": "cp -r source/${item} made-${item}", "deps": ["source/${item}"]}
    stages = {"copy": {"foreach": ["ariel", "elsa"], "do": copy | {"outs": ["made-${item}"]}}}
    with (hoard.project.root / "dvc.yaml").open("w") as file:
        YAML().dump({"stages": stages}, file)
    dvc(hoard.project, "init", "--no-scm", "--quiet")
    dvc(hoard.project, "repro", "--quiet")
    runs = hoard.project.root / ".dvc" / "cache" / "runs"
    before = [path for path in runs.glob("*/*/*") if path.is_file()]

    forget(hoard.project, sha256=sha256_of(b"one"))

    after = [path for path in runs.glob("*/*/*") if path.is_file()]
    assert (2, 1) == (len(before), len(after))
    assert "made-elsa" in after[0].read_text()
    objects = (hoard.project.root / ".dvc" / "cache" / "files").rglob("*")
    contents = [path.read_bytes() for path in objects if path.is_file()]
    assert b"one" not in contents
    assert b"two" in contents

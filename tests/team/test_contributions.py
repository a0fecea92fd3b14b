"""Adding pictures: judged, whole or not at all, and never at the cost of older ones."""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable

import pytest
from PIL import Image

from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Denied, ImageRecord, Reason, Rejected
from pipeline.team.contributions import (
    Facts,
    Offered,
    Outcome,
    Rules,
    add_pictures,
    undo_interrupted,
)
from pipeline.team.dvc_cache import DvcCache, sha256_in
from pipeline.team.pointers import Pointer, Shelf
from tests.rows import image_record
from tests.team.clones import drawing


def offered(*datas: bytes) -> list[Offered]:
    """Bring pictures under the names 1.png, 2.png..."""
    return [Offered(name=f"{number}.png", data=data) for number, data in enumerate(datas, start=1)]


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """Start an empty project."""
    return make_project()


@pytest.fixture
def cache(project: Project) -> DvcCache:
    """Open its cache at the usual place."""
    return DvcCache(project.root / ".dvc" / "cache")


@pytest.fixture
def add(project: Project, cache: DvcCache) -> Callable[..., list[Outcome]]:
    """Add pictures of Ariel as na, unless told otherwise."""

    def run(*datas: bytes, member: str = "na", character: str = "ariel", **options):
        return add_pictures(
            project,
            load_params(project),
            member=member,
            character=character,
            pictures=offered(*datas),
            cache=cache,
            **options,
        )

    return run


def reasons(outcomes: list[Outcome]) -> list[str]:
    """Say of each picture why it was refused, "" for one that was added."""
    results = (outcome.result for outcome in outcomes)
    return [each.reason if isinstance(each, Rejected) else "" for each in results]


def shelf_of(project: Project, *, member: str = "na", character: str = "ariel") -> Shelf:
    """Name a member's pictures."""
    return Shelf(project=project, member=member, character=character)


def state(shelf: Shelf, cache: DvcCache) -> tuple[list[str], list[str], list[str]]:
    """Name the images of manifest, folder and pointer, each sorted."""
    rows = [row.sha256 for row in shelf.rows()]
    files = sorted(path.stem for path in shelf.folder.glob("*"))
    listing = cache.listing(Pointer.read(shelf.pointer).digest) if shelf.pointer.exists() else []
    return rows, files, sorted(map(sha256_in, listing))


def test_a_picture_has_file_row_and_pointer(project, cache, add):
    """Named by its content, with what is known about it."""
    data = drawing(1)
    facts = Facts(author="An <b>Na</b>", licence="CC BY 4.0", page_url="https://w.example/A b")

    (outcome,) = add(data, facts=facts)

    sha256 = sha256_of(data)
    file = f"data/contributions/na/ariel/{sha256}.png"
    assert data == (project.root / file).read_bytes()
    (row,) = shelf_of(project).rows()
    assert outcome.result == row
    assert (sha256, file, "ariel", "na") == (row.sha256, row.file, row.character, row.member)
    assert ("An Na", "CC BY 4.0", "https://w.example/A%20b") == (
        row.author,
        row.licence,
        row.page_url,
    )
    assert ([sha256], [sha256], [sha256]) == state(shelf_of(project), cache)
    assert "/ariel\n" == (project.contributions / "na" / ".gitignore").read_text()


def test_nothing_is_known_is_unknown(project, add):
    """`unknown` is a licence like any other."""
    add(drawing(1))

    (row,) = shelf_of(project).rows()
    assert ("unknown", "", "contribution") == (row.licence, row.author, row.source)


def test_more_pictures_need_none_of_the_older(project, cache, add):
    """The folder was never pulled: the pointer grows all the same, and rows stay sorted."""
    add(drawing(1), drawing(2))
    shelf = shelf_of(project)
    shutil.rmtree(shelf.folder)
    for path in (project.root / ".dvc" / "cache" / "files" / "md5").glob("??/*"):
        if path.suffix != ".dir":
            path.unlink()

    add(drawing(3))

    rows, files, listed = state(shelf, cache)
    assert 3 == len(rows)
    assert sorted(rows) == rows == listed
    assert [sha256_of(drawing(3))] == files
    assert 3 == Pointer.read(shelf.pointer).num_files
    sizes = sum(row.bytes for row in shelf.rows())
    assert sizes == Pointer.read(shelf.pointer).size_bytes


def test_a_list_that_is_nowhere_stops_before_anything_is_written(project, add):
    """Without the list of the older pictures they would be lost."""
    add(drawing(1))
    before = shelf_of(project).pointer.read_bytes()
    shutil.rmtree(project.root / ".dvc")

    with pytest.raises(DataError, match="not in DVC's cache of this machine; dvc pull brings it"):
        add(drawing(2))

    assert before == shelf_of(project).pointer.read_bytes()
    assert 1 == len(shelf_of(project).rows())


def test_rows_without_a_pointer_stop(project, add):
    """A pointer that git lost is not made anew with fewer pictures."""
    add(drawing(1))
    shelf_of(project).pointer.unlink()

    with pytest.raises(DataError, match="its manifest has rows; run disney contribute mend"):
        add(drawing(2))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.NOT_AN_IMAGE),
        (b"<svg onload='alert(1)'></svg>", Reason.NOT_AN_IMAGE),
        (drawing(1)[:500], Reason.UNDECODABLE),
        (drawing(1, size=99), Reason.TOO_SMALL),
        (b"\0" * 15_000_001, Reason.TOO_MANY_BYTES),
        (Rejected(reason=Reason.GONE, detail="404"), Reason.GONE),
    ],
    ids=["empty", "svg", "cut", "small", "heavy", "gone"],
)
def test_the_unfit_is_refused(project, add, data, reason):
    """With its reason; nothing is written, not even a folder."""
    assert [reason] == reasons(add(data))

    assert not project.contributions.exists()
    assert [] == list(project.manifests.iterdir())


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_a_film_is_refused(add, kind):
    """The network would see its first frame only."""
    frames = [Image.new("RGB", (120, 120), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])

    (outcome,) = add(buffer.getvalue())

    assert (Reason.ANIMATED, "several pictures in one file") == (
        outcome.result.reason,
        outcome.result.detail,
    )


def test_the_same_bytes_are_refused_by_name(add):
    """Within one call, of oneself, and of another member under another character."""
    first, again = add(drawing(1), drawing(1))
    (third,) = add(drawing(1), member="m2", character="elsa")

    expected = f"{first.result.file} (ariel, na)"
    assert [Reason.EXACT_DUPLICATE] * 2 == reasons([again, third])
    assert (expected, expected) == (again.result.detail, third.result.detail)


def test_a_near_copy_is_refused_by_name(add):
    """Saved once more in another format, or mirrored; --allow-near lets it in."""
    (first,) = add(drawing(1))
    image = Image.open(io.BytesIO(drawing(1)))
    buffer = io.BytesIO()
    image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(buffer, "PNG")

    copy, mirrored = add(drawing(1, kind="JPEG"), buffer.getvalue())
    (allowed,) = add(drawing(1, kind="JPEG"), rules=Rules(allow_near=True))

    assert [Reason.NEAR_COPY, Reason.NEAR_COPY, ""] == reasons([copy, mirrored, allowed])
    assert f"{first.result.file} (ariel, na), 0 of 64 bits differ" == mirrored.result.detail


def test_a_collected_picture_is_known(project, add):
    """What the sources found need not be brought."""
    add(drawing(1))
    (row,) = shelf_of(project).rows()
    write_rows(project.raw_manifest("elsa"), ImageRecord, [image_record(row.sha256, "elsa")])
    shutil.rmtree(project.manifests / "na")
    shutil.rmtree(project.contributions)

    assert [Reason.EXACT_DUPLICATE] == reasons(add(drawing(1)))


@pytest.mark.parametrize(
    ("item", "facts"),
    [
        (sha256_of(drawing(1)), Facts()),
        ("pics.example", Facts(url="https://cdn.pics.example/1.png")),
        ("https://w.example/p", Facts(page_url="https://w.example/p")),
    ],
)
def test_the_denied_stays_out(project, add, item, facts):
    """By bytes, host and page."""
    write_rows(project.denied, Denied, [Denied(item=item, reason="asked by the artist")])

    (outcome,) = add(drawing(1), facts=facts)

    assert (Reason.DENIED, "asked by the artist") == (outcome.result.reason, outcome.result.detail)


def test_licences_of_params_hold(make_project, cache):
    """Where only some are wanted, others and unknown ones are refused."""
    limits = {"sources": [{"kind": "studio"}], "licences": ["cc-by"]}
    project = make_project(collect=limits)

    def licensed(licence: str) -> str:
        facts = Facts(licence=licence)
        params = load_params(project)
        (outcome,) = add_pictures(
            project, params, member="na", character="ariel", pictures=offered(drawing(1)),
            cache=cache, facts=facts, rules=Rules(dry_run=True),
        )  # fmt: skip
        return reasons([outcome])[0]

    assert ["licence", "licence", ""] == [licensed(each) for each in ("", "CC0", "CC BY 4.0")]


def test_another_members_character(add):
    """Only if that is meant; and nobody who is not in the team."""
    with pytest.raises(DataError, match="elsa: is m2's, not na's; --for-others adds to it"):
        add(drawing(1), character="elsa")
    with pytest.raises(DataError, match="member 'x': has no character"):
        add(drawing(1), member="x")

    assert [""] == reasons(add(drawing(1), character="elsa", rules=Rules(for_others=True)))


def test_a_dry_run_writes_nothing(project, add):
    """It judges as the real one does."""
    before = sorted(project.root.rglob("*"))

    assert ["", Reason.EXACT_DUPLICATE] == reasons(
        add(drawing(1), drawing(1), rules=Rules(dry_run=True))
    )
    assert before == sorted(project.root.rglob("*"))


def test_the_place_is_not_stored_and_the_photo_still_known(project, add):
    """A photo with GPS is stored without; brought again, it is known as the same."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 6.0)})
    buffer = io.BytesIO()
    Image.open(io.BytesIO(drawing(1))).save(buffer, "JPEG", exif=exif)

    first, again = add(buffer.getvalue(), buffer.getvalue())

    with Image.open(project.root / first.result.file) as stored:
        assert {} == stored.getexif().get_ifd(0x8825)
    assert Reason.EXACT_DUPLICATE == again.result.reason


def kill_at(rename: int, run: Callable[[], object]) -> bool:
    """Run in a process that is killed at its n-th rename; tell whether it was."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = [rename]

    def count(event: str, _arguments: object) -> None:
        if event == "os.rename":
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    run()
    os._exit(0)


@pytest.mark.parametrize("earlier", [(), (9,)], ids=["first", "more"])
def test_killed_anywhere_nothing_is_half_added(project, cache, add, earlier):
    """Killed before each rename: rows have files and entries, and the next add sets all right."""
    shelf = shelf_of(project)
    if earlier:
        add(*map(drawing, earlier))
    for rename in range(1, 99):
        before = shelf.rows()
        was_killed = kill_at(rename, lambda: add(drawing(1), drawing(2)))
        rows, files, listed = state(shelf, cache)
        assert set(rows) <= set(files)
        assert set(rows) <= set(listed)
        assert len(rows) in {len(before), len(before) + 2}
        if not was_killed:
            break
        undo_interrupted(shelf, cache=cache)
        rows, files, listed = state(shelf, cache)
        assert rows == files == listed
        assert [] == list(project.contributions.rglob("*.part"))
        if len(rows) > len(before):
            break  # killed after the last step that counts
    add(drawing(1), drawing(2))

    assert rename > 4  # what an earlier try left in the cache is not written again
    rows, files, listed = state(shelf, cache)
    assert rows == files == listed
    assert 2 + len(earlier) == len(rows)
    assert not shelf.journal.exists()


def test_two_at_once_lose_nothing(project, cache, add):
    """What another process adds while pictures are read is kept, and no row comes twice."""
    params = load_params(project)

    def slowly():
        yield from offered(drawing(1))
        add(drawing(1), drawing(2))  # another terminal, meanwhile
        yield from offered(drawing(3))

    add_pictures(project, params, member="na", character="ariel", pictures=slowly(), cache=cache)

    rows, files, listed = state(shelf_of(project), cache)
    assert rows == files == listed
    assert sorted(sha256_of(drawing(number)) for number in (1, 2, 3)) == rows


def test_each_row_says_what_the_file_is(project, add):
    """As a manifest of collected images does."""
    add(drawing(1, kind="JPEG"))

    (row,) = read_rows(shelf_of(project).manifest, ImageRecord)
    assert ("JPEG", 128, 128, len(drawing(1, kind="JPEG"))) == (
        row.format,
        row.width_px,
        row.height_px,
        row.bytes,
    )

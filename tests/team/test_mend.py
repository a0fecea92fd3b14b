"""Branches that meet, in real git: what merges by itself, and what `mend` sets right."""

import shutil

import pytest

from pipeline.cli.pixel_copies import HOLDERS
from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of, write_bytes, write_json, write_rows
from pipeline.records import Denied, ImageRecord
from pipeline.team.contributions import Rules
from pipeline.team.dvc_cache import sha256_in
from pipeline.team.forget import Wanted, carry_out, plan
from pipeline.team.object_store import local_store
from pipeline.team.pointers import Pointer, Shelf
from tests.team.clones import Clone, clone_of, drawing, share_caches


@pytest.fixture
def team(lead: Clone) -> Clone:
    """Start a repository without DVC: its commands are tried elsewhere, and take longer."""
    lead.git("rm", "--quiet", ".dvc/config")
    lead.commit()
    return lead


def images(clone: Clone, shelf: Shelf) -> set[str]:
    """Name the images of a manifest, which are those of the pointer."""
    rows = [row.sha256 for row in read_rows(shelf.manifest, ImageRecord)]
    listing = clone.cache.listing(Pointer.read(shelf.pointer).digest)
    assert sorted(rows) == rows == sorted(map(sha256_in, listing))
    return set(rows)


@pytest.mark.parametrize("order", [("na", "m2"), ("m2", "na")], ids=["na first", "m2 first"])
def test_two_members_add_to_one_character(team: Clone, order: tuple[str, str]):
    """Each has files of their own: git merges both, in either order, and the check is clean."""
    na, m2 = clone_of(team, "na"), clone_of(team, "m2")
    na.add(1, 2, member="na", character="elsa", rules=Rules(for_others=True))
    m2.add(3, 4, member="m2", character="elsa")
    for clone in (na, m2):
        clone.commit()

    for name in order:
        team.git("pull", "--quiet", "--no-rebase", "--no-edit", f"../{name}", name)
    share_caches(team, na, m2)

    assert {sha256_of(drawing(number)) for number in (1, 2)} == images(
        team, team.shelf("na", "elsa")
    )
    assert {sha256_of(drawing(number)) for number in (3, 4)} == images(
        team, team.shelf("m2", "elsa")
    )
    assert [] == team.check()


def test_two_characters_of_one_member(team: Clone):
    """On two branches; the .gitignore beside both pointers is united."""
    one, two = clone_of(team, "one"), clone_of(team, "two")
    one.add(1, member="m2", character="elsa")
    two.add(2, member="m2", character="merida")
    for clone in (one, two):
        clone.commit()

    for name in ("one", "two"):
        team.git("pull", "--quiet", "--no-rebase", "--no-edit", f"../{name}", name)
    share_caches(team, one, two)

    assert [] == team.check()
    ignored = (team.project.contributions / "m2" / ".gitignore").read_text().splitlines()
    assert {"/elsa", "/merida"} == set(ignored)


@pytest.fixture
def torn(team: Clone) -> Clone:
    """One member added to one character on two branches; the second merge has stopped."""
    team.add(1)
    team.commit()
    one, two = clone_of(team, "one"), clone_of(team, "two")
    share_caches(team, one, two)
    one.add(2, 3)
    two.add(4)
    for clone in (one, two):
        clone.commit()
    share_caches(team, one, two)
    team.git("pull", "--quiet", "--no-rebase", "--no-edit", "../one", "one")
    told = team.git("pull", "--no-rebase", "--no-edit", "../two", "two", fails=True)
    assert "CONFLICT (content): Merge conflict in data/contributions/na/ariel.dvc" in told
    return team


def test_a_merge_that_stopped_is_found(torn: Clone):
    """By name, with the command that helps."""
    (finding,) = [line for line in torn.check(member="na") if "ariel.dvc" in line]

    assert "perhaps half merged; run disney contribute mend" in finding


def test_both_sides_of_a_merge_are_united(torn: Clone):
    """No image is lost, and the check is clean after the commit."""
    mended = torn.mend()
    torn.commit("merge")

    assert () == mended.left
    assert "data/contributions/na/ariel.dvc: lists 4 images, as the manifest does" in mended.done
    expected = {sha256_of(drawing(number)) for number in (1, 2, 3, 4)}
    assert expected == images(torn, torn.shelf())
    assert [] == torn.check()
    assert () == torn.mend().done


def test_a_wrong_resolution_is_found_and_mended(torn: Clone):
    """`git checkout --ours` takes the other side's images out of the pointer, for good."""
    torn.git("checkout", "--ours", "data/contributions/na/ariel.dvc")
    torn.commit("merge, wrongly")

    (finding,) = torn.check()
    assert "lists 3 images, 1 rows have none and 0 images have no row" in finding
    assert () == torn.mend().left
    assert 4 == len(images(torn, torn.shelf()))


def test_a_manifest_that_was_not_merged(torn: Clone):
    """Where git stopped in the rows, those of both sides are taken."""
    manifest = torn.project.relative(torn.shelf().manifest)
    torn.git("checkout", "--conflict=merge", "data/contributions/na/ariel.dvc")
    torn.git("merge", "--abort")
    (torn.project.root / ".gitattributes").unlink()
    torn.commit("no rule for manifests")
    told = torn.git("pull", "--no-rebase", "--no-edit", "../two", "two", fails=True)
    assert f"Merge conflict in {manifest}" in told

    mended = torn.mend()

    assert f"{manifest}: both sides of the merge united" in mended.done
    assert 4 == len(images(torn, torn.shelf()))


def test_an_image_that_is_nowhere_is_told(team: Clone):
    """Its row stays: taking it out is for a person to decide."""
    team.add(1)
    team.add(2)
    pointer = team.shelf().pointer
    team.commit()
    shutil.rmtree(team.project.root / ".dvc")
    shutil.rmtree(team.shelf().folder)
    pointer.unlink()
    rows = read_rows(team.shelf().manifest, ImageRecord)

    (told,) = team.mend().left
    assert "2 images of the manifest are neither here nor in the remote" in told
    assert "run dvc push data/contributions/na/ariel.dvc" in told
    assert rows == read_rows(team.shelf().manifest, ImageRecord)


def test_images_that_are_here_get_their_entry(team: Clone):
    """A pointer that is lost altogether is made from the files of the manifest's rows."""
    team.add(1, 2)
    before = team.shelf().pointer.read_bytes()
    team.shelf().pointer.unlink()
    (team.shelf().folder / "stray.png").write_bytes(b"no row names me")

    assert () == team.mend().left

    assert before == team.shelf().pointer.read_bytes()


def test_what_is_denied_leaves(team: Clone):
    """A take-down on one branch, the picture on another: after the merge it goes."""
    team.add(1, 2)
    denied = sha256_of(drawing(1))
    write_rows(team.project.denied, Denied, [Denied(item=denied, reason="asked")])
    (finding,) = [line for line in team.check(member="na") if "denied" in line]
    assert finding.endswith("run disney contribute mend --as na, which takes it out")

    team.mend()

    assert {sha256_of(drawing(2))} == images(team, team.shelf())
    assert [] == list(team.shelf().folder.glob(f"{denied}*"))


def meet(team: Clone, order: tuple[str, str]) -> dict[str, Clone]:
    """Let two members bring the same picture; both branches are merged in this order."""
    clones = {name: clone_of(team, name) for name in ("na", "m2")}
    clones["na"].add(1, 2)
    clones["m2"].add(1, 3, member="m2", character="elsa")
    for clone in clones.values():
        clone.commit()
    merge(team, *(clones[name] for name in order))
    return clones


def merge(team: Clone, *clones: Clone) -> None:
    """Merge the branches that clones are on, as the lead does."""
    for clone in clones:
        branch = clone.git("branch", "--show-current").strip()
        folder = clone.project.root
        team.git("pull", "--quiet", "--no-rebase", "--no-ff", "--no-edit", str(folder), branch)
    share_caches(team, *clones)


ORDERS = pytest.mark.parametrize(
    "order", [("na", "m2"), ("m2", "na")], ids=["na first", "m2 first"]
)


@ORDERS
def test_one_of_two_copies_leaves(team: Clone, order: tuple[str, str]):
    """Two members brought the same picture: what was merged first stays, the other is told."""
    meet(team, order)
    first, second = order
    copy = sha256_of(drawing(1))

    (told,) = team.check(base="HEAD")

    assert f"{copy[:12]} is also data/contributions/{first}/" in told
    assert told.endswith(f"run disney contribute mend --as {second}, which takes this one out")


@ORDERS
@pytest.mark.parametrize("mended", [("na", "m2"), ("m2", "na")], ids=["na mends", "m2 mends"])
def test_both_mend_and_one_copy_stays(team: Clone, order: tuple[str, str], mended: tuple[str, str]):
    """Each on a branch of its own that knows nothing of the other's: exactly one copy is left."""
    clones = meet(team, order)
    for name, clone in clones.items():
        clone.git("fetch", "--quiet")
        clone.git("switch", "--quiet", "--create", f"{name}-mend", "origin/main")
        share_caches(team, clone)
        clone.mend(name)
        clone.git("commit", "--quiet", "--all", "--allow-empty", "--message", "mend")
        assert [] == clone.check(member=name)

    merge(team, *(clones[name] for name in mended))

    copy = sha256_of(drawing(1))
    first, second = (images(team, team.shelf(*names)) for names in shelves_of(order))
    assert copy in first
    assert copy not in second
    assert [] == team.check(base="HEAD")


def shelves_of(order: tuple[str, str]) -> list[tuple[str, str]]:
    """Name the two shelves of `meet`."""
    return [(name, {"na": "ariel", "m2": "elsa"}[name]) for name in order]


def test_a_late_mend_does_not_take_the_last_copy(team: Clone):
    """Who mended before the other was merged, and who mends after: what came first stays."""
    na, m2 = clone_of(team, "na"), clone_of(team, "m2")
    na.add(1)
    m2.add(1, member="m2", character="elsa")
    for clone in (na, m2):
        clone.commit()
    merge(team, na)
    m2.git("pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")
    merge(team, m2)  # as it was, while m2 mends at home
    assert 1 == len([line for line in m2.check() if "--as m2, which takes this one out" in line])
    m2.mend("m2")
    m2.commit("mend")
    na.git("pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")
    assert () == na.mend("na").done

    merge(team, m2, na)

    assert {sha256_of(drawing(1))} == images(team, team.shelf())
    assert [] == team.check(base="HEAD")


def test_what_comes_again_comes_last(team: Clone):
    """Merged first and taken out since: another's copy that was merged meanwhile stays."""
    team.add(1)
    team.commit()
    manifest, pointer = team.shelf().manifest, team.shelf().pointer
    before = [path.read_bytes() for path in (manifest, pointer)]
    write_rows(manifest, ImageRecord, [])
    team.mend()
    team.add(1, member="m2", character="elsa")
    team.commit("now it is m2's")
    for path, content in zip((manifest, pointer), before, strict=True):
        path.write_bytes(content)
    team.commit("na's again")

    (told,) = team.check(base="HEAD")

    assert told.endswith("run disney contribute mend --as na, which takes this one out")


def test_pictures_that_are_here_are_not_dropped(team: Clone):
    """In DVC's cache or in the folder: either is enough to have them."""
    team.add(1)
    assert () == team.mend(drop_missing=True).done
    shutil.rmtree(team.shelf().folder)
    assert () == team.mend(drop_missing=True).done

    listing = team.cache.listing(Pointer.read(team.shelf().pointer).digest)
    picture = team.cache.path(listing[0]["md5"])
    write_bytes(team.shelf().folder / listing[0]["relpath"], picture.read_bytes())
    picture.unlink()
    assert not [line for line in team.mend(drop_missing=True).done if "dropped" in line]

    shutil.rmtree(team.shelf().folder)
    picture.unlink(missing_ok=True)
    assert 1 == len([line for line in team.mend(drop_missing=True).done if "dropped" in line])
    assert set() == images(team, team.shelf())


def test_no_path_is_made_of_a_row(team: Clone):
    """A row whose sha256 is a path takes no file with it when it goes."""
    team.add(1)
    review = team.project.reviews / "m2.csv"
    review.write_text("sha256,verdict,character,other_sha256,note\n")
    text, sha256 = team.shelf().manifest.read_text("utf-8"), team.shelf().rows()[0].sha256
    for shelf in (team.shelf(), team.shelf("m2", "elsa")):
        write_bytes(shelf.manifest, text.replace(sha256, "../../../reviews/m2", 1).encode())

    with pytest.raises(DataError, match="sha256: got '"):
        team.mend()

    assert review.is_file()


def test_what_one_member_has_twice_stays_once(team: Clone):
    """Under two characters of one member: `mend` takes out one, not both."""
    one, two = clone_of(team, "one"), clone_of(team, "two")
    one.add(1, member="m2", character="elsa")
    two.add(1, member="m2", character="merida")
    for clone in (one, two):
        clone.commit()
    merge(team, one, two)

    team.mend("m2")

    assert [{sha256_of(drawing(1))}, set()] == [
        images(team, team.shelf("m2", slug)) for slug in ("elsa", "merida")
    ]


def test_what_this_machine_collected_takes_nothing_out(team: Clone):
    """A run that is in no commit is nobody else's: a contribution gives way to what all have."""
    team.add(1)
    team.commit()
    row = read_rows(team.shelf().manifest, ImageRecord)[0]
    write_rows(team.project.raw_manifest("ariel"), ImageRecord, [row])
    assert [] == team.check(base="HEAD")

    team.commit("the lead's run")

    (told,) = team.check(base="HEAD")
    assert "which takes this one out" in told


def test_an_interrupted_add_is_undone(team: Clone):
    """The journal of a call that was killed after the pointer and before the rows."""
    team.add(1)
    rows = read_rows(team.shelf().manifest, ImageRecord)
    team.add(2)
    write_rows(team.shelf().manifest, ImageRecord, rows)
    sha256 = sha256_of(drawing(2))
    write_json(team.shelf().journal, {sha256: f"{sha256}.png"})
    assert any("an `add` was interrupted" in line for line in team.check())

    assert ("data/manifests/na/ariel.csv: undid an interrupted add of 1 pictures",) == (
        team.mend().done
    )
    assert {sha256_of(drawing(1))} == images(team, team.shelf())


def test_rows_in_disorder_are_sorted(team: Clone):
    """As a merge by lines leaves them, some of them twice."""
    team.add(1, 2)
    rows = read_rows(team.shelf().manifest, ImageRecord)
    write_rows(team.shelf().manifest, ImageRecord, [*reversed(rows), rows[0]])
    (finding,) = team.check(member="na")
    assert "rows are not sorted by sha256, each once" in finding

    team.mend()

    assert rows == read_rows(team.shelf().manifest, ImageRecord)


@pytest.mark.slow
def test_a_merge_in_a_clone_that_has_no_image(lead: Clone):
    """With real DVC: the lists of both sides come from the remote, and no image is pulled."""
    lead.add(1)
    lead.dvc("push", "--quiet")
    lead.commit()
    for name, number in {"one": 2, "two": 3}.items():
        clone = clone_of(lead, name)
        clone.add(number)
        clone.dvc("push", "--quiet")
        clone.commit()
    friday = clone_of(lead, "friday")
    friday.git("pull", "--quiet", "--no-rebase", "--no-edit", "../one", "one")
    friday.git("pull", "--quiet", "--no-rebase", "--no-edit", "../two", "two", fails=True)

    stopped, dvc_too = friday.check(member="na", base="HEAD")
    assert () == friday.mend().left
    friday.commit("merge")

    assert "ariel.dvc: no .dvc file, perhaps half merged; run disney contribute mend" in stopped
    assert dvc_too.startswith(".dvc: dvc ")
    assert 3 == len(images(friday, friday.shelf()))
    assert not friday.shelf().folder.exists()
    friday.dvc("push", "--quiet")
    assert [] == friday.check()
    friday.dvc("pull", "--quiet")
    assert 3 == len(list(friday.shelf().folder.iterdir()))


def test_what_was_taken_down_does_not_come_back(team: Clone):
    """Forgotten on one branch while another adds: a merge by lines may bring its row back."""
    team.add(1, 2)
    team.commit()
    one, two = clone_of(team, "one"), clone_of(team, "two")
    share_caches(team, one, two)
    gone = sha256_of(drawing(1))
    stores = [local_store(one.project.root / ".dvc" / "cache")]
    wish = Wanted(sha256=gone)
    wanted = plan(one.project, wish, reason="asked", stores=stores, holders=HOLDERS.values())
    assert [] == carry_out(one.project, wanted, cache=one.cache)
    two.add(3)
    for clone in (one, two):
        clone.commit()
    share_caches(team, one, two)
    team.git("pull", "--quiet", "--no-rebase", "--no-edit", "../one", "one")
    team.git("pull", "--quiet", "--no-rebase", "--no-edit", "../two", "two", fails=True)

    assert () == team.mend().left
    team.commit("merge")

    assert {sha256_of(drawing(number)) for number in (2, 3)} == images(team, team.shelf())
    assert [] == team.check()

"""Five members, five clones, one Friday night: merged in any order, the dataset is the same."""

import shutil
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import ImageRecord, Review
from pipeline.stages import deduplicate, split
from pipeline.team.contributions import Offered, Rules, add_pictures
from pipeline.team.pointers import Pointer, Shelf, shelves
from tests.team.clones import Clone, bring_caches, clone_of, drawing, first_clone

CHARACTERS = {"m1": "ariel", "m2": "elsa", "m3": "merida", "m4": "anna", "m5": "elsa"}
PHOTOS = {
    "m1": "bulbasaur",
    "m2": "charmander",
    "m3": "pikachu",
    "m4": "squirtle",
    "m5": "charmander",
}
NUM_DRAWINGS = 8
NUM_PHOTOS = 40
FORGETFUL = "m4"


def params_of_five() -> dict[str, object]:
    """Give four members a character; the fifth helps with another's."""
    owners = {slug: member for member, slug in reversed(CHARACTERS.items())} | {"olaf": "m5"}
    return {s: {"member": m, "search": {"name": s.title()}} for s, m in sorted(owners.items())}


def team_of(lead: Clone, pictures: Callable[[str], Sequence[bytes]]) -> dict[str, Clone]:
    """Let five members add their pictures, in halves, one after the other; m3 also reviews."""
    for slug in load_params(lead.project).characters:
        write_rows(lead.project.raw_manifest(slug), ImageRecord, [])
    lead.commit()
    clones = {member: clone_of(lead, member) for member in CHARACTERS}
    for half in (0, 1):
        for member, clone in clones.items():
            _bring(clone, member, pictures(member)[half::2])
            if member == "m3" and not half:
                _reject_first(clone)
            if member == "m5" and not half:
                clone.add(0, member="m5", character="olaf")
            clone.commit()
    return clones


def _bring(clone: Clone, member: str, pictures: Sequence[bytes]) -> None:
    add_pictures(
        clone.project,
        load_params(clone.project),
        member=member,
        character=CHARACTERS[member],
        pictures=[Offered(name=str(number), data=data) for number, data in enumerate(pictures)],
        cache=clone.cache,
        rules=Rules(for_others=True),
    )


def _reject_first(clone: Clone) -> None:
    row = read_rows(clone.shelf("m3", "merida").manifest, ImageRecord)[0]
    review = Review(sha256=row.sha256, verdict="reject", character="", other_sha256="", note="")
    write_rows(clone.project.reviews / "m3.csv", Review, [review])


def merged(lead: Clone, clones: dict[str, Clone], order: Sequence[str]) -> list[bytes]:
    """Merge all branches in a fresh clone and run the pipeline; give groups.csv and split.csv."""
    friday = clone_of(lead, "friday-" + "".join(order))
    for member in order:
        friday.git("pull", "--quiet", "--no-rebase", "--no-edit", f"../{member}", member)
    bring_caches(friday, *clones.values())
    for shelf in shelves(friday.project):
        _pull(friday, shelf)
    assert [] == friday.check(base="HEAD")
    seen = lead.project.root.parent / "fingerprints"  # of the first order: decoding takes longest
    if seen.is_dir():
        shutil.copytree(seen, friday.project.cache, dirs_exist_ok=True)
    for stage in (deduplicate, split):
        stage.main(friday.project, load_params(friday.project))
    shutil.copytree(friday.project.cache, seen, dirs_exist_ok=True)
    return [path.read_bytes() for path in (friday.project.groups, friday.project.split)]


def _pull(clone: Clone, shelf: Shelf) -> None:
    """Bring images out of the cache, as `dvc pull` does, which takes longer."""
    shelf.folder.mkdir(parents=True, exist_ok=True)
    for row in clone.cache.listing(Pointer.read(shelf.pointer).digest):
        shutil.copyfile(clone.cache.path(row["md5"]), shelf.folder / row["relpath"])


def orders(number: int) -> list[tuple[str, ...]]:
    """Choose some of the 120 orders of members, the same on every run."""
    return Random(7).sample(sorted(permutations(CHARACTERS)), number)


@pytest.fixture
def five(tmp_path: Path, write_project: Callable[..., Project]) -> Clone:
    """Start the repository of a team of five, without DVC."""

    def write(root: Path) -> Project:
        return write_project(root, characters=params_of_five())

    lead = first_clone(tmp_path, write)
    lead.git("rm", "--quiet", ".dvc/config")
    lead.commit()
    return lead


def test_any_order_gives_the_same_dataset(five: Clone) -> None:
    """No conflict, no image lost, the same bytes in the end."""

    def drawings(member: str) -> list[bytes]:
        first = 100 * int(member[1:])
        return [drawing(number) for number in range(first, first + NUM_DRAWINGS)]

    clones = team_of(five, drawings)

    first, *others = [merged(five, clones, order) for order in orders(3)]

    assert [first, first] == others
    assert 2 + NUM_DRAWINGS * len(CHARACTERS) == len(first[0].splitlines())
    assert 1 == first[0].count(b"rejected by review")


@pytest.mark.slow
def test_twenty_orders_of_real_pictures(five: Clone, shared: Path) -> None:
    """As above; copies among real pictures are refused by name, and none of the rest is lost."""

    def photos(member: str) -> list[bytes]:
        folder = shared / "data" / "characters" / PHOTOS[member]
        files = sorted(path for path in folder.iterdir() if path.is_file())
        start = NUM_PHOTOS if member == "m5" else 0
        return [path.read_bytes() for path in files[start : start + NUM_PHOTOS]]

    clones = team_of(five, photos)
    num_rows = sum(
        len(read_rows(clone.shelf(member, CHARACTERS[member]).manifest, ImageRecord))
        for member, clone in clones.items()
    )

    first, *others = [merged(five, clones, order) for order in orders(20)]

    assert 19 * [first] == others
    assert 2 + num_rows == len(first[0].splitlines())


@pytest.mark.slow
def test_the_forgotten_push_is_told_by_name(
    tmp_path: Path, write_project: Callable[..., Project]
) -> None:
    """Four members push, one forgets: after all merges that one's pointer is named, no other."""

    def write(root: Path) -> Project:
        return write_project(root, characters=params_of_five())

    lead = first_clone(tmp_path, write)
    clones = {member: clone_of(lead, member) for member in CHARACTERS}
    for number, (member, clone) in enumerate(clones.items()):
        _bring(clone, member, [drawing(number)])
        if member != FORGETFUL:
            clone.dvc("push", "--quiet")
        clone.commit()
        lead.git("pull", "--quiet", "--no-rebase", "--no-edit", f"../{member}", member)

    found = lead.check()

    pointer = f"data/contributions/{FORGETFUL}/{CHARACTERS[FORGETFUL]}.dvc"
    assert {pointer} == {line.split(":")[0] for line in found}
    push = f"on the machine that has them run dvc push {pointer}"
    assert any(f"{pointer}: not in the remote; {push}" in line for line in found)

"""Who has what, and params.yaml with one character more and nothing else changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.catalog.catalog import Catalog
from pipeline.errors import ParamsError
from pipeline.files import write_rows
from pipeline.params import Search, load_params
from pipeline.paths import Project
from pipeline.records import Review
from pipeline.team.progress import funnel
from pipeline.team.roster import Member, add_character, known_members, members
from tests.team.clones import Clone, clone_of
from tests.team.hoard import Hoard

REPOSITORY = Path(__file__).resolve().parents[2]
OLAF = Search(name="Olaf", queries=("Olaf Frozen", "겨울왕국 올라프"), pages=("Olaf/Gallery",))


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """Start a project with this repository's own params.yaml, comments and all."""
    project = make_project()
    project.params.write_bytes((REPOSITORY / "params.yaml").read_bytes())
    return project


def test_a_character_is_written_after_the_last(project: Project):
    """A blank line apart; every other line is as it was, comments too."""
    before = project.params.read_text("utf-8").splitlines()

    add_character(project, "olaf", member="m3", search=OLAF, target=150)

    after = project.params.read_text("utf-8").splitlines()
    block = [
        "",
        "  olaf:",
        "    member: m3",
        "    target: 150",
        "    search:",
        "      name: Olaf",
        "      queries: [Olaf Frozen, 겨울왕국 올라프]",
        "      pages: [Olaf/Gallery]",
    ]
    at = after.index("  olaf:") - 1
    assert block == after[at : at + len(block)]
    assert before == after[:at] + after[at + len(block) :]
    assert ["", "collect:"] == after[at + len(block) :][:2]


def test_it_can_be_read_back(project: Project):
    """As the last character, with what was asked for."""
    add_character(project, "olaf", member="m3", search=OLAF)

    characters = load_params(project).characters
    assert "olaf" == list(characters)[-1]
    assert ("m3", None, OLAF) == (
        characters["olaf"].member,
        characters["olaf"].target,
        characters["olaf"].search,
    )


@pytest.mark.parametrize(
    "name", ["Q: who?", "no", "123", "[x]", "a, b", 'say "hi"', "#1", "인어공주", "it's", "~", " x"]
)
def test_any_name_reads_back(project: Project, name: str):
    """What YAML would take for something else is quoted."""
    add_character(project, "olaf", member="m3", search=Search(name=name, queries=(name, name)))

    assert Search(name=name, queries=(name, name)) == load_params(project).characters["olaf"].search


@pytest.mark.parametrize(
    "slug", ["101", "true", "1e5", "null", "no", "1_000", "0x1f", "2026-11-30", "7-up"]
)
def test_any_slug_reads_back(project: Project, slug: str):
    """Character and member stay texts, to DVC and to readers of YAML 1.1 too."""
    add_character(project, slug, member=slug, search=OLAF)

    assert slug == load_params(project).characters[slug].member
    for version in ("1.1", "1.2"):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        assert slug == yaml.load(project.params.read_text("utf-8"))["characters"][slug]["member"]


def test_it_stands_after_the_members_last_one(project: Project):
    """A comment above the next character stays above that; one within a character stays there."""
    text = project.params.read_text("utf-8")
    text = text.replace("  rapunzel:", "  # has very long hair\n  rapunzel:")
    text = text.replace("[Cinderella/Gallery]", "[Cinderella/Gallery]\n      # categories: [A]")
    project.params.write_text(text, "utf-8")

    add_character(project, "olaf", member="m2", search=Search(name="Olaf"))

    lines = project.params.read_text("utf-8").splitlines()
    at = lines.index("  olaf:")
    assert ["      # categories: [A]", ""] == lines[at - 2 : at]
    assert ["      name: Olaf", "", "  # has very long hair", "  rapunzel:"] == lines[
        at + 3 : at + 7
    ]


def test_two_members_add_at_the_same_time(lead: Clone):
    """Git merges both; the file can be read and has both."""
    for name, member in {"one": "na", "two": "m2"}.items():
        clone = clone_of(lead, name)
        add_character(clone.project, name, member=member, search=Search(name=name))
        clone.commit()
        lead.git("pull", "--quiet", "--no-rebase", "--no-edit", f"../{name}", name)

    assert ["ariel", "one", "elsa", "merida", "two"] == list(load_params(lead.project).characters)


def test_a_second_one_follows_the_first(project: Project):
    """In the order in which they were added."""
    add_character(project, "olaf", member="m3", search=OLAF)
    add_character(project, "sven", member="m3", search=Search(name="Sven"))

    assert ["olaf", "sven"] == list(load_params(project).characters)[-2:]


def test_the_last_section_of_a_file(make_project: Callable[..., Project]):
    """Characters may stand at the end, without a line end."""
    project = make_project()
    text = project.params.read_text("utf-8")
    characters = "characters:" + text.split("characters:")[1].split("collect:")[0]
    project.params.write_text(text.replace(characters, "") + characters.rstrip(), "utf-8")

    add_character(project, "olaf", member="m3", search=OLAF)

    assert "olaf" == list(load_params(project).characters)[-1]


@pytest.mark.parametrize(
    ("slug", "member", "problem"),
    [
        ("ariel", "na", "characters: 'ariel' is there already; edit it there"),
        ("Olaf", "na", "'Olaf': must be 1 to 64 of a-z"),
        ("olaf", "../na", "'../na': must be 1 to 64 of a-z"),
    ],
)
def test_what_cannot_be_written_is_one_line(project: Project, slug: str, member: str, problem: str):
    """And the file is as it was."""
    before = project.params.read_bytes()

    with pytest.raises(ParamsError, match=problem) as caught:
        add_character(project, slug, member=member, search=OLAF)

    assert 1 == len(str(caught.value).splitlines())
    assert before == project.params.read_bytes()


def test_characters_in_braces(make_project: Callable[..., Project]):
    """A mapping on one line has no place for a block."""
    project = make_project()
    text = project.params.read_text("utf-8").split("characters:")
    rest = text[1].split("collect:")[1]
    one = "{member: na, search: {name: A}}"
    project.params.write_text(f"{text[0]}characters: {{a: {one}, b: {one}}}\ncollect:{rest}")

    with pytest.raises(ParamsError, match="written with braces; give each its lines"):
        add_character(project, "olaf", member="m3", search=OLAF)


def team(project: Project) -> list[Member]:
    """Sum up all members, half way through the pipeline."""
    params = load_params(project)
    catalog = Catalog(project, characters=params.characters, strict=False)
    return members(catalog, params, funnel=funnel(catalog, params))


def slugs(member: Member) -> tuple[str, ...]:
    """Name a member's characters."""
    return tuple(row.character for row in member.characters)


def test_a_member_is_the_sum_of_characters(hoard: Hoard):
    """In the order of params.yaml, with the verdicts that the member gave."""
    hoard.collect(b"one", "https://pics.example/1.png", character="elsa")
    sha256 = hoard.contribute(b"two", "", character="merida")
    review = Review(sha256=sha256, verdict="reject", character="", other_sha256="", note="")
    write_rows(hoard.project.reviews / "na.csv", Review, [review])

    na, m2 = team(hoard.project)

    assert ("na", ("ariel",), 12, 0, 0, 1) == (
        na.slug,
        slugs(na),
        *map(na.total, ("target", "collected", "rejected")),
        na.num_reviews,
    )
    assert (("elsa", "merida"), 24, 1, 1, 1, 24, 0) == (
        slugs(m2),
        *map(m2.total, ("target", "collected", "contributed", "rejected", "missing")),
        m2.num_reviews,
    )


def test_who_only_reviews_is_in_the_team(hoard: Hoard):
    """At the end, without characters: a lead need have none; a file of no member is nobody."""
    review = Review(sha256="a" * 64, verdict="keep", character="", other_sha256="", note="")
    for name in ("lead", "Copy of na"):
        write_rows(hoard.project.reviews / f"{name}.csv", Review, [review])
    params = load_params(hoard.project)

    *_, lead = team(hoard.project)

    assert ["lead", "m2", "na"] == known_members(Catalog(hoard.project), params)
    assert ("lead", (), 0, 1) == (lead.slug, slugs(lead), lead.total("target"), lead.num_reviews)

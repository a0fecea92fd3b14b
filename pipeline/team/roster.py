"""Who has which character, and one character more in params.yaml."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from pipeline.errors import ParamsError
from pipeline.files import read_rows, write_text
from pipeline.params import Params, Search, load_params
from pipeline.params.section import check_slug
from pipeline.paths import PARAMS_FILE, Project
from pipeline.records import SLUG, Review
from pipeline.team.pointers import shelves
from pipeline.team.progress import FunnelRow, funnel


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What one member has; all counts are images, of all of the member's characters."""

    member: str
    characters: tuple[str, ...]  # slugs, in the order of params.yaml
    target: int
    collected: int
    contributed: int  # to these characters, by whomever
    accepted: int
    rejected: int
    missing: int
    reviews: int  # verdicts that the member gave


def team(project: Project, params: Params) -> list[Member]:
    """Sum up each member's characters, in the order in which params.yaml names the members.

    Whoever reviews without a character of their own comes last.

    Raises:
        DataError: a file is there and breaks its contract.
    """
    rows: dict[str, list[FunnelRow]] = {}
    for row in funnel(project, params):
        rows.setdefault(row.member, []).append(row)
    for name in known_members(project, params):
        rows.setdefault(name, [])
    return [_member(project, name, own) for name, own in rows.items()]


def known_members(project: Project, params: Params) -> list[str]:
    """Name everybody who is in the team: by a character, by pictures, or by reviews; sorted.

    A lead may have no character: having reviewed once is enough.
    """
    known = {character.member for character in params.characters.values()}
    known |= {shelf.member for shelf in shelves(project)}
    known |= {path.stem for path in project.reviews.glob("*.csv")}
    return sorted(filter(SLUG.match, known))


def _member(project: Project, name: str, own: Sequence[FunnelRow]) -> Member:
    path = project.reviews / f"{name}.csv"
    return Member(
        member=name,
        characters=tuple(row.character for row in own),
        target=sum(row.target for row in own),
        collected=sum(row.collected for row in own),
        contributed=sum(row.contributed for row in own),
        accepted=sum(row.kept for row in own),
        rejected=sum(row.rejected for row in own),
        missing=sum(row.missing for row in own),
        reviews=len(read_rows(path, Review)) if path.is_file() else 0,
    )


def add_character(
    project: Project, slug: str, *, member: str, search: Search, target: int | None = None
) -> None:
    """Write a character into params.yaml, after the member's last one; no other line changes.

    So two members who add at the same time do not meet in git. The lines are put in where YAML says
    that a character ends: writing the whole file anew would move comments and fold long lines.

    Args:
        project: whose params.yaml it is.
        slug: of the character.
        member: who collects it.
        search: what the sources are asked for.
        target: images wanted; None for collect.target.

    Raises:
        ParamsError: there is one already, a name is not allowed, or the file would be wrong.
    """
    for name in (slug, member):
        try:
            check_slug(name)
        except ValueError as error:
            raise ParamsError(f"{name!r}: {error}") from error
    if slug in load_params(project).characters:
        raise ParamsError(f"{PARAMS_FILE}: characters: {slug!r} is there already; edit it there")
    lines = project.params.read_text("utf-8").splitlines()
    at, indent = _place_for(member, lines)
    block = _block(slug, member=member, search=search, target=target)
    new = [f"{' ' * indent}{line}" for line in block]
    text = "".join(f"{line}\n" for line in [*lines[:at], "", *new, *lines[at:]])
    _check(text)
    write_text(project.params, text)


def _place_for(member: str, lines: Sequence[str]) -> tuple[int, int]:
    """Find the line after the member's last character, and how far characters are indented."""
    content: CommentedMap = YAML().load("\n".join(lines))
    characters: CommentedMap = content["characters"]
    if characters.fa.flow_style():
        raise ParamsError(f"{PARAMS_FILE}: characters: written with braces; give each its lines")
    slugs = list(characters)
    own = [slug for slug in slugs if characters[slug].get("member") == member]
    last = (own or slugs)[-1]
    _, indent = characters.lc.key(last)
    end = _line_after(last, characters)
    if end is None:
        end = _line_after("characters", content)
    if end is None:
        end = len(lines)
    while _belongs_to_next(lines[end - 1], indent=indent):
        end -= 1
    return end, indent


def _line_after(key: str, mapping: CommentedMap) -> int | None:
    """Find the line of the key that follows another; None after the last."""
    keys = list(mapping)
    following = keys[keys.index(key) + 1 :]
    return int(mapping.lc.key(following[0])[0]) if following else None


def _belongs_to_next(line: str, *, indent: int) -> bool:
    """Tell blank lines, and comments above what follows, from comments within a character."""
    text = line.lstrip()
    return not text or (text.startswith("#") and len(line) - len(text) <= indent)


def _block(slug: str, *, member: str, search: Search, target: int | None) -> list[str]:
    lists = {"queries": search.queries, "pages": search.pages, "categories": search.categories}
    return [
        f"{slug}:",
        f"  member: {member}",
        *([] if target is None else [f"  target: {target}"]),
        "  search:",
        f"    name: {_scalar(search.name)}",
        *(f"    {key}: {_flow(values)}" for key, values in lists.items() if values),
    ]


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(text: str) -> str:
    """Write a text as YAML, plain where it reads back as itself, also inside a list."""
    try:
        is_plain = YAML(typ="safe", pure=True).load(f"[{text}]") == [text]
    except Exception:  # noqa: BLE001 - anything that YAML does not like is quoted
        is_plain = False
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _check(text: str) -> None:
    """Read a new params.yaml before it takes the place of the old one."""
    with TemporaryDirectory() as folder:
        (Path(folder) / PARAMS_FILE).write_text(text, encoding="utf-8")
        load_params(Project(Path(folder)))

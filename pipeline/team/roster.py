"""Who has which character, and one character more in params.yaml."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from pipeline.catalog.catalog import Catalog
from pipeline.errors import ParamsError
from pipeline.files import write_text
from pipeline.params import Params, Search, load_params
from pipeline.params.section import check_slug
from pipeline.paths import PARAMS_FILE, Project
from pipeline.records import ImageRecord, Review
from pipeline.team.progress import FunnelRow

_YAML_VERSIONS = ("1.2", "1.1")  # ours, and that of other readers, to whom `on` is true


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What one member has and did; all counts are images but where said."""

    slug: str
    characters: tuple[FunnelRow, ...]  # that the member collects, in the order of params.yaml
    brought: int  # the member's own contributions, to whatever character
    brought_kept: int  # of these, in the dataset
    reviews: tuple[tuple[str, int], ...]  # verdict, how often; the most frequent first

    @property
    def num_reviews(self) -> int:
        """How many verdicts the member gave."""
        return sum(number for _, number in self.reviews)

    def total(self, count: str) -> int:
        """Add up a count of `FunnelRow` over the member's characters."""
        return sum(getattr(row, count) for row in self.characters)


def members(catalog: Catalog, params: Params, *, funnel: Sequence[FunnelRow]) -> list[Member]:
    """Sum up what each member has and did, in the order in which params.yaml names them.

    Whoever brings or reviews without a character of their own comes last.

    Raises:
        DataError: the catalogue is strict, and a file breaks its contract.
    """
    brought = Counter(row.member for row in catalog.records if _is_brought(row, catalog))
    kept = [image.record for image in catalog.kept.values()]
    brought_kept = Counter(row.member for row in kept if _is_brought(row, catalog))
    assigned = [character.member for character in params.characters.values()]
    return [
        Member(
            slug=slug,
            characters=tuple(row for row in funnel if row.member == slug),
            brought=brought[slug],
            brought_kept=brought_kept[slug],
            reviews=_counted(catalog.reviews.get(slug, ())),
        )
        for slug in dict.fromkeys([*assigned, *catalog.members])
    ]


def known_members(catalog: Catalog, params: Params) -> list[str]:
    """Name everybody who is in the team: by a character, by pictures, or by reviews; sorted.

    A lead may have no character: having reviewed once is enough.
    """
    assigned = {character.member for character in params.characters.values()}
    return sorted(assigned | set(catalog.members))


def _is_brought(record: ImageRecord, catalog: Catalog) -> bool:
    folder = catalog.project.relative(catalog.project.contributions)
    return record.file.startswith(f"{folder}/")


def _counted(reviews: Iterable[Review]) -> tuple[tuple[str, int], ...]:
    counts = Counter(review.verdict for review in reviews)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


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
        f"{_scalar(slug)}:",
        f"  member: {_scalar(member)}",
        *([] if target is None else [f"  target: {target}"]),
        "  search:",
        f"    name: {_scalar(search.name)}",
        *(f"    {key}: {_flow(values)}" for key, values in lists.items() if values),
    ]


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(text: str) -> str:
    """Write a text as YAML, plain where it reads back as itself, also inside a list."""
    is_plain = all(_reads_back(text, version=version) for version in _YAML_VERSIONS)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _reads_back(text: str, *, version: str) -> bool:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    try:
        return bool(yaml.load(f"[{text}]") == [text])
    except Exception:  # noqa: BLE001 - anything that YAML does not like is quoted
        return False


def _check(text: str) -> None:
    """Read a new params.yaml before it takes the place of the old one."""
    with TemporaryDirectory() as folder:
        (Path(folder) / PARAMS_FILE).write_text(text, encoding="utf-8")
        load_params(Project(Path(folder)))

"""The catalogue: every file of facts about images, read when it is first asked for, and once.

A stage that asks for manifests never reads reviews, so that its deps in dvc.yaml stay few. One
answer to each question, whoever asks:

a character that is not in params.yaml  its manifests stop a stage; elsewhere they are told, and
                                        their images are in hand like any others
a row that breaks its contract          stops a stage; elsewhere it is told, and left out
a file that is not there                stops a stage; elsewhere it has no rows
two rows of one image                   both are in hand; `deduplicate` keeps one
two words of one member on one subject  the later row of the file holds
a rejected or denied image              is in hand, and not kept
a relabelled image                      counts for its new character once `deduplicate` has run
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Self

from pipeline.catalog.denied import DeniedList
from pipeline.catalog.manifests import Manifest, list_manifests
from pipeline.catalog.reviews import Verdicts, decide, holding, review_check
from pipeline.catalog.rights import Rights, rights_of
from pipeline.errors import DataError
from pipeline.files import RowT, joined, read_rows
from pipeline.paths import Project, visible
from pipeline.records import (
    SLUG,
    ConflictRow,
    GroupReason,
    GroupRow,
    ImageRecord,
    PairRow,
    QualityRow,
    Review,
    SplitRow,
)

# What groups.csv says of an image before `deduplicate` has seen it.
_UNGROUPED = {
    "group": "",
    "keep": False,
    "reason": "",
    "nearest_sha256": "",
    "distance_bits": None,
}
_COPIES = {GroupReason.EXACT_DUPLICATE, GroupReason.NEAR_DUPLICATE}


class Table(cached_property[tuple[RowT, ...]], Generic[RowT]):
    """A file of rows: a line in `Catalog` is all that a new file of facts needs here."""

    def __init__(self, kind: type[RowT], place: Callable[[Project], Path]) -> None:
        """Take what its rows are, and where it lies."""
        super().__init__(lambda catalog: tuple(catalog.read(place(catalog.project), kind)))
        self.place = place


class Catalog:
    """What is known of every image of a project; what was read once stays as it was read."""

    def __init__(
        self, project: Project, *, characters: Collection[str] | None = None, strict: bool = True
    ) -> None:
        """Read nothing yet.

        Args:
            project: whose files are read.
            characters: of params.yaml; None asks no questions about characters.
            strict: for stages: what is wrong or missing stops. Else it is told in `problems`.
        """
        self.project = project
        self.problems: list[str] = []  # what was wrong in the files that were read so far
        self._characters = characters
        self._strict = strict

    groups = Table(GroupRow, lambda project: project.groups)
    pairs = Table(PairRow, lambda project: project.pairs)
    conflicts = Table(ConflictRow, lambda project: project.conflicts)
    quality = Table(QualityRow, lambda project: project.quality)
    split = Table(SplitRow, lambda project: project.split)

    def read(
        self,
        path: Path,
        kind: type[RowT],
        *,
        check: Callable[[RowT], object] | None = None,
    ) -> list[RowT]:
        """Read a file by the rules of this catalogue.

        Raises:
            DataError: it is strict, and the file is missing or breaks its contract.
        """
        problems = None if self._strict else self.problems
        return read_rows(path, kind, check=check, missing_ok=not self._strict, problems=problems)

    def read_all(self) -> Self:
        """Read every file of images now: a server shall not meet one that has changed since."""
        for table in _tables():
            getattr(self, table)
        self.images  # noqa: B018 - is read
        return self

    @property
    def files(self) -> list[Path]:
        """All files that there are now, or may be, but for reviews: when one changes, read anew."""
        manifests = list_manifests(self.project, self._characters or ())
        return [
            *(manifest.path for manifest in manifests),
            *(table.place(self.project) for table in _tables().values()),
        ]

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every manifest: collected ones by character, then members' own."""
        known = self._characters
        manifests = list_manifests(self.project, known or ())
        for manifest in manifests:
            if known is not None and manifest.character not in known:
                self._refuse(manifest.foreign)
        return tuple(manifests)

    @cached_property
    def records(self) -> tuple[ImageRecord, ...]:
        """The rows of all manifests; an image that was both collected and brought has two."""
        return tuple(row for rows in self.records_of.values() for row in rows)

    @cached_property
    def records_of(self) -> Mapping[Manifest, Sequence[ImageRecord]]:
        """The rows of each manifest."""
        return {
            manifest: self.read(manifest.path, ImageRecord, check=manifest.row_check())
            for manifest in self.manifests
        }

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Everybody who brought or reviewed an image, sorted."""
        names = {manifest.member for manifest in self.manifests if manifest.member}
        names |= {path.stem for path in self.review_files}
        return tuple(sorted(filter(SLUG.match, names)))

    @cached_property
    def review_files(self) -> tuple[Path, ...]:
        """The file of each member who reviewed, by name."""
        return tuple(visible(self.project.reviews, "*.csv"))

    @cached_property
    def reviews(self) -> Mapping[str, tuple[Review, ...]]:
        """What each member says, by the member's name: the rows that hold."""
        check = review_check(self._characters)
        return {
            path.stem: tuple(holding(self.read(path, Review, check=check)))
            for path in self.review_files
        }

    @cached_property
    def verdicts(self) -> Verdicts:
        """What holds after all reviews."""
        return decide(review for said in self.reviews.values() for review in said)

    @cached_property
    def denied(self) -> DeniedList:
        """What is never collected again."""
        return DeniedList.read(self.project.denied)

    @cached_property
    def images(self) -> tuple["CatalogImage", ...]:
        """Every row of every manifest, joined with what the other files say."""
        groups = {(row.sha256, row.file): row for row in self.groups}
        return tuple(
            CatalogImage(
                record=row,
                row=groups.get((row.sha256, row.file)) or joined(GroupRow, row, **_UNGROUPED),
                catalog=self,
            )
            for row in self.records
        )

    @cached_property
    def kept(self) -> Mapping[str, "CatalogImage"]:
        """The images that `deduplicate` kept, by sha256, in the order of groups.csv.

        Raises:
            DataError: it is strict, and groups.csv names an image of no manifest.
        """
        by_file = {image.record.file: image for image in self.images}
        kept = [row for row in self.groups if row.keep]
        if lost := [row.sha256 for row in kept if row.file not in by_file]:
            more = f" (and {len(lost) - 1} more)" if lost[1:] else ""
            self._refuse(f"{lost[0]}{more}: in groups.csv, but in no manifest; run dvc repro")
        return {row.sha256: by_file[row.file] for row in kept if row.file in by_file}

    def kept_record(self, sha256: str) -> ImageRecord:
        """Give the row of a kept image that another file names.

        Raises:
            DataError: it is not kept.
        """
        if sha256 not in self.kept:
            raise DataError(f"{sha256}: not kept in groups.csv; run dvc repro")
        return self.kept[sha256].record

    @cached_property
    def rights(self) -> Rights:
        """Sources, licences and authors of the kept images."""
        return rights_of(image.record for image in self.kept.values())

    @cached_property
    def images_by_sha256(self) -> Mapping[str, tuple["CatalogImage", ...]]:
        """The images of these bytes: several where they lie in several folders."""
        return _grouped(self.images, lambda image: image.sha256)

    @cached_property
    def images_by_character(self) -> Mapping[str, tuple["CatalogImage", ...]]:
        """The images of each character, after relabelling."""
        return _grouped(self.images, lambda image: image.character)

    @cached_property
    def images_by_group(self) -> Mapping[str, tuple["CatalogImage", ...]]:
        """The images of each group of two and more, its keeper first."""
        grouped = _grouped(self.images, lambda image: image.group)
        return {
            group: tuple(sorted(own, key=lambda image: (not image.names_group, image.sha256)))
            for group, own in grouped.items()
            if group and len(own) > 1
        }

    @cached_property
    def group_sizes(self) -> Mapping[str, int]:
        """The number of images of each group."""
        return Counter(row.group for row in self.groups)

    @cached_property
    def splits(self) -> Mapping[str, str]:
        """The split of each image of split.csv."""
        return {row.sha256: row.split for row in self.split}

    @cached_property
    def conflicts_of(self) -> Mapping[tuple[str, str], list[tuple[str, str]]]:
        """The copies under another character: sha256 and character, of both sides."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for row in self.conflicts:
            one, other = (row.sha256, row.character), (row.other_sha256, row.other_character)
            found[one].append(other)
            found[other].append(one)
        return found

    def _refuse(self, problem: str) -> None:
        if self._strict:
            raise DataError(problem)
        self.problems.append(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogImage:
    """One image in one folder, and what each file says of it."""

    record: ImageRecord
    row: GroupRow  # what `deduplicate` says of it
    catalog: Catalog  # the other files are read when they are asked for

    @property
    def sha256(self) -> str:
        """Name of the bytes."""
        return self.record.sha256

    @property
    def path(self) -> Path:
        """Where its file lies, if it is on this machine."""
        return self.catalog.project.root / self.record.file

    @property
    def character(self) -> str:
        """Whom it shows: after relabelling, where `deduplicate` has run."""
        return self.row.character

    @property
    def group(self) -> str:
        """The name that its copies share; "" before `deduplicate` has run."""
        return self.row.group

    @property
    def copies(self) -> int:
        """How many images its group has, itself included."""
        return self.catalog.group_sizes.get(self.group, 1)

    @property
    def is_copy(self) -> bool:
        """Tell whether a better copy of it is kept instead."""
        return self.row.reason in _COPIES

    @property
    def names_group(self) -> bool:
        """Tell whether `deduplicate` took it as the best copy of its group."""
        return not self.is_copy and self.group != "" and self.sha256.startswith(self.group)

    @property
    def split(self) -> str:
        """The split that it is in: train, val, test; "" for what is left out."""
        return self.catalog.splits.get(self.sha256, "") if self.row.keep else ""

    @property
    def conflicts(self) -> tuple[tuple[str, str], ...]:
        """Its copies under another character: sha256 and character, sorted."""
        found = self.catalog.conflicts_of.get((self.sha256, self.character), ())
        return tuple(sorted(found))


def _tables() -> dict[str, Table[Any]]:
    return {name: each for name, each in vars(Catalog).items() if isinstance(each, Table)}


def _grouped(
    images: Iterable[CatalogImage], key: Callable[[CatalogImage], str]
) -> dict[str, tuple[CatalogImage, ...]]:
    groups: dict[str, list[CatalogImage]] = defaultdict(list)
    for image in images:
        groups[key(image)].append(image)
    return {name: tuple(own) for name, own in groups.items()}

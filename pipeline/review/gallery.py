"""The pictures in hand, and what manifests, groups.csv, split.csv and networks know about them.

Only small text files are read: no picture is opened, and one that is not pulled is listed too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.evaluation.predictions import Predictions, read_predictions
from pipeline.files import RowT, read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.pictures.decode import EXTENSIONS
from pipeline.records import ConflictRow, GroupReason, GroupRow, ImageRecord, SplitRow

_COPIES = {GroupReason.EXACT_DUPLICATE, GroupReason.NEAR_DUPLICATE}
_Place = tuple[str, str]  # sha256 and the file: one image may lie in two folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image of one character."""

    record: ImageRecord
    path: Path
    character: str  # after relabelling, where deduplicate has run
    group: str  # "" before deduplicate has run, else the name its copies share
    reason: str  # a `GroupReason`, "" before
    nearest_sha256: str  # the most similar other image, "" if none is near
    distance_bits: int | None  # perceptual distance to it
    split: str  # train, val, test; "" for what is left out
    conflicts: tuple[tuple[str, str], ...]  # copies under another character: sha256, character
    label_probability: float | None  # mean over the networks that never learned from it

    @property
    def sha256(self) -> str:
        """Name of the bytes."""
        return self.record.sha256

    @property
    def is_copy(self) -> bool:
        """Tell whether a better copy of it is kept instead."""
        return self.reason in _COPIES

    @property
    def names_group(self) -> bool:
        """Tell whether deduplicate took it as the best copy of its group."""
        return not self.is_copy and self.group != "" and self.sha256.startswith(self.group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """All pictures, by character and by their bytes."""

    by_character: Mapping[str, tuple[Picture, ...]]
    by_sha256: Mapping[str, tuple[Picture, ...]]
    by_group: Mapping[str, tuple[Picture, ...]]  # only groups of two and more

    def copies(self, picture: Picture) -> tuple[Picture, ...]:
        """Give the pictures of a group, its keeper first; itself alone where there is no other."""
        return self.by_group.get(picture.group, (picture,))


def read_gallery(project: Project, params: Params) -> Gallery:
    """Read everything; files that are not there yet count as empty.

    Raises:
        DataError: a file is there and breaks its contract.
    """
    pictures = _Knowledge.read(project, params).pictures(_records(project, params))
    return _gallery(pictures, characters=tuple(params.characters))


def sources_of(project: Project, params: Params) -> list[Path]:
    """List the files that a gallery is made of; when one changes, it must be read anew."""
    return [
        *(project.raw_manifest(slug) for slug in params.characters),
        *sorted(project.manifests.glob("*/*.csv")),
        project.groups,
        project.conflicts,
        project.split,
        *_answers(project, params),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Knowledge:
    """What is known about pictures, ready to be looked up."""

    groups: Mapping[_Place, GroupRow]
    splits: Mapping[str, str]
    conflicts: Mapping[_Place, list[tuple[str, str]]]
    doubts: Mapping[_Place, float]

    @classmethod
    def read(cls, project: Project, params: Params) -> "_Knowledge":
        groups = {(row.sha256, row.file): row for row in _rows(project.groups, GroupRow)}
        conflicts: dict[_Place, list[tuple[str, str]]] = defaultdict(list)
        for row in _rows(project.conflicts, ConflictRow):
            one, other = (row.sha256, row.character), (row.other_sha256, row.other_character)
            conflicts[one].append(other)
            conflicts[other].append(one)
        splits = {row.sha256: row.split for row in _rows(project.split, SplitRow)}
        doubts = _label_probabilities(map(read_predictions, _answers(project, params)))
        return cls(groups=groups, splits=splits, conflicts=conflicts, doubts=doubts)

    def pictures(self, records: Iterable[tuple[ImageRecord, Path]]) -> Iterator[Picture]:
        for record, path in records:
            row = self.groups.get((record.sha256, record.file))
            character = row.character if row else record.character
            place = (record.sha256, character)
            yield Picture(
                record=record,
                path=path,
                character=character,
                group=row.group if row else "",
                reason=row.reason if row else "",
                nearest_sha256=row.nearest_sha256 if row else "",
                distance_bits=row.distance_bits if row else None,
                split=self.splits.get(record.sha256, "") if row and row.keep else "",
                conflicts=tuple(sorted(self.conflicts.get(place, ()))),
                label_probability=self.doubts.get(place),
            )


def _records(project: Project, params: Params) -> Iterator[tuple[ImageRecord, Path]]:
    """Read all manifests, each row with its file.

    The place of the file is made of folder, hash and format, whatever the row says: a manifest
    comes from other people's branches.
    """
    for slug in params.characters:
        for row in _rows(project.raw_manifest(slug), ImageRecord):
            yield row, project.raw_images(slug) / _name(row)
    for path in sorted(project.manifests.glob("*/*.csv")):
        if path.stem in params.characters:
            folder = project.contributions / path.parent.name / path.stem
            for row in _rows(path, ImageRecord):
                yield row, folder / _name(row)


def _name(row: ImageRecord) -> str:
    """Name a file; what is no hash or no format names one that is not there."""
    return f"{Path(row.sha256).name}.{EXTENSIONS.get(row.format, 'unknown')}"


def _gallery(pictures: Iterable[Picture], *, characters: Iterable[str]) -> Gallery:
    by_character: dict[str, list[Picture]] = {slug: [] for slug in characters}
    by_sha256: dict[str, list[Picture]] = defaultdict(list)
    by_group: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        by_character.setdefault(picture.character, []).append(picture)
        by_sha256[picture.sha256].append(picture)
        by_group[picture.group].append(picture)
    by_group.pop("", None)
    return Gallery(
        by_character={slug: tuple(found) for slug, found in by_character.items()},
        by_sha256={sha256: tuple(found) for sha256, found in by_sha256.items()},
        by_group={
            group: tuple(sorted(found, key=lambda each: (not each.names_group, each.sha256)))
            for group, found in by_group.items()
            if len(found) > 1
        },
    )


def _answers(project: Project, params: Params) -> list[Path]:
    """List the networks' answers about pictures that they did not learn from."""
    found = []
    for slug in params.networks:
        places = [project.network_report(slug), project.model(slug)]
        unseen = [place / "out_of_fold.csv" for place in places]
        found += [path for path in unseen if path.is_file()][:1]
        scored = project.network_report(slug) / "predictions.csv"  # of val and test
        found += [scored] if scored.is_file() else []
    return found


def _label_probabilities(answers: Iterable[Predictions]) -> dict[_Place, float]:
    """Average what networks give to each class of each picture: (sha256, class) -> [0, 1]."""
    said: dict[_Place, list[float]] = defaultdict(list)
    for predictions in answers:
        for sha256, probs_K in zip(predictions.sha256s, predictions.probs.tolist(), strict=True):
            for slug, probability in zip(predictions.classes, probs_K, strict=True):
                said[sha256, slug].append(probability)
    return {place: sum(values) / len(values) for place, values in said.items()}


def _rows(path: Path, kind: type[RowT]) -> list[RowT]:
    return read_rows(path, kind) if path.is_file() else []

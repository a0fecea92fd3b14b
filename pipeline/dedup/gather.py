"""All images in hand: what was collected, and what members brought themselves.

A manifest row without its very bytes stops everything: going on with fewer images would look
like a result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of_file
from pipeline.paths import Project
from pipeline.pictures.claims import false_claims
from pipeline.progress import Progress, silent
from pipeline.records import ImageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    """One manifest and what its rows must say."""

    path: Path
    images: Path  # the folder of its images
    character: str
    remedy: str  # what to do when images are missing


def gather(
    project: Project, *, characters: Sequence[str], progress: Progress = silent
) -> list[ImageRecord]:
    """Read all manifests and check that every row has its file with these bytes.

    Args:
        project: whose data/raw, data/manifests and data/contributions are read.
        characters: slugs of params.yaml; only these may have images.
        progress: called after each file.

    Returns:
        A row per image, by character, then collected before brought. An image that was both
        collected and brought has two rows.

    Raises:
        DataError: a manifest is missing or wrong, a file is missing or has other bytes, or there
            are images of an unknown character.
    """
    manifests = [*_of_collections(project, characters), *_of_members(project, characters)]
    found = [
        (number, row, manifest)
        for manifest in manifests
        for number, row in enumerate(_rows(project, manifest), start=2)
    ]
    for done, (number, row, manifest) in enumerate(found, start=1):
        _check_bytes(project, row, manifest)
        _check_claims(project, row, where=f"{manifest.path}:{number}")
        progress(done, len(found))
    return [row for _, row, _ in found]


def _of_collections(project: Project, characters: Sequence[str]) -> list[_Manifest]:
    folders = {path.name for path in project.raw.glob("*") if path.is_dir()}
    for name in sorted(folders - set(characters)):
        raise DataError(
            f"{project.raw / name}: params.yaml has no character {name!r}; delete this folder "
            "(DVC would go on hashing it), or add the character again"
        )
    return [
        _Manifest(
            path=project.raw_manifest(character),
            images=project.raw_images(character),
            character=character,
            remedy=f"run dvc repro collect@{character}",
        )
        for character in characters
    ]


def _of_members(project: Project, characters: Sequence[str]) -> list[_Manifest]:
    manifests = []
    for path in sorted(project.manifests.glob("*/*.csv")):
        member, character = path.parent.name, path.stem
        if character not in characters:
            raise DataError(
                f"{path}: params.yaml has no character {character!r}; add it there or delete this "
                "manifest"
            )
        folder = project.contributions / member / character
        remedy = f"run dvc pull {project.relative(folder)}.dvc"
        manifests.append(_Manifest(path=path, images=folder, character=character, remedy=remedy))
    return manifests


def _rows(project: Project, manifest: _Manifest) -> list[ImageRecord]:
    rows = read_rows(manifest.path, ImageRecord)
    folder = PurePosixPath(project.relative(manifest.images))
    seen = set()
    for number, row in enumerate(rows, start=2):
        where = f"{manifest.path}:{number}"
        file = PurePosixPath(row.file)
        if row.character != manifest.character:
            raise DataError(
                f"{where}: character {row.character!r}; this manifest is of {manifest.character!r}"
            )
        if (file.parent, file.stem) != (folder, row.sha256):
            raise DataError(f"{where}: file {row.file!r}; must be {folder}/{row.sha256}.<ext>")
        if row.sha256 in seen:
            raise DataError(f"{where}: sha256 {row.sha256} is listed twice; delete one of the rows")
        seen.add(row.sha256)
    return rows


def _check_claims(project: Project, row: ImageRecord, *, where: str) -> None:
    for column, fact in false_claims(row, project.root / row.file):
        raise DataError(
            f"{where}: {column} is {getattr(row, column)!r}; must be {fact!r}, as in the picture"
        )


def _check_bytes(project: Project, row: ImageRecord, manifest: _Manifest) -> None:
    path = project.root / row.file
    if not path.is_file():
        raise DataError(f"{manifest.path}: {row.file} is not there; {manifest.remedy}")
    if sha256_of_file(path) != row.sha256:
        raise DataError(
            f"{manifest.path}: {row.file} has other bytes than its name says; delete the file, "
            f"then {manifest.remedy}"
        )

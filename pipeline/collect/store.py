"""Write a collection: data/raw/<character>/ with images as served, manifest and rejected rows."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.collect.downloads import Downloads
from pipeline.collect.shelf import Collection
from pipeline.collect.whole import write_whole
from pipeline.files import PixelCopy, joined, write_rows
from pipeline.paths import Project
from pipeline.pictures.decode import EXTENSIONS
from pipeline.records import ImageRecord, RejectedRow


def write_collection(
    collection: Collection, *, member: str, project: Project, downloads: Downloads
) -> None:
    """Copy the images out of the cache and write the tables; what is no longer kept is removed.

    Copies, not links: whoever edits an image in place, or DVC when it links its own cache, must
    not change the cache of downloads. At every moment the manifest's files are there.

    Args:
        collection: what was kept and what was not.
        member: who is assigned the character.
        project: where to write.
        downloads: the cache that holds the bytes.

    Raises:
        OSError: the disk is full; no file is half-written under its final name.
    """
    folder = project.raw_images(collection.character)
    folder.mkdir(parents=True, exist_ok=True)
    records, copies = [], []
    for candidate, found in collection.kept:
        path = folder / f"{found.sha256}.{EXTENSIONS[found.format]}"
        copies.append((downloads.path(found.sha256), path))
        file = project.relative(path)
        records.append(joined(ImageRecord, found, candidate, file=file, member=member))
    with ThreadPoolExecutor() as pool:
        list(pool.map(_copy, copies))
    records.sort(key=lambda record: record.sha256)
    write_rows(project.raw_rejected(collection.character), RejectedRow, collection.rejected)
    write_rows(project.raw_manifest(collection.character), ImageRecord, records)
    _remove_others(folder, {record.file for record in records}, project=project)


def pixel_copies(project: Project, sha256s: Iterable[str]) -> Iterator[PixelCopy]:
    """Find images among all characters', with or without a row, and what a kill left of them."""
    for sha256 in sorted(sha256s):
        yield from map(PixelCopy, sorted(project.raw.glob(f"*/images/*{sha256}*")))


def _copy(pair: tuple[Path, Path]) -> None:
    """Copy a file by way of another name, so that it is whole or absent."""
    source, target = pair
    write_whole(source.read_bytes(), target, part=target.with_name(f".{target.name}.part"))


def _remove_others(folder: Path, files: set[str], *, project: Project) -> None:
    for path in sorted(folder.iterdir()):
        if project.relative(path) not in files:
            path.unlink()

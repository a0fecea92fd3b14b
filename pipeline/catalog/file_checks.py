"""Whether the files of a manifest are there, and are what its rows say."""

from collections.abc import Mapping, Sequence

from pipeline.catalog.manifests import Manifest
from pipeline.errors import DataError
from pipeline.files import sha256_of_file
from pipeline.pictures.claims import false_claims
from pipeline.progress import Progress, silent
from pipeline.records import ImageRecord


def check_files(
    rows_of: Mapping[Manifest, Sequence[ImageRecord]], *, progress: Progress = silent
) -> None:
    """Check that every row has its file with these very bytes, and says what the picture is.

    Going on with fewer images would look like a result.

    Args:
        rows_of: all the rows of each manifest, checked.
        progress: called after each file.

    Raises:
        DataError: a file is missing or has other bytes, or a row is wrong, and what to do.
    """
    done, total = 0, sum(map(len, rows_of.values()))
    for manifest, rows in rows_of.items():
        for number, row in enumerate(rows, start=2):
            _check_file(manifest, row, where=f"{manifest.path}:{number}")
            done += 1
            progress(done, total)


def _check_file(manifest: Manifest, row: ImageRecord, *, where: str) -> None:
    path = manifest.project.root / row.file
    if not path.is_file():
        raise DataError(f"{manifest.path}: {row.file} is not there; {manifest.remedy}")
    if sha256_of_file(path) != row.sha256:
        raise DataError(
            f"{manifest.path}: {row.file} has other bytes than its name says; delete the file, "
            f"then {manifest.remedy}"
        )
    for column, fact in false_claims(row, path):
        raise DataError(
            f"{where}: {column} is {getattr(row, column)!r}; must be {fact!r}, as in the picture"
        )

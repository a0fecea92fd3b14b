"""What manifests say of each picture: all that was collected and contributed."""

from pipeline.files import read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import ImageRecord


def read_records(project: Project, params: Params) -> dict[str, ImageRecord]:
    """Read the manifests of all that was collected and contributed: sha256 -> record.

    Of what was both collected and contributed, the collection's record is given.

    Raises:
        DataError: a manifest breaks its contract.
    """
    collected = [project.raw_manifest(slug) for slug in params.characters]
    contributed = sorted(project.manifests.glob("*/*.csv"))
    paths = [path for path in (*contributed, *collected) if path.is_file()]
    return {row.sha256: row for path in paths for row in read_rows(path, ImageRecord)}

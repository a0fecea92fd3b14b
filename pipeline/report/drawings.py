"""What of reports/ shows pictures: the page, sheets and figures, whoever has drawn them."""

from collections.abc import Collection, Iterator

from pipeline.files import PixelCopy
from pipeline.paths import Project
from pipeline.pictures.embedded import may_show_pictures
from pipeline.team.traces import names_in_tables


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find all that may show images, if the team has had them: a figure does not say whose."""
    if not any(names_in_tables(project, sha256s).values()):
        return
    for path in sorted(project.page.parent.rglob("*")):
        if path.is_file() and may_show_pictures(path.name, read=path.read_bytes):
            yield PixelCopy(path)

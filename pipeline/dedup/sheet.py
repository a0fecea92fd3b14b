"""A page of groups, their pictures side by side: an HTML file that any browser opens."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader

from pipeline.dedup.listing import Listed
from pipeline.files import write_text
from pipeline.paths import Project


def write_sheet(path: Path, groups: Sequence[Listed], *, project: Project) -> None:
    """Write the page; it shows the pictures where they lie, and copies none."""

    def address(file: str) -> str:
        relative = os.path.relpath(project.root / file, path.resolve().parent)
        return quote(Path(relative).as_posix())

    environment = Environment(
        loader=PackageLoader("pipeline.dedup"), autoescape=True, trim_blocks=True
    )
    page = environment.get_template("duplicates.html").render(groups=groups, address=address)
    write_text(path, page)

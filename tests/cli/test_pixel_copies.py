"""The one list of all that keeps pixels: whoever adds a cache is told to add a line."""

import re
from pathlib import Path

from pipeline.cli.pixel_copies import HOLDERS, WITHOUT_PIXELS
from pipeline.paths import Project

PACKAGE = Path(__file__).resolve().parents[2] / "pipeline"
_PLACE = re.compile(r"\.(cache|runs) / \"([\w.]+)\"")


def test_every_cache_of_the_code_is_listed() -> None:
    """A new one, wherever it is named, says how pixels leave it, or why it has none."""
    project = Project(Path("/project"))
    named = {getattr(project, key) for key, each in vars(Project).items() if type(each) is property}
    kept = {project.cache, project.runs}
    found = {project.relative(path) for path in named - kept if kept & set(path.parents)}
    for module in PACKAGE.rglob("*.py"):
        places = _PLACE.findall(module.read_text("utf-8"))
        found |= {f".{folder}/{name}" for folder, name in places}

    known = (*HOLDERS, *WITHOUT_PIXELS)

    assert set() == {path for path in found if not path.startswith(known)}
    assert len(found) > 8

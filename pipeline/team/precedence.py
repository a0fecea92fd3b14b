"""Of several copies of one picture, which one stays: whoever asks gets the same answer.

What the pipeline collected stays, then what was merged first, then what comes first by member and
character. So where two members brought one picture, just one of them gives way, however late and
in whatever order they mend: what was merged first stays first.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from math import inf
from typing import NamedTuple

from pipeline.catalog.manifests import list_manifests
from pipeline.paths import Project
from pipeline.team.changes import records_at
from pipeline.team.git import age_of, commits_of, content_at, names_at


class Copy(NamedTuple):
    """One row of a manifest, as far as it matters here."""

    manifest: str  # relative to the root
    file: str
    is_collected: bool  # by the pipeline, not brought by a member


class Precedence:
    """Orders the copies of each picture."""

    def __init__(self, project: Project, *, base: str) -> None:
        """Read all manifests.

        Args:
            project: members' manifests count as they are now, those of the pipeline as they are in
                `base`: what it collected on this machine alone is nobody else's.
            base: the commit where this branch left the main one; "" without git.
        """
        self._project = project
        self._base = base
        self._copies: dict[str, list[Copy]] = defaultdict(list)
        for sha256, copy in self._read():
            self._copies[sha256].append(copy)
        self._versions = cache(self._versions_of)

    def before(self, sha256: str, *, manifest: str) -> Copy | None:
        """Name the copy to which the one in `manifest` gives way; None if that one stays."""
        copies = self._copies.get(sha256, [])
        if {copy.manifest for copy in copies} <= {manifest}:
            return None
        first = min(copies, key=lambda copy: self._rank(sha256, copy))
        return None if first.manifest == manifest else first

    def _read(self) -> Iterator[tuple[str, Copy]]:
        project, base = self._project, self._base
        for manifest in list_manifests(project):
            is_collected, name = not manifest.member, project.relative(manifest.path)
            if not (is_collected and base):
                for row in manifest.rows(problems=[]):
                    yield row.sha256, Copy(name, row.file, is_collected)
        for name in names_at(project, base, "data/raw") if base else ():
            if name.endswith("/manifest.csv"):
                for row in records_at(project, base, name):
                    yield row.sha256, Copy(name, row.file, is_collected=True)

    def _rank(self, sha256: str, copy: Copy) -> tuple[bool, float, str]:
        return (not copy.is_collected, self._arrival(sha256, copy.manifest), copy.manifest)

    def _arrival(self, sha256: str, manifest: str) -> float:
        """Count the main branch's commits up to the one that brought a row; inf for a new one."""
        arrival = inf
        for age, content in self._versions(manifest):
            if sha256.encode() not in content:
                break
            arrival = age
        return arrival

    def _versions_of(self, manifest: str) -> list[tuple[int, bytes]]:
        """Read what the main branch has ever had of a manifest, the last one first."""
        project, base = self._project, self._base
        commits = commits_of(project, manifest, main_line=base) if base else []
        return [(age_of(project, c), content_at(project, c, manifest) or b"") for c in commits]

"""A mistake in a contribution, and the one line that tells it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.errors import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake."""

    path: str  # of the file that holds it, relative to the root
    problem: str
    mend: str  # what to do

    def __str__(self) -> str:
        """Write it as one line."""
        return printable(f"{self.path}: {self.problem}; {self.mend}")


def grouped(findings: Iterable[Finding]) -> list[Finding]:
    """Tell once what is mended in one go: of each file and remedy the first, and how many more."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.path.partition(":")[0], finding.mend), []).append(finding)
    return [
        replace(first, problem=f"{first.problem} (and {len(more)} more)") if more else first
        for first, *more in groups.values()
    ]

"""What leakage would have made people believe, for the page: two bars, and what they mean."""

from dataclasses import dataclass

from pipeline.files import read_rows
from pipeline.paths import Project
from pipeline.records import Belief
from pipeline.report.words import count, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """One classifier under both splits."""

    classifier: str
    naive: Belief
    grouped: Belief

    @property
    def words(self) -> str:
        """Say what the two bars mean, and no more than they show."""
        if not self.naive.num_with_copy:
            return "No test picture had a copy among those that were learned: nothing leaked."
        return (
            f"With copies in both parts it seems right in {percent(self.naive.accuracy)} of its "
            f"test pictures, without in {percent(self.grouped.accuracy)}. {self._seen()} "
            f"{self._verdict()}"
        )

    def _seen(self) -> str:
        """Say how the pictures with a copy were answered, and the others."""
        naive = self.naive
        told = (
            f"Of {count(naive.num_asked)} pictures that it was asked about, "
            f"{count(naive.num_with_copy)} had a copy that it had learned"
        )
        if naive.accuracy_with_copy is None or naive.accuracy_without is None:
            return f"{told}."
        return (
            f"{told}: it was right in {percent(naive.accuracy_with_copy)} of these and in "
            f"{percent(naive.accuracy_without)} of the others."
        )

    def _verdict(self) -> str:
        if self.naive.accuracy <= self.grouped.accuracy:
            return "Here the copies do not make it look better."
        if self.naive.accuracy_low > self.grouped.accuracy_high:
            return "The difference is no skill: it is copies."
        return "The intervals overlap: so few copies move the whole by less than chance does."


def read_leakage(project: Project) -> tuple[Leakage, ...]:
    """Read what stage floors found; nothing if there were too few pictures to ask about.

    Raises:
        DataError: leakage.csv breaks its contract.
    """
    rows = read_rows(project.leakage, Belief, missing_ok=True)
    beliefs = {(row.classifier, row.split): row for row in rows}
    return tuple(
        Leakage(classifier=name, naive=beliefs[name, "naive"], grouped=beliefs[name, "grouped"])
        for name in dict.fromkeys(row.classifier for row in rows)
        if {(name, "naive"), (name, "grouped")} <= beliefs.keys()
    )

"""A member's verdicts in data/reviews/<member>.csv, changed one decision at a time.

A member has one word on each subject: what an image is worth (keep, reject or relabel), that it is
the keeper of its group, that two images are distinct. So a file holds one row per subject, sorted;
where a merge left two, the later row holds.

A change is read, made and written under a lock, so two windows, and two servers, never lose each
other's rows; the file is replaced in one step, so a kill leaves it whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.catalog.reviews import REVIEW_ORDER, Subject, holding, subject_of
from pipeline.files import read_rows, write_rows
from pipeline.paths import Project
from pipeline.records import Review
from pipeline.team.lock import locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one decision did to a file; enough to take it back."""

    removed: tuple[Review, ...]
    added: tuple[Review, ...]


class ReviewFile:
    """The verdicts of one member; whoever holds one may change them."""

    def __init__(self, project: Project, *, member: str) -> None:
        self.member = member
        self.path = project.reviews / f"{member}.csv"
        self._lock = project.cache / "locks" / f"reviews-{member}.lock"

    def read(self) -> list[Review]:
        """Read what holds, sorted; a member who has said nothing has no file.

        Raises:
            DataError: the file breaks its contract.
        """
        return holding(read_rows(self.path, Review, missing_ok=True))

    def decide(self, *reviews: Review, withdraw: Iterable[Subject] = ()) -> Change:
        """Say something, in place of what was said on the same subjects.

        Args:
            reviews: what holds from now on.
            withdraw: further subjects on which nothing is said any more.
        """
        subjects = {subject_of(review) for review in reviews} | set(withdraw)
        with locked(self._lock):
            rows = self.read()
            removed = tuple(row for row in rows if subject_of(row) in subjects)
            change = Change(removed=removed, added=reviews)
            self._write(rows, change)
        return change

    def undo(self, change: Change) -> bool:
        """Restore the rows as they were before a change.

        Returns:
            False where another window has said something else since; that word is kept.
        """
        touched = {subject_of(row) for row in (*change.removed, *change.added)}
        with locked(self._lock):
            rows = self.read()
            is_last_word = set(change.added) == {row for row in rows if subject_of(row) in touched}
            if is_last_word:
                self._write(rows, Change(removed=change.added, added=change.removed))
        return is_last_word

    def _write(self, rows: Iterable[Review], change: Change) -> None:
        left = [row for row in rows if row not in change.removed]
        write_rows(self.path, Review, sorted([*left, *change.added], key=REVIEW_ORDER))

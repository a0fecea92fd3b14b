"""One member's desk: decisions checked, written at once, and taken back in the order made."""

import secrets
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.reviews import Subject
from pipeline.errors import DataError
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import Review, Verdict
from pipeline.review.fresh import Fresh
from pipeline.review.gallery import Gallery, files_of, read_gallery
from pipeline.review.opinions import Opinions, Theirs, of_others, opinions
from pipeline.review.shown import Shown
from pipeline.team.reviews import Change, ReviewFile

REASONS = (  # of a rejection, in the order of their digits
    "another character",
    "no character",
    "several characters",
    "bad quality",
    "text or watermark",
    "costume or toy",
    "fan art",
    "made by a machine",
    "other",
)
MAX_NOTE = 500  # characters
_UNDO_DEPTH = 1000  # decisions of one window


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a decision or its undoing did."""

    said: str  # for people
    touched: tuple[str, ...]  # sha256 of pictures that look different now, sorted
    decision: str  # names the one that the window may take back next; "": none


class Desk:
    """What the page asks and does, for one member; several threads may use it."""

    def __init__(self, project: Project, params: Params, *, member: str) -> None:
        self.project, self.params, self.member = project, params, member
        self._own = ReviewFile(project, member=member)
        self._done: dict[str, deque[tuple[str, Change]]] = defaultdict(
            lambda: deque(maxlen=_UNDO_DEPTH)
        )
        self._lock = threading.RLock()
        self._gallery: Fresh[Gallery] = Fresh(
            lambda: read_gallery(project, params), files=lambda: files_of(project, params)
        )
        self._theirs: Fresh[Theirs] = Fresh(
            lambda: of_others(self._catalog(), me=member),
            files=lambda: self._catalog().review_files,
        )
        self._opinions: Fresh[Opinions] = Fresh(
            lambda: opinions(self._own.read(), self._theirs.get()),
            files=lambda: [self._own.path, *self._catalog().review_files],
        )

    def shown(self) -> Shown:
        """Look at the files as they are now.

        Raises:
            DataError: one of them breaks its contract.
        """
        with self._lock:
            return Shown(gallery=self._gallery.get(), opinions=self._opinions.get())

    def decide(self, review: Review, *, window: str) -> Outcome:
        """Write one decision.

        Args:
            review: what the member says; it replaces their earlier word on the same subject.
            window: any name; each window takes back its own decisions.

        Raises:
            DataError: no such picture, verdict or character.
        """
        with self._lock:
            shown = self.shown()
            _check(review, shown, characters=tuple(self.params.characters))
            change = self._own.decide(review, withdraw=_other_keepers(review, shown))
            if set(change.removed) != set(change.added):  # a word said twice is no step to undo
                self._done[window].append((secrets.token_hex(8), change))
            return self._outcome(_SAID[review.verdict](review), change, window=window)

    def undo(self, decision: str, *, window: str) -> Outcome:
        """Take back the last decision of a window.

        Args:
            decision: the name of it, as the window was told; any other is left as it is, since two
                windows may have come by one name.
            window: who asks.
        """
        with self._lock:
            done = self._done[window]
            if not (done and decision):
                return _refused("Nothing to undo in this window.")
            if done[-1][0] != decision:
                return _refused("Not taken back: another window decided in this one's name.")
            _, change = done.pop()
            is_undone = self._own.undo(change)
            said = (
                "Taken back." if is_undone else "Not taken back: another window changed it since."
            )
            return self._outcome(said, change, window=window)

    def _catalog(self) -> Catalog:
        return Catalog(self.project, characters=self.params.characters, strict=False)

    def _outcome(self, said: str, change: Change, *, window: str) -> Outcome:
        gallery, touched = self.shown().gallery, set()
        for review in (*change.removed, *change.added):
            touched |= {review.sha256, review.other_sha256} - {""}
            if review.verdict in {Verdict.KEEPER, Verdict.DISTINCT}:
                touched |= _copies(review.sha256, gallery)
        done = self._done[window]
        decision = done[-1][0] if done else ""
        return Outcome(said=said, touched=tuple(sorted(touched)), decision=decision)


def _refused(said: str) -> Outcome:
    """Leave all as it is; the window forgets what it could name."""
    return Outcome(said=said, touched=(), decision="")


_SAID: dict[str, Callable[[Review], str]] = {
    Verdict.KEEP: lambda _: "Kept.",
    Verdict.REJECT: lambda review: f"Rejected: {review.note}." if review.note else "Rejected.",
    Verdict.RELABEL: lambda review: f"Moved to {review.character}.",
    Verdict.KEEPER: lambda _: "This copy is the one to keep.",
    Verdict.DISTINCT: lambda _: "Two different pictures.",
}


def _copies(sha256: str, gallery: Gallery) -> set[str]:
    found = gallery.by_sha256.get(sha256, ())
    return {copy.sha256 for picture in found for copy in gallery.copies(picture)}


def _other_keepers(review: Review, shown: Shown) -> list[Subject]:
    """Name what a new keeper replaces: a group has one."""
    if review.verdict != Verdict.KEEPER:
        return []
    others = _copies(review.sha256, shown.gallery) - {review.sha256}
    return [(Verdict.KEEPER.value, sha256, "") for sha256 in sorted(others)]


def _check(review: Review, shown: Shown, *, characters: tuple[str, ...]) -> None:
    known = shown.gallery.by_sha256
    if review.verdict not in set(Verdict):
        raise DataError(f"verdict {review.verdict!r}; allowed: {', '.join(Verdict)}")
    if review.sha256 not in known:
        raise DataError(f"no picture {review.sha256[:16]!r} is in hand; reload the page")
    allowed = characters if review.verdict == Verdict.RELABEL else ("", *characters)
    if review.character not in allowed:
        raise DataError(f"no character {review.character!r}; known: {', '.join(characters)}")
    if review.verdict == Verdict.DISTINCT and (
        review.other_sha256 not in known or review.other_sha256 == review.sha256
    ):
        raise DataError("distinct needs another picture; choose the copy that differs")
    if len(review.note) > MAX_NOTE:
        raise DataError(f"the note has {len(review.note)} characters, at most {MAX_NOTE}")

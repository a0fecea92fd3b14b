"""Which pictures a window shows: filtered, in order, alone or side by side with their copies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.catalog.catalog import CatalogImage
from pipeline.records import SPLITS, GroupReason, Verdict
from pipeline.review.gallery import Gallery
from pipeline.review.opinions import Opinions
from pipeline.review.suspects import by_age, by_suspicion

VIEWS = ("pictures", "copies", "conflicts")
STATUSES = ("all", "left", Verdict.KEEP.value, Verdict.REJECT.value, Verdict.RELABEL.value)
ORDERS = ("suspects", "newest")
_LEFT_OUT = {GroupReason.DENIED, GroupReason.UNDECODABLE}  # no verdict changes anything

Row = tuple[CatalogImage, ...]  # shown side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a window asks for; "" is no filter."""

    character: str
    view: str = VIEWS[0]
    status: str = STATUSES[0]  # by what I have said
    order: str = ORDERS[0]
    member: str = ""  # who brought it
    source: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far I am with one character."""

    left: int  # pictures that I have said nothing about
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Pictures and opinions at one moment."""

    gallery: Gallery
    opinions: Opinions

    @property
    def problems(self) -> tuple[str, ...]:
        """What was wrong in the files, and is left out."""
        return (*self.gallery.problems, *self.opinions.theirs.problems)

    def rows(self, query: Query) -> list[Row]:
        """Give what the query asks for: a row per picture, per group or per label conflict."""
        if query.view == "copies":
            return self._filtered(query, self._groups(query))
        if query.view == "conflicts":
            return self._filtered(query, self._conflicts(query))
        return self._filtered(query, ((picture,) for picture in self._ordered(query)))

    def tally(self, character: str) -> Tally:
        """Count what is left to do."""
        found = self._single(character)
        left = sum(picture.sha256 not in self.opinions.mine for picture in found)
        return Tally(left=left, total=len(found))

    def choices(self, character: str) -> dict[str, list[str]]:
        """List what can be filtered by: members, sources and splits that there are."""
        records = [picture.record for picture in self.gallery.by_character.get(character, ())]
        return {
            "member": sorted({record.member for record in records}),
            "source": sorted({record.source for record in records}),
            "split": list(SPLITS),
        }

    def is_keeper(self, picture: CatalogImage) -> bool:
        """Tell whether it is the copy to keep of a group of several."""
        copies = self.gallery.copies(picture)
        return len(copies) > 1 and self.opinions.keeper_among(copies) == picture

    def rivals(self, picture: CatalogImage) -> list[CatalogImage]:
        """List the pictures that it may be distinct from: its copies, here and elsewhere."""
        copies = [each for each in self.gallery.copies(picture) if each.sha256 != picture.sha256]
        seen = {each.sha256 for each in copies}
        for sha256, _ in picture.conflicts:
            if sha256 not in seen and sha256 != picture.sha256:
                copies += self.gallery.by_sha256.get(sha256, ())[:1]
        return copies

    def rival(self, picture: CatalogImage) -> str:
        """Name the one picture that "distinct" is about: the keeper, or the only other copy."""
        rivals = [each.sha256 for each in self.rivals(picture)]
        keeper = self.opinions.keeper_among(self.gallery.copies(picture)).sha256
        if keeper in rivals:
            return keeper
        return rivals[0] if len(rivals) == 1 else ""

    def _single(self, character: str) -> list[CatalogImage]:
        """Every picture once: copies are looked at beside their keeper."""
        return [
            picture
            for picture in self.gallery.by_character.get(character, ())
            if not picture.is_copy and picture.row.reason not in _LEFT_OUT
        ]

    def _ordered(self, query: Query) -> Sequence[CatalogImage]:
        found = self._single(query.character)
        if query.order == "newest":
            return by_age(found)
        said = self.opinions
        return by_suspicion(
            found,
            label_probability=self.gallery.label_probability,
            doubted=said.theirs.doubted,
            rejected=said.rejected,
        )

    def _groups(self, query: Query) -> Iterator[Row]:
        for copies in self.gallery.by_group.values():
            if any(picture.character == query.character for picture in copies):
                yield copies

    def _conflicts(self, query: Query) -> Iterator[Row]:
        seen = set()
        for picture in self.gallery.by_character.get(query.character, ()):
            row = (picture, *self._others(picture))
            key = frozenset((each.sha256, each.character) for each in row)
            if len(row) > 1 and key not in seen:
                seen.add(key)
                yield row

    def _others(self, picture: CatalogImage) -> Iterator[CatalogImage]:
        for sha256, character in picture.conflicts:
            for other in self.gallery.by_sha256.get(sha256, ()):
                if other.character == character:
                    yield other

    def _filtered(self, query: Query, rows: Iterator[Row]) -> list[Row]:
        return [row for row in rows if any(self._fits(picture, query) for picture in row)]

    def _fits(self, picture: CatalogImage, query: Query) -> bool:
        mine = self.opinions.mine.get(picture.sha256)
        said = mine.verdict if mine else "left"
        return (
            query.status in {"all", said}
            and query.member in {"", picture.record.member}
            and query.source in {"", picture.record.source}
            and query.split in {"", picture.split}
        )

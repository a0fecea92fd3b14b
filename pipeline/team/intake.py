"""Judge a picture that a member brings: unfit, not wanted, had already, or one row more."""

import io
from dataclasses import dataclass

from PIL import Image

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.denied import DeniedList
from pipeline.catalog.licences import LicenceFilter
from pipeline.collect.downloads import Download
from pipeline.collect.shelf import Found, examine
from pipeline.collect.text import clean_text, web_address
from pipeline.files import joined, sha256_of
from pipeline.params import Collect, Params
from pipeline.pictures.decode import EXTENSIONS
from pipeline.pictures.metadata import strip_metadata
from pipeline.records import FORMATS, UNKNOWN, ImageRecord, Reason, Rejected
from pipeline.team.manifest_index import ManifestIndex
from pipeline.team.pointers import Shelf

SOURCE = "contribution"  # in the column of that name
_FILM_FORMATS = ("GIF", "PNG", "WEBP")  # a JPEG with several pictures (MPO) does not move


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One picture as a member brings it."""

    name: str  # as the member knows it: a path, an address, the name of an upload
    data: bytes | Rejected  # or why there is none
    title: str = ""
    url: str = ""  # where it was fetched from, if it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a member knows about all pictures of one call; "" where nothing."""

    url: str = ""  # the picture's address; one that was fetched has its own
    page_url: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    licence_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A good picture that is not in the team's set yet."""

    record: ImageRecord
    data: bytes  # as it is stored: without metadata


class Intake:
    """Judges one picture after the other, also against those before it."""

    def __init__(self, shelf: Shelf, params: Params, *, facts: Facts, allow_near: bool) -> None:
        """Read what the team has and what it does not want.

        Raises:
            DataError: a manifest or denied.csv breaks its contract.
        """
        self._shelf = shelf
        self._limits = params.collect
        self._facts = facts
        self._near_bits = -1 if allow_near else params.collect.near_distance_bits
        self._known = ManifestIndex(Catalog(shelf.project).records)
        licences = LicenceFilter(params.collect.licences)
        self._denied = DeniedList.read(shelf.project.denied, licences=licences)

    def judge(self, offered: Offered) -> Accepted | Rejected:
        """Accept a picture, and know it from now on; or say why not."""
        if isinstance(offered.data, Rejected):
            return offered.data
        unfit = _unfit(offered.data, limits=self._limits)
        if unfit:
            return unfit
        data = strip_metadata(offered.data)
        found = examine(Download(sha256=sha256_of(data), data=data), limits=self._limits)
        if isinstance(found, Rejected):
            return found
        record = self._record(offered, found)
        given = sha256_of(offered.data)  # the team may have it with its metadata
        refused = self._unwanted(record, given=given) or self._had(found, given=given)
        if refused:
            return refused
        self._known.add(record)
        return Accepted(record=record, data=data)

    def _unwanted(self, record: ImageRecord, *, given: str) -> Rejected | None:
        by_bytes = self._denied.judge_sha256(record.sha256) or self._denied.judge_sha256(given)
        return by_bytes or self._denied.judge_candidate(record)

    def _had(self, found: Found, *, given: str) -> Rejected | None:
        """Name the picture that this one is a copy of."""
        same = self._known.same_bytes(found.sha256, given)
        if same:
            return Rejected(reason=Reason.EXACT_DUPLICATE, detail=_named(same))
        near = self._known.nearest(found.phash, found.mirrored_phash)
        if near and near[1] <= self._near_bits:
            detail = f"{_named(near[0])}, {near[1]} of 64 bits differ"
            return Rejected(reason=Reason.NEAR_COPY, detail=detail)
        return None

    def _record(self, offered: Offered, found: Found) -> ImageRecord:
        facts, shelf = self._facts, self._shelf
        path = shelf.folder / f"{found.sha256}.{EXTENSIONS[found.format]}"
        return joined(
            ImageRecord,
            found,
            file=shelf.project.relative(path),
            character=shelf.character,
            member=shelf.member,
            source=SOURCE,
            image_url=web_address(offered.url or facts.url),
            page_url=web_address(facts.page_url),
            title=clean_text(facts.title or offered.title),
            author=clean_text(facts.author),
            licence=clean_text(facts.licence) or UNKNOWN,
            licence_url=web_address(facts.licence_url),
        )


def _named(record: ImageRecord) -> str:
    """Name a picture so that a member finds it."""
    return f"{record.file} ({record.character}, {record.member})"


def _unfit(data: bytes, *, limits: Collect) -> Rejected | None:
    """Refuse what `examine` does not look for."""
    if len(data) > limits.max_file_bytes:
        detail = f"more than {limits.max_file_bytes} bytes"
        return Rejected(reason=Reason.TOO_MANY_BYTES, detail=detail)
    if _is_film(data):
        return Rejected(reason=Reason.ANIMATED, detail="several pictures in one file")
    return None


def _is_film(data: bytes) -> bool:
    """Tell whether a picture moves; what cannot be read does not."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return image.format in _FILM_FORMATS and bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 - Pillow raises anything; decoding gives the reason
        return False

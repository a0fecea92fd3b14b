"""Rows of the project's files: frozen, typed, one field per column.

data/README.md explains each column to readers; `pipeline.files` reads and writes them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SPLITS = ("train", "val", "test")
SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}\Z")  # "$" would let a line end through
SHA256 = re.compile(r"[0-9a-f]{64}\Z")
PHASH = re.compile(r"[0-9a-f]{16}\Z")
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # of pictures that are read
UNKNOWN = "unknown"  # a licence like any other: nobody said under which terms


class Reason(StrEnum):
    """Why a candidate was not collected: the closed list of rejected.csv."""

    DENIED = "denied"  # data/denied.csv names it
    LICENCE = "licence"  # not one of collect.licences
    FORBIDDEN = "forbidden address"  # scheme, port or address that the guard refuses
    GONE = "gone"  # 404 or 410
    REFUSED = "refused"  # another 4xx
    BLOCKED = "blocked"  # 403, or the host is left alone for the rest of the run
    ROBOTS = "disallowed by robots"  # robots.txt names the address
    NO_AI = "not for ai"  # X-Robots-Tag of the file: noai, noimageai
    SERVER_ERROR = "server error"  # 429 or 5xx after all retries
    UNREACHABLE = "unreachable"  # no connection, or it broke
    TOO_SLOW = "too slow"  # over the deadline of one file, or under the minimum rate
    TOO_MANY_BYTES = "too many bytes"
    INCOMPLETE = "incomplete"  # fewer bytes than Content-Length said
    NOT_AN_IMAGE = "not an image"  # HTML, SVG, text, nothing
    UNDECODABLE = "undecodable"  # an image that breaks while decoding
    TOO_MANY_PIXELS = "too many pixels"
    TOO_SMALL = "too small"
    EXACT_DUPLICATE = "exact duplicate"  # same bytes as one already kept for this character
    SURPLUS = "surplus"  # a near copy beyond twice the target
    ANIMATED = "animated"  # a film; of contributions only
    NEAR_COPY = "near copy"  # looks like a picture that the team has; of contributions only


class Verdict(StrEnum):
    """What a member may say about an image: the closed list of data/reviews/<member>.csv."""

    KEEP = "keep"  # good as it is
    REJECT = "reject"
    RELABEL = "relabel"  # it shows another character
    KEEPER = "keeper"  # the copy to keep of its group
    DISTINCT = "distinct"  # no copy of another image, however alike they look


class GroupReason(StrEnum):
    """Why an image is kept or left out: the closed list of groups.csv."""

    KEPT = "kept"
    EXACT_DUPLICATE = "exact duplicate"  # the same bytes as a better row of its group
    NEAR_DUPLICATE = "near duplicate"  # looks like the keeper of its group
    LABEL_CONFLICT = "label conflict"  # a copy of it lies under another character
    DENIED = "denied"  # data/denied.csv names it
    REJECTED = "rejected by review"  # itself, or a copy of it
    CONFLICTING_REVIEWS = "conflicting reviews"  # members give it different characters
    UNDECODABLE = "undecodable"
    QUALITY = "quality"  # it has a flag that dedup.quality.reject names
    OTHER_SPLIT = "other split"  # its family is in a split that it did not draw


class Flag(StrEnum):
    """What a picture may be poor for: the closed list of quality.csv."""

    TINY_SUBJECT = "tiny subject"  # little is shown on a plain ground
    NEAR_EMPTY = "near empty"  # nearly all of it has one colour
    BLURRED = "blurred"  # or enlarged from a much smaller one
    COLLAGE = "collage"  # an empty gap between two parts: several pictures or figures
    TEXT_HEAVY = "text heavy"  # lines of letters cover a part of it
    DRAWING = "drawing"  # a few colours in flat areas: no photo, no film
    TRANSPARENT = "transparent"  # on black it is another picture than on white


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why one image is unfit; a value, not an exception."""

    reason: Reason
    detail: str  # stable text: the same image gives the same words on every run


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One image that a source offers: a line of data/candidates/<character>.jsonl."""

    character: str  # slug
    source: str  # kind of the source, such as "studio" or "mediawiki"
    image_url: str
    page_url: str = ""  # the picture's own page
    title: str = ""
    author: str = ""
    licence: str = UNKNOWN  # if the source does not say
    licence_url: str = ""
    width_px: int | None = None  # as the source claims
    height_px: int | None = None
    rank: int = 1  # is tried first


def _check_cell(row: object, column: str, is_allowed: Callable[[Any], Any], allowed: str) -> None:
    cell = getattr(row, column)
    if not is_allowed(cell):
        raise ValueError(f"{column}: got {cell!r}, allowed: {allowed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """One image in hand: a row of data/raw/<character>/manifest.csv and of data/manifests/."""

    sha256: str  # hex digest of the bytes; also the file's name
    file: str  # relative to the project root
    character: str  # class label, a slug of params.yaml
    member: str  # who is assigned the character, or who brought the image
    source: str
    image_url: str
    page_url: str
    title: str
    author: str
    licence: str
    licence_url: str
    width_px: int  # as stored, before EXIF orientation
    height_px: int
    bytes: int
    format: str  # one of `FORMATS`: by content, not by name
    phash: str  # imagehash.phash, 16 hex digits

    def __post_init__(self) -> None:
        """Refuse cells that no picture can have: paths, arrays and tables are made of them."""
        for column, pattern, length in (("sha256", SHA256, 64), ("phash", PHASH, 16)):
            _check_cell(self, column, pattern.match, f"{length} of 0-9 a-f")
        _check_cell(self, "format", FORMATS.__contains__, ", ".join(FORMATS))
        for column in ("width_px", "height_px", "bytes"):
            _check_cell(self, column, lambda number: number > 0, "1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """One candidate that was not collected: a row of data/raw/<character>/rejected.csv."""

    image_url: str
    reason: str  # a `Reason`
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One verdict of a member: a row of data/reviews/<member>.csv."""

    sha256: str
    verdict: str  # a `Verdict`
    character: str = ""  # where a relabelled image belongs
    other_sha256: str = ""  # the other image of "distinct"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """What is never collected again: a row of data/denied.csv."""

    item: str  # a sha256, a URL or a host
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One image in its duplicate group: a row of data/interim/groups.csv."""

    sha256: str
    file: str
    character: str
    group: str  # sha256 of the group's keeper, shortened
    keep: bool
    reason: str  # a `GroupReason`
    nearest_sha256: str  # the most similar other image within reach, "" if none
    distance_bits: int | None  # perceptual distance to it
    family: str = ""  # groups that one split must hold share it: near ones, or of one page


class Band(StrEnum):
    """How alike two images are: the closed list of pairs.csv. What is in no band is different."""

    DUPLICATE = "duplicate"  # copies of one picture: one of them is kept
    NEAR = "near"  # too alike to be learned from and tested on; both are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Two images that are alike, and what shows it: a row of data/interim/pairs.csv."""

    sha256: str
    other_sha256: str  # the greater of the two
    band: str  # a `Band`
    distance_bits: int | None  # of 64, by phash; None beyond dedup.max_distance_bits
    has_same_colours: bool  # near by phash, and of the same colours cell by cell
    window_bits: int | None  # of 256, between the windows most alike; None beyond reach
    is_mirrored: bool  # the windows most alike are mirror images
    num_inliers: int  # local features that agree on one way to lay the one over the other
    agreement: float  # fraction of blocks in which both then show the same
    overlap: float  # of the smaller one's area


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRow:
    """Two copies of one picture under two characters: a row of data/interim/conflicts.csv."""

    sha256: str
    character: str
    other_sha256: str  # the same as sha256 for an exact copy
    other_character: str
    distance_bits: int  # perceptual distance, 0 for an exact copy


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """What was measured of one image: a row of data/interim/quality.csv; fractions in [0, 1]."""

    sha256: str
    file: str
    character: str
    subject_fraction: float  # of the area: the box around all that is not plain ground
    plain_fraction: float  # of the area that has the most common colour
    sharpness: float  # of an edge's height: how much of it lies between two pixels
    panel_fraction: float  # of a side that shows something: the lesser part beside an empty gap
    text_fraction: float  # of the area that lines of letters cover
    flat_fraction: float  # of what is not plain ground: painted in one colour
    num_colours: int  # of 4096
    transparent_fraction: float  # of the area, weighed: how much black behind it would show
    flags: str  # of `Flag`, joined by ";"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRow:
    """One kept image and its split: a row of data/processed/split.csv."""

    sha256: str
    file: str
    character: str
    group: str  # near-duplicates share a group, and so a split
    split: str  # train, val, test


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRow:
    """One packed picture: a row of data/processed/<split>/rows.csv, in the order of images.npy."""

    sha256: str  # of the packed pixels' source image
    character: str
    group: str
    variant: int  # 0 is the picture itself, 1.. its augmented variants
    width_px: int  # of the content inside the letterbox
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """How right a classifier seems under one split: a row of reports/floors/leakage.csv."""

    classifier: str
    split: str  # "grouped" or "naive"
    accuracy: float  # of all test pictures of all seeds
    accuracy_low: float  # 95 % interval; a family counts as one, however often it was asked
    accuracy_high: float
    num_asked: int  # test pictures, of all seeds together
    num_with_copy: int  # of them, those of which a copy was learned
    accuracy_with_copy: float | None  # of these; None if there are none
    accuracy_without: float | None  # of the others


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    """One epoch of training: a row of models/<network>/history.csv."""

    epoch: int  # 1 is the first
    lr: float  # at its last step
    train_loss: float  # mean over the epoch, with label smoothing and augmentation
    val_loss: float  # mean of -ln p(label), without
    val_accuracy: float  # in [0, 1]
    val_macro_f1: float  # in [0, 1]

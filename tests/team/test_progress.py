"""The funnel: counts that add up, from small text files alone."""

from collections.abc import Callable

from pipeline.catalog.catalog import Catalog
from pipeline.files import write_jsonl, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import (
    GroupReason,
    GroupRow,
    ImageRecord,
    Reason,
    RejectedRow,
    Review,
    SplitRow,
)
from pipeline.team.progress import FunnelRow, funnel
from tests.rows import candidate, group_row, image_record, review

KEPT, COPY = "a" * 64, "b" * 64


def kept_or_not(sha256: str, *, reason: GroupReason) -> GroupRow:
    """Describe one image after deduplication."""
    is_kept = reason == GroupReason.KEPT
    return group_row(image_record(sha256), group=KEPT[:16], keep=is_kept, reason=reason)


def ariel(project: Project) -> FunnelRow:
    """Count the first character."""
    params = load_params(project)
    catalog = Catalog(project, characters=params.characters, strict=False)
    return funnel(catalog, params)[0]


def test_nothing_there_yet(make_project: Callable[..., Project]) -> None:
    """Before the first run everything is missing, and nothing fails."""
    row = ariel(make_project())

    assert (0, 0, 0, 12) == (row.candidates, row.collected, row.kept, row.missing)


def test_counts_add_up(make_project: Callable[..., Project]) -> None:
    """Each step of the funnel is the one before it less what has a reason."""
    project = make_project()
    write_jsonl(project.candidates("ariel"), map(candidate, range(1, 8)))
    write_rows(project.raw_manifest("ariel"), ImageRecord, [image_record(KEPT), image_record(COPY)])
    reasons = (Reason.GONE, Reason.GONE, Reason.TOO_SMALL, Reason.EXACT_DUPLICATE)
    rejected = [RejectedRow(image_url="", reason=reason, detail="") for reason in reasons]
    write_rows(project.raw_rejected("ariel"), RejectedRow, rejected)
    rows = [
        kept_or_not(KEPT, reason=GroupReason.KEPT),
        kept_or_not(COPY, reason=GroupReason.NEAR_DUPLICATE),
    ]
    write_rows(project.groups, GroupRow, rows)
    split = SplitRow(sha256=KEPT, file="", character="ariel", group=KEPT[:16], split="val")
    write_rows(project.split, SplitRow, [split])

    row = ariel(project)

    assert (7, 6, 4, 3, 2, 1) == (
        row.candidates,
        row.tried,
        row.fetched,
        row.decodable,
        row.collected,
        row.kept,
    )
    assert (0, 1, 0) == (row.train, row.val, row.test)
    assert 11 == row.missing
    assert (
        ("gone", 2),
        ("exact duplicate", 1),
        ("near duplicate", 1),
        ("too small", 1),
    ) == row.lost


def test_contributions_count(make_project: Callable[..., Project]) -> None:
    """What members brought is counted beside what was collected."""
    project = make_project()
    write_rows(
        project.manifests / "m2" / "ariel.csv", ImageRecord, [image_record(KEPT, member="m2")]
    )

    assert 1 == ariel(project).contributed


def test_rejected_images_count_before_deduplicate_has_seen_it(
    make_project: Callable[..., Project],
) -> None:
    """A review counts at once; of an image that nobody has, or twice, it counts no more."""
    project = make_project()
    write_rows(project.raw_manifest("ariel"), ImageRecord, [image_record(KEPT)])
    brought = [image_record(sha256, member="m2") for sha256 in (KEPT, COPY)]
    write_rows(project.manifests / "m2" / "ariel.csv", ImageRecord, brought)
    reviews = [review(sha256, "reject") for sha256 in (KEPT, COPY, "c" * 64)]
    write_rows(project.reviews / "na.csv", Review, reviews)

    assert 2 == ariel(project).rejected


def test_reached_is_a_fraction(make_project: Callable[..., Project]) -> None:
    """Of the target; more than enough is enough."""
    project = make_project()
    assert 0.0 == ariel(project).reached
    rows = [kept_or_not(str(n) * 64, reason=GroupReason.KEPT) for n in range(10)]
    write_rows(project.groups, GroupRow, rows[:3])
    assert 0.25 == ariel(project).reached
    write_rows(project.groups, GroupRow, rows * 2)
    assert 1.0 == ariel(project).reached

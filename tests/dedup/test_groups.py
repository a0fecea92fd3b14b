"""Who is kept: no chains, one written order, verdicts of people above all."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog.reviews import Verdicts, decide
from pipeline.dedup.groups import group_images
from pipeline.dedup.verify import Likeness
from pipeline.records import GroupReason, ImageRecord, Review
from tests.dedup.pairs import near_pair
from tests.rows import image_record

A, B, C, D = (letter * 64 for letter in "abcd")


def image(sha256: str, *, character: str = "ariel", side_px: int = 100) -> ImageRecord:
    """Describe an image of a certain size."""
    facts = {"source": "folder", "image_url": "", "bytes": 1000}
    return image_record(sha256, character, width_px=side_px, height_px=side_px, **facts)


def alike(*pairs: tuple[str, str]) -> Likeness:
    """Say who is a copy of whom."""
    copies: dict[str, dict[str, int]] = {}
    for one, other in pairs:
        copies.setdefault(one, {})[other] = 2
        copies.setdefault(other, {})[one] = 2
    nearest = {one: (min(others), 2) for one, others in copies.items()}
    return Likeness(copies=copies, nearest=nearest)


def reasons(images: list[ImageRecord], likeness: Likeness, **options: object) -> dict[str, str]:
    """Group images; say what became of each."""
    verdicts = options.pop("verdicts", Verdicts())
    rows = group_images(images, likeness, verdicts=verdicts, **options).rows
    return {f"{row.sha256[0]} {row.character}": row.reason for row in rows}


def test_the_larger_copy_is_kept() -> None:
    """More pixels win."""
    images = [image(A), image(B, side_px=200)]

    assert {"a ariel": "near duplicate", "b ariel": "kept"} == reasons(images, alike((A, B)))


def test_nothing_chains() -> None:
    """Where A is like B and B like C, but A not like C, the smaller ends do not pull each other."""
    images = [image(A, side_px=300), image(B, side_px=200), image(C)]

    found = reasons(images, alike((A, B), (B, C)))

    assert {"a ariel": "kept", "b ariel": "near duplicate", "c ariel": "kept"} == found


def test_same_bytes_under_two_characters() -> None:
    """One picture under two names is kept in neither until a person decides."""
    images = [image(A), image(A, character="elsa")]

    assert {"label conflict"} == set(reasons(images, alike()).values())


def test_keep_first_keeps_one_label() -> None:
    """`conflicts: keep_first` keeps the better copy, under one name only."""
    images = [image(A), image(B, character="elsa", side_px=200)]

    found = reasons(images, alike((A, B)), conflicts="keep_first")

    assert {"a ariel": "label conflict", "b elsa": "kept"} == found


def test_people_decide_what_is_distinct() -> None:
    """Two images that a member called distinct are both kept."""
    verdicts = Verdicts(distinct=frozenset({frozenset({A, B})}))

    found = reasons([image(A), image(B)], alike((A, B)), verdicts=verdicts)

    assert {"kept"} == set(found.values())


def test_distinct_holds_between_any_two_of_a_group() -> None:
    """Not of the keeper alone: of two of its copies that are distinct the worse stands alone."""
    images = [image(A, side_px=300), image(B, side_px=200), image(C)]
    verdicts = Verdicts(distinct=frozenset({frozenset({B, C})}))

    found = reasons(images, alike((A, B), (A, C), (B, C)), verdicts=verdicts)

    assert {"a ariel": "kept", "b ariel": "near duplicate", "c ariel": "kept"} == found


def test_distinct_images_are_no_conflict_and_no_pair() -> None:
    """Two characters in one pose are both kept, and nothing calls them alike any more."""
    images = [image(A), image(B, character="elsa"), image(C, character="elsa")]
    likeness = dataclasses.replace(alike((A, B), (A, C)), pairs=[near_pair(A, B), near_pair(A, C)])
    verdicts = Verdicts(distinct=frozenset({frozenset({A, B})}))

    found = group_images(images, likeness, verdicts=verdicts)

    assert [(A, C)] == [(row.sha256, row.other_sha256) for row in found.conflicts]
    assert [near_pair(A, C)] == found.pairs
    assert [B] == [row.sha256 for row in found.rows if row.keep]


def test_people_decide_who_is_kept() -> None:
    """A member's keeper wins over size."""
    images = [image(A), image(B, side_px=200)]

    found = reasons(images, alike((A, B)), verdicts=Verdicts(keepers=frozenset({A})))

    assert {"a ariel": "kept", "b ariel": "near duplicate"} == found


def test_rejected_denied_and_relabelled() -> None:
    """Rejected and denied images leave; relabelled ones move."""
    verdicts = Verdicts(rejected=frozenset({A}), relabelled={C: "elsa"})

    found = reasons([image(A), image(B), image(C)], alike(), verdicts=verdicts, denied={B})

    assert {"a ariel": "rejected by review", "b ariel": "denied", "c elsa": "kept"} == found


def test_frame_and_enlargement_are_no_merit() -> None:
    """A bordered, captioned or upscaled copy has more pixels, and the original is kept."""
    images = [image(A), image(B, side_px=200)]
    for worse in ({"framed": frozenset({B})}, {"upscaled": frozenset({B})}):
        likeness = dataclasses.replace(alike((A, B)), **worse)

        assert {"a ariel": "kept", "b ariel": "near duplicate"} == reasons(images, likeness)


def test_of_equal_copies_the_freer_is_kept() -> None:
    """The licence decides where pixels and bytes are the same, and nowhere else."""
    free, bound = {"licence": "CC BY 4.0"}, {"licence": "CC BY-NC 4.0"}
    images = [dataclasses.replace(image(A), **bound), dataclasses.replace(image(B), **free)]
    larger = [dataclasses.replace(images[0], bytes=2000), images[1]]

    found = [reasons(each, alike((A, B))) for each in (images, larger)]

    assert {"a ariel": "near duplicate", "b ariel": "kept"} == found[0]
    assert {"a ariel": "kept", "b ariel": "near duplicate"} == found[1]


def test_rejected_image_takes_its_copies_with_it() -> None:
    """Copies of a rejected image leave, too, but for those of which a member said otherwise."""
    verdicts = Verdicts(
        rejected=frozenset({A}),
        wanted=frozenset({(C, "")}),
        distinct=frozenset({frozenset({A, D})}),
    )
    images = [image(sha) for sha in (A, B, C, D)]

    found = reasons(images, alike((A, B), (A, C), (A, D)), verdicts=verdicts)

    gone = "rejected by review"
    assert {"a ariel": gone, "b ariel": gone, "c ariel": "kept", "d ariel": "kept"} == found


def test_flawed_image_leaves_and_its_copy_takes_over() -> None:
    """The worse copy is kept where the better one is too poor, and flaws do not spread."""
    images = [image(A, side_px=200), image(B), image(C)]

    found = reasons(images, alike((A, B)), flawed={A, C})

    assert {"a ariel": "quality", "b ariel": "kept", "c ariel": "quality"} == found


def test_members_keep_what_is_flawed() -> None:
    """An image that a member said to keep, or where it belongs, stays, however poor."""
    verdicts = Verdicts(wanted=frozenset({(A, "ariel")}), relabelled={B: "elsa"})

    found = reasons([image(A), image(B), image(C)], alike(), verdicts=verdicts, flawed={A, B, C})

    assert {"a ariel": "kept", "b elsa": "kept", "c ariel": "quality"} == found


def test_people_are_named_before_flaws() -> None:
    """An image that is denied or rejected and flawed, too, says the former."""
    verdicts = Verdicts(rejected=frozenset({A}))

    found = reasons([image(A), image(B)], alike(), verdicts=verdicts, denied={B}, flawed={A, B})

    assert {"a ariel": "rejected by review", "b ariel": "denied"} == found


def test_verdict_settles_a_conflict() -> None:
    """`conflicts: keep_verdict` keeps what a member vouched for, and drops what nobody did."""
    images = [
        image(A),
        image(B, character="elsa", side_px=200),
        image(C),
        image(D, character="elsa"),
    ]
    likeness, verdicts = alike((A, B), (C, D)), Verdicts(wanted=frozenset({(A, "ariel")}))

    found = reasons(images, likeness, verdicts=verdicts, conflicts="keep_verdict")

    gone = "label conflict"
    assert {"a ariel": "kept", "b elsa": gone, "c ariel": gone, "d elsa": gone} == found


def test_verdict_settles_nothing_else() -> None:
    """Where both sides are vouched for a person must decide, as by default wherever two differ."""
    images, likeness = [image(A), image(B, character="elsa")], alike((A, B))
    one, other = (A, "ariel"), (B, "elsa")

    for wanted, rule in (({one, other}, "keep_verdict"), (set(), "keep_verdict"), ({one}, "drop")):
        verdicts = Verdicts(wanted=frozenset(wanted))
        found = reasons(images, likeness, verdicts=verdicts, conflicts=rule)

        assert {"label conflict"} == set(found.values())


def test_same_bytes_twice_under_one_character() -> None:
    """As when it was collected and brought: kept once, and the other is 0 bits from it."""
    twice = [image(A), dataclasses.replace(image(A), file="data/contributions/na/ariel/a.png")]

    rows = group_images([*twice, image(B)], alike((A, B)), verdicts=Verdicts()).rows

    expected = [("kept", B, 2), ("exact duplicate", A, 0), ("near duplicate", A, 2)]
    assert expected == [(row.reason, row.nearest_sha256, row.distance_bits) for row in rows]


def test_members_who_disagree() -> None:
    """Reject wins over keep, and two new labels leave an image out."""

    def review(sha256: str, verdict: str, character: str = "") -> Review:
        return Review(sha256=sha256, verdict=verdict, character=character, other_sha256="", note="")

    verdicts = decide(
        [
            review(A, "keep"),
            review(A, "reject"),
            review(B, "relabel", "elsa"),
            review(B, "relabel", "merida"),
        ]
    )

    found = reasons([image(A), image(B)], alike(), verdicts=verdicts)

    assert {"a ariel": "rejected by review", "b ariel": "conflicting reviews"} == found


@given(st.permutations([A, B, C, D]), st.sets(st.sampled_from([(A, B), (B, C), (C, D), (A, D)])))
def test_no_order_matters_and_no_two_keepers_are_copies(
    order: list[str], pairs: set[tuple[str, str]]
) -> None:
    """Any order gives the same rows, and of two copies at most one is kept."""
    likeness = alike(*pairs)
    images = {sha: image(sha, side_px=100 + ord(sha[0])) for sha in (A, B, C, D)}

    result = group_images([images[sha] for sha in order], likeness, verdicts=Verdicts())
    kept = {row.sha256 for row in result.rows if row.reason == GroupReason.KEPT}

    assert group_images(images.values(), likeness, verdicts=Verdicts()) == result
    assert not any(one in kept and other in kept for one, other in pairs)


@given(st.sets(st.sampled_from([(A, B), (B, C), (A, C)])))
def test_a_worse_newcomer_changes_no_keeper(pairs: set[tuple[str, str]]) -> None:
    """Adding an image that is worse than all leaves every earlier decision as it was."""
    old = [image(sha, side_px=200) for sha in (A, B, C)]
    new = dataclasses.replace(image(D), width_px=10, height_px=10)
    likeness = alike(*pairs, (A, D))

    before = group_images(old, likeness, verdicts=Verdicts()).rows
    after = group_images([*old, new], likeness, verdicts=Verdicts()).rows

    assert before == [row for row in after if row.sha256 != D]

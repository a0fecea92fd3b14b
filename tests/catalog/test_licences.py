"""Licences by one name each, and the filter of `collect.licences`."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog.denied import DeniedList
from pipeline.catalog.licences import LicenceFilter, normalised
from pipeline.files import read_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import ImageRecord, Reason, Rejected, RejectedRow
from pipeline.stages import collect as collect_stage
from pipeline.stages import search as search_stage
from tests.rows import candidate

BY_SA = "https://creativecommons.org/licenses/by-sa/4.0"


@pytest.mark.parametrize(
    ("licence", "url", "expected"),
    [
        ("CC BY-SA 4.0", "", "cc-by-sa-4.0"),
        ("Creative Commons Attribution-Share Alike 4.0", BY_SA, "cc-by-sa-4.0"),
        ("by-sa", "http://www.creativecommons.org/licenses/by-sa/2.0/kr/", "cc-by-sa-2.0"),
        ("cc0", "https://creativecommons.org/publicdomain/zero/1.0/deed.en", "cc0-1.0"),
        ("CC Zero", "", "cc0"),
        ("PD", "", "public-domain"),
        (
            "Public Domain Mark",
            "https://creativecommons.org/publicdomain/mark/1.0/",
            "public-domain",
        ),
        ("Public domain in the US", "", "public-domain"),
        ("All Rights Reserved", "", "all-rights-reserved"),
        ("공공누리 1유형", "", "공공누리-1유형"),
        ("unknown", "", "unknown"),
        ("", "https://wiki.example/licence", "unknown"),
    ],
)
def test_one_name_for_one_licence(licence: str, url: str, expected: str):
    """Sources write one licence in many ways; its address counts before its words."""
    assert expected == normalised(licence, url)


@given(st.text(max_size=40), st.sampled_from(["", BY_SA, "https://x.example"]))
def test_a_name_is_its_own_name(licence: str, url: str):
    """What is written to rejected.csv can be copied into `collect.licences`."""
    name = normalised(licence, url)

    assert name == normalised(name)


@pytest.mark.parametrize(
    ("allowed", "accepted"),
    [
        (["any"], {"CC BY 4.0", "CC BY-SA 4.0", "CC0", "unknown", "Fair use"}),
        (["cc-by"], {"CC BY 4.0"}),
        (["CC BY-SA 4.0"], {"CC BY-SA 4.0"}),
        (["cc-by-sa-3.0"], set()),
        (["cc0", "fair use"], {"CC0", "Fair use"}),
        (["unknown"], {"unknown"}),
    ],
)
def test_the_filter_knows_versions(allowed: list[str], accepted: set[str]):
    """A name without version allows all of them, and nothing that merely begins alike."""
    licences = LicenceFilter(allowed)
    known = ["CC BY 4.0", "CC BY-SA 4.0", "CC0", "unknown", "Fair use"]

    passed = {
        licence
        for licence in known
        if licences.judge(candidate(image_url="https://x.example/1.jpg", licence=licence)) is None
    }

    assert accepted == passed


def test_a_licence_that_is_not_wanted_is_a_reason():
    """The list of what is denied refuses it as well, and says which licence it has."""
    denied = DeniedList(licences=LicenceFilter(["cc-by"]))

    rejected = denied.judge_candidate(
        candidate(image_url="https://x.example/1.jpg", licence="CC BY-SA 4.0")
    )

    assert Rejected(reason=Reason.LICENCE, detail="cc-by-sa-4.0") == rejected


def test_collects_only_what_is_wanted(make_project: Callable[..., Project]):
    """From the setting to the files: every kept image has the licence, every other a row."""
    studio = {"target": 4, "sources": [{"kind": "studio"}], "licences": ["cc0"]}
    project = make_project(collect=studio)
    params = load_params(project)
    search_stage.main(project, params, "ariel")

    collect_stage.main(project, params, "ariel")

    kept = read_rows(project.raw_manifest("ariel"), ImageRecord)
    rejected = read_rows(project.raw_rejected("ariel"), RejectedRow)
    assert {"CC0"} == {record.licence for record in kept}
    assert 4 <= len(kept)
    details = {row.detail for row in rejected if row.reason == Reason.LICENCE}
    assert {"cc-by-4.0", "cc-by-sa-4.0", "unknown"} == details

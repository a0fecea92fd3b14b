"""All that the report is made from, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.evaluation.manifests import read_records
from pipeline.files import read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import ImageRecord, SplitRow
from pipeline.report.results import Result, read_floor, read_networks
from pipeline.report.studies import Study, read_studies
from pipeline.team.agreement import Agreement, agreements
from pipeline.team.progress import FunnelRow, funnel


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the stages before left in data/ and reports/."""

    project: Project
    params: Params
    records: Mapping[str, ImageRecord]  # sha256 -> where it came from
    split_rows: Sequence[SplitRow]
    funnel: Sequence[FunnelRow]
    networks: Sequence[Result]  # the best on val first
    missing: Sequence[str]  # networks of params.yaml that were not evaluated
    colour: Result
    majority: Result
    studies: Sequence[Study]
    agreements: Sequence[Agreement]  # of two reviewers each

    @property
    def names(self) -> dict[str, str]:
        """What people call each character."""
        return {slug: each.search.name for slug, each in self.params.characters.items()}


def read_inputs(project: Project, params: Params) -> Inputs:
    """Read everything.

    Raises:
        DataError: a file is missing or breaks its contract.
    """
    networks, missing = read_networks(project, params)
    return Inputs(
        project=project,
        params=params,
        records=read_records(project, params),
        split_rows=read_rows(project.split, SplitRow),
        funnel=funnel(project, params),
        networks=networks,
        missing=missing,
        colour=read_floor(project, "colour"),
        majority=read_floor(project, "majority"),
        studies=read_studies(project),
        agreements=agreements(project),
    )

"""All that the report is made from, read once."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SplitRow
from pipeline.report.results import Result, read_floor, read_networks
from pipeline.report.studies import Study, read_studies
from pipeline.team.agreement import Agreement, agreements
from pipeline.team.progress import FunnelRow, funnel


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the stages before left in data/ and reports/."""

    project: Project
    params: Params
    catalog: Catalog
    funnel: Sequence[FunnelRow]
    networks: Sequence[Result]  # the best on val first
    missing: Sequence[str]  # networks of params.yaml that were not evaluated
    stale: Sequence[str]  # a line for each network that learned something else than lies here now
    colour: Result
    majority: Result
    studies: Sequence[Study]
    agreements: Sequence[Agreement]  # of two reviewers each

    @property
    def split_rows(self) -> Sequence[SplitRow]:
        """The kept pictures and their splits."""
        return self.catalog.split


def read_inputs(project: Project, params: Params) -> Inputs:
    """Read everything.

    Raises:
        DataError: a file is missing or breaks its contract.
    """
    networks, missing, stale = read_networks(project, params)
    catalog = Catalog(project, characters=params.characters)
    return Inputs(
        project=project,
        params=params,
        catalog=catalog,
        funnel=funnel(catalog, params),
        networks=networks,
        missing=missing,
        stale=stale,
        colour=read_floor(project, "colour"),
        majority=read_floor(project, "majority"),
        studies=read_studies(project),
        agreements=agreements(catalog.reviews),
    )

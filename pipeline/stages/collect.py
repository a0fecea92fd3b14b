"""Stage `collect`: reads data/candidates/<character>.jsonl, writes data/raw/<character>/."""

from pipeline.catalog.denied import DeniedList
from pipeline.catalog.licences import LicenceFilter
from pipeline.collect.collector import collect
from pipeline.collect.downloads import Downloads
from pipeline.collect.sources import open_client
from pipeline.collect.store import write_collection
from pipeline.errors import printable
from pipeline.files import read_jsonl
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import Candidate
from pipeline.stages.console import progress_bar, run_item_stage


def main(project: Project, params: Params, character: str) -> None:
    """Collect the images of one character."""
    member = params.character(character).member
    candidates = read_jsonl(project.candidates(character), Candidate)
    limits = params.collect
    with open_client(params, root=project.root) as client, progress_bar(character) as progress:
        downloads = Downloads(project, character=character, client=client, limits=limits)
        collection = collect(
            candidates,
            character=character,
            target=params.target(character),
            limits=limits,
            denied=DeniedList.read(project.denied, licences=LicenceFilter(limits.licences)),
            downloads=downloads,
            progress=progress,
        )
    write_collection(collection, member=member, project=project, downloads=downloads)
    print(printable(collection.summary()))


if __name__ == "__main__":
    run_item_stage(main)

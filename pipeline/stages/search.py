"""Stage `search`: reads params, asks the sources, writes data/candidates/<character>.jsonl."""

import os

from pipeline.collect.keys import Keys
from pipeline.collect.search import search
from pipeline.collect.sources import open_client
from pipeline.files import write_jsonl
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.stages.console import run_item_stage


def main(project: Project, params: Params, character: str) -> None:
    """Freeze what the sources offer for one character."""
    keys = Keys.of(os.environ)  # no settings: they must reach no file
    with open_client(params, root=project.root, keys=keys) as client:
        candidates = search(character, params=params, project=project, client=client)
    write_jsonl(project.candidates(character), candidates)
    kinds = ", ".join(sorted({candidate.source for candidate in candidates}))
    print(f"{character}: {len(candidates)} candidates from {kinds}")


if __name__ == "__main__":
    run_item_stage(main)

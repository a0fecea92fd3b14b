"""Studies: one file per idea of the study notes, found by its name, tried on this dataset.

Every other file of this folder is a study: filter_size.py holds `STUDY`, a `Study` of that id. What
they share lies in parts/. A study says its claim, its method and the rule of its verdict before
looking; it plans runs (parts/cells.py) and concludes from their table (parts/table.py).

Letters in the names of tensors are those of `pipeline.networks`.
"""

import pkgutil
from importlib import import_module

from pipeline.errors import ParamsError
from pipeline.studies.parts.study import Chapter, Study


def known_ideas() -> list[str]:
    """Name the files of this folder."""
    return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.ispkg)


def find_study(idea: str) -> Study:
    """Find a study by its name.

    Raises:
        ParamsError: there is none; the text lists those there are.
    """
    if idea not in known_ideas():
        raise ParamsError(f"studies: no {idea!r}; known: {', '.join(known_ideas())}")
    study: Study = import_module(f"{__name__}.{idea}").STUDY
    return study


def all_studies() -> list[Study]:
    """List all studies, chapter by chapter."""
    chapters = list(Chapter)
    studies = [find_study(idea) for idea in known_ideas()]
    return sorted(studies, key=lambda study: (chapters.index(study.chapter), study.id))

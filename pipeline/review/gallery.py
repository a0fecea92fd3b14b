"""The pictures in hand, and what networks think of their labels.

Only small text files are read: no picture is opened, and one that is not pulled is listed too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.catalog.catalog import Catalog, CatalogImage
from pipeline.evaluation.predictions import Predictions, read_predictions
from pipeline.params import Params
from pipeline.paths import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """All pictures, by character, by their bytes and by group."""

    by_character: Mapping[str, tuple[CatalogImage, ...]]
    by_sha256: Mapping[str, tuple[CatalogImage, ...]]
    by_group: Mapping[str, tuple[CatalogImage, ...]]  # only groups of two and more
    label_probabilities: Mapping[tuple[str, str], float]  # sha256 and character -> [0, 1]
    problems: tuple[str, ...]  # of the files; the rows concerned are left out

    def copies(self, image: CatalogImage) -> tuple[CatalogImage, ...]:
        """Give the pictures of a group, its keeper first; itself alone where there is no other."""
        return self.by_group.get(image.group, (image,))

    def label_probability(self, image: CatalogImage) -> float | None:
        """Give the mean over the networks that never learned from a picture; None without one."""
        return self.label_probabilities.get((image.sha256, image.character))


def read_gallery(project: Project, params: Params) -> Gallery:
    """Read everything; files that are not there yet count as empty.

    Raises:
        DataError: the answers of a network break their contract.
    """
    catalog = Catalog(project, characters=params.characters, strict=False).read_all()
    answers = map(read_predictions, _answers(project, params))
    return Gallery(
        by_character=catalog.images_by_character,
        by_sha256=catalog.images_by_sha256,
        by_group=catalog.images_by_group,
        label_probabilities=_label_probabilities(answers),
        problems=tuple(catalog.problems),
    )


def files_of(project: Project, params: Params) -> list[Path]:
    """List the files that a gallery is made of; when one changes, it must be read anew."""
    catalog = Catalog(project, characters=params.characters)
    return [*catalog.files, *_answers(project, params)]


def _answers(project: Project, params: Params) -> list[Path]:
    """List the networks' answers about pictures that they did not learn from."""
    found = []
    for slug in params.networks:
        places = [project.network_report(slug), project.model(slug)]
        unseen = [place / "out_of_fold.csv" for place in places]
        found += [path for path in unseen if path.is_file()][:1]
        scored = project.network_report(slug) / "predictions.csv"  # of val and test
        found += [scored] if scored.is_file() else []
    return found


def _label_probabilities(answers: Iterable[Predictions]) -> dict[tuple[str, str], float]:
    """Average what networks give to each class of each picture: (sha256, class) -> [0, 1]."""
    said: dict[tuple[str, str], list[float]] = defaultdict(list)
    for predictions in answers:
        for sha256, probs_K in zip(predictions.sha256s, predictions.probs.tolist(), strict=True):
            for slug, probability in zip(predictions.classes, probs_K, strict=True):
                said[sha256, slug].append(probability)
    return {place: sum(values) / len(values) for place, values in said.items()}

"""Which trained network to ask, by the cards that lie with the weights: read without torch."""

from collections.abc import Callable

from pipeline.errors import DataError, ModelError
from pipeline.params import Params
from pipeline.params.card import CARD, read_card
from pipeline.paths import Project

Say = Callable[[str], object]  # tells a user, in one line, what happens meanwhile


def best_network(project: Project, params: Params, *, say: Say) -> str:
    """Choose the trained network with the best macro-F1 on the validation pictures.

    Raises:
        ModelError: none is trained.
    """
    scores = {}
    for slug in params.networks:
        try:
            scores[slug] = read_card(project.model(slug)).val_macro_f1
        except (DataError, ModelError) as error:
            if (project.model(slug) / CARD).exists():  # not yet trained is nothing to tell
                say(f"{error}; it is not asked")
    if not scores:
        raise ModelError(f"{project.root / 'models'}: no trained network; train one (dvc repro)")
    return max(scores, key=lambda slug: scores[slug])  # the first of equals

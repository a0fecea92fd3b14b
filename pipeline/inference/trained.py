"""Which trained network to ask, and what it did not learn of the project as it is now. No torch.

A card says from which characters, pictures and settings its network comes. Where that is not what
lies in the project now, whoever asks is told; and networks that learned from other pictures are
never ranked together: each was judged on its own.
"""

from collections.abc import Callable

from pipeline.dataset.pack import packed_sha256
from pipeline.errors import DataError, ModelError
from pipeline.params import Params
from pipeline.params.card import CARD, Card, read_card
from pipeline.params.train import WITHOUT_EFFECT
from pipeline.paths import Project

_NO_WEIGHTS = "began from scratch: weights: auto found none then"
Say = Callable[[str], object]  # tells a user, in one line, what happens meanwhile


def choose_network(project: Project, params: Params, slug: str | None, *, say: Say) -> str:
    """Give the network that is to be asked, and say in a line why it may be the wrong one.

    Args:
        project: where it lies.
        params: what the project asks for now.
        slug: of the network; None: that of `best_network`.
        say: told what is passed over, and what the network did not learn.

    Raises:
        ParamsError: no network has this slug.
        DataError: its card is missing or is not JSON.
        ModelError: its card breaks its contract, or none can be chosen.
    """
    if slug is None:
        slug = best_network(project, params, say=say)
    params.network(slug)
    card = read_card(project.model(slug))
    if reasons := [*not_learned(card, project, params), *not_asked_for(card, params, slug)]:
        say(in_words(slug, reasons))
    return slug


def best_network(project: Project, params: Params, *, say: Say) -> str:
    """Choose the network with the best val macro-F1 of those that learned what lies here now.

    Raises:
        ModelError: none is trained; none learned the present characters and pictures; or where no
            pictures are packed, several learned from different ones.
    """
    cards = _read_cards(project, params, say=say)
    where = project.root / "models"
    if not cards:
        raise ModelError(f"{where}: no trained network; train one (dvc repro)")
    for slug, card in list(cards.items()):
        if reasons := not_learned(card, project, params):
            say(f"{in_words(slug, reasons)}; it is not asked")
            del cards[slug]
    if not cards:
        raise ModelError(
            f"{where}: no network learned the present characters and pictures; train one "
            "(dvc repro), or name one with --network"
        )
    if len({card.data_sha256 for card in cards.values()}) > 1:  # nothing is packed to compare with
        raise ModelError(
            f"{where}: {', '.join(cards)} learned from different pictures, which cannot be ranked; "
            "name one with --network"
        )
    return max(cards, key=lambda slug: cards[slug].val_macro_f1)  # the first of equals


def check_learned(slug: str, project: Project, params: Params) -> Card:
    """Read the card of a network that is to be scored on the packed pictures.

    Raises:
        ParamsError: no network has this slug.
        DataError: the card is missing or is not JSON.
        ModelError: it breaks its contract, or the network learned from others.
    """
    params.network(slug)
    card = read_card(project.model(slug))
    if reasons := not_learned(card, project, params):
        raise ModelError(in_words(slug, reasons))
    return card


def not_learned(card: Card, project: Project, params: Params) -> list[str]:
    """Say which characters or pictures of the project a network comes without, or has too many."""
    known, wanted = set(card.classes), set(params.characters)
    unknown, gone = ", ".join(sorted(wanted - known)), ", ".join(sorted(known - wanted))
    if unknown or gone:  # then the pictures are others as well
        return [
            *([f"does not know {unknown}"] if unknown else ()),
            *([f"knows {gone}, not in params.yaml"] if gone else ()),
        ]
    present = packed_sha256(project)
    if present is None or present == card.data_sha256:
        return []
    return ["learned from other pictures than are packed now"]


def not_asked_for(card: Card, params: Params, slug: str) -> list[str]:
    """Say whether params.yaml asks for another network: by now, or from the start."""
    network = params.network(slug)
    train = params.train_of(network)
    pairs = [
        (card.network, network, {"train"}),
        (card.train, train, WITHOUT_EFFECT),
    ]
    is_same = all(
        ours.model_dump(exclude=others) == theirs.model_dump(exclude=others)
        for ours, theirs, others in pairs
    )
    if not is_same or card.seed != (train.seeds or (params.seed,))[0]:
        return ["was trained by other settings than params.yaml has now"]
    return [_NO_WEIGHTS] if card.has_no_weights else []


def in_words(slug: str, reasons: list[str]) -> str:
    """Say in a line what a network did not learn, and the command that helps."""
    force = "-f -s " if reasons == [_NO_WEIGHTS] else ""  # nothing that DVC sees has changed
    return f"{slug} {' and '.join(reasons)} (dvc repro {force}train@{slug})"


def _read_cards(project: Project, params: Params, *, say: Say) -> dict[str, Card]:
    cards = {}
    for slug in params.networks:
        try:
            cards[slug] = read_card(project.model(slug))
        except (DataError, ModelError) as error:
            if (project.model(slug) / CARD).exists():  # not yet trained is nothing to tell
                say(f"{error}; it is not asked")
    return cards

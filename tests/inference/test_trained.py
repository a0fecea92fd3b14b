"""Which network is asked, and what is said where it learned something else than lies here."""

from typing import Any

import pytest

from pipeline.errors import ModelError
from pipeline.files import read_json, write_json
from pipeline.inference.trained import choose_network
from pipeline.params import Decoder, Params, Timm
from pipeline.paths import Project
from tests.inference.conftest import NETWORKS, save_fresh

UNASKED = "; it is not asked"


def choose(project: Project, params: Params, slug: str | None = None) -> tuple[str, list[str]]:
    """Choose a network; give it and what was said."""
    said: list[str] = []
    return choose_network(project, params, slug, say=said.append), said


def with_belle(params: Params) -> Params:
    """Add a character."""
    characters = params.characters | {"belle": params.characters["elsa"]}
    return params.model_copy(update={"characters": characters})


def on_card(project: Project, slug: str, **facts: Any) -> None:
    """Let a card say something else."""
    path = project.model(slug) / "card.json"
    write_json(path, read_json(path) | facts)


def test_a_fresh_network_is_asked_without_a_word(trained: Project, trained_params: Params) -> None:
    """Nothing has changed, nothing is said; named or not."""
    assert ("cnn", []) == choose(trained, trained_params)
    assert ("vit", []) == choose(trained, trained_params, "vit")


def test_a_new_character_is_nobodys(own: Project, trained_params: Params) -> None:
    """Before any network learned it, only one that is named answers, with a word."""
    params, said = with_belle(trained_params), []

    with pytest.raises(ModelError, match="no network learned the present characters and pictures"):
        choose_network(own, params, None, say=said.append)

    lines = [f"{slug} does not know belle (dvc repro train@{slug})" for slug in NETWORKS]
    assert [f"{line}{UNASKED}" for line in lines] == said
    assert ("cnn", lines[:1]) == choose(own, params, "cnn")


def test_who_knows_the_new_character_is_asked(own: Project, trained_params: Params) -> None:
    """However good another one was on its own pictures: the two are not ranked together."""
    params = with_belle(trained_params)
    save_fresh(own, params, "vit", classes=("ariel", "belle", "elsa", "merida"))

    assert ("vit", [f"cnn does not know belle (dvc repro train@cnn){UNASKED}"]) == choose(
        own, params
    )


def test_a_character_that_left_is_told(own: Project, trained_params: Params) -> None:
    """A network that names somebody who is no class any more is named with who that is."""
    characters = {s: c for s, c in trained_params.characters.items() if s != "ariel"}
    params = trained_params.model_copy(update={"characters": characters})

    _, said = choose(own, params, "cnn")

    assert ["cnn knows ariel, not in params.yaml (dvc repro train@cnn)"] == said


def test_other_pictures_are_told(own: Project, trained_params: Params) -> None:
    """The best of other pictures is passed over for one of the present ones; named, it says so."""
    on_card(own, "cnn", data_sha256="00")
    line = "cnn learned from other pictures than are packed now (dvc repro train@cnn)"

    assert ("vit", [f"{line}{UNASKED}"]) == choose(own, trained_params)
    assert ("cnn", [line]) == choose(own, trained_params, "cnn")


def test_without_packed_pictures_different_ones_are_not_ranked(
    own: Project, trained_params: Params
) -> None:
    """Where models/ came alone, one data is one ranking, and two are a question."""
    (own.pack("train") / "sha256.txt").unlink()
    assert ("cnn", []) == choose(own, trained_params)

    on_card(own, "vit", data_sha256="00")

    with pytest.raises(ModelError, match=r"cnn, vit learned from different pictures, .* --network"):
        choose(own, trained_params)
    assert ("vit", []) == choose(own, trained_params, "vit")


@pytest.mark.parametrize(
    "facts",
    [
        {"seed": 8},
        {"train": {"epochs": 2, "batch_size": 8}},
        {"network": NETWORKS["cnn"] | {"kernel_size": 5}},
    ],
    ids=["seed", "train", "network"],
)
def test_other_settings_are_told(
    own: Project, trained_params: Params, facts: dict[str, Any]
) -> None:
    """It answers for the present characters and pictures, but is not what params.yaml says."""
    on_card(own, "cnn", **facts)

    assert (
        "cnn",
        ["cnn was trained by other settings than params.yaml has now (dvc repro train@cnn)"],
    ) == choose(own, trained_params)


@pytest.mark.parametrize("init", ["scratch", "weights:ab"])
def test_missing_weights_are_told(own: Project, trained_params: Params, init: str) -> None:
    """`weights: auto` that found none is not what was asked for; an encoder counts."""
    encoder = Timm(arch="timm", model="resnet18", image_size_px=32)
    decoder = Decoder(arch="decoder", image_size_px=32, encoder=encoder)
    params = trained_params.model_copy(update={"networks": {"cnn": decoder}})
    on_card(own, "cnn", network=decoder.model_dump(mode="json"), init=init)

    line = "cnn began from scratch: weights: auto found none then (dvc repro -f -s train@cnn)"
    assert ("cnn", [line] if init == "scratch" else []) == choose(own, params)


def test_settings_without_effect_are_nothing_to_tell(own: Project, trained_params: Params) -> None:
    """More seeds of the same first one, or another way to run, give the same network."""
    more = {"seeds": (7, 8), "save_every_s": 5.0}
    params = trained_params.model_copy(
        update={"train": trained_params.train.model_copy(update=more)}
    )

    assert ("cnn", []) == choose(own, params)

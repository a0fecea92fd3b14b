"""The sections: typed, frozen, with defaults that are the documented ones."""

import pytest
from pydantic import ValidationError

from pipeline.errors import ParamsError
from pipeline.params import Character, Collect, Dedup, Params, Search, Split

SEARCH = {"name": "Ariel"}
PARAMS = Params.model_validate(
    {
        "characters": {
            "ariel": {"member": "na", "target": 30, "search": SEARCH},
            "elsa": {"member": "m2", "search": {"name": "Elsa"}},
        },
        "collect": {"sources": [{"kind": "studio"}]},
        "networks": {"cnn": {"arch": "cnn"}, "vit": {"arch": "vit"}},
    }
)


def test_own_target_wins_over_the_common_one() -> None:
    """A character without a target has the one of `collect`."""
    assert (30, 200) == (PARAMS.target("ariel"), PARAMS.target("elsa"))


def test_any_licence_stands_alone() -> None:
    """A list that lets everything through and names some licences has a mistake in it."""
    studio = [{"kind": "studio"}]

    assert ("any",) == Collect.model_validate({"sources": studio}).licences
    with pytest.raises(ValidationError, match="any stands alone"):
        Collect.model_validate({"sources": studio, "licences": ["any", "cc0"]})


def test_params_are_frozen() -> None:
    """Nothing changes settings while the pipeline runs."""
    with pytest.raises(ValidationError, match="frozen"):
        PARAMS.seed = 8


def test_unknown_names_are_answered_with_the_known() -> None:
    """A slug that is not there is told with those that are."""
    assert "Ariel" == PARAMS.character("ariel").search.name
    assert "vit" == PARAMS.network("vit").arch
    with pytest.raises(ParamsError, match=r"characters: no 'olaf'; known: ariel, elsa"):
        PARAMS.character("olaf")
    with pytest.raises(ParamsError, match=r"networks: no 'resnet'; known: cnn, vit"):
        PARAMS.network("resnet")


def test_korean_names_are_composed() -> None:
    """A name typed on macOS asks the wiki the same as one typed elsewhere."""
    decomposed = Search(name="\u110b\u1175\u11ab\u110b\u1165", queries=("e\u0301",))

    assert ("\uc778\uc5b4", ("\u00e9",)) == (decomposed.name, decomposed.queries)


@pytest.mark.parametrize(
    "weights", ["w.safetensors", "/w.bin", "data/weights", "data/weights/../w"]
)
@pytest.mark.parametrize("part", ["whole", "encoder", "teacher"])
def test_weights_lie_where_dvc_sees_them(weights: str, part: str) -> None:
    """A file elsewhere, of a network, its encoder or its teacher, is told where it belongs."""

    def validate(named: str) -> Params:
        timm = {"arch": "timm", "model": "resnet18", "weights": named}
        network = {
            "whole": timm,
            "encoder": {"arch": "decoder", "encoder": timm},
            "teacher": {"arch": "vit", "distill": {"teacher": timm}},
        }[part]
        return Params.model_validate(PARAMS.model_dump() | {"networks": {"m": network}})

    for allowed in ("none", "auto", "data/weights/w.pt", "data/weights/a/w.pt"):
        validate(allowed)
    with pytest.raises(ValidationError, match=rf"networks\.m\.weights: got '{weights}', allowed"):
        validate(weights)


@pytest.mark.parametrize("member", ["", "Na", "나", "na me", "na\n"])
def test_member_is_a_slug(member: str) -> None:
    """A member names a folder and a file, so it follows the rule of slugs."""
    with pytest.raises(ValidationError, match="must be 1 to 64 of a-z"):
        Character(member=member, search=SEARCH)


@pytest.mark.parametrize(
    "fractions", [(0.5, 0.5, 0.0), (1.0, 0.0, 0.0), (0.6, 0.2, 0.1), (0.9, 0.2, -0.1)]
)
def test_fractions_sum_to_one(fractions: tuple[float, float, float]) -> None:
    """Each split gets a share, and together they are everything."""
    with pytest.raises(ValidationError):
        Split(**dict(zip(("train", "val", "test"), fractions, strict=True)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_distance_bits": 65},
        {"max_colour_levels": 256},
        {"min_agreement": 0},
        {"min_agreement": 1.01},
        {"conflicts": "merge"},
        {"quality": {"reject": ["ugly"]}},
        {"quality": {"min_sharpness": 1.01}},
    ],
)
def test_rules_of_deduplication_stay_in_range(wrong: dict[str, object]) -> None:
    """A hash has 64 bits, a colour 256 levels, a fraction ends at 1, lists are closed."""
    with pytest.raises(ValidationError):
        Dedup(**wrong)

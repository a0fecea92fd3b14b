"""params.yaml: every mistake at once, each one line with file, key, value and rule."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import ParamsError
from pipeline.params import find_project, load_params
from pipeline.paths import Project

REPOSITORY = Path(__file__).resolve().parents[2]
GOOD = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")


@pytest.fixture
def mistakes(tmp_path: Path) -> Callable[[str], list[str]]:
    """Give the lines that loading a text ends in."""

    def lines(text: str) -> list[str]:
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ParamsError) as caught:
            load_params(Project(tmp_path))
        return str(caught.value).splitlines()

    return lines


def test_the_default_params_are_good() -> None:
    """What a clone brings can be read."""
    params = load_params(Project(REPOSITORY))

    assert {"na", "m2", "m3"} == {each.member for each in params.characters.values()}
    assert 6 == len(params.characters)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "min_side_px: 100",
            "min_side: 100",
            "params.yaml: collect.min_side: unknown key; did you mean 'min_side_px'?",
        ),
        (
            "min_side_px: 100",
            "min_side_px: 30px",
            (
                "params.yaml: collect.min_side_px: must be a valid integer, unable to parse "
                "string as an integer, got '30px'"
            ),
        ),
        (
            "train: 0.7",
            "train: 0.8",
            "params.yaml: split: train + val + test must be 1, got 1.1",
        ),
        ("    member: na\n", "", "params.yaml: characters.ariel.member: missing; add it"),
        (
            "  ariel:",
            "  101:",
            "params.yaml: characters.101: must be text, got 101; put it in quotes",
        ),
        (
            "kind: studio",
            "kind: googel",
            (
                "params.yaml: collect.sources.0.kind: got 'googel'; allowed: "
                "'studio', 'folder', 'urls', 'mediawiki', 'openverse', 'flickr', 'websearch'"
            ),
        ),
        (
            "arch: cnn, kernel_size: 5",
            "arch: cnn, kernel_size: 4",
            "params.yaml: networks.cnn: kernel_size must be odd, got 4",
        ),
        (
            "heads: 4",
            "heads: 5",
            "params.yaml: networks.vit: heads (=5) must divide width (=128)",
        ),
        (
            "arch: vit",
            "arch: vti",
            (
                "params.yaml: networks.vit.arch: got 'vti'; allowed: 'cnn', 'rnn', 'lstm', 'gru', "
                "'renet', 'vit', 'decoder', 'caption', 'timm'"
            ),
        ),
        (
            "arch: cnn, kernel_size: 5",
            "arch: cnn, image_size_px: 320",
            (
                "params.yaml: networks.cnn.image_size_px (=320) must not exceed "
                "augment.image_size_px (=160)"
            ),
        ),
    ],
)
def test_one_mistake_is_one_line(
    mistakes: Callable[[str], list[str]], old: str, new: str, line: str
) -> None:
    """Each mistake names file, key, value and rule."""
    assert [line] == mistakes(GOOD.replace(old, new, 1))


def test_all_mistakes_at_once(mistakes: Callable[[str], list[str]]) -> None:
    """Nobody has to run it five times to learn of five mistakes."""
    text = GOOD.replace("seed: 7", "seed: -1").replace("target: 200", "target: many")
    text = text.replace("val: 0.15", "val: 0.2").replace("heads: 4", "heds: 4")

    keys = [line.split(": ")[1] for line in mistakes(text)]

    assert ["seed", "collect.target", "split", "networks.vit.heds"] == keys


def test_names_that_are_one_folder(mistakes: Callable[[str], list[str]]) -> None:
    """Two slugs that differ in case only would share a folder on macOS and Windows."""
    (line,) = mistakes(GOOD.replace("  merida:", "  ARIEL:"))

    assert "characters: 'ARIEL' and 'ariel' are one name" in line


def test_decomposed_name_is_the_same_name(mistakes: Callable[[str], list[str]]) -> None:
    """Composition does not count either."""
    text = GOOD.replace("  merida:", "  \u00e9lsa:").replace("  elsa:", "  e\u0301lsa:")

    assert "are one name" in mistakes(text)[0]


@pytest.mark.parametrize("slug", ["mr.smee", "Ariel2", "con", "-x", "a" * 65])
def test_slugs(mistakes: Callable[[str], list[str]], slug: str) -> None:
    """A slug is a class label, a DVC stage and a folder on any system."""
    (line,) = mistakes(GOOD.replace("  merida:", f"  {slug}:"))

    assert f"params.yaml: characters.{slug}: must be 1 to 64 of a-z" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: [1\na: b\n", "params.yaml:2: not YAML"),
        ("seed: 1\nseed: 2\n", "params.yaml:2: not YAML: found duplicate key"),
        ("- a\n", "params.yaml: must be a mapping"),
        ("", "params.yaml: must be a mapping"),
    ],
)
def test_not_yaml(mistakes: Callable[[str], list[str]], text: str, words: str) -> None:
    """What is no YAML is told with its line."""
    (line,) = mistakes(text)

    assert words in line


def test_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is named."""
    (tmp_path / "params.yaml").write_bytes(b"contact: \xff\n")

    with pytest.raises(ParamsError, match="not UTF-8 at byte 9"):
        load_params(Project(tmp_path))


def test_project_is_the_nearest_parent(tmp_path: Path) -> None:
    """Commands work in any folder of a project, and say so outside of one."""
    inner = tmp_path / "a" / "data" / "raw"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "params.yaml").write_text("", encoding="utf-8")

    assert (tmp_path / "a").resolve() == find_project(inner).root
    with pytest.raises(ParamsError, match=r"params\.yaml: not found"):
        find_project(tmp_path)


def test_own_training_overrides_single_keys(make_project: Callable[..., Project]) -> None:
    """A network's `train:` replaces the keys it names and no others."""
    cnn = {"arch": "cnn", "image_size_px": 32, "train": {"epochs": 3}}
    params = load_params(make_project(networks={"cnn": cnn}, train={"batch_size": 16}))

    train = params.train_of(params.networks["cnn"])

    assert (3, 16) == (train.epochs, train.batch_size)

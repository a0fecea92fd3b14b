"""What is known about pictures: from manifests, stages and networks, whatever is there."""

import pytest

from pipeline.files import write_csv
from pipeline.review.gallery import files_of, read_gallery

HEADER = ["sha256", "split", "label", "predicted", "confidence", "p_ariel", "p_elsa", "p_merida"]


def ariels(team):
    """Read the pictures of Ariel."""
    return read_gallery(team.project, team.params).by_character["ariel"]


def doubts(team) -> float | None:
    """Say what networks think of the label of the only Ariel."""
    gallery = read_gallery(team.project, team.params)
    [picture] = gallery.by_character["ariel"]
    return gallery.label_probability(picture)


def answer(path, sha256: str, probability: float) -> None:
    """Have a network say how probable Ariel is."""
    rest = 1 - probability
    best, confidence = ("ariel", probability) if probability > rest else ("elsa", rest)
    write_csv(
        path, HEADER, [[sha256, "val", "ariel", best, confidence, probability, f"{rest:.2g}", 0]]
    )


def test_manifests_alone_are_enough(team) -> None:
    """Before deduplicate, pictures lie under the character of their manifest."""
    [one] = team.collect("tomato")
    gallery = read_gallery(team.project, team.params)
    [picture] = gallery.by_character["ariel"]

    assert (one, "", "", "") == (picture.sha256, picture.group, picture.row.reason, picture.split)
    assert gallery.label_probability(picture) is None
    assert picture.path.read_bytes() == team.draw_png("tomato")


def test_brought_pictures_lie_in_their_own_folder(team) -> None:
    """A member's own pictures are found where they were put."""
    team.hoard.contribute(team.draw_png("gold"), "https://pics.example/3")
    [picture] = ariels(team)

    assert ("m2", True) == (picture.record.member, picture.path.is_file())


def test_only_kept_pictures_have_a_split(team) -> None:
    """A copy of a picture in val is not in val."""
    one, two = team.collect("tomato", "teal")
    team.group(one, two)
    team.split(one, "val")

    assert {one: "val", two: ""} == {each.sha256: each.split for each in ariels(team)}


def test_networks_doubt(team) -> None:
    """Out of fold and scored answers are averaged; answers about other pictures do not matter."""
    [one] = team.collect("tomato")
    folder = team.project.network_report("cnn")
    answer(folder / "out_of_fold.csv", one, 0.2)
    answer(folder / "predictions.csv", one, 0.6)
    answer(team.project.model("cnn") / "out_of_fold.csv", one, 0.9)  # copied already

    assert pytest.approx(0.4) == doubts(team)


def test_a_model_not_evaluated_yet(team) -> None:
    """What training wrote counts as long as evaluate has not copied it."""
    [one] = team.collect("tomato")
    answer(team.project.model("cnn") / "out_of_fold.csv", one, 0.9)

    assert pytest.approx(0.9) == doubts(team)


def test_what_is_wrong_is_told_and_left_out(team) -> None:
    """A file that cannot be read, a row that breaks its contract: the others are shown."""
    one, two = team.collect("tomato", "teal")
    manifest = team.project.raw_manifest("ariel")
    manifest.write_text(manifest.read_text("utf-8").replace(f"{two}.png", "x.png"), "utf-8")
    team.project.groups.parent.mkdir(parents=True)
    team.project.groups.write_text("sha256\n", "utf-8")
    gallery = read_gallery(team.project, team.params)

    assert [one] == [picture.sha256 for picture in gallery.by_character["ariel"]]
    assert [True, True] == [
        any(part in problem for problem in gallery.problems)
        for part in ("groups.csv:1: columns are", "x.png'; must be data/raw/ariel/images/")
    ]


def test_all_files_are_watched(team) -> None:
    """Whatever a gallery is made of makes it be read again when it changes."""
    [one] = team.collect("tomato")
    team.hoard.contribute(team.draw_png("gold"), "")
    team.keep(one)
    answer(team.project.network_report("cnn") / "predictions.csv", one, 0.6)
    watched = {path.name for path in files_of(team.project, team.params)}

    assert {"manifest.csv", "ariel.csv", "groups.csv", "predictions.csv"} <= watched

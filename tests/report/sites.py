"""Tiny projects as the stages leave them, made by code: with real stages, or large and made up."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from ruamel.yaml import YAML

from pipeline.dataset.pack import packed_sha256, read_pack
from pipeline.evaluation.predictions import Predictions, make_predictions, write_predictions
from pipeline.evaluation.scores import write_scores
from pipeline.files import (
    read_rows,
    sha256_of,
    write_bytes,
    write_csv,
    write_json,
    write_jsonl,
    write_rows,
    write_text,
)
from pipeline.networks import build_network, save_model
from pipeline.params import Params, View, load_params
from pipeline.params.card import Card
from pipeline.paths import Project
from pipeline.records import (
    UNKNOWN,
    Candidate,
    EpochRow,
    GroupRow,
    ImageRecord,
    PairRow,
    Reason,
    RejectedRow,
    Review,
    SplitRow,
)
from pipeline.stages import augment, evaluate, floors
from pipeline.training.answers import calibrate_model
from pipeline.training.runtime import Runtime
from tests.rows import candidate, image_record

EVIL = '<script>alert("t")</script> & co.'  # a title as a wiki might have it
COLOURS = {"ariel": (200, 40, 60), "elsa": (70, 90, 200), "merida": (210, 150, 40)}
SPLITS = ["train"] * 8 + ["val"] * 3 + ["test"] * 4
PARAMS: dict[str, Any] = {
    "characters": {
        "ariel": {"member": "na", "search": {"name": "인어공주 Ariel"}},
        "elsa": {"member": "m2", "search": {"name": "Elsa <b>"}},
        "merida": {"member": "m2", "search": {"name": "Merida"}},
    },
    "collect": {"target": 20, "sources": [{"kind": "studio"}]},
    "augment": {"image_size_px": 32, "variants": 1},
    "evaluate": {"bootstrap_samples": 200, "robustness_pictures": 9},
    "networks": {
        "cnn": {"arch": "cnn", "kernel_size": 3, "width": 8, "image_size_px": 32},
        "vit": {"arch": "vit", "image_size_px": 32},
    },
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><script>x=1</script></svg>'


def build_site(project: Project) -> None:
    """Write a project and run the stages that the page reads; `vit` is left out."""
    _write_params(project, PARAMS)
    params = load_params(project)
    rows = [row for slug in params.characters for row in _collect(project, slug)]
    clean(project, rows)
    _review(project, rows)
    augment.main(project, params)
    floors.main(project, params)
    _train(project, params)
    evaluate.main(project, params, "cnn")
    write_study(project, "heads", chapter="attention", verdict="supported")
    write_study(project, "filter_size", chapter="filters", verdict="undecided")


def build_large_site(project: Project, *, characters: int, networks: int, studies: int) -> None:
    """Write a project whose answers are made up, to see how a large page behaves."""
    slugs = [f"c{number:02}" for number in range(characters)]
    sections = {
        "characters": {
            slug: {"member": f"m{place % 5}", "search": {"name": f"Character {slug} 공주"}}
            for place, slug in enumerate(slugs)
        },
        "networks": {f"net{number}": {"arch": "cnn"} for number in range(networks)},
        "augment": {"image_size_px": 96, "variants": 0},
        "evaluate": {"bootstrap_samples": 100},
    }
    _write_params(project, PARAMS | sections)
    params = load_params(project)
    rows = [row for slug in slugs for row in _collect(project, slug, size=(96, 96))]
    clean(project, rows)
    augment.main(project, params)
    folders = [project.network_report(slug) for slug in params.networks]
    folders += [project.floor_report(name) for name in ("colour", "majority")]
    for number, folder in enumerate(folders):
        _make_up(project, folder, classes=slugs, seed=number)
    for slug in params.networks:
        card = make_card(project, params, slug)
        write_json(project.network_report(slug) / "card.json", card.model_dump(mode="json"))
    for number in range(studies):
        write_study(project, f"idea{number:02}", chapter="data", verdict="refuted", padding=60_000)


def write_study(
    project: Project, idea: str, *, chapter: str, verdict: str, padding: int = 0
) -> dict[str, Any]:
    """Write result.json and a figure as a study leaves them."""
    folder = project.study_report(idea)
    result = {
        "id": idea,
        "title": {"en": f"Title of {idea}", "ko": "제목"},
        "chapter": chapter,
        "claim": {"en": f"Claim <i> of {idea}", "ko": "멀티 헤드가 낫다"},
        "method": {"en": "What varies."},
        "rule": "Supported if.",
        "verdict": verdict,
        "why": "0.0884 [-0.0319, 0.209] more accuracy",
        "evidence": [
            {
                "setting": "4 less 1",
                "measure": "accuracy",
                "value": 0.08835,
                "low": -0.0319,
                "high": 0.209,
                "unit": "fraction",
                "n": 3,
            }
        ],
        "figures": [{"file": "figure.svg", "caption": {"en": f"Caption of {idea}."}}],
        "budget": "quick",
        "seeds": [1, 2, 3],
        "data": {"classes": ["ariel", "elsa"], "num_train": 600, "num_scored": 332},
    }
    write_text(folder / "figure.svg", SVG.replace("x=1", "x" * padding or "x=1"))
    write_json(folder / "result.json", result)
    return result


def clean(project: Project, records: Sequence[ImageRecord]) -> None:
    """Keep all; of each character the first of SPLITS go to train, and so on."""
    rows = [
        SplitRow(
            sha256=record.sha256,
            file=record.file,
            character=record.character,
            group=record.sha256[:16],
            split=SPLITS[place % len(SPLITS)],
        )
        for place, record in enumerate(records)
    ]
    rows.sort(key=lambda row: row.sha256)
    write_rows(project.groups, GroupRow, [group_row(row) for row in rows])
    write_rows(project.split, SplitRow, rows)
    write_rows(project.pairs, PairRow, [])
    columns = ["sha256", "character", "other_sha256", "other_character", "distance_bits"]
    write_csv(project.conflicts, columns, [["a", "ariel", "b", "elsa", 0]])


def group_row(row: SplitRow, **facts: Any) -> GroupRow:
    """Make the row of an image that is kept alone."""
    values = {"keep": True, "reason": "kept", "nearest_sha256": "", "distance_bits": None}
    return GroupRow(
        sha256=row.sha256,
        file=row.file,
        character=row.character,
        **({"group": row.group} | values | facts),
    )


def _write_params(project: Project, sections: Mapping[str, Any]) -> None:
    with project.params.open("w", encoding="utf-8") as file:
        YAML().dump(dict(sections), file)


def _collect(project: Project, slug: str, *, size: tuple[int, int] = (40, 24)) -> list[ImageRecord]:
    records = [_draw(project, slug, number, size=size) for number in range(len(SPLITS))]
    rejected = [(Reason.GONE, ""), (Reason.TOO_SMALL, "8x8 px")]
    candidates = [_candidate(slug, rank) for rank in range(1, len(SPLITS) + len(rejected) + 4)]
    write_jsonl(project.candidates(slug), candidates)
    write_rows(project.raw_manifest(slug), ImageRecord, sorted(records, key=lambda r: r.sha256))
    write_rows(
        project.raw_rejected(slug),
        RejectedRow,
        [RejectedRow(image_url="u", reason=why, detail=detail) for why, detail in rejected],
    )
    return records


def _draw(project: Project, slug: str, number: int, *, size: tuple[int, int]) -> ImageRecord:
    rng = np.random.default_rng([number, *slug.encode()])
    width_px, height_px = size
    colour = COLOURS.get(slug, tuple(rng.integers(60, 190, size=3).tolist()))
    noise = rng.integers(-60, 60, size=(height_px, width_px, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    sha256 = sha256_of(file.getvalue())
    path = project.raw_images(slug) / f"{sha256}.png"
    write_bytes(path, file.getvalue())
    return image_record(
        sha256,
        slug,
        source="mediawiki",
        image_url="https://wiki.example/a.png",
        title=EVIL,
        author='<a href="https://evil.example">me</a>',
        licence="CC BY 4.0" if number % 2 else UNKNOWN,
        width_px=width_px,
        height_px=height_px,
        bytes=len(file.getvalue()),
    )


def _candidate(slug: str, rank: int) -> Candidate:
    url = f"https://wiki.example/{rank}.png"
    return candidate(rank, character=slug, source="mediawiki", image_url=url)


def _review(project: Project, records: Sequence[ImageRecord]) -> None:
    """Have two members review three pictures and disagree about the last."""
    for member, words in {
        "m2": ("keep", "reject", "keep"),
        "na": ("keep", "reject", "reject"),
    }.items():
        rows = [
            Review(sha256=row.sha256, verdict=word, character="", other_sha256="", note="")
            for row, word in zip(records, words, strict=False)
        ]
        write_rows(project.reviews / f"{member}.csv", Review, sorted(rows, key=lambda r: r.sha256))


def _train(project: Project, params: Params) -> None:
    """Leave what stage `train` leaves, without training."""
    torch.manual_seed(0)
    spec = params.network("cnn")
    module = build_network(spec, classes=sorted(params.characters))
    card = make_card(project, params, "cnn")
    save_model(project.model("cnn"), module.state_dict(), card)
    val = read_pack(project.pack("val"))
    calibrate_model(project.model("cnn"), val, runtime=Runtime.detect())
    write_rows(project.model("cnn") / "history.csv", EpochRow, history())
    write_json(project.model("cnn") / "timing.json", {"seconds": 90.0, "images_per_s": 100.0})
    project.model_seeds("cnn").mkdir()
    nothing = make_predictions(
        {"train": ([], np.empty((0, len(card.classes))))}, classes=card.classes
    )
    write_predictions(project.model("cnn") / "out_of_fold.csv", nothing)


def make_card(project: Project, params: Params, slug: str) -> Card:
    """Make the card of a network as if it had learned from what is packed."""
    spec = params.network(slug)
    view = View(image_size_px=spec.image_size_px)
    return Card(
        **view.model_dump(),
        classes=tuple(sorted(params.characters)),
        packed_px=params.augment.image_size_px,
        network=spec,
        train=params.train_of(spec),
        num_params=1,
        data_sha256=packed_sha256(project),
        seed=params.seed,
        init="scratch",
        best_epoch=2,
        val_macro_f1=0.5,
    )


def history() -> list[EpochRow]:
    """Make the history of two epochs."""
    return [
        EpochRow(
            epoch=epoch,
            lr=0.001,
            train_loss=1.0 / epoch,
            val_loss=1.2 / epoch,
            val_accuracy=0.4,
            val_macro_f1=0.2 * epoch,
        )
        for epoch in (1, 2)
    ]


def _make_up(project: Project, folder: Any, *, classes: Sequence[str], seed: int) -> None:
    """Write the report of a classifier that is right in about two of three cases."""
    rows = [row for row in read_rows(project.split, SplitRow) if row.split != "train"]
    rows.sort(key=lambda row: (row.split, row.sha256))
    rng = np.random.default_rng(seed)
    labels_N = np.array([classes.index(row.character) for row in rows])
    logits_NK = rng.normal(size=(len(rows), len(classes)))
    logits_NK[np.arange(len(rows)), labels_N] += 3.0
    probs_NK = np.exp(logits_NK) / np.exp(logits_NK).sum(axis=1, keepdims=True)
    predictions = Predictions(
        classes=tuple(classes),
        sha256s=tuple(row.sha256 for row in rows),
        splits=tuple(row.split for row in rows),
        labels=labels_N,
        probs=np.array([[float(f"{p:.6g}") for p in probs_K] for probs_K in probs_NK]),
    )
    facts = {
        "init": "scratch",
        "num_params": 1000 + seed,
        "best_epoch": 2,
        "num_epochs": 2,
        "macs": 10**6,
        "arch": "cnn",
    }
    write_scores(
        folder,
        predictions,
        split_rows=read_rows(project.split, SplitRow),
        samples=100,
        seed=seed,
        facts=facts,
    )
    write_rows(folder / "history.csv", EpochRow, history())

"""A tiny project that went through every stage from `augment` on, with an untrained network."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from ruamel.yaml import YAML

from pipeline.evaluation.predictions import make_predictions, write_predictions
from pipeline.files import sha256_of, write_bytes, write_csv, write_json, write_jsonl, write_rows
from pipeline.networks import Card, build_network, count_parameters, save_model
from pipeline.params import Params, View, load_params
from pipeline.paths import Project
from pipeline.records import (
    UNKNOWN,
    Candidate,
    EpochRow,
    GroupRow,
    ImageRecord,
    Reason,
    RejectedRow,
    SplitRow,
)
from pipeline.stages import augment, evaluate, floors

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
    "evaluate": {"bootstrap_samples": 200},
    "networks": {
        "cnn": {"arch": "cnn", "kernel_size": 3, "width": 8, "image_size_px": 32},
        "vit": {"arch": "vit", "image_size_px": 32},
    },
}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the project once; `vit` is in params.yaml and was never evaluated. Read only."""
    project = Project(tmp_path_factory.mktemp("site"))
    build_site(project)
    return project


@pytest.fixture(scope="session")
def site_params(site: Project) -> Params:
    """Read its params.yaml."""
    return load_params(site)


def build_site(project: Project) -> None:
    """Write a project and run the stages that the page reads."""
    with project.params.open("w", encoding="utf-8") as file:
        YAML().dump(PARAMS, file)
    params = load_params(project)
    rows = [row for slug in params.characters for row in _collect(project, slug)]
    _clean(project, rows)
    augment.main(project, params)
    floors.main(project, params)
    _train(project, params)
    evaluate.main(project, params, "cnn")


def _collect(project: Project, slug: str) -> list[ImageRecord]:
    records = [_draw(project, slug, number) for number in range(len(SPLITS))]
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


def _draw(project: Project, slug: str, number: int) -> ImageRecord:
    rng = np.random.default_rng([number, list(COLOURS).index(slug)])
    noise = rng.integers(-60, 60, size=(24, 40, 3))
    pixels = np.clip(np.array(COLOURS[slug]) + noise, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    sha256 = sha256_of(file.getvalue())
    path = project.raw_images(slug) / f"{sha256}.png"
    write_bytes(path, file.getvalue())
    return ImageRecord(
        sha256=sha256,
        file=project.relative(path),
        character=slug,
        member="na",
        source="mediawiki",
        image_url="https://wiki.example/a.png",
        page_url="",
        title=EVIL,
        author='<a href="https://evil.example">me</a>',
        licence="CC BY 4.0" if number % 2 else UNKNOWN,
        licence_url="",
        width_px=40,
        height_px=24,
        bytes=len(file.getvalue()),
        format="PNG",
        phash="0" * 16,
    )


def _candidate(slug: str, rank: int) -> Candidate:
    return Candidate(
        character=slug,
        source="mediawiki",
        image_url=f"https://wiki.example/{rank}.png",
        page_url="",
        title="",
        author="",
        licence=UNKNOWN,
        licence_url="",
        width_px=None,
        height_px=None,
        rank=rank,
    )


def _clean(project: Project, records: list[ImageRecord]) -> None:
    """Keep all; the first of SPLITS go to train, and so on."""
    places = zip(records, SPLITS * len(COLOURS), strict=True)
    rows = [
        SplitRow(
            sha256=record.sha256,
            file=record.file,
            character=record.character,
            group=record.sha256[:16],
            split=split,
        )
        for record, split in places
    ]
    rows.sort(key=lambda row: row.sha256)
    groups = [
        GroupRow(
            sha256=row.sha256,
            file=row.file,
            character=row.character,
            group=row.group,
            keep=True,
            reason="only one",
            nearest_sha256="",
            distance_bits=None,
        )
        for row in rows
    ]
    write_rows(project.groups, GroupRow, groups)
    write_rows(project.split, SplitRow, rows)
    columns = ["sha256", "character", "other_sha256", "other_character", "distance_bits"]
    write_csv(project.conflicts, columns, [["a", "ariel", "b", "elsa", 0]])


def _train(project: Project, params: Params) -> None:
    """Leave what stage `train` leaves, without training."""
    torch.manual_seed(0)
    spec = params.network("cnn")
    module = build_network(spec, classes=sorted(params.characters))
    view = View(image_size_px=spec.image_size_px)
    card = Card(
        classes=tuple(sorted(params.characters)),
        image_size_px=view.image_size_px,
        mean=view.mean,
        std=view.std,
        resize="letterbox",
        network=spec,
        train=params.train_of(spec),
        num_params=count_parameters(module),
        data_sha256="0" * 64,
        seed=params.seed,
        init="scratch",
        best_epoch=2,
        val_macro_f1=0.5,
    )
    save_model(project.model("cnn"), module.state_dict(), card)
    history = [
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
    write_rows(project.model("cnn") / "history.csv", EpochRow, history)
    write_json(project.model("cnn") / "timing.json", {"seconds": 90.0, "images_per_s": 100.0})
    project.model_seeds("cnn").mkdir()
    nothing = make_predictions(
        {"train": ([], np.empty((0, len(card.classes))))}, classes=card.classes
    )
    write_predictions(project.model("cnn") / "out_of_fold.csv", nothing)

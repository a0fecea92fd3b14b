"""Cards for who publishes a network or the pictures: what they are for, and what they are not.

Model cards and the dataset card are Markdown (templates/) with the front matter that Hugging Face
reads (https://huggingface.co/docs/hub/model-cards, 2026-11); croissant.json describes the same
dataset to programs. All is computed from the project's files, and no card holds a time stamp.
"""

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from ruamel.yaml import YAML

from pipeline.catalog.catalog import Catalog
from pipeline.evaluation.scores import METRICS, PER_CLASS, ClassScores
from pipeline.files import empty_folder, read_json, read_rows, write_json, write_text
from pipeline.inference.croissant import describe
from pipeline.params import Params

DATASET, CROISSANT = "dataset.md", "croissant.json"
_RIGHTS = {"license": "other", "license_name": "rights-of-the-pictures"}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))  # as the hub names them
_SCORES = {  # key of metrics.json: type and name on the hub
    "accuracy": ("accuracy", "accuracy"),
    "macro_f1": ("f1", "macro F1"),
    "top3_accuracy": ("accuracy", "top-3 accuracy"),
    "log_loss": ("log_loss", "log-loss, nats"),
}


def write_cards(catalog: Catalog, params: Params, *, networks: Iterable[str]) -> None:
    """Write a card of each evaluated network, of the dataset, and its description for programs.

    Args:
        catalog: what is known of the pictures.
        params: what the project asks for.
        networks: slugs of those that were evaluated on these pictures.

    Raises:
        DataError: a file is missing or breaks its contract.
    """
    project = catalog.project
    empty_folder(project.cards)
    for slug in networks:
        write_text(project.cards / f"{slug}.md", model_card(catalog, params, slug))
    write_text(project.cards / DATASET, dataset_card(catalog, params))
    write_json(project.cards / CROISSANT, describe(catalog, params))


def model_card(catalog: Catalog, params: Params, slug: str) -> str:
    """Write the card of one evaluated network."""
    folder, spec = catalog.project.network_report(slug), params.networks[slug]
    metrics = read_json(folder / METRICS)
    settings = json.dumps(spec.model_dump(mode="json", exclude_unset=True), sort_keys=True)
    text = _render(
        "model.md",
        slug=slug,
        spec=spec,
        settings=settings,
        metrics=metrics,
        scores=_SCORES,
        rows=read_rows(folder / PER_CLASS, ClassScores),
        names=params.names,
        rights=catalog.rights,
    )
    return _front_matter(_model_facts(slug, spec.arch, metrics)) + text


def dataset_card(catalog: Catalog, params: Params) -> str:
    """Write the card of the pictures."""
    text = _render(
        "dataset.md",
        names=params.names,
        counts=Counter((row.character, row.split) for row in catalog.split),
        total=len(catalog.split),
        rights=catalog.rights,
    )
    return _front_matter(_dataset_facts(catalog, params)) + text


def _model_facts(slug: str, arch: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    results = {
        "task": {"type": "image-classification"},
        "dataset": {"type": "imagefolder", "name": "disney-characters", "split": "test"},
        "metrics": [
            {"type": kind, "name": name, "value": metrics[key]}
            for key, (kind, name) in _SCORES.items()
            if key in metrics
        ],
    }
    return {
        **_RIGHTS,
        "pipeline_tag": "image-classification",
        "library_name": "pytorch",
        "tags": ["image-classification", arch, "disney-characters"],
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": slug, "results": [results]}],
    }


def _dataset_facts(catalog: Catalog, params: Params) -> dict[str, Any]:
    size = next((name for limit, name in _SIZES if len(catalog.split) < limit), "100K<n<1M")
    return {
        **_RIGHTS,
        "pretty_name": f"Pictures of {len(params.characters)} characters",
        "task_categories": ["image-classification"],
        "size_categories": [size],
        "tags": [
            "image",
            "cartoon-characters",
            *(["synthetic"] if catalog.rights.is_all_drawn else []),
        ],
    }


def _front_matter(facts: Mapping[str, Any]) -> str:
    yaml, text = YAML(), io.StringIO()
    yaml.dump(dict(facts), text)
    return f"---\n{text.getvalue()}---\n\n"


def _render(name: str, **context: Any) -> str:
    environment = Environment(  # noqa: S701 - Markdown; `plain` keeps strangers' words text
        loader=PackageLoader("pipeline.inference"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": _plain, "or_dash": _or_dash}
    return environment.get_template(name).render(context)


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _plain(text: str) -> str:
    r"""Keep a stranger's words inside one cell of a table, as text.

    >>> print(_plain("a|b <i>"))
    a\|b &lt;i>
    """
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")

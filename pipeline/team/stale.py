"""Which stages must run again when a file changes, read from dvc.yaml alone."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML

from pipeline.paths import Project


def stale_stages(project: Project, changed: Iterable[str]) -> list[str]:
    """Name the stages that depend on changed files, directly or through other stages.

    Args:
        project: whose dvc.yaml it is; without one, nothing is stale.
        changed: files and folders, relative to the root.

    Returns:
        Names in the order of dvc.yaml; "collect@*" stands for all items of `collect`.
    """
    path = project.root / "dvc.yaml"
    if not path.is_file():
        return []
    stages = YAML(typ="safe").load(path).get("stages", {})
    moved, stale = set(changed), []
    for name, stage in stages.items():  # written top-down: what it depends on comes before
        body = stage.get("do", stage)
        if any(_overlap(dep, other) for dep in body.get("deps", []) for other in moved):
            stale.append(f"{name}@*" if "foreach" in stage or "matrix" in stage else name)
            moved.update(_outs(body))
    return stale


def _outs(body: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("outs", "metrics", "plots"):
        for out in body.get(kind, []):
            yield next(iter(out)) if isinstance(out, dict) else out


def _overlap(one: str, other: str) -> bool:
    """Tell whether two paths are one, or one lies in the other; "${key}" fits everything.

    >>> _overlap("data/raw", "data/raw/${key}/images"), _overlap("data/raw", "data/reviews")
    (True, False)
    """
    shorter, longer = sorted((_parts(one), _parts(other)), key=len)
    return longer[: len(shorter)] == shorter


def _parts(path: str) -> list[str]:
    return path.partition("${")[0].rstrip("/").split("/")

"""dvc.yaml is the table of contents: each stage's deps, params and command are what it says."""

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.paths import Project
from pipeline.team.stale import stale_stages

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "pipeline"
STAGES: dict[str, dict[str, Any]] = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
PARAMS = YAML(typ="safe").load(REPOSITORY / "params.yaml")
BODIES = {name: stage.get("do", stage) for name, stage in STAGES.items()}

# `search` asks the changing web and is frozen: no change of code makes it ask again.
WITHOUT_CODE = {"search"}
# Holds the version only, which is sent in the User-Agent and changes no byte of any output.
NO_DEP = {PACKAGE / "__init__.py"}
# Found by name at run time, where no import statement tells.
FOUND_BY_NAME = {
    "pipeline/collect/sources/__init__.py": "pipeline/collect/sources",
    "pipeline/networks/__init__.py": "pipeline/networks",
    "pipeline/studies/__init__.py": "pipeline/studies",
}


def has_code(file: Path) -> bool:
    """Tell whether a file holds more than a docstring, as most __init__.py files do."""
    return len(ast.parse(file.read_text(encoding="utf-8")).body) > 1


def module_file(name: str) -> Path | None:
    """Find the file of a dotted first-party module."""
    base = REPOSITORY.joinpath(*name.split("."))
    return next((f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()), None)


def direct_imports(path: Path) -> set[Path]:
    """List first-party files that a file imports, packages' __init__ included."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    first_party = {name for name in names if name.split(".")[0] == "pipeline"}
    parents = {name.rsplit(".", n)[0] for name in first_party for n in range(name.count(".") + 1)}
    return {file for name in parents if (file := module_file(name))}


def transitive_imports(path: Path) -> set[Path]:
    """List every first-party file that importing a file can load."""
    seen: set[Path] = set()
    todo = {path}
    while todo:
        file = todo.pop()
        seen.add(file)
        todo |= (direct_imports(file) | found_by_name(file)) - seen
    return seen


def found_by_name(path: Path) -> set[Path]:
    """List the files of the folder that a registry searches, where the file is one."""
    folder = FOUND_BY_NAME.get(path.relative_to(REPOSITORY).as_posix())
    return set((REPOSITORY / folder).rglob("*.py")) if folder else set()


def is_covered(file: Path, deps: list[str]) -> bool:
    """Tell whether a file is a dep itself or lies in a folder that is one."""
    relative = file.relative_to(REPOSITORY).as_posix()
    return any(relative == dep or relative.startswith(f"{dep}/") for dep in deps)


@pytest.mark.parametrize("name", BODIES)
def test_deps_cover_every_module_the_stage_imports(name: str) -> None:
    """Changing any module that a stage can load makes that stage run again."""
    if name in WITHOUT_CODE:
        assert "pipeline" not in str(BODIES[name].get("deps", []))
        return
    deps = BODIES[name]["deps"]
    loaded = transitive_imports(PACKAGE / "stages" / f"{name}.py") - NO_DEP
    loaded = {file for file in loaded if has_code(file)}

    missing = {str(f.relative_to(REPOSITORY)) for f in loaded if not is_covered(f, deps)}

    assert set() == missing


@pytest.mark.parametrize("name", BODIES)
def test_no_dep_is_superfluous(name: str) -> None:
    """A code dep that the stage cannot load would re-run it for nothing."""
    loaded = transitive_imports(PACKAGE / "stages" / f"{name}.py")
    code = [dep for dep in BODIES[name].get("deps", []) if dep.startswith("pipeline/")]

    unused = {
        dep for dep in code if "${" not in dep and not any(is_covered(f, [dep]) for f in loaded)
    }

    assert set() == unused


@pytest.mark.parametrize("name", BODIES)
def test_every_data_dep_is_an_output_or_a_committed_file(name: str) -> None:
    """DVC hashes folders whole: a dep is an output, holds outputs only, or lies in git."""
    outs = [
        str(next(iter(out)) if isinstance(out, dict) else out)
        for body in BODIES.values()
        for kind in ("outs", "metrics", "plots")
        for out in body.get(kind, [])
    ]
    for dep in BODIES[name].get("deps", []):
        is_output = any(out == dep or out.startswith(f"{dep}/") for out in outs)

        assert is_output or "${" in dep or (REPOSITORY / dep).exists(), dep


def test_a_review_reruns_the_stages_that_read_reviews(tmp_path: Path) -> None:
    """What every stage may ask of the catalogue makes none of them depend on more than it reads."""
    readers = {name for name, body in BODIES.items() if "data/reviews" in body.get("deps", [])}
    shutil.copy(REPOSITORY / "dvc.yaml", tmp_path)
    stale = stale_stages(Project(tmp_path), ["data/reviews/na.csv"])

    assert {"deduplicate", "report"} == readers
    assert [
        "deduplicate",
        "split",
        "augment",
        "train@*",
        "evaluate@*",
        "floors",
        "study",
        "report",
    ] == stale


@pytest.mark.parametrize("name", BODIES)
def test_every_params_key_exists(name: str) -> None:
    """A params key that is not in params.yaml would stop DVC."""
    for key in BODIES[name].get("params", []):
        value = PARAMS
        for part in key.split("."):
            value = next(iter(value.values())) if part == "${key}" else value[part]


@pytest.mark.parametrize("name", BODIES)
def test_command_is_the_stage_module(name: str) -> None:
    """A stage runs `python -m pipeline.stages.<stage>`, with its item where it has one."""
    item = " ${key}" if "foreach" in STAGES[name] else ""

    assert f"python -m pipeline.stages.{name}{item}" == BODIES[name]["cmd"]


@pytest.mark.parametrize("name", BODIES)
def test_description_is_one_sentence(name: str) -> None:
    """The `desc` lines read top-down are the explanation of the pipeline."""
    assert re.fullmatch(r"[A-Z$][^.]*\.", BODIES[name]["desc"])


@pytest.mark.parametrize("path", sorted((PACKAGE / "stages").glob("*.py")), ids=lambda p: p.stem)
def test_every_stage_module_is_wiring(path: Path) -> None:
    """A stage file is in dvc.yaml and short; what it wires lives in the rooms below."""
    if path.stem in {"__init__", "console", "launch"}:
        return

    assert path.stem in STAGES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60

"""What the pipeline costs on this machine, and what a change re-runs: `make bench`.

Runs in a fresh copy of this checkout (about 25 minutes on 2 cores) and prints one table.
Every line is a promise of README.md; a broken one is printed as such and makes the exit code 1.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checkout import Repro, edit_params, fresh_checkout, repro
from ruamel.yaml import YAML


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measured promise."""

    what: str
    measured: str
    promised: str
    is_kept: bool


def main() -> None:
    """Measure everything in order and print it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--work", type=Path, help="folder to work in (default: a new one)")
    work = arguments.parse_args().work or Path(tempfile.mkdtemp(prefix="disney-bench-"))
    folder = fresh_checkout(work)
    print(f"working in {folder}")
    lines = [*measure_cost(folder), *measure_changes(folder)]
    for line in lines:
        verdict = "ok  " if line.is_kept else "MISS"
        print(f"{verdict}  {line.what:<44} {line.measured:<44} (promised: {line.promised})")
    sys.exit(0 if all(line.is_kept for line in lines) else 1)


def measure_cost(folder: Path) -> list[Line]:
    """Time the first run and one on which nothing has changed."""
    first = repro(folder)
    again = repro(folder)
    return [
        Line(
            what="from nothing to the report",
            measured=f"{first.seconds:.0f} s, {len(first.stages)} stages",
            promised="under 720 s",
            is_kept=first.seconds < 720,
        ),
        Line(
            what="largest process",
            measured=f"{first.peak_mb:.0f} MB",
            promised="under 3000 MB",
            is_kept=first.peak_mb < 3000,
        ),
        Line(
            what="again, nothing changed",
            measured=f"{again.seconds:.1f} s, ran {_names(again)}",
            promised="under 2.5 s, ran nothing",
            is_kept=again.seconds < 2.5 and not again.stages,
        ),
    ]


def measure_changes(folder: Path) -> list[Line]:
    """Change one thing at a time and see which stages run."""
    vit = _after(folder, lambda: edit_params(folder, networks__vit__heads=2))
    module = _after(folder, lambda: _touch(folder / "pipeline" / "pictures" / "hashes.py"))
    seventh = _after(folder, lambda: _add_character(folder))
    collected = {name for name in seventh.stages if name.startswith(("search@", "collect@"))}
    return [
        Line(
            what="networks.vit.heads changed",
            measured=f"ran {_names(vit)}",
            promised="train@vit, evaluate@vit, report",
            is_kept=set(vit.stages) == {"train@vit", "evaluate@vit", "report"},
        ),
        Line(
            what="a module below the sources edited",
            measured=f"ran {_names(module)}",
            promised="no search",
            is_kept=bool(module.stages) and not any("search" in name for name in module.stages),
        ),
        Line(
            what="a seventh character",
            measured=f"ran {_names(seventh)}",
            promised="search and collect of that one only",
            is_kept=collected == {"search@olaf", "collect@olaf"},
        ),
    ]


def _after(folder: Path, change: Callable[[], None]) -> Repro:
    change()
    return repro(folder)


def _touch(module: Path) -> None:
    module.write_text(module.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")


def _add_character(folder: Path) -> None:
    characters = dict(YAML(typ="safe").load(folder / "params.yaml")["characters"])
    characters["olaf"] = {"member": "m3", "search": {"name": "Olaf"}}
    edit_params(folder, characters=characters)


def _names(run: Repro) -> str:
    return ", ".join(run.stages) or "nothing"


if __name__ == "__main__":
    main()

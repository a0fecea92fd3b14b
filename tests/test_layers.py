"""The house has floors: a room imports only what lies below it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pipeline"
FLOORS = [  # top to bottom, as in the README's tree
    {"cli"},
    {"review", "serve"},
    {"stages", "web"},
    {"report"},
    {"studies", "inference"},
    {"training"},
    {"evaluation"},
    {"team"},
    {"collect", "dedup", "dataset", "networks"},
    {"catalog"},
    {"pictures"},
    {"ground"},
]
GROUND = {"errors", "files", "params", "paths", "progress", "records"}
TORCH_ROOMS = {
    "dataset/loader.py",
    "dataset/mixing.py",
    "dataset/seed.py",
    "dataset/transforms.py",
    "evaluation/explain/attention.py",
    "evaluation/explain/belief.py",
    "evaluation/explain/evidence.py",
    "evaluation/explain/heat.py",
    "evaluation/explain/pictures.py",
    "evaluation/explain/report.py",
}
TORCH_FOLDERS = {"inference", "networks", "studies", "training"}  # whole rooms
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    """Name the room of a dotted module below `pipeline`."""
    room = module.split(".")[1] if "." in module else "ground"  # `pipeline` itself: the version
    return "ground" if room in GROUND | {"__version__"} else room


def floor_of(room: str) -> int:
    """Count floors from the roof down."""
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imports_of(path: Path) -> set[str]:
    """List the modules that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """A module imports its own room and rooms on lower floors, nothing beside or above."""
    here = room_of(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    others = {room_of(name) for name in imports_of(path) if name.split(".")[0] == "pipeline"}

    wrong = {other for other in others - {here} if floor_of(other) <= floor_of(here)}

    assert set() == wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_stays_where_it_belongs(path: Path) -> None:
    """Only the learning rooms import torch, so that the members' commands start at once."""
    relative = path.relative_to(PACKAGE)
    if relative.parts[0] in TORCH_FOLDERS or relative.as_posix() in TORCH_ROOMS:
        return

    roots = {name.split(".")[0] for name in imports_of(path)}

    assert set() == roots & {"torch", "torchvision", "timm", "safetensors"}


def test_every_room_has_a_floor() -> None:
    """A new folder of the package must be given its floor here and in the README."""
    rooms = {room_of(".".join(("pipeline", *p.relative_to(PACKAGE).parts[:1]))) for p in MODULES}

    known = set.union(*FLOORS)

    assert set() == {room.removesuffix(".py") for room in rooms} - known - GROUND - {"__init__"}

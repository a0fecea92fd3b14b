"""Do the tests notice? A seeded sample of small wrong changes to a module, against its own tests.

    python benchmarks/mutation.py [dedup/groups ...]

Works on a copy. Goes on after .runs/mutation.jsonl; what survived is tried again with new tests.
"""

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pipeline.files import sha256_of

MODULES = ["evaluation/calibration", "dedup/groups", "catalog/reviews", "collect/ledger"]
MODULES += ["collect/guard", "dataset/split", "team/checks", "team/forget"]  # quick ones first
SAMPLE, SEED, RESULTS = 40, 7, Path(".runs/mutation.jsonl")
SWAPS = {ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn}
SWAPS |= {ast.And: ast.Or, ast.Add: ast.Sub, ast.Mult: ast.Div, ast.BitAnd: ast.BitOr}
SWAPS |= {other: one for one, other in SWAPS.items()}


def variants(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Give parts of a node, and what may stand there instead and mean something else."""
    match node:
        case ast.Compare(left, [op], [right]) if type(op) in SWAPS:
            yield node, ast.unparse(ast.Compare(left, [SWAPS[type(op)]()], [right]))
        case ast.BinOp(left, op, right) if type(op) in SWAPS:
            yield node, ast.unparse(ast.BinOp(left, SWAPS[type(op)](), right))
        case ast.BoolOp(op, values):
            others = [ast.BoolOp(SWAPS[type(op)](), values), *values]
            yield from ((node, ast.unparse(other)) for other in others)
        case ast.Constant(bool() | int() | float() as value):
            others = [not value] if isinstance(value, bool) else [value + 1, value - 1]
            yield from ((node, repr(other)) for other in others)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield node, ast.unparse(operand)
        case ast.If(test) | ast.While(test) | ast.IfExp(test) | ast.comprehension(ifs=[test]):
            yield test, f"not ({ast.unparse(test)})"
        case ast.Return(ast.expr() as value):
            yield value, "None"
        case ast.Raise() | ast.AugAssign() | ast.Expr(ast.Call() | ast.YieldFrom() | ast.Yield()):
            yield node, "..."


def mutants(source: str, node: ast.AST) -> Iterator[tuple[str, str]]:
    """Give each change in a part of a module, and the text that it makes."""
    lines = source.encode().splitlines(keepends=True)
    for part, text in variants(node):
        before = b"".join(lines[: part.lineno - 1]) + lines[part.lineno - 1][: part.col_offset]
        last = part.end_lineno - 1
        after = lines[last][part.end_col_offset :] + b"".join(lines[last + 1 :])
        change = f"{part.lineno}: {ast.get_source_segment(source, part)} -> {text}"
        yield change, (before + f"({text})".encode() + after).decode()
    for name, held in ast.iter_fields(node):
        for each in held if isinstance(held, list) else [held]:
            runs = name not in {"annotation", "returns", "decorator_list"}
            if runs and isinstance(each, ast.AST) and not isinstance(each, ast.JoinedStr):
                yield from mutants(source, each)


def passes(copy: Path, tests: list[str]) -> bool:
    """Run tests in the copy of the checkout; what never ends does not pass."""
    call = ["timeout", "60", sys.executable, "-B", "-m", "pytest", "-qx", "-m", "not slow"]
    call += ["-p", "no:cacheprovider", *tests]
    return not subprocess.run(call, cwd=copy, stdout=subprocess.DEVNULL, check=False).returncode


def survivors(copy: Path, module: str) -> Iterator[str]:
    """Try a sample of a module's mutants; yields what its tests do not notice."""
    path, tests = f"pipeline/{module}.py", f"tests/{module.replace('/', '/test_')}.py"
    source, about = (copy / path).read_text(), sha256_of((copy / tests).read_bytes())
    rows = map(json.loads, RESULTS.read_text().splitlines()) if RESULTS.exists() else ()
    known = {row["name"]: row["killed"] for row in rows if row["killed"] or row["tests"] == about}
    found = list(dict.fromkeys(mutants(source, ast.parse(source))))
    if not passes(copy, [tests, path]):
        sys.exit(f"{tests}: fails without a change")
    for change, text in Random(SEED).sample(found, min(SAMPLE, len(found))):
        name = sha256_of(f"{path}\n{text}".encode())
        if name not in known:
            (copy / path).write_text(text)
            known[name] = not passes(copy, [tests, path])  # and its doctests
            row = {"name": name, "killed": known[name], "tests": about, "change": change}
            with RESULTS.open("a") as file:
                file.write(json.dumps(row) + "\n")
        if not known[name]:
            yield change
    (copy / path).write_text(source)


with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["cp", "-r", "pipeline", "tests", "pyproject.toml", folder], check=True)
    RESULTS.parent.mkdir(exist_ok=True)
    for module in sys.argv[1:] or MODULES:
        left = list(survivors(Path(folder), module))
        print(f"{module}: {len(left)} of {SAMPLE} survive", *left, sep="\n  ", flush=True)

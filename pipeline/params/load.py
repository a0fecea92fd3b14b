"""The one reader of params.yaml: all mistakes at once, each with file, key, value and rule."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import ParamsError
from pipeline.params.schema import Params
from pipeline.params.section import Section
from pipeline.paths import PARAMS_FILE, Project


def find_project(start: Path) -> Project:
    """Find the nearest folder at or above `start` that holds params.yaml.

    Raises:
        ParamsError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / PARAMS_FILE).is_file():
            return Project(folder)
    raise ParamsError(f"{PARAMS_FILE}: not found in {start} or above; run this inside a project")


def load_params(project: Project) -> Params:
    """Read and check params.yaml.

    Raises:
        ParamsError: the file cannot be read, is not YAML, or breaks rules (one line for each).
    """
    raw = _read_yaml(project.params)
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        errors = cast("list[Mapping[str, Any]]", error.errors())
        lines = [_explain(each, raw) for each in errors if not _is_consequence(each, errors)]
        raise ParamsError(*(f"{PARAMS_FILE}: {line}" for line in lines)) from error


def _read_yaml(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8")
        return YAML(typ="safe", pure=True).load(text)
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: not UTF-8 at byte {error.start}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "?" if mark is None else mark.line + 1
        raise ParamsError(f"{PARAMS_FILE}:{line}: not YAML: {_one_line(error.problem)}") from error
    except YAMLError as error:
        raise ParamsError(f"{PARAMS_FILE}: not YAML: {_one_line(str(error))}") from error


def _one_line(text: str | None) -> str:
    return " ".join((text or "cannot be parsed").split())


def _is_consequence(error: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> bool:
    """Tell a list that is too short only because its one item is wrong."""
    loc = error["loc"]
    inner = (each["loc"] for each in errors if len(each["loc"]) > len(loc))
    return error["type"] == "too_short" and any(each[: len(loc)] == loc for each in inner)


def _explain(error: Mapping[str, Any], raw: object) -> str:
    """Say key, value and rule of one pydantic error."""
    path = _visible(error["loc"], raw)
    key = ".".join(str(part) for part in path)
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            rule = f"unknown key{_similar(error, path)}"
        case "missing":
            rule = "missing; add it"
        case "union_tag_not_found":
            rule = f"{context['discriminator']} is missing; add it"
        case "union_tag_invalid":
            key += "." + context["discriminator"].strip("'")
            rule = f"got {context['tag']!r}; allowed: {context['expected_tags']}"
        case "value_error":
            rule = f"{context['error']}{_got(error['input'])}"
        case "string_type" if _got(error["input"]):
            rule = f"must be text{_got(error['input'])}; put it in quotes"
        case "model_type" | "model_attributes_type":
            rule = f"must be a mapping of keys to values{_got(error['input'])}"
        case _:
            message = error["msg"][0].lower() + error["msg"][1:]
            rule = message.replace("input should be", "must be") + _got(error["input"])
    return f"{key}: {rule}" if key else rule


def _got(value: object) -> str:
    """Show scalars only: a whole mapping is no help in one line."""
    return f", got {value!r}" if isinstance(value, str | int | float | bool | None) else ""


def _visible(loc: Sequence[str | int], raw: object) -> list[str | int]:
    """Drop pydantic's own steps (union tags, "[key]") so that the key is the one in the file."""
    path: list[str | int] = []
    for part in loc:
        here = _at(raw, path)
        is_tag = isinstance(here, dict) and part not in here and part in here.values()
        if part != "[key]" and not is_tag:
            path.append(part)
    return path


def _at(raw: object, path: Sequence[str | int]) -> object:
    for part in path:
        if isinstance(raw, dict):
            raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            return None
    return raw


def _similar(error: Mapping[str, Any], path: Sequence[str | int]) -> str:
    """Suggest the known key that is nearest to a misspelt one."""
    known = sorted(_section_at(error["loc"][:-1]).model_fields)
    near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _section_at(loc: Sequence[str | int]) -> type[Section]:
    """Find the class of the section at a pydantic location."""
    kind: Any = Params
    for part in loc:
        if isinstance(kind, type) and issubclass(kind, Section):
            kind = kind.model_fields[str(part)].annotation
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        else:  # a union of sections: the step is the tag of one of them
            kind = next(each for each in get_args(kind) if part in _tags(each))
        kind = _bare(kind)
    return cast("type[Section]", kind)


def _bare(kind: Any) -> Any:
    """Take off what is wrapped around a type: notes for pydantic, and `| None`."""
    others = [each for each in get_args(kind) if each is not type(None)]
    is_optional = type(None) in get_args(kind) and len(others) == 1
    if get_origin(kind) is Annotated or is_optional:
        return _bare(others[0])
    return kind


def _tags(section: type[Section]) -> set[str]:
    """Values that the Literal fields of a section allow."""
    literals = (field.annotation for field in section.model_fields.values())
    return {tag for each in literals if get_origin(each) is Literal for tag in get_args(each)}

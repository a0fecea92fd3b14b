"""What a member names on the command line: files, folders, patterns and addresses, one by one."""

from collections.abc import Callable, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from pipeline.catalog.denied import DeniedList
from pipeline.collect.http import Client
from pipeline.collect.sources import open_client
from pipeline.collect.text import web_address
from pipeline.errors import DataError
from pipeline.params import Collect, Params
from pipeline.paths import Project
from pipeline.pictures.folder import pictures_in
from pipeline.records import Candidate, Reason, Rejected
from pipeline.team.intake import SOURCE, Offered


def expand(words: Sequence[str], *, here: Path, say: Callable[[str], object]) -> list[str]:
    """Turn folders and patterns into their files, in the order of their names; none twice.

    Args:
        words: paths, patterns such as "*.jpg", and addresses.
        here: what paths are relative to.
        say: told in a line what is passed over in a folder.

    Raises:
        DataError: a path that is not there, or a pattern or folder without a file.
    """
    found: dict[str, None] = {}
    for word in words:
        found |= dict.fromkeys([word] if web_address(word) else _files(word, here=here, say=say))
    return list(found)


def offers(
    names: Sequence[str], *, project: Project, params: Params, here: Path
) -> Iterator[Offered]:
    """Read or fetch what was named, each when its turn comes.

    Args:
        names: as `expand` gives them.
        project: what is denied there is not fetched.
        params: limits of the client, and who is asking.
        here: what paths are relative to.

    Raises:
        SourceError: an address, and nobody to complain to.
    """
    if not any(map(web_address, names)):
        yield from (_read(here / name, name=name, limits=params.collect) for name in names)
        return
    denied = DeniedList.read(project.denied)
    with open_client(params, root=project.root, for_addresses=True) as client:
        for name in names:
            url = web_address(name)
            if url:
                yield _fetched(url, client=client, denied=denied)
            else:
                yield _read(here / name, name=name, limits=params.collect)


def _files(word: str, *, here: Path, say: Callable[[str], object]) -> list[str]:
    path = here / word
    if path.is_file():
        return [word]
    if path.is_dir():
        inside = pictures_in(str(path), say=say)
        found = [str(Path(word) / Path(each).relative_to(path)) for each in inside]
    elif has_magic(word):
        matches = glob(word, root_dir=here, recursive=True)  # noqa: PTH207 - also absolute ones
        found = sorted(each for each in matches if (here / each).is_file())
    else:
        raise DataError(f"{word}: no such file; give files, folders, patterns or addresses")
    if not found:
        raise DataError(f"{word}: no picture there")
    return found


def _read(path: Path, *, name: str, limits: Collect) -> Offered:
    try:
        if path.stat().st_size > limits.max_file_bytes:  # it need not fit into memory
            detail = f"more than {limits.max_file_bytes} bytes"
            return Offered(name=name, data=Rejected(reason=Reason.TOO_MANY_BYTES, detail=detail))
        return Offered(name=name, data=path.read_bytes(), title=path.stem)
    except OSError as error:
        detail = error.strerror or "cannot be read"
        return Offered(name=name, data=Rejected(reason=Reason.GONE, detail=detail))


def _fetched(url: str, *, client: Client, denied: DeniedList) -> Offered:
    """Fetch a picture, politely and guarded, unless an address on the way is denied."""
    data = client.fetch(
        url, judge=lambda hop: denied.judge_candidate(_asked(hop)), obeys_robots=True
    )
    return Offered(name=url, data=data, url=url)


def _asked(url: str) -> Candidate:
    """Describe an address of which nothing else is known."""
    return Candidate(character="", source=SOURCE, image_url=url)

"""Source `folder`: images that lie in <path>/<slug>/*, in the order of their names.

The client reads them as folder://<path, quoted>/<slug>/<name, quoted>, so limits, decoding and
reasons are those of the web, and candidates name no place of one machine unless params do. They may
be a member's own photos, so what is served, and then stored, is the copy without metadata.
"""

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from pipeline.collect.guard import ForbiddenAddressError
from pipeline.collect.http import Client
from pipeline.collect.text import clean_text
from pipeline.errors import SourceError
from pipeline.params import FolderParams, Search
from pipeline.paths import visible
from pipeline.pictures.metadata import strip_metadata
from pipeline.records import UNKNOWN, Candidate

PREFIX = "folder://"


def candidates(
    character: str,
    search: Search,  # noqa: ARG001 - every source is asked in the same way
    source: FolderParams,
    *,
    client: Client,  # noqa: ARG001
    root: Path,
) -> Iterator[Candidate]:
    """List the files of <path>/<slug>; a character without a folder has none.

    Raises:
        SourceError: there is no folder <path>.
    """
    folder = root / source.path
    if not folder.is_dir():
        raise SourceError(
            f"{folder}: no such folder; collect.sources expects images in "
            f"{source.path}/{character}/*"
        )
    address = f"{PREFIX}{quote(source.path, safe='')}/{character}"
    for rank, name in enumerate(_file_names(folder / character), start=1):
        yield Candidate(
            character=character,
            source=source.kind,
            image_url=f"{address}/{quote(os.fsencode(name), safe='')}",
            page_url="",
            title=clean_text(Path(name).stem),
            author="",
            licence=UNKNOWN,
            licence_url="",
            width_px=None,
            height_px=None,
            rank=rank,
        )


class FolderAdapter(BaseAdapter):
    """Serves the files of `folder` sources to a `requests.Session`, and nothing outside them."""

    def __init__(self, sources: Iterable[FolderParams], *, root: Path, max_bytes: int) -> None:
        """Serve the folders of these sources.

        Args:
            sources: whose paths may be relative.
            root: what they are relative to.
            max_bytes: a bigger file is not read into memory; whoever asks refuses it.
        """
        super().__init__()
        self._max_bytes = max_bytes
        self._folders = {quote(s.path, safe=""): (root / s.path).resolve() for s in sources}

    def send(
        self,
        request: requests.PreparedRequest,
        *_args: object,  # timeouts and certificates mean nothing to a disk
        **_kwargs: object,
    ) -> requests.Response:
        """Open one file: 200, or 404 or 403 where it cannot be read.

        Raises:
            ForbiddenAddressError: the address, or a link, leads out of the folder.
        """
        path = self._path(str(request.url))
        try:
            file: IO[bytes] | None = path.open("rb") if path.is_file() else None
        except PermissionError:
            return _response(request, HTTPResponse(status=403, preload_content=False))
        if file is None:
            return _response(request, HTTPResponse(status=404, preload_content=False))
        size = path.stat().st_size
        if size <= self._max_bytes:
            with file:
                data = strip_metadata(file.read(self._max_bytes))
            file, size = io.BytesIO(data), len(data)
        headers = {"Content-Length": str(size)}
        body = HTTPResponse(body=file, status=200, headers=headers, preload_content=False)
        return _response(request, body)

    def close(self) -> None:
        """Nothing is kept open."""

    def _path(self, url: str) -> Path:
        parts = urlsplit(url)
        names = [os.fsdecode(unquote_to_bytes(each)) for each in parts.path.split("/")[1:]]
        folder = self._folders.get(parts.netloc)
        if folder is None or not all(map(_is_plain, names)):
            raise ForbiddenAddressError("not in a folder of collect.sources")
        path = folder.joinpath(*names).resolve()
        if not path.is_relative_to(folder):
            raise ForbiddenAddressError("a link that leads out of its folder")
        return path


def _file_names(folder: Path) -> list[str]:
    return [path.name for path in visible(folder, "*") if not path.is_dir()]


def _is_plain(name: str) -> bool:
    """Tell a name of one file or folder from a way to somewhere else."""
    return name not in {"", ".", ".."} and "/" not in name and "\\" not in name and "\0" not in name


def _response(request: requests.PreparedRequest, raw: HTTPResponse) -> requests.Response:
    response = requests.Response()
    response.request = request
    response.url = str(request.url)
    response.status_code = raw.status
    response.headers.update(raw.headers)
    response.raw = raw
    return response

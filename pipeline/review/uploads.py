"""Pictures dropped on the page: judged and stored as `disney contribute add` does."""

import threading
from dataclasses import dataclass

from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import Rejected
from pipeline.team.contributions import Offered, add_pictures
from pipeline.team.dvc import cache_folder
from pipeline.team.dvc_cache import DvcCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What became of one dropped file."""

    name: str
    is_added: bool
    said: str  # for people


class Uploads:
    """Where one member's pictures go; one is judged after the other."""

    def __init__(self, project: Project, params: Params, *, member: str) -> None:
        self._project, self._params, self._member = project, params, member
        self._lock = threading.Lock()
        self._cache: DvcCache | None = None  # asking DVC for the folder takes a second

    @property
    def max_bytes(self) -> int:
        """The biggest file that is accepted."""
        return self._params.collect.max_file_bytes

    def add(self, data: bytes, *, name: str, character: str) -> Upload:
        """Add one picture to the member's set.

        Args:
            data: the file.
            name: what the member calls it; it is shown, and names no file.
            character: slug of whom it shows.

        Raises:
            DataError: the character is another member's.
        """
        with self._lock:
            self._cache = self._cache or DvcCache(cache_folder(self._project))
            [outcome] = add_pictures(
                self._project,
                self._params,
                member=self._member,
                character=character,
                pictures=[Offered(name=name, data=data)],
                cache=self._cache,
            )
        found = outcome.result
        if isinstance(found, Rejected):
            return Upload(name=name, is_added=False, said=f"{found.reason}: {found.detail}")
        return Upload(name=name, is_added=True, said="added")

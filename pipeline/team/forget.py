"""Take-down: an image leaves this machine and the remotes, and is never collected again.

First everything is looked up (`plan`), so that it can be shown before it is done. `carry_out`
denies first and writes manifests last: stopped half way, it can be run again to the end.

Nobody else's picture goes. What was drawn or packed from several goes with it and is made anew by
`dvc repro`. What stays holds no picture: the frozen lists of candidates, the ledger, tables,
weights, and the lists by which DVC knows a folder.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.catalog.denied import domains_of
from pipeline.catalog.manifests import Manifest, list_manifests
from pipeline.collect.ledger import fetched
from pipeline.collect.text import web_address
from pipeline.errors import DataError
from pipeline.files import PixelCopy, read_rows, write_rows
from pipeline.paths import Project, visible
from pipeline.records import SHA256, Denied, ImageRecord
from pipeline.team.dvc_cache import DvcCache
from pipeline.team.object_store import ObjectStore, StoreError
from pipeline.team.pointers import shorten_pointer
from pipeline.team.traces import Traces, find_traces

Holder = Callable[[Project, Collection[str]], Iterable[PixelCopy]]

_HOST = re.compile(r"[a-z0-9.-]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be forgotten: one of the three."""

    sha256: str = ""  # these bytes, wherever they came from
    url: str = ""  # an image's address or its page
    host: str = ""  # a host and those below it

    def __post_init__(self) -> None:
        """Refuse what would match nothing for ever.

        Raises:
            DataError: no sha256, no address, or no host.
        """
        if self.sha256 and not SHA256.match(self.sha256):
            raise DataError(f"sha256 {self.sha256!r}: expected 64 digits of 0-9 a-f")
        if self.url and "://" not in self.url:
            raise DataError(
                f"url {self.url!r}: expected an address such as https://x.example/1.jpg"
            )
        if self.host and not _HOST.match(self.host):
            raise DataError(f"host {self.host!r}: expected a name such as pics.example")

    def fits(self, record: ImageRecord) -> bool:
        """Tell whether a manifest's row is meant."""
        urls = (record.image_url, record.page_url)
        return record.sha256 == self.sha256 or any(map(self.fits_url, urls))

    def fits_url(self, url: str) -> bool:
        """Tell whether an address is meant."""
        return url in self.urls or (bool(self.host) and self.host in domains_of(url))

    @property
    def urls(self) -> list[str]:
        """Give the address as it was typed and, if that differs, quoted as lists hold it."""
        return list(dict.fromkeys(each for each in (self.url, web_address(self.url)) if each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The rows of one manifest that go."""

    manifest: Manifest
    left: tuple[ImageRecord, ...]
    gone: tuple[ImageRecord, ...]
    files: tuple[Path, ...]  # of the rows that go, as far as they are here

    @property
    def sha256s(self) -> frozenset[str]:
        """Name the images of the rows that go."""
        return frozenset(row.sha256 for row in self.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a take-down changes."""

    sha256s: frozenset[str]  # of images that go from everywhere
    denied: tuple[Denied, ...]  # rows that are not in data/denied.csv yet
    removals: tuple[Removal, ...]
    copies: tuple[PixelCopy, ...]  # wherever this machine keeps them, but for DVC
    traces: tuple[Traces, ...]  # in DVC's cache and its remotes
    unread: tuple[str, ...]  # remotes that could not be looked into, and why

    def lines(self, project: Project) -> list[str]:
        """Say what goes, a line each, with paths relative to the project where they are in it."""
        rows = [f"deny {row.item}" for row in self.denied]
        for removal in self.removals:
            name = project.relative(removal.manifest.path)
            rows += [f"take {row.sha256} out of {name}" for row in removal.gone]
        for copy in self.copies:
            verb = "rewrite" if copy.rewrite else "delete"
            rows.append(f"{verb} {_shown(str(copy.path), project)}")
        for each in self.traces:
            where = f" of remote {each.store.name}" if each.store.name else ""
            rows += [f"delete {_shown(path, project)}{where}" for path in each.paths]
        return rows


def plan(
    project: Project,
    wanted: Wanted,
    *,
    reason: str,
    stores: Sequence[ObjectStore],
    holders: Iterable[Holder],
) -> Plan:
    """Look up what a take-down changes, and change nothing.

    An image that is named by its bytes or its address goes wherever the same bytes lie; of a host,
    bytes that another host served as well stay there.

    Args:
        project: which one.
        wanted: what shall be forgotten.
        reason: for data/denied.csv.
        stores: DVC's cache of this machine, then its remotes.
        holders: who else may hold pixels of an image.

    Raises:
        DataError: a manifest or denied.csv breaks its contract.
        StoreError: DVC's cache of this machine cannot be read.
    """
    manifests = {each: each.rows() for each in list_manifests(project)}
    answers = [each for each in fetched(project.ledger) if SHA256.match(each[1])]
    sha256s = {row.sha256 for rows in manifests.values() for row in rows if wanted.fits(row)}
    sha256s |= {sha256 for url, sha256 in answers if wanted.fits_url(url)}
    sha256s |= {wanted.sha256} - {""}
    if wanted.host:
        kept = {r.sha256 for rows in manifests.values() for r in rows if not wanted.fits(r)}
        sha256s -= kept
    removals = tuple(_removals(manifests, wanted, sha256s))
    urls = {row.image_url for removal in removals for row in removal.gone} - {""}
    urls |= {url for url, sha256 in answers if sha256 in sha256s}
    known = {row.item for row in _denied_rows(project)}
    items = [item for item in _items(wanted, sha256s | urls) if item not in known]
    copies = {file: PixelCopy(file) for removal in removals for file in removal.files}
    if sha256s:
        copies |= {copy.path: copy for find in holders for copy in find(project, sha256s)}
    files = [path for path in copies if path.name[:64] in sha256s]
    traces, unread = _traces(project, stores, sha256s, files=files)
    return Plan(
        sha256s=frozenset(sha256s),
        denied=tuple(Denied(item=item, reason=reason) for item in items),
        removals=removals,
        copies=tuple(copies.values()),
        traces=tuple(traces),
        unread=tuple(unread),
    )


def carry_out(project: Project, plan: Plan, *, cache: DvcCache) -> list[str]:
    """Do what a plan says.

    Returns:
        What could not be done on this machine, a line each.
    """
    write_rows(project.denied, Denied, [*_denied_rows(project), *plan.denied])
    left_to_do = [*plan.unread, *_clear(plan.traces)]
    again = "; ".join(f"disney forget --sha256 {sha256}" for sha256 in sorted(plan.sha256s))
    left_to_do = [f"{problem}, then: {again}" for problem in left_to_do]
    for copy in plan.copies:
        copy.remove()
    left_to_do += _shorten_pointers(project, plan, cache=cache)
    for removal in plan.removals:
        write_rows(removal.manifest.path, ImageRecord, removal.left)
    return left_to_do


def _traces(
    project: Project, stores: Sequence[ObjectStore], sha256s: Collection[str], files: list[Path]
) -> tuple[list[Traces], list[str]]:
    """Look into all stores but the remotes that cannot be read; of these, say why."""
    unread: list[str] = []
    while True:
        try:
            return find_traces(project, stores, sha256s, files=files), unread
        except StoreError as error:
            if not error.store.name:
                raise
            unread.append(str(error))
            stores = [each for each in stores if each is not error.store]


def _clear(traces: Iterable[Traces]) -> Iterator[str]:
    """Delete from every store; yields why one could not be cleared."""
    for each in traces:
        try:
            each.store.remove(each.paths)
        except StoreError as error:
            yield str(error)


def _denied_rows(project: Project) -> list[Denied]:
    return read_rows(project.denied, Denied, missing_ok=True)


def _removals(
    manifests: dict[Manifest, list[ImageRecord]],
    wanted: Wanted,
    sha256s: Collection[str],
) -> Iterator[Removal]:
    for manifest, rows in manifests.items():
        gone = [row for row in rows if row.sha256 in sha256s or wanted.fits(row)]
        if gone:
            files = (f for row in gone for f in sorted(manifest.images.glob(f"{row.sha256}.*")))
            left = tuple(row for row in rows if row not in gone)
            yield Removal(manifest=manifest, left=left, gone=tuple(gone), files=tuple(files))


def _items(wanted: Wanted, found: Iterable[str]) -> list[str]:
    """Deny what was asked for and, but for a host, by bytes and address what it was found to be.

    An image that is known by its bytes alone would be fetched again before it is refused.
    """
    if wanted.host:
        return [wanted.host]
    asked = wanted.urls or [wanted.sha256]
    return list(dict.fromkeys([*asked, *sorted(found)]))


def _shorten_pointers(project: Project, plan: Plan, *, cache: DvcCache) -> Iterator[str]:
    """Take images out of members' .dvc files; yields what must be done when more is at hand.

    All of them are looked at, not only those of manifests with rows that go: these may have gone
    in an earlier, incomplete take-down.
    """
    gone = {each.manifest.images: each.sha256s for each in plan.removals}
    for path in visible(project.contributions, "*/*.dvc"):
        sha256s = gone.get(path.with_suffix(""), frozenset())
        try:
            shorten_pointer(path, sha256s | plan.sha256s, cache=cache)
        except DataError as error:
            for sha256 in sorted(sha256s):
                yield (
                    f"{project.relative(path)} still lists the image; {error}, then: "
                    f"disney forget --sha256 {sha256}"
                )


def _shown(path: str, project: Project) -> str:
    return path.removeprefix(f"{project.root}/")

"""Walk the candidates of a character until enough distinct good images are in hand.

Files are fetched ahead by threads, but what is kept is decided strictly in the order of the
candidates: the result is a function of candidates and bytes, whatever came first. Only exact
copies are refused; near ones are stored, so that `deduplicate` can choose the best, but not
counted.

A failure that may pass, met in an earlier run, stays one as long as the target is reached without
it; else it is asked again. So a rerun of a finished collection makes no request.
"""

import os
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache, partial

from pipeline.catalog.denied import DeniedList
from pipeline.collect.ahead import in_order
from pipeline.collect.downloads import Downloads
from pipeline.collect.robots import OWN_API
from pipeline.collect.shelf import Collection, Found, Shelf, examine
from pipeline.errors import SourceError
from pipeline.params import Collect
from pipeline.progress import Progress, silent
from pipeline.records import Candidate, Rejected

MAX_HOSTS_TOLD = 3
AHEAD_PER_WORKER = 8  # one slow file must not hold up the others


def collect(
    candidates: Sequence[Candidate],
    *,
    character: str,
    target: int,
    limits: Collect,
    denied: DeniedList,
    downloads: Downloads,
    progress: Progress = silent,
) -> Collection:
    """Fetch and judge candidates in rank order until `target` distinct images are in hand.

    Args:
        candidates: ranked, of different `image_url`.
        character: slug.
        target: distinct good images wanted.
        limits: what an image must be like, and how many are fetched at once.
        denied: what is never collected.
        downloads: URL to bytes; stopped for good when the target is reached before the end.
        progress: told after each candidate.

    Raises:
        SourceError: not one image is in hand.
        OSError: the disk is full, or another fault of this machine.
    """
    walk = _Walk(limits=limits, denied=denied, downloads=downloads, progress=progress)
    collection = walk.run(candidates, Collection(character=character, target=target))
    if collection.num_missing:
        forgotten = downloads.ask_again()
        if any(candidate.image_url in forgotten for candidate in candidates):
            collection = walk.run(candidates, Collection(character=character, target=target))
    if not collection.kept:
        raise SourceError(collection.summary())
    return collection


class _Walk:
    """The loop over candidates; only `_examine` runs in threads."""

    def __init__(
        self, *, limits: Collect, denied: DeniedList, downloads: Downloads, progress: Progress
    ) -> None:
        self._limits = limits
        self._denied = denied
        self._judge = cache(denied.judge_candidate)  # each is judged several times
        self._downloads = downloads
        self._progress = progress
        # A decoded picture is large, and decoding keeps a core busy: no more at once than cores.
        self._decoders = threading.BoundedSemaphore(os.cpu_count() or 1)

    def run(self, candidates: Sequence[Candidate], collection: Collection) -> Collection:
        limits = self._limits
        shelf = Shelf(collection, near_distance_bits=limits.near_distance_bits, denied=self._denied)
        examined = in_order(
            candidates,
            work=self._examine,
            is_at_hand=self._is_at_hand,
            # Near the end, no more than may still be needed, or than there are hands.
            num_ahead=lambda: max(
                limits.workers, min(AHEAD_PER_WORKER * limits.workers, collection.num_missing)
            ),
            num_threads=limits.workers,
            stop=self._downloads.stop,
            lane_of=lambda candidate: self._downloads.lane(candidate.image_url),
        )
        with closing(examined):
            for candidate, found in examined:
                shelf.judge(candidate, found)
                note = self._note(collection, num_candidates=len(candidates))
                self._progress(collection.num_distinct, collection.target, note)
                if not collection.num_missing:
                    break
        return collection

    def _note(self, collection: Collection, *, num_candidates: int) -> str:
        """Say how far the walk is, and which hosts it waits for."""
        hosts = self._downloads.hosts()
        names = ", ".join(hosts[:MAX_HOSTS_TOLD]) + (", …" if len(hosts) > MAX_HOSTS_TOLD else "")
        waiting = f"; asking {names}" if hosts else ""
        return f"{collection.num_examined} of {num_candidates} candidates{waiting}"

    def _is_at_hand(self, candidate: Candidate) -> bool:
        return bool(self._judge(candidate)) or self._downloads.is_at_hand(candidate.image_url)

    def _judge_hop(self, candidate: Candidate, url: str) -> Rejected | None:
        """Judge where a candidate's address leads."""
        return self._judge(replace(candidate, image_url=url))

    def _examine(self, candidate: Candidate) -> Found | Rejected:
        denied = self._judge(candidate)
        if denied:
            return denied
        download = self._downloads.obtain(
            candidate.image_url,
            judge=partial(self._judge_hop, candidate),
            obeys_robots=candidate.source not in OWN_API,
        )
        if isinstance(download, Rejected):
            return download
        with self._decoders:
            return examine(download, limits=self._limits)

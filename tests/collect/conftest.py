"""Fixtures of the collecting tests: a server that misbehaves, and clients that may ask it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.catalog.denied import DeniedList
from pipeline.collect.collector import collect
from pipeline.collect.downloads import Downloads
from pipeline.collect.http import Client
from pipeline.collect.shelf import Collection
from pipeline.params import Collect
from pipeline.paths import Project
from pipeline.records import Candidate
from tests.collect.api_server import ApiServer
from tests.collect.fault_server import FaultServer
from tests.rows import candidate


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve faults on loopback while the test runs."""
    with FaultServer() as running:
        yield running


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """Serve recorded answers of an API."""
    with ApiServer() as running:
        yield running


@pytest.fixture
def make_limits(server: FaultServer) -> Callable[..., Collect]:
    """Make a `collect` section that allows the server and is patient for 5 seconds only."""

    def make(**settings: Any) -> Collect:
        defaults = {
            "sources": [{"kind": "studio"}],
            "allow_hosts": [server.host],
            "deadline_s": 5,
            "retries": 1,
            "max_file_bytes": 1_000_000,
        }
        return Collect.model_validate(defaults | settings)

    return make


@pytest.fixture
def make_client(make_limits: Callable[..., Collect]) -> Iterator[Callable[..., Client]]:
    """Make clients that do not wait between tries; they are closed after the test."""
    made = []

    def make(limits: Collect | None = None, **options: Any) -> Client:
        waits = options.pop("waits", [])
        client = Client(limits or make_limits(), wait=waits.append, **options)
        made.append(client)
        return client

    yield make
    for client in made:
        client.stop()
        client.__exit__()


@pytest.fixture
def make_candidate() -> Callable[..., Candidate]:
    """Make a candidate of Ariel by its address alone."""

    def make(url: str, **fields: Any) -> Candidate:
        return candidate(image_url=url, **fields)

    return make


@pytest.fixture
def run_collect(
    make_limits: Callable[..., Collect],
    make_client: Callable[..., Client],
    make_candidate: Callable[..., Candidate],
) -> Callable[..., Collection]:
    """Collect addresses into a project with a fresh client, as one run of the stage does."""

    def run(
        project: Project,
        urls: list[str],
        *,
        target: int,
        denied: DeniedList | None = None,
        **settings: Any,
    ) -> Collection:
        limits = make_limits(**settings)
        client = make_client(limits)
        downloads = Downloads(project, character="ariel", client=client, limits=limits)
        return collect(
            [make_candidate(url, rank=rank) for rank, url in enumerate(urls, start=1)],
            character="ariel",
            target=target,
            limits=limits,
            denied=denied or DeniedList(),
            downloads=downloads,
        )

    return run


@pytest.fixture
def make_downloads_of(tmp_path: Path) -> Callable[[Client, Collect], Downloads]:
    """Open the downloads of one project through a given client, as a new run does."""

    def make(client: Client, limits: Collect) -> Downloads:
        return Downloads(Project(tmp_path), character="ariel", client=client, limits=limits)

    return make

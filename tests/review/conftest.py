"""A small team's pictures, drawn by code, a desk to review them at, and a real browser."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from starlette.testclient import TestClient

from pipeline.files import read_rows, write_rows
from pipeline.params import Params, load_params
from pipeline.paths import Project
from pipeline.records import ConflictRow, GroupReason, GroupRow, ImageRecord, Review, SplitRow
from pipeline.review.app import make_app
from pipeline.review.desk import Desk
from pipeline.review.guard import Guard
from pipeline.team.reviews import ReviewFile
from tests.team.hoard import Hoard

PORT = 8123  # of the addresses only: nothing listens
ORIGIN = f"http://127.0.0.1:{PORT}"


class Team:
    """A project with pictures, and what the stages and members say about them."""

    def __init__(self, project: Project, draw_png: Callable[..., bytes]) -> None:
        self.project, self.draw_png = project, draw_png
        self.hoard = Hoard(project)

    @property
    def params(self) -> Params:
        """Read params.yaml."""
        return load_params(self.project)

    def collect(self, *colours: str, character: str = "ariel", **facts: str) -> list[str]:
        """Put pictures into data/raw and give their sha256."""
        return [
            self.hoard.collect(
                self.draw_png(colour),
                f"https://pics.example/{colour}",
                character=character,
                **facts,
            )
            for colour in colours
        ]

    def group(self, keeper: str, *copies: str) -> None:
        """Have deduplicate call these copies of one picture."""
        rows = [self._row(keeper, keeper, GroupReason.KEPT)]
        rows += [self._row(copy, keeper, GroupReason.NEAR_DUPLICATE) for copy in copies]
        self._add(self.project.groups, GroupRow, rows)

    def keep(self, *sha256s: str) -> None:
        """Have deduplicate keep pictures, each alone."""
        rows = [self._row(sha256, sha256, GroupReason.KEPT) for sha256 in sha256s]
        self._add(self.project.groups, GroupRow, rows)

    def split(self, sha256: str, split: str) -> None:
        """Give a kept picture its split."""
        row = SplitRow(sha256=sha256, file="", character="ariel", group=sha256[:16], split=split)
        self._add(self.project.split, SplitRow, [row])

    def conflict(self, sha256: str, character: str, other: str, other_character: str) -> None:
        """Have deduplicate find a picture under two characters."""
        row = ConflictRow(
            sha256=sha256,
            character=character,
            other_sha256=other,
            other_character=other_character,
            distance_bits=2,
        )
        self._add(self.project.conflicts, ConflictRow, [row])

    def say(self, member: str, sha256: str, verdict: str, **fields: str) -> None:
        """Have a member review a picture elsewhere."""
        review = {"character": "", "other_sha256": "", "note": ""} | fields
        file = ReviewFile(self.project, member=member)
        file.decide(Review(sha256=sha256, verdict=verdict, **review))

    def reviews(self, member: str = "na") -> list[Review]:
        """Read what a member has said."""
        return ReviewFile(self.project, member=member).read()

    def desk(self, member: str = "na") -> Desk:
        """Sit down as a member."""
        return Desk(self.project, self.params, member=member)

    def _row(self, sha256: str, keeper: str, reason: GroupReason) -> GroupRow:
        record = next(each for each in self._records() if each.sha256 == sha256)
        return GroupRow(
            sha256=sha256,
            file=record.file,
            character=record.character,
            group=keeper[:16],
            keep=reason == GroupReason.KEPT,
            reason=reason,
            nearest_sha256="",
            distance_bits=None,
        )

    def _records(self) -> Iterator[ImageRecord]:
        for path in [
            *self.project.raw.glob("*/manifest.csv"),
            *self.project.manifests.glob("*/*.csv"),
        ]:
            yield from read_rows(path, ImageRecord)

    def _add(self, path, kind, rows) -> None:
        before = read_rows(path, kind) if path.is_file() else []
        write_rows(path, kind, [*before, *rows])


@dataclass
class Browser:
    """A browser that has opened the page."""

    client: TestClient
    decision: str = ""  # that undo takes back

    def decide(self, sha256: str, verdict: str, *, window: str = "one", **fields: str):
        """Press a key."""
        answer = self.post("/decisions", sha256=sha256, verdict=verdict, window=window, **fields)
        self.decision = answer.json().get("decision", "")
        return answer

    def undo(self, *, window: str = "one"):
        """Press u."""
        return self.post("/undo", window=window, decision=self.decision)

    def post(self, address: str, **body: object):
        """Send what the page sends."""
        headers = {"Origin": ORIGIN, "Content-Type": "application/json"}
        return self.client.post(address, content=json.dumps(body), headers=headers)


@pytest.fixture
def team(make_project: Callable[..., Project], draw_png: Callable[..., bytes]) -> Team:
    """Give a project without pictures."""
    return Team(make_project(), draw_png)


@pytest.fixture
def visit() -> Callable[..., TestClient]:
    """Reach the server of a team's desk without a session."""

    def reach(team: Team) -> TestClient:
        app = Guard(make_app(team.desk(), first="ariel"), port=PORT, token="secret")  # noqa: S106
        return TestClient(app, base_url=ORIGIN, follow_redirects=False)

    return reach


@pytest.fixture
def browse(visit: Callable[..., TestClient]) -> Callable[..., Browser]:
    """Open the page of a team's desk."""

    def opened(team: Team) -> Browser:
        client = visit(team)
        client.get("/enter/secret")
        return Browser(client)

    return opened


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve a member's desk on a free port from another thread; give the address that opens it."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(team: Team, member: str = "na") -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        app = make_app(team.desk(member), first="ariel")
        server = uvicorn.Server(
            uvicorn.Config(
                Guard(app, port=port, token="secret"),  # noqa: S106
                log_level="error",
                lifespan="off",
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{port}/enter/secret"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join()


@pytest.fixture
def page(chromium) -> Iterator[object]:
    """Open a window; an error of the script, in any window of this browser, fails the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    errors: list[object] = []
    context.on("weberror", lambda error: errors.append(error.error))
    yield context.new_page()
    context.close()
    assert [] == errors

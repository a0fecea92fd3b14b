"""The stages `search` and `collect` as commands: killed, run again, out of disk, badly asked."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.files import read_jsonl, read_rows, write_jsonl
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Candidate, ImageRecord
from pipeline.stages import collect, search
from tests.collect.fault_server import BEHAVIOURS, FaultServer, picture

TARGET = 30
GOOD = [f"/ok/{number}.jpg" for number in range(45)]
BAD = ["/404/1.jpg", "/html/2.jpg", "/redirect/3.jpg", "/503/4.jpg", "/cut/5.jpg"]
PATHS = [path for group in zip(GOOD[::9], BAD, strict=True) for path in group]
PATHS += [path for path in GOOD if path not in PATHS]


def start(stage: str, project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start a stage in a project."""
    return subprocess.Popen(
        [sys.executable, "-m", f"pipeline.stages.{stage}", *arguments],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(stage: str, project: Project, *arguments: str) -> tuple[int, str, str]:
    """Run a stage to its end: exit code, output, errors."""
    with start(stage, project, *arguments) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def collect_here(project: Project) -> None:
    """Run the stage `collect` in this process."""
    collect.main(project, load_params(project), "ariel")


@pytest.fixture
def make_searched(
    make_project: Callable[..., Project],
    make_candidate: Callable[..., Candidate],
    server: FaultServer,
) -> Callable[..., Project]:
    """Make a project whose candidates of Ariel lie on the server, already searched."""

    def make(folder: str = "project", *, paths: list[str] = PATHS, target: int = TARGET) -> Project:
        project = make_project(
            folder,
            contact="lead@example.org",
            collect={
                "target": target,
                "sources": [{"kind": "urls", "path": "my.csv"}],
                "allow_hosts": [server.host],
                "retries": 0,
                "workers": 4,
            },
        )
        found = [
            make_candidate(server.url(path), rank=rank) for rank, path in enumerate(paths, start=1)
        ]
        write_jsonl(project.candidates("ariel"), found)
        return project

    return make


def raw_bytes(project: Project) -> dict[str, bytes]:
    """Read everything under data/raw."""
    files = sorted(path for path in project.raw.rglob("*") if path.is_file())
    return {str(path.relative_to(project.raw)): path.read_bytes() for path in files}


def fetched(project: Project) -> set[str]:
    """List the addresses that the ledger knows as fetched."""
    path = project.cache / "ledger.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    entries = [json.loads(line) for line in lines if line.endswith("}")]
    return {entry["url"] for entry in entries if entry["status"] == "ok"}


def test_search_freezes_candidates(
    make_searched: Callable[..., Project],
    server: FaultServer,
    capsys: pytest.CaptureFixture[str],
):
    """The list has the addresses in order, ranked, and no image was asked for."""
    project = make_searched(paths=[])
    rows = [f"ariel,{server.url(path)}" for path in PATHS]
    (project.root / "my.csv").write_text("\n".join(["character,image_url", *rows]) + "\n")

    search.main(project, load_params(project), "ariel")

    found = read_jsonl(project.candidates("ariel"), Candidate)
    assert [server.url(path) for path in PATHS] == [candidate.image_url for candidate in found]
    assert list(range(1, len(PATHS) + 1)) == [candidate.rank for candidate in found]
    assert not server.asked
    assert f"ariel: {len(PATHS)} candidates from urls\n" == capsys.readouterr().out


def test_a_killed_collection_goes_on_where_it_was(
    make_searched: Callable[..., Project], server: FaultServer
):
    """After kill -9 half way, only what is missing is fetched, and the result is the same."""
    whole, killed = make_searched("whole"), make_searched("killed")
    collect_here(whole)
    server.asked.clear()
    is_half_way = threading.Event()

    def block(_handler: object) -> None:
        is_half_way.set()
        server.closing.wait(20)

    server.answers[PATHS[22]] = block
    with start("collect", killed, "ariel") as process:
        assert is_half_way.wait(60)
        os.kill(process.pid, signal.SIGKILL)
    del server.answers[PATHS[22]]
    in_hand = fetched(killed)
    server.asked.clear()

    code, out, _ = run("collect", killed, "ariel")

    assert 0 == code
    assert out.startswith("ariel: 30 of 30; ")
    assert len(in_hand) > 10
    assert set() == in_hand & {server.url(path) for path in server.asked}
    assert raw_bytes(whole) == raw_bytes(killed)
    assert [] == list(killed.root.rglob("*.part"))


@pytest.mark.slow
def test_killed_at_ten_moments_it_ends_the_same(
    make_searched: Callable[..., Project], server: FaultServer
):
    """Killed again and again, nothing that was fetched is fetched again, and the end is the same.

    Each kill comes a random while after a random number of requests: while files are written,
    renamed, noted in the ledger or copied, whatever is going on then.
    """
    rng = random.Random(7)
    whole, killed = make_searched("whole"), make_searched("killed")
    collect_here(whole)
    for _ in range(10):
        in_hand = fetched(killed)
        kill_after(rng.randint(1, 5), server, killed, delay_s=rng.uniform(0, 0.2))
        assert set() == in_hand & {server.url(path) for path in server.asked}

    in_hand = fetched(killed)
    server.asked.clear()
    code, _, _ = run("collect", killed, "ariel")

    assert 0 == code
    assert set() == in_hand & {server.url(path) for path in server.asked}
    assert raw_bytes(whole) == raw_bytes(killed)
    assert [] == list(killed.root.rglob("*.part"))


def kill_after(number: int, server: FaultServer, project: Project, *, delay_s: float) -> None:
    """Start the stage and kill it a while after so many requests; it may have ended by then."""
    is_time = threading.Event()
    lock = threading.Lock()

    def count(handler: Any) -> None:
        with lock:
            if server.asked.total() >= number:
                is_time.set()
        server.closing.wait(0.01)
        BEHAVIOURS[handler.path.split("/")[1]](handler)

    server.asked.clear()
    server.anything = count
    with start("collect", project, "ariel") as process:
        while process.poll() is None and not is_time.wait(0.05):
            pass
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay_s)
        process.kill()
    server.anything = None


def test_ctrl_c_stops_at_once(make_searched: Callable[..., Project], server: FaultServer):
    """Interrupted while servers hang, the stage ends without waiting for them or blaming them."""
    project = make_searched(paths=[*GOOD[:3], *(f"/hang/{number}.jpg" for number in range(9))])
    is_hanging = threading.Event()
    server.answers["/hang/3.jpg"] = lambda _handler: is_hanging.set() or server.closing.wait(20)

    with start("collect", project, "ariel") as process:
        assert is_hanging.wait(60)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=8)

    assert 0 != process.returncode
    assert "hang" not in (project.cache / "ledger.jsonl").read_text(encoding="utf-8")
    assert not project.raw.exists()


def test_a_finished_collection_makes_no_request(
    make_searched: Callable[..., Project], server: FaultServer
):
    """A second run has the same bytes and asks nothing, also when DVC took the outputs away."""
    project = make_searched()
    collect_here(project)
    before = raw_bytes(project)
    shutil.rmtree(project.raw)
    server.asked.clear()

    collect_here(project)

    assert before == raw_bytes(project)
    assert not server.asked


def test_short_of_the_target_is_a_warning(
    make_searched: Callable[..., Project], capsys: pytest.CaptureFixture[str]
):
    """Too few candidates is no error: one line says how many and why."""
    collect_here(make_searched(paths=[*GOOD[:3], *BAD[:2]]))

    assert (
        "ariel: 3 of 30; 5 candidates: 1 gone (404), 1 not an image; add queries or pages\n"
        == capsys.readouterr().out
    )


def test_nothing_at_all_is_one_line_and_writes_nothing(make_searched: Callable[..., Project]):
    """Not one image is an error, without a half collection."""
    project = make_searched(paths=BAD[:2])

    with pytest.raises(
        SourceError, match=r"^ariel: 0 of 30; 2 candidates: 1 gone \(404\), 1 not an"
    ):
        collect_here(project)

    assert not project.raw.exists()


@pytest.mark.parametrize("stage", ["search", "collect"])
def test_an_unknown_character_is_one_line(make_searched: Callable[..., Project], stage: str):
    """A slug that is not in params.yaml is answered with those that are."""
    code, _, err = run(stage, make_searched(), "belle")

    assert (1, "params.yaml: characters: no 'belle'; known: ariel, elsa, merida\n") == (code, err)


def test_a_wiki_that_is_down_is_one_line(make_project: Callable[..., Project]):
    """Nobody listens at the wiki's address: exit code 1, the address, what to look at."""
    project = make_project(
        contact="lead@example.org",
        collect={
            "sources": [{"kind": "mediawiki", "api": "http://127.0.0.1:1/w/api.php"}],
            "allow_hosts": ["127.0.0.1"],
            "retries": 0,
        },
    )

    code, _, err = run("search", project, "ariel")

    assert (1, 1) == (code, err.count("\n"))
    assert err.startswith("http://127.0.0.1:1/w/api.php: unreachable")


@pytest.fixture
def small_disk(tmp_path: Path):
    """Mount a disk of half a megabyte, where this user may."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.call(command, stderr=subprocess.DEVNULL):
        pytest.skip("needs the right to mount a small tmpfs")
    yield place
    subprocess.check_call(["umount", str(place)])


def test_a_full_disk_is_one_line(
    make_searched: Callable[..., Project], server: FaultServer, small_disk: Path
):
    """No space while collecting: exit code 1, one line, no half file under a final name."""
    project = make_searched()
    (project.root / ".cache").symlink_to(small_disk)
    for number in range(45):
        server.answers[f"/ok/{number}.jpg"] = lambda handler, n=number: handler.send(
            picture(n) + bytes(40_000)
        )

    code, out, err = run("collect", project, "ariel")

    assert (1, "") == (code, out)
    assert 1 == err.count("\n")
    assert "No space left on device; free some space and run it again" in err
    assert not project.raw_manifest("ariel").exists()
    assert [] == list(small_disk.rglob("*.part"))


def test_collect_writes_a_manifest_that_reads_back(make_searched: Callable[..., Project]):
    """The stage's table is the contract's: one row per file, member and character filled in."""
    project = make_searched(target=5)

    collect_here(project)

    records = read_rows(project.raw_manifest("ariel"), ImageRecord)
    assert 5 == len(records)
    assert {("ariel", "na", "urls")} == {(r.character, r.member, r.source) for r in records}
    assert all((project.root / record.file).is_file() for record in records)

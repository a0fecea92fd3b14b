"""Source `mediawiki` against a real MediaWiki, which nobody here wrote: real and odd files."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.collect.http import Client
from pipeline.collect.search import search
from pipeline.collect.sources import open_client
from pipeline.collect.sources.mediawiki import candidates
from pipeline.errors import SourceError
from pipeline.files import read_jsonl, read_rows
from pipeline.params import Collect, MediawikiParams, Search, load_params
from pipeline.paths import Project
from pipeline.pictures.decode import decode
from pipeline.records import Candidate, ImageRecord, Reason, RejectedRow
from pipeline.stages import collect as collect_stage
from pipeline.stages import search as search_stage
from tests.collect.fault_server import SVG, animation, cmyk_jpeg, deep_png, picture

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALLED = Path("/usr/share/mediawiki/api.php")
KILLED_WHILE = "Pikachu"
REAL = ("Bulbasaur", "Charmander", "Pikachu", "Squirtle")
KOREAN = "인어공주 에리얼"
LICENCES = {
    "Cc-by-sa-4.0": "CC BY-SA 4.0",
    "Cc-by-2.0": "CC BY 2.0",
    "Cc-zero": "CC0",
    "PD-US-expired": "Public domain",
    "Cc-by-sa-3.0": "CC BY-SA 3.0",
    "Fairuse": "Fair use",
    None: "unknown",
}
# Two switches, flipped by files: lag is met by one question, then it is over; a wiki without
# licences is one like Fandom's. Nothing is cached then, or the wiki would remember them.
SETTINGS = """<?php
if ( isset( $_GET['maxlag'] ) && file_exists( '{flags}/lag' ) ) {{
    unlink( '{flags}/lag' );
    $_GET['maxlag'] = '-2';
}}
if ( file_exists( '{flags}/no-licences' ) ) {{
    unset( $wgHooks['GetExtendedMetadata'] );
    $wgMainCacheType = CACHE_NONE;
}}
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.stages import collect

class KillingBar:
    def __enter__(self):
        return lambda done, total, note="": done < 100 or os.kill(os.getpid(), signal.SIGKILL)

    def __exit__(self, *_):
        pass

collect.progress_bar = lambda title: KillingBar()
project = Project(Path(sys.argv[1]))
collect.main(project, load_params(project), sys.argv[2])
"""


@dataclass(frozen=True)
class Wiki:
    """A running wiki and what was put on it."""

    api: str
    work: Path
    flags: Path

    @property
    def host(self) -> str:
        """The wiki as `collect.allow_hosts` names it."""
        return self.api.split("/")[2]

    def files(self, name: str) -> list[dict[str, Any]]:
        """List the pictures of a character that a collector can use; `number` is their place."""
        lines = (self.work / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) | {"number": number} for number, line in enumerate(lines)]
        return [row for row in rows if row["name"] == name and not row["title"].endswith("svg")]

    def titles(self, name: str) -> set[str]:
        """Name those pictures."""
        return {row["title"].removeprefix("File:") for row in self.files(name)}

    def requests(self) -> int:
        """Count the requests it has had, by its own log: it takes one per connection."""
        return (self.work / "log" / "server.log").read_text(errors="replace").count(" Accepted")


def fill(tree: Path, real: Path) -> None:
    """Put real pictures, and drawn ones with all kinds of names and formats, into folders."""
    for name in REAL:
        shutil.copytree(real / name.lower(), tree / name)
    names = {
        'Ariel & Eric\'s "100%" \u2013 50%.jpg': picture(100),
        "Ariel named wrongly.jpg": picture(101, kind="PNG"),
        "Ariel.webp": picture(102, kind="WEBP", side_px=300),
        "Ariel moves.gif": animation(),
        "Ariel in print.jpg": cmyk_jpeg(103),
        "Ariel deep.png": deep_png(104),
        "Ariel icon.png": picture(105, kind="PNG", side_px=24),
        "Ariel drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    }
    names |= {f"Ariel {number}.jpg": picture(number) for number in range(8)}
    korean = {f"{KOREAN} ({number}).jpg": picture(200 + number) for number in range(5)}
    korean[f"{KOREAN}.svg"] = SVG  # without a size: the wiki cannot make a thumbnail of it
    for folder, files in (("Ariel", names), (KOREAN, korean)):
        (tree / folder).mkdir(parents=True)
        for name, data in files.items():
            (tree / folder / name).write_bytes(data)


@pytest.fixture(scope="module")
def wiki(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiki]:
    """Start a MediaWiki on a free port, and stop it."""
    script = shared / "tools" / "mediawiki.sh"
    if not script.is_file() or not INSTALLED.is_file():
        pytest.skip("needs ../shared/tools/mediawiki.sh, and its `install` done once")
    tree, flags = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("flags")
    work = tmp_path_factory.mktemp("wiki") / "work"
    fill(tree, shared / "data" / "characters")
    settings = flags / "settings.php"
    settings.write_text(SETTINGS.format(flags=flags))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    state = str(tmp_path_factory.mktemp("state"))
    env = os.environ | {"MW_STATE": state, "MW_WORKERS": "4", "MW_SETTINGS": str(settings)}
    command = [str(script), "up", str(tree), port, str(work)]
    try:
        up = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        yield Wiki(api=up.stdout.strip(), work=work, flags=flags)
    finally:
        subprocess.run([str(script), "down", port], env=env, capture_output=True, check=True)


@pytest.fixture
def make_wiki_project(make_project: Callable[..., Project], wiki: Wiki) -> Callable[..., Project]:
    """Make a project that collects from the wiki; keywords ask for Ariel in another way."""

    def make(folder: str = "project", source: Any = (), **asked: Any) -> Project:
        settings = {"kind": "mediawiki", "api": wiki.api, "thumb_width_px": None}
        real = {
            name.lower(): {"member": "na", "search": {"name": name, "pages": [f"{name}/Gallery"]}}
            for name in REAL
        }
        return make_project(
            folder,
            contact="lead@example.org",
            collect={
                "target": 240,
                "sources": [settings | dict(source)],
                "allow_hosts": [wiki.host],
                "min_side_px": 50,
            },
            characters={"ariel": {"member": "na", "search": {"name": "Ariel"} | asked}} | real,
        )

    return make


def found_by(project: Project) -> list[Candidate]:
    """Search Ariel."""
    params = load_params(project)
    with open_client(params, root=project.root) as client:
        return search("ariel", params=params, project=project, client=client)


@pytest.mark.parametrize("name", [*REAL, KOREAN])
@pytest.mark.parametrize(
    "asked",
    [{"queries": ["{}"]}, {"pages": ["{}/Gallery"]}, {"categories": ["{}"]}],
    ids=["search", "gallery", "category"],
)
def test_every_file_is_found(wiki: Wiki, make_wiki_project, name: str, asked: dict[str, list[str]]):
    """Search, gallery and category each list every bitmap of a character, and nothing else."""
    asked = {key: [text.format(name) for text in texts] for key, texts in asked.items()}

    found = found_by(make_wiki_project(**asked))

    assert wiki.titles(name) == {candidate.title for candidate in found}
    assert len(wiki.titles(name)) == len(found)


def test_odd_names_and_formats_are_found_but_no_icon(wiki: Wiki, make_wiki_project):
    """All three ways together list each file once; a small original is an icon."""
    asked = {"queries": ["Ariel"], "pages": ["Ariel/Gallery"], "categories": ["Ariel"]}

    found = found_by(make_wiki_project(**asked))

    assert wiki.titles("Ariel") - {"Ariel icon.png"} == {candidate.title for candidate in found}
    assert len(wiki.titles("Ariel")) - 1 == len(found)


def test_files_that_articles_share_are_left_out(wiki: Wiki, make_wiki_project):
    """The wiki knows who uses a file: ten of Pikachu's are on its article and its gallery."""
    gallery = {"queries": [], "pages": ["Pikachu/Gallery"]}

    found = found_by(make_wiki_project(source={"max_sharing_pages": 1}, **gallery))

    assert wiki.titles("Pikachu") == {candidate.title for candidate in found}


def test_a_redirect_is_followed(wiki: Wiki, make_wiki_project):
    """A page under its other name gives the files of the page itself: ten on an article."""
    found = found_by(make_wiki_project(pages=["Pikachu (character)"]))

    assert 10 == len(found)
    assert {candidate.title for candidate in found} <= wiki.titles("Pikachu")


def test_a_page_that_is_not_there_is_no_file(make_wiki_project):
    """A gallery of nobody adds nothing to what others find."""
    found = found_by(make_wiki_project(pages=["Nobody/Gallery"], categories=[KOREAN, "Nobody"]))

    assert 5 == len(found)


def test_without_licences_as_on_fandom(wiki: Wiki, make_wiki_project):
    """From a name alone: the gallery is looked up, every file found, every licence unknown."""
    (wiki.flags / "no-licences").touch()
    try:
        found = found_by(make_wiki_project(source={"profile": "fandom"}, name="Squirtle"))
    finally:
        (wiki.flags / "no-licences").unlink()

    assert wiki.titles("Squirtle") == {candidate.title for candidate in found}
    assert {("unknown", "", "")} == {(c.licence, c.licence_url, c.author) for c in found}


def ask_patiently(wiki: Wiki, *, retries: int) -> tuple[list[Candidate], list[float]]:
    """Ask for Bulbasaur's gallery; give what was found and how long to wait was wished."""
    waits: list[float] = []
    limits = Collect.model_validate(
        {"sources": [{"kind": "studio"}], "allow_hosts": [wiki.host], "retries": retries}
    )
    source = MediawikiParams(kind="mediawiki", api=wiki.api)
    asked = Search(name="Bulbasaur", pages=("Bulbasaur/Gallery",))
    with Client(limits, wait=waits.append) as client:
        found = list(candidates("ariel", asked, source, client=client, root=wiki.work))
    return found, waits


def test_a_wiki_that_lags_is_asked_again_when_it_wishes(wiki: Wiki):
    """MediaWiki says it with HTTP 200 and Retry-After: 5; the second answer is whole."""
    (wiki.flags / "lag").touch()

    found, waits = ask_patiently(wiki, retries=1)

    assert wiki.titles("Bulbasaur") == {candidate.title for candidate in found}
    assert 5 == max(waits)


def test_a_wiki_that_lags_for_too_long_is_one_line(wiki: Wiki):
    """Half a list is none: the search fails with the address, and can be run again."""
    (wiki.flags / "lag").touch()

    with pytest.raises(SourceError, match=r"api\.php: server error \(busy\)"):
        ask_patiently(wiki, retries=0)


def test_thumbnails_decode_at_the_size_that_was_announced(make_wiki_project):
    """With a thumbnail width, what comes is what the candidate says, and no wider."""
    project = make_wiki_project(source={"thumb_width_px": 250}, categories=["Ariel"])
    params = load_params(project)

    with open_client(params, root=project.root) as client:
        found = search("ariel", params=params, project=project, client=client)
        pictures = {each.title: decode(client.fetch(each.image_url)) for each in found}

    said = {each.title: (each.width_px, each.height_px) for each in found}
    came = {title: (each.width_px, each.height_px) for title, each in pictures.items()}
    assert said == came
    assert max(width for width, _ in came.values()) == 250


def test_one_odd_file_does_not_hide_the_others(make_wiki_project):
    """A drawing without a size makes the wiki refuse thumbnails of its whole batch."""
    found = found_by(make_wiki_project(source={"thumb_width_px": 250}, categories=[KOREAN]))

    assert 5 == len(found)
    assert {(160, 160)} == {(candidate.width_px, candidate.height_px) for candidate in found}


def check_complete(wiki: Wiki, project: Project, name: str) -> None:
    """Compare a collection with what was put on the wiki: all files, bytes, licences, authors.

    Of copies, also under another character, the wiki itself mixes up whose licence is whose: it
    remembers them by sha1.
    """
    records = read_rows(project.raw_manifest(name.lower()), ImageRecord)
    rejected = read_rows(project.raw_rejected(name.lower()), RejectedRow)
    by_title = {row["title"].removeprefix("File:"): row for row in wiki.files(name)}
    copies: dict[str, list[dict[str, Any]]] = {}
    for row in (row for each in REAL for row in wiki.files(each)):
        copies.setdefault(row["sha1"], []).append(row)

    assert {Reason.EXACT_DUPLICATE} >= {row.reason for row in rejected}
    assert 240 == len(records) + len(rejected)
    assert len({row["sha1"] for row in by_title.values()}) == len(records)
    for record in records:
        row = by_title[record.title]
        body = (project.root / record.file).read_bytes()
        assert row["sha1"] == hashlib.sha1(body).hexdigest()  # noqa: S324 - the wiki's choice
        own = copies[row["sha1"]]
        assert record.licence in {LICENCES[each["licence"]] for each in own}
        assert record.author in {f"Lab Author {each['number'] % 5}" for each in own}
        assert record.page_url.startswith(f"http://{wiki.host}/wiki/File:")


def collect(project: Project, name: str) -> None:
    """Run both stages for one character."""
    params = load_params(project)
    search_stage.main(project, params, name)
    collect_stage.main(project, params, name)


@pytest.mark.parametrize("name", sorted(set(REAL) - {KILLED_WHILE}))
def test_a_collection_is_complete_and_a_rerun_asks_nothing(
    wiki: Wiki, make_wiki_project, name: str
):
    """All 240 files, byte by byte the wiki's own; the second collect makes no request."""
    project = make_wiki_project()
    collect(project, name.lower())
    before, asked = project.raw_manifest(name.lower()).read_bytes(), wiki.requests()

    collect_stage.main(project, load_params(project), name.lower())

    assert before == project.raw_manifest(name.lower()).read_bytes()
    assert asked == wiki.requests()
    check_complete(wiki, project, name)


def test_killed_in_the_middle_it_goes_on(wiki: Wiki, make_wiki_project):
    """No file is asked for twice, and the result is that of an undisturbed run: complete."""
    undisturbed, killed = make_wiki_project("undisturbed"), make_wiki_project("killed")
    collect(undisturbed, slug := KILLED_WHILE.lower())
    search_stage.main(killed, load_params(killed), slug)
    asked = wiki.requests()

    command = [sys.executable, "-c", KILLED, str(killed.root), slug]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, check=False)
    collect_stage.main(killed, load_params(killed), slug)

    assert -signal.SIGKILL == done.returncode
    check_complete(wiki, undisturbed, KILLED_WHILE)
    for path in (Project.raw_manifest, Project.raw_rejected):
        assert path(undisturbed, slug).read_bytes() == path(killed, slug).read_bytes()
    # What was on its way when it was killed, by as many threads as there are, is asked again.
    num_files = len(read_jsonl(killed.candidates(slug), Candidate))
    num_lost = wiki.requests() - asked - num_files
    assert 0 <= num_lost <= load_params(killed).collect.workers
    assert [] == list(killed.root.rglob("*.part"))

"""Source `mediawiki` against a real MediaWiki, which nobody here wrote, with odd files."""

import hashlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.collect.search import search
from pipeline.collect.sources import open_client
from pipeline.files import read_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.pictures.decode import decode
from pipeline.records import Candidate, ImageRecord
from pipeline.stages import collect as collect_stage
from pipeline.stages import search as search_stage
from tests.collect.fault_server import SVG, animation, cmyk_jpeg, deep_png, picture

pytestmark = pytest.mark.slow

INSTALLED = Path("/usr/share/mediawiki/api.php")
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


@dataclass(frozen=True)
class Wiki:
    """A running wiki and what was put on it."""

    api: str
    work: Path

    @property
    def host(self) -> str:
        """The wiki as `collect.allow_hosts` names it."""
        return self.api.split("/")[2]

    def files(self, name: str) -> list[dict[str, Any]]:
        """List the pictures of a character that a collector can use; `number` is their place."""
        lines = (self.work / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) | {"number": number} for number, line in enumerate(lines)]
        return [row for row in rows if row["name"] == name and not row["title"].endswith("svg")]

    def requests(self) -> int:
        """Count the requests it has had, by its own log: it takes one per connection."""
        return (self.work / "log" / "server.log").read_text(errors="replace").count(" Accepted")


def fill(tree: Path, real: Path) -> None:
    """Put pictures with all kinds of names and formats into folders."""
    names = {f"Ariel {number}.jpg": picture(number) for number in range(60)}
    names |= {f"Ariel real {path.name}": path.read_bytes() for path in sorted(real.iterdir())[:6]}
    names |= {
        'Ariel & Eric\'s "100%" \u2013 50%.jpg': picture(100),
        "Ariel named wrongly.jpg": picture(101, kind="PNG"),
        "Ariel.webp": picture(102, kind="WEBP", side_px=300),
        "Ariel moves.gif": animation(),
        "Ariel in print.jpg": cmyk_jpeg(103),
        "Ariel deep.png": deep_png(104),
        "Ariel drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    }
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
    tree, work = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wiki") / "work"
    fill(tree, next((shared / "data" / "characters").iterdir()))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    env = os.environ | {"MW_STATE": str(tmp_path_factory.mktemp("state")), "MW_WORKERS": "4"}
    command = [str(script), "up", str(tree), port, str(work)]
    try:
        up = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        yield Wiki(api=up.stdout.strip(), work=work)
    finally:
        subprocess.run([str(script), "down", port], env=env, capture_output=True, check=True)


@pytest.fixture
def make_wiki_project(make_project: Callable[..., Project], wiki: Wiki) -> Callable[..., Project]:
    """Make a project that collects Ariel from the wiki."""

    def make(thumb_width_px: int | None = None, **asked: Any) -> Project:
        source = {"kind": "mediawiki", "api": wiki.api, "thumb_width_px": thumb_width_px}
        return make_project(
            contact="lead@example.org",
            collect={
                "target": 60,
                "sources": [source],
                "allow_hosts": [wiki.host],
                "min_side_px": 50,
            },
            characters={
                "ariel": {"member": "na", "search": {"name": "Ariel"} | asked},
                "elsa": {"member": "m2", "search": {"name": "Elsa"}},
            },
        )

    return make


def found_by(project: Project) -> list[Candidate]:
    """Search Ariel."""
    params = load_params(project)
    with open_client(params, root=project.root) as client:
        return search("ariel", params=params, project=project, client=client)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Ariel", {}),
        ("Ariel", {"pages": ["Ariel/Gallery"]}),
        ("Ariel", {"categories": ["Ariel"]}),
        ("Ariel", {"queries": ["Ariel"], "pages": ["Ariel/Gallery"], "categories": ["Ariel"]}),
        (KOREAN, {"queries": [KOREAN]}),
        (KOREAN, {"pages": [f"{KOREAN}/Gallery"]}),
        (KOREAN, {"categories": [KOREAN]}),
    ],
)
def test_every_file_is_found(wiki: Wiki, make_wiki_project, name: str, asked: dict[str, Any]):
    """Search, gallery and category each list every bitmap of a character, and nothing else."""
    found = found_by(make_wiki_project(**asked))

    expected = {row["title"].removeprefix("File:") for row in wiki.files(name)}
    assert expected == {candidate.title for candidate in found}
    assert len(expected) == len(found)


def test_a_redirect_is_followed(wiki: Wiki, make_wiki_project):
    """A page under its other name gives the files of the page itself: ten on an article."""
    found = found_by(make_wiki_project(pages=["Ariel (character)"]))

    assert 10 == len(found)
    assert {candidate.title for candidate in found} <= {
        row["title"].removeprefix("File:") for row in wiki.files("Ariel")
    }


def test_a_page_that_is_not_there_is_no_file(make_wiki_project):
    """A gallery of nobody adds nothing to what others find."""
    found = found_by(make_wiki_project(pages=["Nobody/Gallery"], categories=[KOREAN, "Nobody"]))

    assert 5 == len(found)


def test_originals_are_the_bytes_of_the_wiki(wiki: Wiki, make_wiki_project):
    """Without a thumbnail each file has the wiki's own sha1; licence and author are its own."""
    project = make_wiki_project()
    params = load_params(project)
    rows = {row["title"].removeprefix("File:"): row for row in wiki.files("Ariel")}

    with open_client(params, root=project.root) as client:
        for candidate in search("ariel", params=params, project=project, client=client):
            row = rows[candidate.title]
            body = client.fetch(candidate.image_url)
            assert row["sha1"] == hashlib.sha1(body).hexdigest()  # noqa: S324 - the wiki's choice
            assert LICENCES[row["licence"]] == candidate.licence
            assert f"Lab Author {row['number'] % 5}" == candidate.author
            assert candidate.page_url.startswith(f"http://{wiki.host}/wiki/File:")


def test_thumbnails_decode_at_the_size_that_was_announced(make_wiki_project):
    """With a thumbnail width, what comes is what the candidate says, and no wider."""
    project = make_wiki_project(250, categories=["Ariel"])
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
    found = found_by(make_wiki_project(250, categories=[KOREAN]))

    assert 5 == len(found)
    assert {(160, 160)} == {(candidate.width_px, candidate.height_px) for candidate in found}


def test_a_collection_is_complete_and_a_rerun_asks_nothing(wiki: Wiki, make_wiki_project):
    """Both stages run from the wiki to the manifest; the second collect makes no request."""
    project = make_wiki_project(queries=["Ariel"], pages=["Ariel/Gallery"])
    params = load_params(project)
    search_stage.main(project, params, "ariel")
    collect_stage.main(project, params, "ariel")
    before = project.raw_manifest("ariel").read_bytes()
    asked = wiki.requests()

    collect_stage.main(project, params, "ariel")

    records = read_rows(project.raw_manifest("ariel"), ImageRecord)
    assert 60 <= len(records)
    for record in records:
        with Image.open(project.root / record.file) as image:
            assert (record.width_px, record.height_px) == image.size
    assert before == project.raw_manifest("ariel").read_bytes()
    assert asked == wiki.requests() > 60

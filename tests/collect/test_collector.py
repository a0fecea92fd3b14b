"""The target loop: what is kept, what is counted, and that timing and reruns change nothing."""

import io
import threading
import unicodedata
from collections.abc import Callable

import pytest
import requests
from PIL import ImageOps
from requests.adapters import BaseAdapter

from pipeline.catalog.denied import DeniedList
from pipeline.collect.collector import collect
from pipeline.collect.downloads import Downloads
from pipeline.collect.shelf import Collection
from pipeline.errors import SourceError
from pipeline.files import sha256_of
from pipeline.paths import Project
from pipeline.records import Denied, Reason
from tests.collect.fault_server import FaultServer, cmyk_jpeg, deep_png, huge_png, picture, variant

RunCollect = Callable[..., Collection]


def shas(collection: Collection) -> list[str]:
    """List what was kept, in order."""
    return [found.sha256 for _, found in collection.kept]


def reasons(collection: Collection) -> list[tuple[str, str]]:
    """List what was not kept: behaviour of the server and reason."""
    return [(row.image_url.split("/")[3], row.reason) for row in collection.rejected]


def test_walks_in_order_until_the_target(server: FaultServer, tmp_path, run_collect: RunCollect):
    """The first good candidates are kept; later ones are neither kept nor rejected."""
    urls = [server.url(f"/ok/{number}.jpg") for number in range(30)]

    collection = run_collect(Project(tmp_path), urls, target=5)

    assert [sha256_of(picture(number)) for number in range(5)] == shas(collection)
    assert [] == collection.rejected
    assert (5, 5) == (collection.num_distinct, collection.num_examined)


def test_fetches_hardly_more_than_it_needs(server: FaultServer, tmp_path, run_collect: RunCollect):
    """Near the end no more is fetched ahead than there are workers."""
    urls = [server.url(f"/ok/{number}.jpg") for number in range(60)]

    run_collect(Project(tmp_path), urls, target=20, workers=4)

    assert 20 <= server.asked.total() < 20 + 4


def test_every_fault_is_a_row_with_its_reason(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """All obtainable pictures are kept, everything else says why not, in candidate order."""
    obtainable = ["ok/1.jpg", "redirect/2.jpg", "503-once/3.jpg", "429-once/4.jpg", "gzip/5.jpg"]
    obtainable += ["png-named-jpg/6.jpg", "animation/x.gif", "cmyk.jpg", "deep.png"]
    faults = {
        "404": "gone",
        "503": "server error",
        "401": "refused",
        "403": "blocked",
        "noai": "not for ai",
        "cut": "incomplete",
        "overstated": "incomplete",
        "hang": "too slow",
        "garbage": "not an image",
        "html": "not an image",
        "svg": "not an image",
        "empty": "not an image",
        "tiny": "too small",
        "huge": "too many pixels",
        "endless": "too many bytes",
        "redirect-loop": "refused",
        "redirect-away": "forbidden address",
    }
    huge_png()  # takes a while to make, which is not the client's fault
    server.answers["/cmyk.jpg"] = lambda handler: handler.send(cmyk_jpeg(11))
    server.answers["/deep.png"] = lambda handler: handler.send(deep_png(12))
    urls = [server.url(f"/{path}") for path in obtainable]
    urls += [server.url(f"/{behaviour}/9.jpg") for behaviour in faults]

    collection = run_collect(Project(tmp_path), urls, target=99, deadline_s=1, workers=12)

    assert len(obtainable) == collection.num_distinct
    assert list(faults.items()) == reasons(collection)
    assert [] == list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2f..%2fescaped.jpg",
        "../../escaped.jpg",
        "CON.jpg",
        "인어공주.jpg",
        unicodedata.normalize("NFD", "인어공주.jpg"),
        "x" * 300 + ".jpg",
        "a b?c=|<>:*",
    ],
)
def test_no_name_of_the_web_reaches_the_disk(
    server: FaultServer, tmp_path, run_collect: RunCollect, name: str
):
    """Whatever an address looks like, its file has the name of its hash, inside the cache."""
    server.anything = lambda handler: handler.send(picture(1))

    collection = run_collect(Project(tmp_path / "project"), [server.url(f"/{name}")], target=1)

    assert [sha256_of(picture(1))] == shas(collection)
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {sha256_of(picture(1)), "ledger.jsonl"} == files


def test_a_redirect_to_a_denied_host_is_not_followed(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """A host on the list of denied is not asked, also when another one leads there."""
    away = f"http://localhost:{server.server_port}/ok/2.jpg"
    server.answers["/away"] = lambda handler: handler.send(b"", status=302, Location=away)
    denied = DeniedList([Denied(item="localhost", reason="take-down")])

    collection = run_collect(
        Project(tmp_path),
        [server.url("/ok/1.jpg"), server.url("/away")],
        target=2,
        denied=denied,
        allow_hosts=[server.host, f"localhost:{server.server_port}"],
    )

    assert [("denied", "take-down")] == [(row.reason, row.detail) for row in collection.rejected]
    assert 0 == server.asked["/ok/2.jpg"]


def test_a_blocked_host_does_not_end_the_run(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """A host that shows a challenge is left alone, each of its candidates says so; others go on."""
    other = f"localhost:{server.server_port}"
    urls = [server.url("/challenge/0.jpg"), *(server.url(f"/ok/{n}.jpg") for n in range(1, 9))]
    urls += [f"http://{other}/ok/{n}.jpg" for n in range(10, 15)]

    collection = run_collect(
        Project(tmp_path), urls, target=9, allow_hosts=[server.host, other], workers=1
    )

    assert 5 == collection.num_distinct
    assert {"blocked"} == {row.reason for row in collection.rejected}
    assert 6 == server.asked.total()
    assert (
        f"ariel: 5 of 9; 14 candidates: 9 blocked by {server.host}; add queries or pages"
        == collection.summary()
    )


def test_a_blocked_host_is_asked_again_by_the_next_run(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """To be blocked may pass: the ledger counts it so."""
    urls = [server.url("/challenge/0.jpg"), server.url("/ok/1.jpg"), server.url("/ok/2.jpg")]
    with pytest.raises(SourceError, match="3 blocked by"):
        run_collect(Project(tmp_path), urls, target=2, workers=1)
    server.answers["/challenge/0.jpg"] = lambda handler: handler.send(picture(0))

    collection = run_collect(Project(tmp_path), urls, target=3)

    assert (3, []) == (collection.num_distinct, collection.rejected)


def test_a_slow_site_does_not_hold_all_threads(
    server: FaultServer, make_limits, make_client, make_candidate, tmp_path
):
    """Six files of a site with two connections do not keep the files of another one waiting."""
    limits = make_limits(workers=4, allow_hosts=[server.host])
    busy = "http://upload.wikimedia.org/"
    is_other_done = threading.Event()
    waits = _Waiting(is_other_done)
    client = make_client(limits, adapters={busy: waits})
    downloads = Downloads(Project(tmp_path), character="ariel", client=client, limits=limits)
    server.answers["/last"] = lambda handler: (is_other_done.set(), handler.send(picture(1)))
    urls = [f"{busy}{number}.jpg" for number in range(6)] + [server.url("/last")]

    collection = collect(
        [make_candidate(url, source="mediawiki") for url in urls],
        character="ariel",
        target=7,
        limits=limits,
        denied=DeniedList(),
        downloads=downloads,
    )

    assert 7 == collection.num_distinct
    assert 2 == waits.most_at_once


def test_robots_txt_counts_where_the_site_did_not_offer_the_file(
    make_limits, make_client, make_candidate, tmp_path
):
    """An address from a list is subject to robots.txt, one from the site's own API is not."""
    limits = make_limits()
    site = {
        "http://h.example/robots.txt": _Fixed(b"User-agent: *\nDisallow: /"),
        "http://h.example/": _Fixed(picture(1)),
    }
    client = make_client(limits, adapters=site)
    downloads = Downloads(Project(tmp_path), character="ariel", client=client, limits=limits)

    collection = collect(
        [
            make_candidate("http://h.example/1.jpg", source="urls"),
            make_candidate("http://h.example/2.jpg", source="mediawiki"),
        ],
        character="ariel",
        target=2,
        limits=limits,
        denied=DeniedList(),
        downloads=downloads,
    )

    assert ["mediawiki"] == [candidate.source for candidate, _ in collection.kept]
    assert ["disallowed by robots"] == [row.reason for row in collection.rejected]


class _Fixed(BaseAdapter):
    """A site that has one body for every address."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw, response.url = 200, io.BytesIO(self.body), request.url
        return response

    def close(self) -> None:
        """Hold nothing."""


class _Waiting(BaseAdapter):
    """A site whose pictures come only when something else has happened."""

    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self.event = event
        self.lock = threading.Lock()
        self.at_once = self.most_at_once = 0

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.event.wait(20)
        with self.lock:
            self.at_once -= 1
        response = requests.Response()
        number = int(request.url.rpartition("/")[2].partition(".")[0])
        response.status_code, response.raw = 200, io.BytesIO(picture(100 + number))
        return response

    def close(self) -> None:
        """Hold nothing."""


def test_only_exact_copies_are_refused(server: FaultServer, tmp_path, run_collect: RunCollect):
    """The same bytes under two addresses are kept once."""
    urls = [server.url(path) for path in ("/ok/1.jpg", "/redirect/1.jpg", "/ok/2.jpg")]

    collection = run_collect(Project(tmp_path), urls, target=9)

    assert 2 == len(collection.kept)
    (row,) = collection.rejected
    assert ("exact duplicate", sha256_of(picture(1))) == (row.reason, row.detail)


def test_near_copies_are_stored_but_not_counted(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """A re-encoded or mirrored copy does not bring the target nearer."""
    server.answers["/png"] = lambda handler: handler.send(variant(1, lambda image: image))
    server.answers["/mirror"] = lambda handler: handler.send(variant(1, ImageOps.mirror))
    urls = [server.url(path) for path in ("/ok/1.jpg", "/png", "/mirror", "/ok/2.jpg")]

    collection = run_collect(Project(tmp_path), urls, target=2)

    assert (4, 2) == (len(collection.kept), collection.num_distinct)


def test_stores_at_most_twice_the_target(server: FaultServer, tmp_path, run_collect: RunCollect):
    """More near copies than the target are surplus; distinct ones still come in."""
    for number in range(5):
        side = 150 - number
        body = variant(1, lambda image, side=side: image.resize((side, side)))
        server.answers[f"/near/{number}"] = lambda handler, body=body: handler.send(body)
    urls = [server.url("/ok/1.jpg"), *(server.url(f"/near/{number}") for number in range(5))]
    urls.append(server.url("/ok/2.jpg"))

    collection = run_collect(Project(tmp_path), urls, target=2)

    assert (4, 2) == (len(collection.kept), collection.num_distinct)
    assert [Reason.SURPLUS] * 3 == [row.reason for row in collection.rejected]


def test_denied_images_are_not_asked_for(server: FaultServer, tmp_path, run_collect: RunCollect):
    """A denied address causes no request; denied bytes are not kept wherever they come from."""
    rows = [
        Denied(item=server.url("/ok/1.jpg"), reason="take-down"),
        Denied(item=sha256_of(picture(2)), reason="not her"),
    ]
    urls = [server.url(f"/ok/{number}.jpg") for number in (1, 2, 3)]

    collection = run_collect(Project(tmp_path), urls, target=9, denied=DeniedList(rows))

    assert ["take-down", "not her"] == [row.detail for row in collection.rejected]
    assert 0 == server.asked["/ok/1.jpg"]


def test_the_order_of_answers_changes_nothing(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """One worker or sixteen, the first copy is the one that is kept."""
    paths = [f"/ok/{number % 7}.jpg?{number}" for number in range(30)]
    urls = [server.url(path) for path in paths]

    alone = run_collect(Project(tmp_path / "a"), urls, target=8, workers=1)
    together = run_collect(Project(tmp_path / "b"), urls, target=8, workers=16)

    assert alone.kept == together.kept
    assert alone.rejected == together.rejected


def test_says_exactly_why_it_is_short(server: FaultServer, tmp_path, run_collect: RunCollect):
    """Short of the target is told with numbers, and what to do."""
    paths = ["/ok/1.jpg", "/ok/2.jpg", "/404/1.jpg", "/404/2.jpg", "/redirect/1.jpg"]

    collection = run_collect(Project(tmp_path), [server.url(path) for path in paths], target=3)

    assert (
        "ariel: 2 of 3; 5 candidates: 2 gone (404), 1 duplicate; add queries or pages"
        == collection.summary()
    )


def test_nothing_at_all_is_an_error(server: FaultServer, tmp_path, run_collect: RunCollect):
    """Not one image is no dataset; the one line says what became of the candidates."""
    urls = [server.url(f"/404/{number}.jpg") for number in range(3)]

    with pytest.raises(
        SourceError, match=r"^ariel: 0 of 5; 3 candidates: 3 gone \(404\); add queries"
    ):
        run_collect(Project(tmp_path), urls, target=5)


def test_a_finished_collection_makes_no_request(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """A rerun has the same result from the cache, even with failures on the way."""
    paths = ["/404/1.jpg", "/503/1.jpg", "/hang/1.jpg", *(f"/ok/{n}.jpg" for n in range(40))]
    urls = [server.url(path) for path in paths]
    first = run_collect(Project(tmp_path), urls, target=12, deadline_s=0.5, workers=4)
    asked = server.asked.total()

    second = run_collect(Project(tmp_path), urls, target=12, deadline_s=0.5, workers=4)

    assert (first.kept, first.rejected) == (second.kept, second.rejected)
    assert asked == server.asked.total()


def test_a_finished_short_collection_makes_no_request(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """When every candidate is resolved for good there is nothing left to ask."""
    urls = [server.url(path) for path in ("/ok/1.jpg", "/404/1.jpg", "/html/1.jpg")]
    run_collect(Project(tmp_path), urls, target=5)
    asked = server.asked.total()

    run_collect(Project(tmp_path), urls, target=5)

    assert asked == server.asked.total()


def test_a_short_collection_asks_again_for_what_may_come_back(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """A server that was down is asked again by the next run, and only it."""
    is_down = [True]
    server.answers["/ok/2.jpg"] = lambda handler: handler.send(
        b"" if is_down[0] else picture(2), status=503 if is_down[0] else 200
    )
    urls = [server.url(f"/ok/{number}.jpg") for number in (1, 2, 3)]
    before = run_collect(Project(tmp_path), urls, target=3)
    is_down[0] = False
    server.asked.clear()

    after = run_collect(Project(tmp_path), urls, target=3)

    assert (2, 3) == (before.num_distinct, after.num_distinct)
    assert {"/ok/2.jpg": 1} == server.asked


def test_a_raised_target_fetches_only_the_rest(
    server: FaultServer, tmp_path, run_collect: RunCollect
):
    """What is in the cache is not fetched again."""
    urls = [server.url(f"/ok/{number}.jpg") for number in range(20)]
    run_collect(Project(tmp_path), urls, target=5)

    run_collect(Project(tmp_path), urls, target=15)

    assert {1} == {server.asked[f"/ok/{number}.jpg"] for number in range(5)}


def test_progress_tells_every_step(
    server: FaultServer, make_limits, make_client, make_candidate, tmp_path
):
    """The caller hears of each candidate: distinct images so far, target, candidates looked at."""
    limits = make_limits()
    downloads = Downloads(
        Project(tmp_path), character="ariel", client=make_client(limits), limits=limits
    )
    heard: list[tuple[int, int, str]] = []

    collect(
        [make_candidate(server.url(path)) for path in ("/ok/1.jpg", "/404/1.jpg", "/ok/2.jpg")],
        character="ariel",
        target=2,
        limits=limits,
        denied=DeniedList(),
        downloads=downloads,
        progress=lambda done, total, note="": heard.append((done, total, note)),
    )

    assert [(1, 2), (1, 2), (2, 2)] == [(done, total) for done, total, _ in heard]
    starts = [f"{number} of 3 candidates" for number in (1, 2, 3)]
    assert starts == [note.partition(";")[0] for _, _, note in heard]
    assert {"", f" asking {server.host}"} >= {note.partition(";")[2] for _, _, note in heard}

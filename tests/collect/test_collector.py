"""The target loop: what is kept, what is counted, and that timing and reruns change nothing."""

from collections.abc import Callable

import pytest
from PIL import ImageOps

from pipeline.collect.collector import collect
from pipeline.collect.denied import DeniedList
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
        "403": "refused",
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
        "ariel: 2 of 3; 5 candidates: 2 gone, 1 exact duplicate; add queries or pages"
        == collection.summary()
    )


def test_nothing_at_all_is_an_error(server: FaultServer, tmp_path, run_collect: RunCollect):
    """Not one image is no dataset; the one line says what became of the candidates."""
    urls = [server.url(f"/404/{number}.jpg") for number in range(3)]

    with pytest.raises(SourceError, match=r"^ariel: 0 of 5; 3 candidates: 3 gone; add queries"):
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

    assert [(1, 2, "1 of 3 candidates"), (1, 2, "2 of 3 candidates")] == heard[:2]
    assert (2, 2, "3 of 3 candidates") == heard[2]

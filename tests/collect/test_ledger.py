"""The ledger: what it remembers, and that no crash makes it forget more than one line."""

import json
import os
from pathlib import Path

import pytest

from pipeline.collect.ledger import Ledger, fetched, forget_transient
from pipeline.files import sha256_of
from pipeline.records import Reason, Rejected
from tests.damage import flipping, spoil

GONE = Rejected(reason=Reason.GONE, detail="HTTP 404")
DOWN = Rejected(reason=Reason.SERVER_ERROR, detail="HTTP 503")
BIG = Rejected(reason=Reason.TOO_MANY_BYTES, detail="more than 10 bytes")


def opened(tmp_path: Path, *, rules: str = "r1") -> Ledger:
    """Open the ledger of a folder, as a new run does."""
    return Ledger(tmp_path / "ledger.jsonl", rules=rules)


def test_remembers_successes_and_failures(tmp_path: Path):
    """A second run knows what the first one learnt."""
    ledger = opened(tmp_path)
    ledger.add_success("http://a/1", sha256="ab" * 32)
    ledger.add_failure("http://a/2", GONE)

    again = opened(tmp_path)

    assert "ab" * 32 == again.get("http://a/1").sha256
    assert GONE == again.get("http://a/2").rejected
    assert again.get("http://a/3") is None


def test_the_last_word_counts(tmp_path: Path):
    """An address that failed and was then fetched is fetched."""
    ledger = opened(tmp_path)
    ledger.add_failure("http://a/1", DOWN)
    ledger.add_success("http://a/1", sha256="ab" * 32)

    assert "ok" == opened(tmp_path).get("http://a/1").status


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_half_written_line_is_lost_alone(tmp_path: Path, cut: int):
    """A kill while a line is written loses that line, not the one before nor the one after."""
    path = tmp_path / "ledger.jsonl"
    first = opened(tmp_path)
    first.add_success("http://a/1", sha256="ab" * 32)
    first.add_success("http://a/2", sha256="cd" * 32)
    os.truncate(path, path.stat().st_size - cut)

    opened(tmp_path).add_success("http://a/3", sha256="ef" * 32)

    again = opened(tmp_path)
    known = [again.get(f"http://a/{number}") is not None for number in (1, 2, 3)]
    assert [True, False, True] == known


@pytest.mark.parametrize("junk", [b"\nnull", b"\n[1]", b'\n{"url": 1, "x": 2}', b"\n\xff\xfe"])
def test_lines_that_are_none_are_skipped(tmp_path: Path, junk: bytes):
    """A damaged ledger costs fetching something twice, never a crash."""
    opened(tmp_path).add_failure("http://a/1", GONE)
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(junk)

    assert GONE == opened(tmp_path).get("http://a/1").rejected


@pytest.mark.parametrize("seed", range(16))
def test_a_flipped_bit_is_asked_again(tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture):
    """What a disk has changed is never believed, and told until it is known again."""
    urls = [f"http://a/{number}" for number in range(6)]

    def known() -> list[str]:
        ledger = opened(tmp_path)
        lost = [url for url in urls if ledger.get(url) is None]
        for url in lost:
            ledger.add_success(url, sha256=sha256_of(url.encode()))
        assert [sha256_of(url.encode()) for url in urls] == [ledger.get(u).sha256 for u in urls]
        return lost

    assert urls == known()
    spoil(tmp_path / "ledger.jsonl", flipping(seed))

    assert 1 <= len(known()) <= 2  # two, where it was a line's end
    assert "damaged lines; what they told of is asked again" in caplog.text
    assert [] == known()
    caplog.clear()
    assert ([], []) == (known(), caplog.messages)


@pytest.mark.parametrize("cut", [b"\n{cut short", b"\n{" + b"x" * 500])
def test_the_last_line_may_still_be_written(tmp_path: Path, cut: bytes):
    """Another process may be at it: it is not believed, and not blanked until one comes after."""
    path = tmp_path / "new" / "cache" / "ledger.jsonl"
    Ledger(path, rules="r1").add_failure("http://a/1", GONE)
    path.write_bytes(path.read_bytes() + cut)
    before = path.read_bytes()

    ledger = Ledger(path, rules="r1")

    assert before == path.read_bytes()
    ledger.add_failure("http://a/2", GONE)
    assert GONE == Ledger(path, rules="r1").get("http://a/2").rejected
    assert cut not in path.read_bytes()


def test_asking_what_was_fetched_changes_nothing(tmp_path: Path):
    """A take-down is planned by it: a damaged line stays where it is, and the others are given."""
    opened(tmp_path).add_success("http://a/1", sha256="ab" * 32)
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"\n{cut short" + path.read_bytes())
    before = path.read_bytes()

    assert [("http://a/1", "ab" * 32)] == list(fetched(path))
    assert before == path.read_bytes()


def test_lines_of_older_versions_are_believed(tmp_path: Path):
    """Lines without a digest hold: nothing is fetched again because of an upgrade."""
    path = tmp_path / "ledger.jsonl"
    opened(tmp_path).add_failure("http://a/1", GONE)
    entry = json.loads(path.read_text())
    del entry["check"]
    path.write_text("\n" + json.dumps(entry))

    assert GONE == opened(tmp_path).get("http://a/1").rejected


def test_two_runs_may_write_at_once(tmp_path: Path):
    """Lines of two open ledgers interleave whole."""
    one, two = opened(tmp_path), opened(tmp_path)
    for number in range(0, 40, 2):
        one.add_failure(f"http://a/{number}", GONE)
        two.add_failure(f"http://a/{number + 1}", DOWN)

    again = opened(tmp_path)

    assert all(again.get(f"http://a/{number}") for number in range(40))
    assert 40 == sum(map(bool, (tmp_path / "ledger.jsonl").read_bytes().split(b"\n")))


def test_a_failure_by_a_rule_holds_under_that_rule_only(tmp_path: Path):
    """A raised byte limit asks again for what was too big, and for nothing else."""
    ledger = opened(tmp_path)
    ledger.add_failure("http://a/1", BIG)
    ledger.add_failure("http://a/2", GONE)

    other = opened(tmp_path, rules="r2")

    assert other.get("http://a/1") is None
    assert GONE == other.get("http://a/2").rejected
    assert BIG == opened(tmp_path).get("http://a/1").rejected


@pytest.mark.parametrize(
    ("reason", "status", "is_by_rule"),
    [
        (Reason.BLOCKED, "transient", False),
        (Reason.UNREACHABLE, "transient", False),
        (Reason.TOO_SLOW, "transient", True),
        (Reason.ROBOTS, "permanent", False),
        (Reason.NO_AI, "permanent", True),
        (Reason.DENIED, "permanent", False),
        (Reason.NOT_AN_IMAGE, "permanent", False),
    ],
)
def test_knows_what_may_pass(tmp_path: Path, reason: Reason, status: str, *, is_by_rule: bool):
    """A host may unblock us, an owner's word stays; what params decide holds as long as they do."""
    ledger = opened(tmp_path)
    ledger.add_failure("http://a/1", Rejected(reason=reason, detail="x"))

    assert status == ledger.get("http://a/1").status
    assert is_by_rule == (opened(tmp_path, rules="other").get("http://a/1") is None)


def test_forgets_passing_failures_of_earlier_runs_only(tmp_path: Path):
    """What failed in this run has just been tried."""
    earlier = opened(tmp_path)
    earlier.add_failure("http://a/1", DOWN)
    earlier.add_failure("http://a/2", GONE)
    ledger = opened(tmp_path)
    ledger.add_failure("http://a/3", DOWN)

    assert {"http://a/1"} == ledger.forget_earlier_transients()
    assert ledger.get("http://a/1") is None
    assert ledger.get("http://a/3").rejected == DOWN
    assert set() == ledger.forget_earlier_transients()


def test_passing_failures_can_be_forgotten_on_demand(tmp_path: Path):
    """Only what may pass is forgotten, of some addresses or of all, and the file only grows."""
    path = tmp_path / "ledger.jsonl"
    ledger = opened(tmp_path)
    for number in (1, 2):
        ledger.add_failure(f"http://a/{number}", DOWN)
    ledger.add_failure("http://a/3", GONE)
    ledger.add_success("http://a/4", sha256="ab" * 32)
    before = path.read_bytes()

    assert ["http://a/1"] == forget_transient(path, urls={"http://a/1", "http://a/3"})
    assert [False, True, True, True] == [
        opened(tmp_path).get(f"http://a/{number}") is not None for number in (1, 2, 3, 4)
    ]
    assert ["http://a/2"] == forget_transient(path)
    assert [] == forget_transient(path)
    assert path.read_bytes().startswith(before)


def test_nothing_is_forgotten_where_there_is_no_ledger(tmp_path: Path):
    """Before the first run there is nothing to retry."""
    assert [] == forget_transient(tmp_path / "ledger.jsonl")


def test_a_line_that_does_not_fit_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk that takes half a line is full, and says so."""
    ledger = opened(tmp_path)
    monkeypatch.setattr(os, "write", lambda _, data: len(data) // 2)

    with pytest.raises(OSError, match="No space left"):
        ledger.add_failure("http://a/1", GONE)

    assert ledger.get("http://a/1") is None


def test_every_line_is_json(tmp_path: Path):
    """The file can be read by any tool, line by line."""
    opened(tmp_path).add_failure("http://a/인어", GONE)

    text = (tmp_path / "ledger.jsonl").read_text(encoding="ascii")
    assert "http://a/인어" == json.loads(text)["url"]


def test_tells_all_bytes_that_an_address_ever_gave(tmp_path: Path):
    """A take-down by address must find the older picture, too; failures gave none."""
    ledger = opened(tmp_path)
    ledger.add_success("http://a/1", sha256="ab" * 32)
    ledger.add_failure("http://a/2", DOWN)
    ledger.add_success("http://a/1", sha256="cd" * 32)

    found = list(fetched(tmp_path / "ledger.jsonl"))

    assert [("http://a/1", "ab" * 32), ("http://a/1", "cd" * 32)] == found

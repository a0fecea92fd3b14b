"""Every hazard under the limits that users have: how long, how much memory, what is left behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collect.fault_server import FaultServer, gzip_bomb, huge_png

REPOSITORY = Path(__file__).resolve().parents[2]
HAZARDS = {
    "/ok/1.jpg": "ok",
    "/503-once/2.jpg": "ok",
    "/429-once/3.jpg": "ok",
    "/redirect/4.jpg": "ok",
    "/redirect-chain/5.jpg": "ok",
    "/redirect-endless/6.jpg": "ok",
    "/png-named-jpg/7.jpg": "ok",
    "/animation/8.jpg": "ok",
    "/404/1.jpg": "gone",
    "/hang/1.jpg": "too slow",
    "/drip-body/1.jpg": "too slow",
    "/drip-headers/1.jpg": "too slow",
    "/cut/1.jpg": "incomplete",
    "/overstated/1.jpg": "incomplete",
    "/understated/1.jpg": "undecodable",
    "/garbage/1.jpg": "not an image",
    "/html/1.jpg": "not an image",
    "/svg/1.jpg": "not an image",
    "/empty/1.jpg": "not an image",
    "/huge/1.jpg": "too many pixels",
    "/endless/1.jpg": "too many bytes",
    "/announced/1.jpg": "too many bytes",
    "/gzip-bomb/1.jpg": "too many bytes",
    "/redirect-loop/1.jpg": "refused",
    "/redirect-away/1.jpg": "forbidden address",
    "/redirect-file/1.jpg": "forbidden address",
    "/noai/1.jpg": "not for ai",
}


@pytest.mark.slow
def test_no_hazard_costs_much(server: FaultServer, tmp_path: Path):
    """All at once, in one process: each ends within 10 s, all together within 150 MB."""
    huge_png()  # take a while to make, which is not the client's fault
    gzip_bomb()

    done = subprocess.run(
        [sys.executable, "-m", "tests.collect.hazard_run", server.host, str(tmp_path), *HAZARDS],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    found = json.loads(done.stdout)
    assert HAZARDS == {path: reason for path, (reason, _) in found["outcomes"].items()}
    assert max(seconds for _, seconds in found["outcomes"].values()) < 10
    assert found["peak_mb"] < 150
    assert [] == list(tmp_path.rglob("*.part"))

"""Fetch and examine every hazard of a fault server at once, as one process with default limits.

    python -m tests.collect.hazard_run ADDRESS FOLDER PATH...

Prints JSON: path -> [reason or "ok", seconds], and the process's largest memory in MB.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.collect.downloads import Downloads
from pipeline.collect.http import Client
from pipeline.collect.shelf import examine
from pipeline.params import Collect
from pipeline.paths import Project
from pipeline.records import Rejected


def main(address: str, folder: str, paths: list[str]) -> None:
    """Fetch all at once."""
    limits = Collect.model_validate(
        {"sources": [{"kind": "studio"}], "allow_hosts": [address], "retries": 1}
    )
    with Client(limits, contact="lead@example.org") as client:
        downloads = Downloads(
            Project(Path(folder)), character="ariel", client=client, limits=limits
        )

        def run(path: str) -> tuple[str, float]:
            start = time.monotonic()
            found = downloads.obtain(f"http://{address}{path}")
            found = found if isinstance(found, Rejected) else examine(found, limits=limits)
            reason = found.reason if isinstance(found, Rejected) else "ok"
            return reason, time.monotonic() - start

        with ThreadPoolExecutor(len(paths)) as pool:
            outcomes = dict(zip(paths, pool.map(run, paths), strict=True))
    json.dump({"outcomes": outcomes, "peak_mb": peak_mb()}, sys.stdout)


def peak_mb() -> float:
    """Read the largest memory of this process; what `resource` says includes its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

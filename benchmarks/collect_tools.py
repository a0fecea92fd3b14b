"""The tools that `benchmarks/collect.py` compares, each in a process of its own.

    PYTHON benchmarks/collect_tools.py TOOL URLS OUT WORKERS

URLS is a file with one address a line, OUT an empty folder. PYTHON is this project's own, or one
that has the peer for `icrawler` and `img2dataset`: they are no dependency of the project.
Each tool imports what it needs inside, as a run of it alone would.
"""

import hashlib
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def plain(urls: Path, out: Path, workers: int) -> None:
    """Download with requests and threads, and open each file: what anybody would write first."""
    _plain(urls, out, workers, is_decoding=False)


def plain_decoding(urls: Path, out: Path, workers: int) -> None:
    """Do the same, and load the pixels: Pillow opens a picture by its header alone."""
    _plain(urls, out, workers, is_decoding=True)


def _plain(urls: Path, out: Path, workers: int, *, is_decoding: bool) -> None:
    import requests  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=workers))

    def fetch(url: str) -> None:
        answer = session.get(url, timeout=30)
        answer.raise_for_status()
        path = out / f"{hashlib.sha256(answer.content).hexdigest()}.jpg"
        path.write_bytes(answer.content)
        with Image.open(path) as image:
            if is_decoding:
                image.load()

    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(fetch, urls.read_text().split()):
            pass


def ours(urls: Path, out: Path, workers: int) -> None:
    """Run the stage `collect`, all of it: guard, ledger, decoding, hashes, manifest."""
    _ours(urls, out, workers, is_hashing=True)


def ours_unhashed(urls: Path, out: Path, workers: int) -> None:
    """Run the same, with digits of the sha256 where the perceptual hashes should be."""
    _ours(urls, out, workers, is_hashing=False)


def _ours(urls: Path, out: Path, workers: int, *, is_hashing: bool) -> None:
    from pipeline.collect import collector, shelf  # noqa: PLC0415
    from pipeline.files import write_jsonl  # noqa: PLC0415
    from pipeline.params import load_params  # noqa: PLC0415
    from pipeline.paths import Project  # noqa: PLC0415
    from pipeline.records import Candidate  # noqa: PLC0415
    from pipeline.stages import collect  # noqa: PLC0415

    addresses = urls.read_text().split()
    host = addresses[0].split("/")[2]
    (out / "params.yaml").write_text(
        f"""
contact: bench@example.org
characters: {{a: {{member: na, search: {{name: A}}}}, b: {{member: na, search: {{name: B}}}}}}
networks: {{cnn: {{arch: cnn}}}}
collect:
  target: {len(addresses)}
  workers: {workers}
  allow_hosts: ["{host}"]
  sources: [{{kind: urls, path: urls.csv}}]
"""
    )
    known = {"character": "a", "source": "urls", "licence": "unknown"}
    empty = dict.fromkeys(("page_url", "title", "author", "licence_url"), "")
    sizes = dict.fromkeys(("width_px", "height_px"), None)
    found = [
        Candidate(image_url=url, rank=rank, **known, **empty, **sizes)
        for rank, url in enumerate(addresses, start=1)
    ]
    project = Project(out)
    write_jsonl(project.candidates("a"), found)
    if not is_hashing:
        shelf.both_phashes = lambda _image: ("0" * 16, "f" * 16)
        collector.Shelf._is_near = lambda *_: False  # noqa: SLF001
    collect.main(project, load_params(project), "a")


def icrawler(urls: Path, out: Path, workers: int) -> None:
    """Run icrawler's crawler of a list of addresses."""
    from icrawler.builtin import UrlListCrawler  # noqa: PLC0415

    crawler = UrlListCrawler(
        downloader_threads=workers, storage={"root_dir": str(out)}, log_level=logging.ERROR
    )
    crawler.crawl(str(urls))


def img2dataset(urls: Path, out: Path, workers: int) -> None:
    """Run img2dataset on two processes, keeping the files as they are."""
    from img2dataset import download  # noqa: PLC0415

    download(
        url_list=str(urls),
        output_folder=str(out / "files"),
        processes_count=2,
        thread_count=workers // 2,
        resize_mode="no",
        disable_all_reencoding=True,
    )


TOOLS = {
    tool.__name__: tool
    for tool in (plain, plain_decoding, ours, ours_unhashed, icrawler, img2dataset)
}
PEERS = ("icrawler", "img2dataset")  # need a Python that has them

if __name__ == "__main__":
    name, urls, out, workers = sys.argv[1:]
    TOOLS[name](Path(urls), Path(out), int(workers))

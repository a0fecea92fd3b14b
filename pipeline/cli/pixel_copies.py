"""All that keeps pixels of images on this machine, so that a take-down leaves none.

Here, since only the top floor may name all rooms. What writes pixels anywhere, a cache, a pack or a
page, gets a line; DVC's cache and its remotes are looked through by `pipeline.team.traces`.
"""

from collections.abc import Mapping

from pipeline.collect import downloads, store
from pipeline.dataset import pack
from pipeline.dedup import library
from pipeline.inference import dataset
from pipeline.report import drawings
from pipeline.review import thumbs
from pipeline.studies.parts import data
from pipeline.team import contributions
from pipeline.team.forget import Holder

HOLDERS: Mapping[str, Holder] = {
    "data/raw": store.pixel_copies,
    "data/contributions": contributions.pixel_copies,
    "data/processed": pack.pixel_copies,
    "reports": drawings.pixel_copies,
    ".cache/downloads": downloads.pixel_copies,
    ".cache/parts": downloads.pixel_copies,
    ".cache/dedup": library.pixel_copies,
    ".cache/exports.txt": dataset.pixel_copies,
    ".cache/thumbs": thumbs.pixel_copies,
    ".runs/studies": data.pixel_copies,
}
# What else is kept there, and why no picture can be in it.
WITHOUT_PIXELS: Mapping[str, str] = {
    ".cache/ledger.jsonl": "addresses",
    ".cache/contribute": "names of files, and a lock",
    ".cache/locks": "empty",
    ".cache/onnx": "weights",
    ".runs/<key>": "weights, and numbers of each epoch",
    "data/candidates": "addresses",
    "data/interim": "tables",
    "data/manifests": "tables",
    "data/reviews": "tables",
    "data/weights": "weights that somebody put there",
    "models": "weights, and tables",
}

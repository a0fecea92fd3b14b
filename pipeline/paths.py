"""Where every file of a project lies. Paths are made of slugs and hashes only."""

from dataclasses import dataclass
from pathlib import Path

PARAMS_FILE = "params.yaml"
_OF_WINDOWS = {"desktop.ini", "thumbs.db"}


@dataclass(frozen=True, slots=True)
class Project:
    """The places of one project; the contract is in data/README.md."""

    root: Path  # the folder that holds params.yaml

    @property
    def params(self) -> Path:
        """The one file of settings."""
        return self.root / PARAMS_FILE

    # data/: candidates and raw are written per character, the rest once.

    def candidates(self, character: str) -> Path:
        """Ranked, frozen candidate list of one character (JSONL)."""
        return self.root / "data" / "candidates" / f"{character}.jsonl"

    @property
    def raw(self) -> Path:
        """Folder of all collected characters."""
        return self.root / "data" / "raw"

    def raw_images(self, character: str) -> Path:
        """Folder of one character's images as served, named by sha256."""
        return self.raw / character / "images"

    def raw_manifest(self, character: str) -> Path:
        """One row per collected image of one character."""
        return self.raw / character / "manifest.csv"

    def raw_rejected(self, character: str) -> Path:
        """One row per candidate that was not collected, with its reason."""
        return self.raw / character / "rejected.csv"

    @property
    def contributions(self) -> Path:
        """Members' own images: contributions/<member>/<character>/<sha256>.<ext>."""
        return self.root / "data" / "contributions"

    @property
    def manifests(self) -> Path:
        """Members' own manifests: manifests/<member>/<character>.csv."""
        return self.root / "data" / "manifests"

    @property
    def reviews(self) -> Path:
        """Members' verdicts: reviews/<member>.csv."""
        return self.root / "data" / "reviews"

    @property
    def denied(self) -> Path:
        """What is never collected again: a sha256, URL or host per row."""
        return self.root / "data" / "denied.csv"

    @property
    def groups(self) -> Path:
        """Duplicate groups and who is kept."""
        return self.root / "data" / "interim" / "groups.csv"

    @property
    def pairs(self) -> Path:
        """Images that are alike, with the evidence."""
        return self.root / "data" / "interim" / "pairs.csv"

    @property
    def conflicts(self) -> Path:
        """Images found under two characters."""
        return self.root / "data" / "interim" / "conflicts.csv"

    @property
    def quality(self) -> Path:
        """What was measured of each image, and its flags."""
        return self.root / "data" / "interim" / "quality.csv"

    @property
    def processed(self) -> Path:
        """Folder of the split and the packed splits."""
        return self.root / "data" / "processed"

    @property
    def split(self) -> Path:
        """Which kept image is in which split."""
        return self.processed / "split.csv"

    def pack(self, split: str) -> Path:
        """Packed pictures of one split ("train", "val", "test")."""
        return self.processed / split

    @property
    def preview(self) -> Path:
        """Sheet of training pictures beside their augmented variants."""
        return self.processed / "preview.png"

    # models/ and reports/: results.

    def model(self, network: str) -> Path:
        """Folder of one trained network."""
        return self.root / "models" / network

    def model_seeds(self, network: str) -> Path:
        """Folder of the same network trained with further seeds: seeds/<seed>/."""
        return self.model(network) / "seeds"

    @property
    def network_reports(self) -> Path:
        """Folder of all evaluated networks."""
        return self.root / "reports" / "networks"

    def network_report(self, network: str) -> Path:
        """Folder of one network's metrics, predictions and figures."""
        return self.network_reports / network

    def floor_report(self, floor: str) -> Path:
        """Folder of one floor's metrics and predictions: what no network should stay under."""
        return self.root / "reports" / "floors" / floor

    @property
    def leakage(self) -> Path:
        """How right classifiers seem where copies straddle the split, and where they do not."""
        return self.root / "reports" / "floors" / "leakage.csv"

    def study_report(self, idea: str) -> Path:
        """Folder of what one study found."""
        return self.root / "reports" / "studies" / idea

    @property
    def page(self) -> Path:
        """The one page that compares everything."""
        return self.root / "reports" / "index.html"

    @property
    def summary(self) -> Path:
        """The same in Markdown, for a pull request."""
        return self.root / "reports" / "summary.md"

    @property
    def summary_metrics(self) -> Path:
        """The few numbers that `dvc metrics diff` compares."""
        return self.root / "reports" / "summary.json"

    @property
    def cards(self) -> Path:
        """Cards of the dataset and of each network, for who publishes them."""
        return self.root / "reports" / "cards"

    # Kept between runs, never an output: DVC deletes outputs before it runs a stage.

    @property
    def cache(self) -> Path:
        """Downloads by content and the ledger of fetches."""
        return self.root / ".cache"

    @property
    def dvc_site(self) -> Path:
        """DVC's site cache: pickles, which run code when they are read; for their owner alone."""
        return self.root / ".dvc-site"

    @property
    def downloads(self) -> Path:
        """What was fetched: downloads/<first two digits>/<sha256>."""
        return self.cache / "downloads"

    @property
    def ledger(self) -> Path:
        """Which address gave what."""
        return self.cache / "ledger.jsonl"

    @property
    def parts(self) -> Path:
        """Downloads that are being written: parts/<character>/."""
        return self.cache / "parts"

    @property
    def fingerprints(self) -> Path:
        """Fingerprints of images, and what pairs of them showed."""
        return self.cache / "dedup"

    @property
    def thumbs(self) -> Path:
        """Small copies for the review page: thumbs/<first two digits>/."""
        return self.cache / "thumbs"

    @property
    def exports(self) -> Path:
        """Folders that pictures were exported to, a line each."""
        return self.cache / "exports.txt"

    @property
    def runs(self) -> Path:
        """Training state: runs/<hash of config, data and code>/."""
        return self.root / ".runs"

    @property
    def study_data(self) -> Path:
        """The studies' own packs and what was run on them: data/<hash of the pictures>/."""
        return self.runs / "studies" / "data"

    def relative(self, path: Path) -> str:
        """Write a path as the files of the project do: relative to the root, with slashes."""
        return path.relative_to(self.root).as_posix()


def is_litter(name: str) -> bool:
    """Tell by its name what a system or an editor leaves among files, as `.dvcignore` does.

    >>> [is_litter(each) for each in ("._ariel.png", "Thumbs.db", "cnn.py~", "a.b~c.png")]
    [True, True, True, False]
    """
    return name.startswith(".") or name.endswith("~") or name.lower() in _OF_WINDOWS


def visible(folder: Path, pattern: str) -> list[Path]:
    """Find what fits a pattern, sorted, but no litter and nothing within it."""
    found = sorted(folder.glob(pattern))
    return [path for path in found if not any(map(is_litter, path.relative_to(folder).parts))]

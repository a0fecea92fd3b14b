"""How many copies are found and how many originals lost, on edits that are planted.

    python benchmarks/dedup.py --real FOLDER --bases 120   # real pictures below a folder
    python benchmarks/dedup.py --bases 120                 # drawings of 20 templates: hard
    python benchmarks/dedup.py --scale 10000               # pair search alone, random hashes

Each base gets 4 edits in turn. Recall is of base and copy, edit by edit; precision is over all
pairs that are called duplicates; an original is lost if no image of its family is kept. Beside:
imagehash's phash at the distance that imagededup takes by default.
"""

import argparse
import io
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random

import imagehash
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from pipeline.dedup.candidates import window_pairs
from pipeline.dedup.evidence import find_evidence
from pipeline.dedup.groups import group_images
from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.verdicts import Verdicts
from pipeline.dedup.verify import Likeness, find_likeness
from pipeline.dedup.windows import HASH_WORDS, NUM_WINDOWS
from pipeline.files import sha256_of
from pipeline.params import Dedup
from pipeline.pictures.hashes import near_words
from pipeline.records import Band, ImageRecord

EDITS_PER_BASE = 4
NUM_TEMPLATES = 20
BORDERED_EVERY = 4  # of random pictures, the one that has a plain border
PHASH_BITS = 10  # imagededup's default
Edit = Callable[[Image.Image, Random], Image.Image]


def _crop(fraction: float) -> Edit:
    def edit(image: Image.Image, rng: Random) -> Image.Image:
        width, height = (round(side * (1 - fraction)) for side in image.size)
        x, y = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        return image.crop((x, y, x + width, y + height))

    return edit


def _border(image: Image.Image, rng: Random) -> Image.Image:
    width = round(min(image.size) * rng.uniform(0.04, 0.1))
    return ImageOps.expand(image, width, rng.choice(("white", "black", "navy")))


def _caption(image: Image.Image, rng: Random) -> Image.Image:
    strip = round(image.height * rng.uniform(0.1, 0.18))
    is_above = rng.random() < 0.4
    ground, ink = rng.choice((("white", "black"), ("black", "white")))
    edges = (0, strip, 0, 0) if is_above else (0, 0, 0, strip)
    taller = ImageOps.expand(image, edges, ground)
    at = (image.width * 0.1, (0 if is_above else image.height) + strip * 0.2)
    ImageDraw.Draw(taller).text(at, "when you see it", ink, font_size=max(8, strip // 2))
    return taller


def _watermark(image: Image.Image, rng: Random) -> Image.Image:
    marked = image.copy()
    at = (image.width * rng.uniform(0.1, 0.4), image.height * rng.uniform(0.2, 0.7))
    ImageDraw.Draw(marked).text(at, "sample.com", "white", font_size=max(8, image.width // 9))
    return marked


def _sticker(image: Image.Image, rng: Random) -> Image.Image:
    covered = image.copy()
    side = round((0.1 * image.width * image.height) ** 0.5)
    x, y = (rng.randint(0, max(0, extent - side)) for extent in image.size)
    ImageDraw.Draw(covered).ellipse((x, y, x + side, y + side), fill="gold")
    return covered


def _warm(image: Image.Image, _: Random) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge(
        "RGB", (red.point(lambda v: v * 1.12), green, blue.point(lambda v: v * 0.88))
    )


EDITS: dict[str, Edit] = {
    "resize 50 %": lambda image, _: image.resize((image.width // 2, image.height // 2)),
    "upscale 150 %": lambda image, _: image.resize((image.width * 3 // 2, image.height * 3 // 2)),
    "JPEG 30": lambda image, _: image,
    "crop 5 %": _crop(0.05),
    "crop 10 %": _crop(0.1),
    "crop 20 %": _crop(0.2),
    "brightness +20 %": lambda image, _: ImageEnhance.Brightness(image).enhance(1.2),
    "gamma 0.8": lambda image, _: image.point(lambda value: 255 * (value / 255) ** 0.8),
    "watermark": _watermark,
    "border": _border,
    "caption": _caption,
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "turned 90": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    "tilted 5": lambda image, _: image.rotate(5, Image.Resampling.BICUBIC, fillcolor="white"),
    "grey": lambda image, _: image.convert("L").convert("RGB"),
    "sticker 10 %": _sticker,  # from here on nothing was looked at while rules were chosen
    "colour temperature": _warm,
}


@dataclass(frozen=True)
class Planted:
    """One picture of the benchmark."""

    base: int
    edit: str  # "" for the base itself
    sha256: str


def real_bases(folder: Path, number: int) -> list[Image.Image]:
    """Read real pictures, a fixed choice of them."""
    files = sorted(folder.rglob("*.jpg"))
    Random(1).shuffle(files)
    return [Image.open(file).convert("RGB") for file in files[:number]]


def drawn_bases(number: int) -> list[Image.Image]:
    """Draw figures of a few templates, which differ in colours and small things."""
    return [_doll(Random(seed), Random(-1 - seed % NUM_TEMPLATES)) for seed in range(number)]


def _doll(rng: Random, template: Random) -> Image.Image:
    def colour() -> tuple[int, ...]:
        return tuple(rng.randrange(256) for _ in range(3))

    image = Image.new("RGB", (300, 360), rng.choice(("white", "white", "ivory", "lightblue")))
    draw = ImageDraw.Draw(image)
    x, y, r = template.uniform(120, 180), template.uniform(72, 108), template.uniform(30, 50)
    hem, arm = template.uniform(1.5, 3) * r, template.uniform(-60, 60)
    skin = rng.choice(("bisque", "peru", "peachpuff", "sienna"))
    length = rng.uniform(1.0, 2.2) * r
    draw.ellipse((x - r * 1.4, y - r * 1.4, x + r * 1.4, y + length), fill=colour())
    skirt = [(x - r / 2, y + r), (x + r / 2, y + r), (x + hem, 324), (x - hem, 324)]
    draw.polygon(skirt, fill=colour(), outline="black")
    draw.ellipse((x - r, y - r, x + r, y + r * 1.1), fill=skin, outline="black")
    iris = colour()
    for eye in (x - r * 0.4, x + r * 0.4):
        draw.ellipse((eye - 7, y - 8, eye + 7, y + 8), fill="white", outline="black")
        draw.ellipse((eye - 4, y - 4, eye + 4, y + 5), fill=iris)
    draw.arc((x - r * 0.4, y + r * 0.2, x + r * 0.4, y + r * 0.7), 0, 180, "darkred", 3)
    for side in (-1, 1):
        shoulder = (x + side * r * 0.4, y + r * 1.3)
        draw.line((*shoulder, x + side * r * 2, y + r * 2 - side * arm), fill=skin, width=14)
    for _ in range(rng.randint(0, 3)):
        at, down = x + rng.uniform(-r, r), rng.uniform(180, 306)
        draw.rectangle((at - 8, down - 8, at + 8, down + 8), fill=colour())
    return image


def plant(bases: Sequence[Image.Image], folder: Path) -> list[Planted]:
    """Write each base and some edits of it; exact copies are left out."""
    names = list(EDITS)
    planted = {}
    for number, base in enumerate(bases):
        turn = [names[(number * EDITS_PER_BASE + k) % len(names)] for k in range(EDITS_PER_BASE)]
        for name in ("", *turn):
            rng = Random(f"{number} {name}")
            image = EDITS[name](base, rng) if name else base
            data = _jpeg(image, quality=30 if name == "JPEG 30" else 85 if name else 92)
            each = Planted(number, name, sha256_of(data))
            (folder / each.sha256).write_bytes(data)
            planted.setdefault(each.sha256, each)
    return sorted(planted.values(), key=lambda each: each.sha256)


def _jpeg(image: Image.Image, *, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def record(each: Planted, folder: Path) -> ImageRecord:
    """Describe a picture as a manifest does."""
    with Image.open(folder / each.sha256) as image:
        width_px, height_px = image.size
    texts = dict.fromkeys(("image_url", "page_url", "title", "author", "licence_url"), "")
    return ImageRecord(
        sha256=each.sha256,
        file=each.sha256,
        character="one",
        member="m",
        source="folder",
        licence="unknown",
        width_px=width_px,
        height_px=height_px,
        bytes=(folder / each.sha256).stat().st_size,
        format="JPEG",
        phash="0" * 16,
        **texts,
    )


def measure(planted: Sequence[Planted], folder: Path) -> Likeness:
    """Run what the stage runs, and say what it cost."""
    files = {each.sha256: folder / each.sha256 for each in planted}
    start, cpu = time.perf_counter(), time.process_time()
    found = fingerprint_files(files, cache=folder / "cache")
    print(f"fingerprints: {len(files) / (time.process_time() - cpu):.0f} images per CPU-second")
    evidence = find_evidence(found, files, cache=folder / "cache")
    likeness = find_likeness(found, Dedup(), evidence=evidence)
    cost = time.perf_counter() - start, time.process_time() - cpu
    print(f"{len(files)} images, {len(evidence)} pairs looked at")
    print(f"  {cost[0]:.0f} s, CPU {cost[1]:.0f} s")
    return likeness


def report(planted: Sequence[Planted], likeness: Likeness, folder: Path) -> None:
    """Print recall by edit, precision, and what became of the originals."""
    of = {each.sha256: each for each in planted}
    bands = {(row.sha256, row.other_sha256): row.band for row in likeness.pairs}
    ours = {pair for pair, band in bands.items() if band == Band.DUPLICATE}
    hashes = {sha: imagehash.phash(Image.open(folder / sha)) for sha in of}
    phash = {p for p in combinations(sorted(of), 2) if hashes[p[0]] - hashes[p[1]] <= PHASH_BITS}
    base_of = {each.base: each.sha256 for each in planted if not each.edit}
    hits: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for each in planted:
        if each.edit:
            pair = tuple(sorted((each.sha256, base_of[each.base])))
            hits[each.edit].append((pair in ours, pair in bands, pair in phash))
    print("| edit | duplicate | or near | phash <= 10 |\n|---|---|---|---|")
    for edit in EDITS:
        row = " | ".join(f"{value:.2f}" for value in np.mean(hits[edit], axis=0))
        print(f"| {edit} ({len(hits[edit])}) | {row} |")
    everything = {p for p in combinations(sorted(of), 2) if of[p[0]].base == of[p[1]].base}
    for name, found in (("duplicate", ours), ("or near", set(bands)), ("phash", phash)):
        right = len(found & everything)
        print(f"{name}: precision {right / len(found):.4f}, recall {right / len(everything):.3f}")
    bases = sorted({tuple(sorted((of[a].base, of[b].base))) for a, b in ours - everything})
    print(f"bases called duplicates of each other: {bases}")
    grouped = group_images(
        [record(each, folder) for each in planted], likeness, verdicts=Verdicts()
    )
    kept = [of[row.sha256] for row in grouped.rows if row.keep]
    lost = len(base_of) - len({each.base for each in kept})
    worse = [each.edit for each in kept if each.edit in {"border", "caption", "upscale 150 %"}]
    print(f"kept {len(kept)} of {len(base_of)} originals, lost {lost}")
    print(f"kept with a frame or enlarged: {len(worse)}")


def measure_scale(number: int) -> None:
    """Time the search among random hashes, all of them new and then ten of them."""
    rng = np.random.default_rng(7)
    size = (number, NUM_WINDOWS, HASH_WORDS)
    windows = rng.integers(1, 2**64, size, dtype=np.uint64, endpoint=False)
    has_border = np.arange(number) % BORDERED_EVERY == 0
    windows[~has_border, 1] = windows[~has_border, 0]
    cpu = time.process_time()
    near_words(windows[:, 0, 0], windows[:, 0, 1], max_bits=PHASH_BITS)
    print(f"{number} images, one hash of 64 bits: {time.process_time() - cpu:.2f} CPU-s")
    for num_new in (number, 10):
        is_new = np.arange(number) >= number - num_new
        cpu = time.process_time()
        pairs = [window_pairs(windows, mirrored=way, is_new_N=is_new) for way in (False, True)]
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cost = time.process_time() - cpu
        print(f"{number} images, {num_new} new: {cost:.2f} CPU-s, {sum(map(len, pairs))} pairs")
        print(f"  peak memory {peak_mb:.0f} MB, hashes {windows.nbytes / 2**20:.0f} MB")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, help="folder of real pictures; else drawings")
    parser.add_argument("--bases", type=int, default=120)
    parser.add_argument("--scale", type=int, help="time the pair search of so many images")
    options = parser.parse_args()
    if options.scale:
        measure_scale(options.scale)
        return
    bases = real_bases(options.real, options.bases) if options.real else drawn_bases(options.bases)
    with tempfile.TemporaryDirectory() as name:
        planted = plant(bases, Path(name))
        report(planted, measure(planted, Path(name)), Path(name))


if __name__ == "__main__":
    main()

"""On the studio, whose copies are known: nearly all are found, and no original is lost."""

import io
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from pipeline.catalog.reviews import Verdicts
from pipeline.collect.sources.studio import truth
from pipeline.collect.sources.studio.adapter import answer_to
from pipeline.collect.sources.studio.plan import Kind, plan_of
from pipeline.dedup.evidence import find_evidence
from pipeline.dedup.groups import Grouped, group_images
from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.verify import find_likeness
from pipeline.files import sha256_of
from pipeline.params import Dedup
from pipeline.records import ImageRecord
from tests.rows import image_record

CHARACTERS = ("ariel", "elsa", "merida")
NUMBERS = range(1, 151)


def record(data: bytes, path: Path, *, character: str, url: str = "") -> ImageRecord:
    """Store bytes and describe them as a manifest does."""
    sha256 = sha256_of(data)
    path = path / sha256
    path.write_bytes(data)
    facts = {"source": "studio", "image_url": url, "bytes": len(data)}
    return image_record(sha256, character, file=str(path), **facts)


def grouped(images: list[ImageRecord], cache: Path) -> Grouped:
    """Group images with the default rules."""
    files = {image.sha256: Path(image.file) for image in images}
    found = fingerprint_files(files, cache=cache)
    evidence = find_evidence(found, files, cache=cache)
    likeness = find_likeness(found, Dedup(), evidence=evidence)
    return group_images(images, likeness, verdicts=Verdicts())


def original_of(url: str) -> str:
    """Follow copies to the picture they all come from."""
    copied = truth(url).copy_of
    return original_of(copied) if copied else url


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[ImageRecord], Grouped]:
    """Draw, store and group the first pictures of three characters."""
    folder = tmp_path_factory.mktemp("studio")
    images = {}
    for character in CHARACTERS:
        for plan in (plan_of(character, number) for number in NUMBERS):
            if plan.kind is not Kind.DEAD:
                image = record(answer_to(plan.url).body, folder, character=character, url=plan.url)
                images.setdefault((image.sha256, character), image)
    return list(images.values()), grouped(list(images.values()), folder / "cache")


def families(images: list[ImageRecord], result: Grouped) -> dict[str, list[tuple[bool, str, str]]]:
    """Bring together what is one picture in truth: kept, reason and character of each copy."""
    urls = {(image.sha256, image.character): image.image_url for image in images}
    found = defaultdict(list)
    for row in result.rows:
        url = urls[row.sha256, row.character]
        found[original_of(url)].append((row.keep, row.reason, row.character))
    return found


def test_planted_copies_are_found(studio: tuple[list[ImageRecord], Grouped]) -> None:
    """At most one of each picture's copies is kept, in at least 95 of 100 cases."""
    members = families(*studio).values()
    num_extra = sum(len(family) - 1 for family in members)
    num_missed = sum(max(0, sum(keep for keep, *_ in family) - 1) for family in members)

    assert num_extra >= 20
    assert num_missed / num_extra <= 0.05


def test_no_original_is_lost(studio: tuple[list[ImageRecord], Grouped]) -> None:
    """A picture disappears altogether only where it lies under two characters."""
    lost = [
        original
        for original, family in families(*studio).items()
        if not any(keep for keep, *_ in family) and len({who for *_, who in family}) == 1
    ]

    assert lost == []


def test_copies_across_characters_are_conflicts(
    studio: tuple[list[ImageRecord], Grouped],
) -> None:
    """Every picture that lies under two characters is reported as a label conflict."""
    across = [f for f in families(*studio).values() if len({who for *_, who in f}) > 1]

    assert across
    assert all(any(reason == "label conflict" for _, reason, _ in family) for family in across)


def test_order_of_images_is_irrelevant(
    studio: tuple[list[ImageRecord], Grouped], tmp_path: Path
) -> None:
    """The same images in another order give the same rows."""
    some = studio[0][:80]

    assert grouped(some, tmp_path / "one") == grouped(some[::-1], tmp_path / "other")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_real_pictures_and_their_edits(shared: Path, tmp_path: Path) -> None:
    """Re-encoded, resized and brightened real pictures go; different ones all stay."""
    files = sorted((shared / "data" / "disney").rglob("*.jpg"))
    bases = [Image.open(file).convert("RGB") for file in files if "icon" not in file.name][:25]
    images, family = [], {}
    for number, base in enumerate(bases):
        half = base.resize((max(1, base.width // 2), max(1, base.height // 2)))
        bright = ImageEnhance.Brightness(base).enhance(1.04)
        for data in (_jpeg(base, 92), _jpeg(base, 40), _jpeg(half, 85), _jpeg(bright, 85)):
            image = record(data, tmp_path, character="ariel")
            images.append(image)
            family[image.sha256] = number

    kept = [family[row.sha256] for row in grouped(images, tmp_path / "cache").rows if row.keep]

    assert list(range(len(bases))) == sorted(set(kept))
    assert len(kept) <= len(bases) + 2


def test_a_second_run_decodes_nothing(
    studio: tuple[list[ImageRecord], Grouped], tmp_path: Path
) -> None:
    """Fingerprints are kept between runs by sha256."""
    image = studio[0][0]
    files = {image.sha256: Path(image.file)}
    first = fingerprint_files(files, cache=tmp_path)
    calls: list[int] = []

    again = fingerprint_files(files, cache=tmp_path, progress=lambda done, *_: calls.append(done))

    assert calls == []
    assert np.array_equal(first.fingerprints.hashes_NVO, again.fingerprints.hashes_NVO)

"""Evidence is found once for each pair, and anew where it was lost."""

from pathlib import Path

import pytest
from PIL import Image, ImageOps

from pipeline.dedup.evidence import Sight, find_evidence
from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.windows import WINDOW_BITS
from pipeline.files import sha256_of
from tests.damage import Damage, every_damage, spoil
from tests.dedup.scenes import png, scene

OLD = [scene(1), scene(2), ImageOps.mirror(scene(2))]
NEW = [scene(1).resize((180, 150))]


def seen(folder: Path, images: list[Image.Image]) -> tuple[int, list[Sight]]:
    """Look for evidence among images; count the pairs that had to be looked at."""
    files = {}
    for image in images:
        path = folder / sha256_of(png(image))
        path.write_bytes(png(image))
        files[path.name] = path
    steps: list[int] = []
    sights = find_evidence(
        fingerprint_files(files, cache=folder / "cache"),
        files,
        cache=folder / "cache",
        progress=lambda done, *_: steps.append(done),
    )
    return len(steps), sights


def test_only_pairs_of_new_images_are_looked_at(tmp_path: Path) -> None:
    """A second run looks at nothing, and one with a new image at its pairs alone."""
    assert 1 == seen(tmp_path, OLD)[0]
    assert 0 == seen(tmp_path, OLD)[0]

    num_looked, sights = seen(tmp_path, OLD + NEW)

    assert (1, 2) == (num_looked, len(sights))
    assert all(sight.overlay.agreement >= 0.9 for sight in sights)
    assert [False, True] == sorted(sight.is_mirrored for sight in sights)


def test_steps_give_what_one_run_gives(tmp_path: Path) -> None:
    """Images that came one after another have the evidence of those that came at once."""
    (tmp_path / "steps").mkdir()
    (tmp_path / "once").mkdir()
    for number in range(1, 5):
        steps = seen(tmp_path / "steps", (OLD + NEW)[:number])[1]

    assert seen(tmp_path / "once", OLD + NEW)[1] == steps


@every_damage
def test_damaged_evidence_is_found_anew(
    tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """A cut or empty file or a flipped bit costs time and a line, never a wrong answer."""
    _, first = seen(tmp_path, OLD)
    (cache,) = (tmp_path / "cache").glob("evidence-*")
    spoil(cache, damage)

    assert (1, first) == seen(tmp_path, OLD)
    assert [f"{cache}: damaged; it is made anew"] == caplog.messages


def test_images_that_left_are_left_out(tmp_path: Path) -> None:
    """Evidence on images that are not there is kept, and not told."""
    seen(tmp_path, OLD)

    assert (0, []) == seen(tmp_path, OLD[:2])


STRIP_PX = scene(4).height // 7
CAPTIONED = ImageOps.expand(scene(4), (0, 0, 0, STRIP_PX), "white")
CAPTIONED.paste("black", (20, scene(4).height + 5, 120, scene(4).height + 15))  # as if words
TURNED = scene(4).transpose(Image.Transpose.ROTATE_90)


def test_copies_of_one_picture_are_looked_at(tmp_path: Path) -> None:
    """A captioned and a turned copy, no window of which is alike, are met through the original."""
    assert (0, []) == seen(tmp_path, [CAPTIONED, TURNED])

    num_looked, sights = seen(tmp_path, [CAPTIONED, TURNED, scene(4)])

    assert (3, 3) == (num_looked, len(sights))
    assert [WINDOW_BITS] == [s.window_bits for s in sights if s.window_bits >= WINDOW_BITS]
    assert all(sight.overlay.agreement >= 0.9 for sight in sights)


def test_what_was_met_through_a_picture_that_left_is_not_told(tmp_path: Path) -> None:
    """What is told depends on the pictures that are here, not on those that once were."""
    seen(tmp_path, [CAPTIONED, TURNED, scene(4)])

    assert (0, []) == seen(tmp_path, [CAPTIONED, TURNED])

    num_looked, sights = seen(tmp_path, [CAPTIONED, TURNED, scene(4)])
    assert (0, 3) == (num_looked, len(sights))


def test_mirrored_copies_of_one_picture_are_laid_right(tmp_path: Path) -> None:
    """Of a mirrored and a captioned copy the one is mirrored towards the other."""
    mirrored = ImageOps.mirror(TURNED)

    _, sights = seen(tmp_path, [CAPTIONED, mirrored, scene(4)])

    (met,) = (sight for sight in sights if sight.window_bits == WINDOW_BITS)
    assert (True, True) == (met.is_mirrored, met.overlay.agreement >= 0.9)

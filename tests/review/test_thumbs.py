"""Small copies: made once, upright, never a fault of the page."""

import io
from pathlib import Path

from PIL import Image

from pipeline.paths import Project
from pipeline.review.thumbs import SIDE_PX, pixel_copies, thumb

SHA = "a" * 64


def write(path: Path, size: tuple[int, int] = (1200, 600), *, orientation: int = 1) -> Path:
    """Write a JPEG as a camera does."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, "JPEG", exif=exif)
    path.write_bytes(buffer.getvalue())
    return path


def test_small_and_upright(tmp_path: Path) -> None:
    """The longer side fits a tile, and a photo held sideways stands up."""
    small = thumb(write(tmp_path / "x.jpg", orientation=6), sha256=SHA, cache=tmp_path / "thumbs")

    with Image.open(small) as image:
        assert (SIDE_PX // 2, SIDE_PX) == image.size


def test_made_once(tmp_path: Path) -> None:
    """The second time the picture itself is not needed."""
    path = write(tmp_path / "x.jpg")
    first = thumb(path, sha256=SHA, cache=tmp_path / "thumbs")
    path.unlink()

    assert first == thumb(path, sha256=SHA, cache=tmp_path / "thumbs")
    assert [f"{SHA}-{SIDE_PX}.jpg"] == [each.name for each in first.parent.iterdir()]


def test_missing_and_broken_pictures(tmp_path: Path) -> None:
    """None, and nothing is kept that would be shown for ever."""
    broken = tmp_path / "x.jpg"
    broken.write_bytes(b"<svg onload='alert(1)'/>")

    assert thumb(tmp_path / "y.jpg", sha256=SHA, cache=tmp_path / "thumbs") is None
    assert thumb(broken, sha256=SHA, cache=tmp_path / "thumbs") is None
    assert not (tmp_path / "thumbs").exists()


def test_a_small_copy_is_found_by_its_picture(tmp_path: Path) -> None:
    """Of any size, also what a kill left half-written; those of others are not found."""
    project = Project(tmp_path)
    path = write(tmp_path / "x.jpg")
    own, other = (thumb(path, sha256=each, cache=project.thumbs) for each in (SHA, "b" * 64))
    part = own.with_name(f".{own.name}.x.part")
    part.write_bytes(b"half")

    for copy in pixel_copies(project, {SHA}):
        copy.remove()

    assert [False, False, True] == [each.exists() for each in (own, part, other)]

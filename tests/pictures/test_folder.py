"""A folder is searched by what is in its files."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from pipeline.pictures.folder import pictures_in
from pipeline.records import FORMATS


def encoded(kind: str) -> bytes:
    """Draw a red square."""
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(buffer, kind)
    return buffer.getvalue()


def search(folder: Path) -> tuple[list[str], list[str]]:
    """Give the names of the pictures in a folder, and what is said."""
    said: list[str] = []
    found = [os.path.relpath(each, folder) for each in pictures_in(str(folder), say=said.append)]
    return found, said


@pytest.mark.parametrize("kind", FORMATS)
def test_content_decides(kind: str, tmp_path: Path) -> None:
    """Whatever Chrome, Windows or a scraper called it, and also without any ending."""
    names = ["a.jfif", "b.jpe", "c.pjpeg", "d", "e.jpg_large", "f.txt", "sub/g.PNG"]
    (tmp_path / "sub").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(encoded(kind))

    assert (names, []) == search(tmp_path)


def test_what_is_no_picture_is_counted(tmp_path: Path) -> None:
    """Text, a picture of another format, nothing and a pipe are told in one line."""
    for name, data in {
        "a.txt": b"text",
        "b.bmp": encoded("BMP"),
        "c": b"",
        "e.csv": b"a,b",
        "good.png": encoded("PNG"),
    }.items():
        (tmp_path / name).write_bytes(data)
    os.mkfifo(tmp_path / "d")

    words = f"{tmp_path}: passed over 5 that are none of JPEG, PNG, WEBP, GIF: a.txt, b.bmp, c, …"
    assert (["good.png"], [words]) == search(tmp_path)


def test_what_is_called_a_picture_is_asked_about(tmp_path: Path) -> None:
    """A page saved as .jpg, or a link to nothing, fails by name where it is read."""
    (tmp_path / "a.jpg").write_bytes(b"<html>")
    (tmp_path / "b.webp").symlink_to(tmp_path / "nothing")

    assert (["a.jpg", "b.webp"], []) == search(tmp_path)


def test_litter_and_what_is_hidden_is_nothing(tmp_path: Path) -> None:
    """Neither a picture nor counted: nobody put it there."""
    for name in (".git/a.jpg", "._a.jpg", "Thumbs.db", "desktop.ini", "a.jpg~"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(encoded("JPEG"))

    assert ([], []) == search(tmp_path)

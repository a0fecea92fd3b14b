"""Copies can be laid over each other and show the same; drawings of one layout do not."""

import io

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from pipeline.dedup.features import lay_over, look_at
from tests.dedup.scenes import doll, jpeg, scene


def captioned(image: Image.Image) -> Image.Image:
    """Put a strip with words below a picture."""
    taller = ImageOps.expand(image, (0, 0, 0, image.height // 7), "white")
    ImageDraw.Draw(taller).text((20, image.height + 5), "made with love", "black", font_size=20)
    return taller


EDITS = {
    "re-encoded": lambda image: Image.open(io.BytesIO(jpeg(image, quality=30))),
    "crop 5 %": lambda image: image.crop((15, 0, 300, 240)),
    "crop 20 %": lambda image: image.crop((30, 40, 270, 232)),
    "captioned": captioned,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "bordered": lambda image: ImageOps.expand(image, 20, "navy"),
    "enlarged": lambda image: image.resize((450, 360)),
    "turned": lambda image: image.rotate(90, expand=True),
    "tilted": lambda image: image.rotate(5, fillcolor="white"),
    "grey": lambda image: image.convert("L").convert("RGB"),
}


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """Draw a picture with many details."""
    image = scene(11, size=(300, 240))
    for number in range(6):
        small = scene(100 + number, size=(70, 60))
        image.paste(small, (10 + 95 * (number % 3), 20 + 110 * (number // 3)))
    return image


@pytest.mark.parametrize("edit", EDITS)
def test_edited_picture_shows_the_same(picture: Image.Image, edit: str) -> None:
    """What others do to a picture leaves most blocks as they were."""
    found = lay_over(look_at(picture), look_at(EDITS[edit](picture).convert("RGB")))

    assert found.agreement >= 0.8


def test_mirror_image_is_seen_mirrored(picture: Image.Image) -> None:
    """A mirror image agrees once it is mirrored back."""
    mirrored = ImageOps.mirror(picture)

    found = lay_over(look_at(picture), look_at(mirrored, is_mirrored=True))

    assert found.agreement == 1.0


@pytest.mark.parametrize("edit", ["bordered", "captioned"])
def test_frame_is_told(picture: Image.Image, edit: str) -> None:
    """Of two copies it is told which has a border or a caption; a crop has none."""
    found = lay_over(look_at(picture), look_at(EDITS[edit](picture)))
    crop = lay_over(look_at(picture), look_at(EDITS["crop 20 %"](picture)))

    assert (False, True) == (found.is_framed, found.is_other_framed)
    assert (False, False) == (crop.is_framed, crop.is_other_framed)


def test_same_layout_is_not_the_same() -> None:
    """Drawings that share a pose share their points, and not what their blocks show."""
    one, other = (
        doll(hair="firebrick", dress="seagreen"),
        doll(hair="mediumblue", dress="purple"),
    )

    assert lay_over(look_at(one), look_at(other)).agreement < 0.6


def test_plain_pictures_say_nothing() -> None:
    """Where there is nothing to see there is no evidence."""
    plain = look_at(Image.new("RGB", (200, 100), "teal"))

    assert (0, 0.0) == (lay_over(plain, plain).num_inliers, lay_over(plain, plain).agreement)


def test_greys_must_agree_better_than_colours(picture: Image.Image) -> None:
    """A grey picture is no copy of one whose greys differ by what colours may differ by."""
    grey = ImageOps.grayscale(picture)
    part = (0, 0, 120, 240)
    grey.paste(grey.crop(part).point(lambda level: level + 11), part)

    found = lay_over(look_at(picture), look_at(grey.convert("RGB")))

    assert found.num_inliers > 0
    assert found.agreement < 0.8

"""The pictures of `benchmarks/dedup.py`: bases, real and drawn, and copies of them.

Real bases are a fixed random choice of all pictures below a folder, made before any method ran.
Scrapes hold true copies, so two of the choice may show one picture; who finds that is right, and
must not be blamed for it. No method may decide which these are: every pair of bases that *any*
method calls alike at a loose threshold was looked at (`dedup_twins.py` makes the sheet), and those
that show one picture are named in `dedup_twins.txt`; only the first of them is taken. All other
pairs of bases stay, and are mistakes of whoever calls them copies.
"""

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from dedup_edits import COLLAGE, JPEG_30, PNG, TUNED, UNSEEN, collage
from PIL import Image, ImageDraw

from pipeline.files import sha256_of, sha256_of_file
from pipeline.pictures.decode import decode
from pipeline.records import Rejected

EDITS_PER_BASE = 4
NUM_TEMPLATES = 20
TWINS = Path(__file__).with_name("dedup_twins.txt")
_LARGEST_PX = 800  # a side of a base: larger ones are shrunk, for every method, to save time
_PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Base:
    """One picture that is no copy of another base."""

    name: str  # sha256 of the file it is read from, or "doll <number>"
    image: Image.Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One file of the benchmark."""

    file: Path  # <sha256>.<ext>
    base: int
    edit: str  # "" for the base itself
    other_base: int | None = None  # the second one of a collage
    width_px: int
    height_px: int

    @property
    def sha256(self) -> str:
        """Hex digest of its bytes."""
        return self.file.stem


def real_bases(folder: Path, number: int, *, twins: Collection[frozenset[str]]) -> list[Base]:
    """Choose real pictures at random, once and for all, of twins only the first."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES)
    Random(1).shuffle(files)
    chosen: dict[str, Base] = {}
    for file in files:
        if len(chosen) == number:
            break
        name = sha256_of_file(file)
        if name in chosen or any({name, other} in twins for other in chosen):
            continue
        picture = decode(file.read_bytes())
        if not isinstance(picture, Rejected):
            picture.image.thumbnail((_LARGEST_PX, _LARGEST_PX))
            chosen[name] = Base(name=name, image=picture.image)
    return list(chosen.values())


def read_twins(lines: Iterable[str]) -> frozenset[frozenset[str]]:
    """Read pairs of sha256, one pair a line; a "#" starts a comment."""
    words = (line.partition("#")[0].split() for line in lines)
    return frozenset(frozenset(pair) for pair in words if pair)


def drawn_bases(number: int) -> list[Base]:
    """Draw figures of a few templates, which differ in colours and small things."""
    return [
        Base(name=f"doll {seed}", image=_doll(Random(seed), Random(-1 - seed % NUM_TEMPLATES)))
        for seed in range(number)
    ]


def plant(bases: Sequence[Base], folder: Path, *, has_edits: bool = True) -> list[Planted]:
    """Write each base, four of the tuned edits and one of the unseen; same bytes are left out.

    Returns:
        The files, sorted by name.
    """
    folder.mkdir(parents=True)
    planted: dict[str, Planted] = {}
    for number, base in enumerate(bases):
        partner = (number + 1) % len(bases)
        for edit in ("", *(_turn(number) if has_edits else ())):
            image = _edited(base.image, edit, bases[partner].image, Random(f"{number} {edit}"))
            data, suffix = _encoded(image, edit)
            file = folder / f"{sha256_of(data)}{suffix}"
            if file.name not in planted:
                file.write_bytes(data)
                planted[file.name] = Planted(
                    file=file,
                    base=number,
                    edit=edit,
                    other_base=partner if edit == COLLAGE else None,
                    width_px=image.width,
                    height_px=image.height,
                )
    return [planted[name] for name in sorted(planted)]


def _turn(number: int) -> list[str]:
    """Give a base four of the tuned edits, and one of the others, in turn."""
    tuned, unseen = list(TUNED), [*UNSEEN, COLLAGE]
    own = [tuned[(number * EDITS_PER_BASE + k) % len(tuned)] for k in range(EDITS_PER_BASE)]
    return [*own, unseen[number % len(unseen)]]


def _edited(image: Image.Image, edit: str, partner: Image.Image, rng: Random) -> Image.Image:
    if edit == COLLAGE:
        return collage(image, partner)
    return (TUNED | UNSEEN)[edit](image, rng) if edit else image


def _encoded(image: Image.Image, edit: str) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if edit == PNG:
        image.save(buffer, "PNG")
        return buffer.getvalue(), ".png"
    image.convert("RGB").save(buffer, "JPEG", quality=30 if edit == JPEG_30 else 85 if edit else 92)
    return buffer.getvalue(), ".jpg"


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

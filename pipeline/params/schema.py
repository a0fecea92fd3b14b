"""The whole of params.yaml: typed once, frozen, units in the names."""

import math
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal, Self, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from pipeline.errors import ParamsError
from pipeline.params.networks import AnyNetwork, Network, Vit, merge_train, weight_files
from pipeline.params.section import Section, Slug
from pipeline.params.sources import AnySource
from pipeline.params.train import Train
from pipeline.records import Flag

WEIGHT_FILES = PurePosixPath("data/weights")  # a dep of `train`: it is there, whoever needs it
EntryT = TypeVar("EntryT")


class Search(Section):
    """What the sources are asked for. Only this mapping makes `search` run again."""

    name: str = Field(min_length=1)
    queries: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()  # wiki pages, such as Ariel/Gallery
    categories: tuple[str, ...] = ()  # wiki categories, without "Category:"

    @field_validator("name", "queries", "pages", "categories", mode="after")
    @classmethod
    def _nfc(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """Compose Korean and accented letters: macOS writes them decomposed, wikis do not."""
        if isinstance(value, str):
            return unicodedata.normalize("NFC", value)
        return tuple(unicodedata.normalize("NFC", text) for text in value)


class Character(Section):
    """One class label: who collects it, how many, and how to find it."""

    member: Slug
    target: int | None = Field(None, ge=1, le=100_000)  # null: collect.target
    search: Search


class Collect(Section):
    """Where images come from and what is refused."""

    target: int = Field(200, ge=1, le=100_000)  # distinct good images per character
    sources: tuple[AnySource, ...] = Field(min_length=1)
    licences: tuple[str, ...] = Field(("any",), min_length=1)  # or such as cc0, cc-by, cc-by-sa
    min_side_px: int = Field(100, ge=1)
    max_pixels: int = Field(40_000_000, ge=1)  # width x height, read from the header
    max_file_bytes: int = Field(15_000_000, ge=1)  # counted while streaming
    deadline_s: float = Field(30.0, gt=0)  # for one file, retries not included
    min_bytes_per_s: int = Field(1000, ge=0)  # of one file, once it has had 5 s
    retries: int = Field(3, ge=0, le=10)  # after 429, 5xx and broken connections
    workers: int = Field(8, ge=1, le=64)  # downloads at once, from all hosts together
    host_connections: int = Field(4, ge=1, le=64)  # of them, from one host
    host_requests_per_s: float = Field(5.0, gt=0, le=1000)
    host_mbit_per_s: float = Field(100.0, gt=0)
    respect_noai: bool = True  # leave out files whose X-Robots-Tag says noai or noimageai
    near_distance_bits: int = Field(4, ge=0, le=64)  # at most this far by phash: not counted
    allow_hosts: tuple[str, ...] = ()  # host or host:port exempt from the address guard

    @field_validator("licences", mode="after")
    @classmethod
    def _any_or_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a list that says two things at once."""
        if "any" in value and len(value) > 1:
            raise ValueError("any stands alone; leave it out to name licences")
        return value


class Quality(Section):
    """From where on a picture is flagged, and which flags leave it out. Fractions of the area."""

    reject: tuple[Flag, ...] = ()  # such as [blurred, text heavy]; flags only inform otherwise
    min_subject: float = Field(0.2, ge=0, le=1)  # the box around what lies on a plain ground
    max_plain: float = Field(0.95, ge=0, le=1)  # of the most common colour
    min_sharpness: float = Field(0.6, ge=0, le=1)  # of an edge, from one pixel to the next
    max_panel: float = Field(0.25, ge=0, le=1)  # of a side: what lies on each side of a gap
    max_text: float = Field(0.05, ge=0, le=1)  # covered by lines of letters
    max_flat: float = Field(0.5, ge=0, le=1)  # in one colour: more, in few colours, is a drawing
    few_colours: int = Field(60, ge=0, le=4096)
    max_transparent: float = Field(0.01, ge=0, le=1)


class Dedup(Section):
    """When two images are one: alike by hash and in colour, or when laid over each other."""

    max_distance_bits: int = Field(10, ge=0, le=64)  # of a 64-bit perceptual hash
    max_colour_levels: int = Field(16, ge=0, le=255)  # a cell agrees if its colours differ by less
    min_agreement: float = Field(0.95, gt=0, le=1)  # fraction of cells that must agree
    min_blocks: float = Field(0.8, gt=0, le=1)  # fraction of blocks that agree: a duplicate
    near_blocks: float = Field(0.6, gt=0, le=1)  # likewise: near, so one split holds both
    conflicts: Literal["drop", "keep_first", "keep_verdict"] = "drop"  # two characters, one image
    quality: Quality = Quality()

    @model_validator(mode="after")
    def _near_is_less(self) -> Self:
        if self.near_blocks > self.min_blocks:
            raise ValueError(
                f"near_blocks (={self.near_blocks:g}) must not exceed min_blocks "
                f"(={self.min_blocks:g})"
            )
        return self


class Split(Section):
    """Fractions of groups, each in (0, 1), summing to 1."""

    train: float = Field(0.7, gt=0, lt=1)
    val: float = Field(0.15, gt=0, lt=1)
    test: float = Field(0.15, gt=0, lt=1)

    @model_validator(mode="after")
    def _sum(self) -> Self:
        total = self.train + self.val + self.test
        if not math.isclose(total, 1, abs_tol=1e-9):
            raise ValueError(f"train + val + test must be 1, got {total:g}")
        return self


class Augment(Section):
    """How pictures are packed. Only the training split is expanded."""

    image_size_px: int = Field(160, ge=16, le=1024)
    variants: int = Field(1, ge=0, le=20)  # extra augmented copies of each training picture


class Evaluate(Section):
    """How sure the numbers are."""

    bootstrap_samples: int = Field(1000, ge=100, le=100_000)
    robustness_pictures: int = Field(60, ge=1, le=100_000)  # test pictures that are spoiled


class Studies(Section):
    """How thoroughly the ideas of the study notes are tried."""

    budget: Literal["quick", "full"] = "quick"  # minutes on two cores, or a night
    seeds: tuple[int, ...] = ()  # each run is repeated with each; empty: 1 to 3, full: 1 to 5
    ideas: tuple[Slug, ...] = ()  # only these are tried; empty: all

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds must differ, got {list(self.seeds)}")
        return self


class Params(Section):
    """params.yaml."""

    contact: str = ""  # mail address or URL of who runs this, sent in the User-Agent
    seed: int = Field(7, ge=0, lt=2**32)
    characters: dict[Slug, Character] = Field(min_length=2)
    collect: Collect
    dedup: Dedup = Dedup()
    split: Split = Split()
    augment: Augment = Augment()
    train: Train = Train()
    networks: dict[Slug, AnyNetwork] = Field(min_length=1)
    evaluate: Evaluate = Evaluate()
    studies: Studies = Studies()

    @property
    def names(self) -> dict[str, str]:
        """What people call each character."""
        return {slug: each.search.name for slug, each in self.characters.items()}

    @field_validator("characters", "networks", mode="before")
    @classmethod
    def _no_collisions(cls, value: object) -> object:
        """Refuse names that macOS or Windows would store in one folder."""
        if isinstance(value, dict):
            seen: dict[str, object] = {}
            for key in value:
                folded = unicodedata.normalize("NFC", str(key)).casefold()
                if folded in seen:
                    raise ValueError(
                        f"{key!r} and {seen[folded]!r} are one name where case and composition "
                        "do not count; rename one"
                    )
                seen[folded] = key
        return value

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        for slug, network in self.networks.items():
            if network.image_size_px > self.augment.image_size_px:
                raise ValueError(
                    f"networks.{slug}.image_size_px (={network.image_size_px}) must not exceed "
                    f"augment.image_size_px (={self.augment.image_size_px})"
                )
        return self

    @model_validator(mode="after")
    def _weights_are_seen(self) -> Self:
        """Take weights only from the folder that the stage `train` depends on."""
        for slug, network in self.networks.items():
            for text in weight_files(network):
                path = PurePosixPath(text)
                if path.parent.parts[:2] != WEIGHT_FILES.parts or ".." in path.parts:
                    raise ValueError(
                        f"networks.{slug}.weights: got {text!r}, allowed: none, auto or a file in "
                        f"{WEIGHT_FILES}/, where DVC sees it change; put it there, or a link to it"
                    )
        return self

    @model_validator(mode="after")
    def _training_fits(self) -> Self:
        """Try every network's own `train:` over the common one: single keys may not fit."""
        for slug, network in self.networks.items():
            distill = network.distill if isinstance(network, Vit) else None
            for each in (network, distill.teacher) if distill else (network,):
                try:
                    train = merge_train(self.train, each)
                except ValidationError as error:
                    rule = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
                    raise ValueError(f"networks.{slug} with train: {rule}") from error
                if each.resize == "native" and (train.mixup_alpha or train.cutmix_alpha):
                    raise ValueError(
                        f"networks.{slug}: resize: native does not go with mixup_alpha or "
                        "cutmix_alpha: pictures of different shapes cannot be mixed"
                    )
        return self

    def target(self, character: str) -> int:
        """How many distinct images a character needs."""
        return self.characters[character].target or self.collect.target

    def character(self, slug: str) -> Character:
        """Find a character by its slug.

        Raises:
            ParamsError: there is none; the text lists those there are.
        """
        return _find(self.characters, slug, section="characters")

    def network(self, slug: str) -> AnyNetwork:
        """Find a network by its slug.

        Raises:
            ParamsError: there is none; the text lists those there are.
        """
        return _find(self.networks, slug, section="networks")

    def train_of(self, network: Network) -> Train:
        """Merge a network's own `train:` over the common one."""
        return merge_train(self.train, network)


def _find(entries: Mapping[str, EntryT], slug: str, *, section: str) -> EntryT:
    if slug not in entries:
        known = ", ".join(entries)
        raise ParamsError(f"params.yaml: {section}: no {slug!r}; known: {known}")
    return entries[slug]

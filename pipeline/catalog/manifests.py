"""Manifests: a row for every image in hand, collected or brought by a member.

A manifest comes from other people's branches. What its rows say is checked against the place of the
manifest itself before a path is made of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import shell_word
from pipeline.files import read_rows
from pipeline.paths import Project, visible
from pipeline.records import ImageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest: what was collected of a character, or what one member brought of it."""

    project: Project
    character: str
    member: str = ""  # who brought the images; "" for what was collected

    @property
    def path(self) -> Path:
        """The file."""
        if self.member:
            return self.project.manifests / self.member / f"{self.character}.csv"
        return self.project.raw_manifest(self.character)

    @property
    def images(self) -> Path:
        """The folder of its images, by its own place: a row could name any file of the disk."""
        if self.member:
            return self.project.contributions / self.member / self.character
        return self.project.raw_images(self.character)

    @property
    def remedy(self) -> str:
        """What brings an image back that is missing."""
        if self.member:
            return f"run dvc pull {shell_word(f'{self.project.relative(self.images)}.dvc')}"
        return f"run dvc repro {shell_word(f'collect@{self.character}')}"

    @property
    def foreign(self) -> str:
        """What to do about a manifest of a character that is not in params.yaml."""
        if self.member:
            return (
                f"{self.path}: params.yaml has no character {self.character!r}; add it there or "
                "delete this manifest"
            )
        return (
            f"{self.path.parent}: params.yaml has no character {self.character!r}; delete this "
            "folder (DVC would go on hashing it), or add the character again"
        )

    def rows(self, *, problems: list[str] | None = None) -> list[ImageRecord]:
        """Read the rows, whatever they say of files; a manifest that is not there has none.

        Raises:
            DataError: a row breaks the contract of `ImageRecord`, unless there are `problems`.
        """
        return read_rows(self.path, ImageRecord, missing_ok=True, problems=problems)

    def row_check(self) -> Callable[[ImageRecord], None]:
        """Build what refuses a row with ValueError: each names an image of this folder, once."""
        folder, seen = PurePosixPath(self.project.relative(self.images)), set[str]()

        def check(row: ImageRecord) -> None:
            file = PurePosixPath(row.file)
            if row.character != self.character:
                raise ValueError(
                    f"character {row.character!r}; this manifest is of {self.character!r}"
                )
            if (file.parent, file.stem) != (folder, row.sha256):
                raise ValueError(f"file {row.file!r}; must be {folder}/{row.sha256}.<ext>")
            if row.sha256 in seen:
                raise ValueError(f"sha256 {row.sha256} is listed twice; delete one of the rows")
            seen.add(row.sha256)

        return check


def list_manifests(project: Project, characters: Iterable[str] = ()) -> list[Manifest]:
    """List every manifest: of what was collected, by character, then of what members brought.

    Args:
        project: whose folders are looked at.
        characters: that have a manifest in any case, there or not.
    """
    collected = {path.name for path in visible(project.raw, "*") if path.is_dir()} | set(characters)
    brought = visible(project.manifests, "*/*.csv")
    return [
        *(Manifest(project=project, character=slug) for slug in sorted(collected)),
        *(Manifest(project=project, character=p.stem, member=p.parent.name) for p in brought),
    ]

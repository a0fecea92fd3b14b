"""Images in hand, wherever a project keeps them: for the tests of the team."""

import json
from dataclasses import dataclass, field
from typing import Any

from pipeline.files import read_rows, sha256_of, write_bytes, write_rows
from pipeline.paths import Project
from pipeline.records import ImageRecord
from tests.rows import image_record


@dataclass
class Hoard:
    """Puts images into a project as the stages and members do."""

    project: Project
    ledger: list[dict[str, Any]] = field(default_factory=list)

    def collect(self, data: bytes, url: str, *, character: str = "ariel", **rights: Any) -> str:
        """Store an image as `collect` does: file, row, download and ledger; give its sha256."""
        sha256 = sha256_of(data)
        path = self.project.raw_images(character) / f"{sha256}.png"
        row = image_record(sha256, character, image_url=url, **rights)
        self._add(self.project.raw_manifest(character), path, data, row)
        self.download(data, url)
        return sha256

    def contribute(self, data: bytes, url: str, *, character: str = "ariel", member: str = "m2"):
        """Store an image as a member brings it."""
        sha256 = sha256_of(data)
        path = self.project.contributions / member / character / f"{sha256}.png"
        manifest = self.project.manifests / member / f"{character}.csv"
        self._add(manifest, path, data, image_record(sha256, character, member, image_url=url))
        return sha256

    def download(self, data: bytes, url: str) -> None:
        """Keep bytes and address in `.cache/`."""
        sha256 = sha256_of(data)
        write_bytes(self.project.cache / "downloads" / sha256[:2] / sha256, data)
        self.ledger.append({"url": url, "status": "ok", "sha256": sha256})
        lines = ["{cut short", *map(json.dumps, self.ledger)]
        write_bytes(self.project.cache / "ledger.jsonl", "\n".join(lines).encode())

    def files_of(self, sha256: str) -> list[str]:
        """List all files that are named by an image."""
        found = self.project.root.rglob(f"{sha256}*")
        return sorted(path.relative_to(self.project.root).as_posix() for path in found)

    def _add(self, manifest, path, data: bytes, row: ImageRecord) -> None:
        write_bytes(path, data)
        rows = read_rows(manifest, ImageRecord, missing_ok=True)
        write_rows(manifest, ImageRecord, sorted([*rows, row], key=lambda each: each.sha256))

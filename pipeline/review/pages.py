"""HTML of the review page, by templates that escape whatever strangers wrote."""

from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.catalog.catalog import CatalogImage
from pipeline.review import words
from pipeline.review.desk import REASONS, Desk, Outcome
from pipeline.review.shown import ORDERS, STATUSES, Query, Shown

PAGE_ROWS = 200  # tiles of a page: one character's target, and quick on a phone
_TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Draws a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "words": words,
            "reasons": REASONS,
            "characters": desk.params.characters,
            "member": desk.member,
            "max_bytes": desk.params.collect.max_file_bytes,
        }

    def grid(self, query: Query, *, page: int) -> str:
        """Draw one page of a character; a page that is not there is the last one."""
        shown = self._desk.shown()
        rows = shown.rows(query)
        num_pages = max(1, -(-len(rows) // PAGE_ROWS))
        page = min(max(page, 1), num_pages)
        return self._draw(
            "page.html",
            shown=shown,
            query=query,
            rows=rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
            num_rows=len(rows),
            page=page,
            num_pages=num_pages,
            tallies=self._tallies(shown),
            choices=_choices(query, shown),
            link=lambda **changes: _link(query, changes),
        )

    def panel(self, picture: CatalogImage) -> str:
        """Draw all that is known about one picture."""
        return self._draw("panel.html", shown=self._desk.shown(), picture=picture)

    def changes(self, outcome: Outcome) -> dict[str, Any]:
        """Draw what a decision changed: tiles by their key, and how many are left."""
        shown = self._desk.shown()
        pictures = [
            picture
            for sha256 in outcome.touched
            for picture in shown.gallery.by_sha256.get(sha256, ())
        ]
        return {
            "said": outcome.said,
            "decision": outcome.decision,
            "tiles": {_key(picture): self._tile(picture, shown) for picture in pictures},
            "tallies": {slug: asdict(tally) for slug, tally in self._tallies(shown).items()},
        }

    def _tallies(self, shown: Shown) -> dict[str, Any]:
        return {slug: shown.tally(slug) for slug in self._desk.params.characters}

    def _tile(self, picture: CatalogImage, shown: Shown) -> str:
        return self._draw("tile.html", picture=picture, shown=shown)

    def _draw(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(**values)


def _key(picture: CatalogImage) -> str:
    return f"{picture.sha256}-{picture.character}"


def _choices(query: Query, shown: Shown) -> list[tuple[str, str, list[str]]]:
    """List the filters: name, what is chosen, what can be; "" is everything."""
    filters = [
        (name, getattr(query, name), ["", *values])
        for name, values in shown.choices(query.character).items()
    ]
    return [
        ("status", query.status, list(STATUSES)),
        *filters,
        ("order", query.order, list(ORDERS)),
    ]


def _link(query: Query, changes: dict[str, str]) -> str:
    """Write an address that asks for the same but for some changes."""
    wanted = {name: value for name, value in (asdict(query) | changes).items() if value}
    return f"/characters/{wanted.pop('character')}?{urlencode(wanted)}"

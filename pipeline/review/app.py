"""The routes of the review page: what the browser asks, as calls to the desk.

Addresses hold slugs and hashes only, and each is looked up among what there is; no address names
a file.
"""

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.catalog.catalog import CatalogImage
from pipeline.errors import DisneyError
from pipeline.records import SLUG, Review
from pipeline.review.desk import Desk, Outcome
from pipeline.review.pages import Pages
from pipeline.review.shown import ORDERS, STATUSES, VIEWS, Query
from pipeline.review.thumbs import thumb
from pipeline.review.uploads import Uploads
from pipeline.web.body import read_body, read_json

_STATIC = Path(__file__).parent / "static"
_MAX_DECISION_BYTES = 10_000
_MAX_NAME = 200  # characters
_MAX_WINDOW = 64  # characters
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # a hash names its bytes
_NEVER = {"Cache-Control": "no-store"}
_FIELDS = ("sha256", "verdict", "character", "other_sha256", "note")


class Routes:
    """One endpoint a method; plain `def` runs in a thread, so no decoding stops the others."""

    def __init__(self, desk: Desk, *, first: str) -> None:
        """Serve a desk; `first` is the character that the bare address leads to."""
        self._desk, self._first = desk, first
        self._pages = Pages(desk)
        self._thumbs = desk.project.thumbs
        self._uploads = Uploads(desk.project, desk.params, member=desk.member)

    def start(self, _: Request) -> Response:
        """Lead to the first character."""
        return RedirectResponse(f"/characters/{self._first}", status_code=303)

    def character(self, request: Request) -> Response:
        """Show a page of the grid."""
        query = _query(self._character(request), request.query_params)
        page = _page(request.query_params)
        return HTMLResponse(self._pages.grid(query, page=page), headers=_NEVER)

    def panel(self, request: Request) -> Response:
        """Tell all about one picture."""
        picture = self._picture(request)
        return HTMLResponse(self._pages.panel(picture), headers=_NEVER)

    def small(self, request: Request) -> Response:
        """Send the small copy of a picture."""
        picture = self._picture(request)
        path = thumb(picture.path, sha256=picture.sha256, cache=self._thumbs)
        if path is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "not here or broken; run dvc pull")
        return FileResponse(path, media_type="image/jpeg", headers=_FOREVER)

    def large(self, request: Request) -> Response:
        """Send a picture as it is stored; its type comes from its manifest, never from its name."""
        picture = self._picture(request)
        if not picture.path.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND, "not here; run dvc pull")
        kind = f"image/{picture.record.format.lower()}"
        return FileResponse(picture.path, media_type=kind, headers=_FOREVER)

    async def decide(self, request: Request) -> Response:
        """Write one decision."""
        body = await read_json(request, limit_bytes=_MAX_DECISION_BYTES)
        review = Review(**{name: _text(body, name) for name in _FIELDS})
        window = _text(body, "window")[:_MAX_WINDOW]
        outcome = await run_in_threadpool(self._desk.decide, review, window=window)
        return await run_in_threadpool(self._changed, outcome)

    async def undo(self, request: Request) -> Response:
        """Take back the decision that the page names."""
        body = await read_json(request, limit_bytes=_MAX_DECISION_BYTES)
        window = _text(body, "window")[:_MAX_WINDOW]
        decision = _text(body, "decision")
        outcome = await run_in_threadpool(self._desk.undo, decision, window=window)
        return await run_in_threadpool(self._changed, outcome)

    async def upload(self, request: Request) -> Response:
        """Judge a picture that was dropped on the page; its bytes are the body."""
        character = self._character(request)
        name = " ".join(request.query_params.get("name", "").split())[:_MAX_NAME] or "picture"
        data = await read_body(request, limit_bytes=self._uploads.max_bytes)
        upload = await run_in_threadpool(self._uploads.add, data, name=name, character=character)
        return JSONResponse(asdict(upload), headers=_NEVER)

    def _character(self, request: Request) -> str:
        character: str = request.path_params["character"]
        if character not in self._desk.params.characters:
            raise HTTPException(HTTPStatus.NOT_FOUND, "no such character")
        return character

    def _changed(self, outcome: Outcome) -> Response:
        return JSONResponse(self._pages.changes(outcome), headers=_NEVER)

    def _picture(self, request: Request) -> CatalogImage:
        found = self._desk.shown().gallery.by_sha256.get(request.path_params["sha256"], ())
        wanted = request.path_params.get("character")
        for picture in found:
            if wanted in {None, picture.character}:
                return picture
        raise HTTPException(HTTPStatus.NOT_FOUND, "no such picture")


def make_app(desk: Desk, *, first: str) -> Starlette:
    """Build the page of one member.

    Args:
        desk: where decisions go.
        first: slug of the character to begin with.
    """
    routes = Routes(desk, first=first)
    return Starlette(
        routes=[
            Route("/", routes.start),
            Route("/characters/{character}", routes.character),
            Route("/characters/{character}/panel/{sha256}", routes.panel),
            Route("/characters/{character}/uploads", routes.upload, methods=["POST"]),
            Route("/thumbs/{sha256}", routes.small),
            Route("/pictures/{sha256}", routes.large),
            Route("/decisions", routes.decide, methods=["POST"]),
            Route("/undo", routes.undo, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers={DisneyError: _explain, OSError: _lament, HTTPException: _say},
    )


def _query(character: str, wanted: Mapping[str, str]) -> Query:
    """Read a query; what is no choice counts as not asked for."""

    def one_of(name: str, choices: tuple[str, ...]) -> str:
        value = wanted.get(name, "")
        return value if value in choices else choices[0]

    def slug(name: str) -> str:
        value = wanted.get(name, "")
        return value if SLUG.match(value) else ""

    return Query(
        character=character,
        view=one_of("view", VIEWS),
        status=one_of("status", STATUSES),
        order=one_of("order", ORDERS),
        member=slug("member"),
        source=slug("source"),
        split=slug("split"),
    )


def _page(wanted: Mapping[str, str]) -> int:
    text = wanted.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("100000") else 1


def _text(body: Mapping[str, Any], name: str) -> str:
    """Read one text on one line; an absent one is empty."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{name}: expected text")
    return " ".join(value.split())


def _explain(request: Request, error: Exception) -> Response:
    return _refusal(request, str(error), status=HTTPStatus.BAD_REQUEST)


def _lament(request: Request, error: Exception) -> Response:
    """Say that this machine could not write, such as on a full disk."""
    return _refusal(request, str(error), status=HTTPStatus.INSUFFICIENT_STORAGE)


def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for nothing else
    return _refusal(request, error.detail, status=error.status_code)


def _refusal(request: Request, text: str, *, status: int) -> Response:
    """Say why not: to the page's script, or to the person who opened an address."""
    if request.method == "POST":
        return JSONResponse({"error": text}, status_code=status, headers=_NEVER)
    return PlainTextResponse(f"{text}\n", status_code=status, headers=_NEVER)

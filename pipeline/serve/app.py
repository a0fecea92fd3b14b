"""The routes: the page, and POST /predict for it and for programs."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.errors import DisneyError
from pipeline.serve.question import MAX_BYTES, read_question
from pipeline.serve.rate import Rate
from pipeline.serve.seer import Seer
from pipeline.web.gate import refusal

_HERE = Path(__file__).parent
_NEVER = {"Cache-Control": "no-store"}


class Routes:
    """One endpoint a method."""

    def __init__(self, seer: Seer, *, names: Mapping[str, str], rate: Rate) -> None:
        """Serve a network; args are as of `make_app`."""
        self._seer, self._names, self._rate = seer, names, rate
        templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._page = templates.get_template("page.html")

    def page(self, _: Request) -> Response:
        """Show the page."""
        known = {slug: self._names.get(slug, slug) for slug in self._seer.predictor.classes}
        page = self._page.render(
            network=self._seer.predictor.slug,
            names=known,
            names_json=json.dumps(known),
            has_heat=self._seer.has_heat,
            reject_below=self._seer.reject_below,
            is_calibrated=self._seer.predictor.temperature != 1,
            max_bytes=MAX_BYTES,
        )
        return HTMLResponse(page, headers=_NEVER)

    async def predict(self, request: Request) -> Response:
        """Answer one picture; `?heat=1` adds the heat map."""
        client = request.client.host if request.client else ""
        if wait_s := self._rate.wait_s(client):
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many requests: try again in {wait_s} s",
                headers={"Retry-After": str(wait_s)},
            )
        question = await read_question(request)
        with_heat = request.query_params.get("heat", "") not in {"", "0"}
        try:
            found = await run_in_threadpool(self._seer.answer, question, with_heat=with_heat)
        except HTTPException as error:
            found = {"file": question.file, "error": error.detail}
            return JSONResponse(found, status_code=error.status_code, headers=_NEVER)
        return JSONResponse(found, headers=_NEVER)


def make_app(seer: Seer, *, names: Mapping[str, str], rate: Rate) -> Starlette:
    """Build the page.

    Args:
        seer: who answers.
        names: slug -> name of a character, for people.
        rate: how often a client may ask.
    """
    routes = Routes(seer, names=names, rate=rate)
    return Starlette(
        routes=[
            Route("/", routes.page),
            Route("/predict", routes.predict, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        exception_handlers={HTTPException: _say, DisneyError: _explain},
    )


def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for nothing else
    answer = refusal(request.method, error.detail, status=error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _explain(request: Request, error: Exception) -> Response:
    return refusal(request.method, str(error), status=HTTPStatus.INTERNAL_SERVER_ERROR)

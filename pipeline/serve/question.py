"""One picture out of a request: its bytes are the body, or a file of a form (multipart)."""

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from pipeline.web.body import read_body

MAX_BYTES = 10_000_000  # of a picture
_FORM_BYTES = 10_000  # what a form may hold beside its picture
_MAX_NAME = 200  # characters
_FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A picture to be answered about."""

    file: str  # its name, as given; "" without one
    data: bytes


async def read_question(request: Request) -> Question:
    """Read a picture.

    Raises:
        HTTPException: too many bytes (413), none at all, or a form without a file (400).
    """
    kind = request.headers.get("content-type", "")
    is_form = kind.partition(";")[0].strip().lower() == _FORM
    body = await read_body(request, limit_bytes=MAX_BYTES + _FORM_BYTES * is_form)
    question = (
        _file_of_form(body, kind)
        if is_form
        else Question(file=_one_line(request.query_params.get("name", "")), data=body)
    )
    if not question.data:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "no picture: send its bytes as the body")
    return question


def _file_of_form(body: bytes, kind: str) -> Question:
    """Take the first file of a form (RFC 7578); Starlette needs another package for it."""
    boundary = _parsed(f"Content-Type: {kind}").get_boundary("")
    parts = (b"\r\n" + body).split(f"\r\n--{boundary}".encode("latin-1", "replace"))
    for part in parts[1:] if boundary else []:
        head, _, data = part.partition(b"\r\n\r\n")
        name = _parsed(head.decode("utf-8", "replace").strip()).get_filename()
        if name is not None:
            return Question(file=_one_line(name), data=data)
    raise HTTPException(HTTPStatus.BAD_REQUEST, "the form has no file")


def _parsed(head: str) -> Message:
    return HeaderParser().parsestr(head)


def _one_line(name: str) -> str:
    """A name is shown and never opened; it may be anything."""
    return " ".join(name.split())[:_MAX_NAME]

"""One picture out of a request: its bytes are the body, or a file of a form (multipart)."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from pipeline.web.body import limited, read_body

MAX_BYTES = 10_000_000  # of a picture
_FORM_BYTES = 10_000  # what a form may hold beside its picture
_MAX_PARTS = 100
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
    if kind.partition(";")[0].strip().lower() == _FORM:
        question = await _file_of_form(request)
    else:
        name = request.query_params.get("name", "")
        data = await read_body(request, limit_bytes=MAX_BYTES)
        question = Question(file=_one_line(name), data=data)
    if not question.data:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "no picture: send its bytes as the body")
    return question


async def _file_of_form(request: Request) -> Question:
    """Take the first file of a form (RFC 7578)."""
    whole = limited(request, limit_bytes=MAX_BYTES + _FORM_BYTES)
    try:
        async with whole.form(
            max_files=_MAX_PARTS, max_fields=_MAX_PARTS, max_part_size=_FORM_BYTES
        ) as form:
            for _, file in form.multi_items():
                if isinstance(file, UploadFile):
                    return Question(file=_one_line(file.filename or ""), data=await file.read())
    except UnicodeError as error:  # of a charset that the client made up
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the form is no text") from error
    raise HTTPException(HTTPStatus.BAD_REQUEST, "the form has no file")


def _one_line(name: str) -> str:
    """A name is shown and never opened; it may be anything."""
    return " ".join(name.encode(errors="replace").decode().split())[:_MAX_NAME]

"""The page and POST /predict: what is answered, and what is refused."""

import base64
import io
import json
import struct
import zlib

import pytest
from PIL import Image

from pipeline.serve.question import MAX_BYTES

RED = {
    "file": "red.png",
    "character": "ariel",
    "probability": 0.964663,
    "top": [["ariel", 0.964663], ["elsa", 0.0176684], ["merida", 0.0176684]],
}


def bomb() -> bytes:
    """Write a PNG of a hundred bytes whose header promises 32 million pixels."""
    header = struct.pack(">IIBBBBB", 8000, 4000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_the_bytes_of_a_picture(visit, paint) -> None:
    """A program sends the file as it is and gets the object of `disney predict`."""
    answer = visit().post("/predict?name=red.png", content=paint("red"))

    assert (200, RED) == (answer.status_code, answer.json())
    assert "no-store" == answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["red.png", "인어 공주.png", 'a"b;c.png', "a=b.png"])
def test_a_form(visit, paint, name: str) -> None:
    """HTML forms and curl -F send files so; fields beside it do not matter."""
    picture = paint("red")
    answer = visit().post("/predict", files={"picture": (name, picture)}, data={"a": "1", "b": "2"})

    assert RED | {"file": answer.json()["file"]} == answer.json()
    assert answer.json()["file"] in {name, name.replace('"', "%22")}  # as the client wrote it


def test_what_is_in_a_form_stays_as_it_is(visit, paint) -> None:
    """Line ends and dashes inside a picture are bytes like others."""
    picture = paint("red") + b"\r\n--\r\n\r\n\n\r--x"
    form = b'--x y\r\nContent-Disposition: form-data; name="p"; filename="red.png"\r\n\r\n'
    headers = {"Content-Type": 'multipart/form-data; boundary="x y"'}
    body = form + picture + b"\r\n--x y--\r\n"

    assert RED == visit().post("/predict", content=body, headers=headers).json()


def test_a_heat_map_on_request(visit, paint) -> None:
    """It is a picture no larger than the page needs, light where the network looks."""
    client, picture = visit(), paint("red", size=(1200, 600))
    answer = client.post("/predict?heat=1", content=picture).json()
    head, _, data = answer["heat"].partition(",")
    heat = Image.open(io.BytesIO(base64.b64decode(data)))

    assert "data:image/jpeg;base64" == head
    assert (480, 240) == heat.size
    assert heat.convert("L").getpixel((60, 120)) > heat.convert("L").getpixel((420, 120)) + 100
    assert "heat" not in client.post("/predict?heat=0", content=picture).json()
    assert "heat" not in visit(heater=None).post("/predict?heat=1", content=picture).json()


def test_none_of_these(visit, paint) -> None:
    """Below the threshold nobody is named; who would be stays in the list."""
    found = visit(reject_below=0.5).post("/predict", content=paint("grey")).json()

    assert None is found["character"]
    assert 0.333333 == found["probability"]
    assert "probability 0.333333 is below 0.5" == found["reason"]
    assert 3 == len(found["top"])


@pytest.mark.parametrize(
    ("data", "status", "error"),
    [
        (b"hello", 415, "not an image: text"),
        (b"<svg/>", 415, "not an image: SVG"),
        (b"\x89PNG\r\n\x1a\n", 415, "not an image: unknown format"),
        (bomb(), 413, "too many pixels: 8000x4000 px, at most 25000000 px"),
    ],
    ids=["text", "SVG", "cut", "bomb"],
)
def test_what_is_no_picture(visit, data: bytes, status: int, error: str) -> None:
    """One line says why, beside the name that was given."""
    answer = visit().post("/predict?name=x%0Ay.png", content=data)

    assert (status, {"file": "x y.png", "error": error}) == (answer.status_code, answer.json())


def test_what_is_no_question(visit) -> None:
    """No bytes, too many of them, a form without a file, another method."""
    client = visit()
    empty = client.post("/predict")
    large = client.post("/predict", content=bytes(MAX_BYTES + 1))
    form = client.post("/predict", files={"picture": (None, b"text")})
    nothing = {"Content-Type": "multipart/form-data"}
    no_boundary = client.post("/predict", content=b"x", headers=nothing)

    assert (400, "no picture: send its bytes as the body") == told(empty)
    assert (413, "too many bytes: at most 10000000") == told(large)
    assert (400, "the form has no file") == told(form)
    assert (400, "Missing boundary in multipart.") == told(no_boundary)
    assert 405 == client.get("/predict").status_code


FIELD, FILE = 'name="p"', 'name="p"; filename="a"'
SURROGATE = r'name="p"; filename="\\ud800"'


def form_of(*parts: str, data: bytes = b"") -> bytes:
    """Write a form by hand: the head of each part after its Content-Disposition."""
    heads = [f"--x\r\nContent-Disposition: form-data; {part}\r\n\r\n" for part in parts]
    return "\r\n".join(heads).encode() + data + b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("body", "kind", "status", "error"),
    [
        (
            form_of(FILE, data=bytes(MAX_BYTES + 10_000)),
            "",
            413,
            "too many bytes: at most 10010000",
        ),
        (form_of(*(FILE for _ in range(101))), "", 400, "Too many files. Maximum number"),
        (form_of(*(FIELD for _ in range(101))), "", 400, "Too many fields. Maximum number"),
        (form_of(FIELD, data=bytes(10_001)), "", 400, "Part exceeded maximum size of 9KB."),
        (form_of('filename="a"', data=b"x"), "", 400, "The Content-Disposition header field"),
        (b"no form", "", 400, "Invalid multipart data."),
        (form_of(SURROGATE, data=b"x"), "; charset=unicode_escape", 415, "not an image"),
        (form_of(FILE, data=b"x"), "; charset=undefined", 400, "the form is no text"),
    ],
    ids=["bytes", "files", "fields", "a field", "no name", "no form", "a surrogate", "no charset"],
)
def test_what_is_no_form(visit, body: bytes, kind: str, status: int, error: str) -> None:
    """Too much of anything, and what is broken, is refused in a line."""
    headers = {"Content-Type": f"multipart/form-data; boundary=x{kind}"}
    answer = visit().post("/predict", content=body, headers=headers)

    assert status == answer.status_code
    assert answer.json()["error"].startswith(error)


def told(answer) -> tuple[int, str]:
    """Read status and error."""
    return answer.status_code, answer.json()["error"]


def test_too_often(visit, paint) -> None:
    """Who asks too often is told when to come back; the picture is not even read."""
    client, picture = visit(per_minute=2), paint()
    statuses = [client.post("/predict", content=picture).status_code for _ in range(3)]
    refused = client.post("/predict", content=bytes(MAX_BYTES + 1))

    assert [200, 200, 429] == statuses
    assert (429, "too many requests: try again in 30 s") == told(refused)
    assert "30" == refused.headers["retry-after"]
    assert 200 == client.get("/").status_code


def test_the_page(visit) -> None:
    """It names whom the network knows, as text, not as HTML."""
    answer = visit().get("/")

    assert "Knows Ariel 인어공주, Elsa &lt;3, Merida, as the network <b>colours</b>" in answer.text
    assert "Who is less likely than 50 % is not named." in answer.text
    assert "not calibrated" in answer.text
    assert "not calibrated" not in visit(temperature=1.5).get("/").text
    assert 'id="heat"' in answer.text
    assert 'id="heat"' not in visit(heater=None).get("/").text
    assert "img-src 'self' blob: data:;" in answer.headers["content-security-policy"]


def test_the_names_for_the_script(visit) -> None:
    """The page's script finds the names in an attribute, whatever is in them."""
    page = visit().get("/").text
    attribute = page.partition('data-names="')[2].partition('"')[0]
    text = attribute.replace("&#34;", '"').replace("&lt;", "<")

    assert {"ariel", "elsa", "merida"} == json.loads(text).keys()
    assert "Elsa <3" == json.loads(text)["elsa"]


@pytest.mark.parametrize("host", ["evil.example:8124", "127.0.0.1", "127.0.0.1:80", ""])
def test_other_hosts_are_refused(visit, host: str) -> None:
    """A foreign name that resolves to this machine (DNS rebinding) asks nothing."""
    assert 403 == visit().get("/", headers={"Host": host}).status_code


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:8124", 200), (None, 200)],
)
def test_other_pages_are_refused(visit, paint, origin: str | None, status: int) -> None:
    """A page elsewhere cannot use the network; a program, which has no origin, can."""
    headers = {"Origin": origin} if origin else {}

    assert status == visit().post("/predict", content=paint(), headers=headers).status_code

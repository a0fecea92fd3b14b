"""The gate before every local page."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from pipeline.web.gate import Gate, content_policy


@pytest.fixture
def client() -> TestClient:
    """Reach a page that answers everything."""
    gate = Gate(PlainTextResponse("page"), hosts={"here:1"}, policy=content_policy())
    return TestClient(gate, base_url="http://here:1")


def test_this_host_comes_through(client: TestClient) -> None:
    """And every answer carries the headers that keep others out."""
    answer = client.get("/")

    assert "page" == answer.text
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; img-src 'self';"
    )


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"Host": "there:1"}, "host 'there:1' is not this server\n"),
        ("POST", {"Host": "there:1"}, '{"error":"host \'there:1\' is not this server"}'),
        ("POST", {"Origin": "http://there"}, '{"error":"this request comes from another page"}'),
        (
            "DELETE",
            {"Origin": "https://here:1"},
            '{"error":"this request comes from another page"}',
        ),
    ],
)
def test_others_do_not(client: TestClient, method: str, headers: dict, expected: str) -> None:
    """A person reads a line, a script finds it in JSON; the headers are there as well."""
    answer = client.request(method, "/", headers=headers)

    assert (403, expected) == (answer.status_code, answer.text)
    assert "nosniff" == answer.headers["x-content-type-options"]


def test_reading_from_elsewhere_is_left_to_the_browser(client: TestClient) -> None:
    """It shows no other page what it read."""
    assert 200 == client.get("/", headers={"Origin": "http://there"}).status_code

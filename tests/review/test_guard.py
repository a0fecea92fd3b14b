"""Only the page itself, in the browser that opened it, may talk to the server."""

import pytest

JSON = {"Content-Type": "application/json", "Origin": "http://127.0.0.1:8123"}


def test_the_address_opens_once(team, visit) -> None:
    """The token is exchanged for a cookie that scripts and other sites never get."""
    client = visit(team)
    answer = client.get("/enter/secret")

    assert (303, "/") == (answer.status_code, answer.headers["location"])
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert cookie.startswith("disney_review_8123=")
    assert 403 == client.get("/enter/secret").status_code
    assert 303 == client.get("/").status_code


def test_a_look_at_the_address_does_not_open_it(team, visit) -> None:
    """HEAD, as a preview of links sends it, leaves the token to the browser."""
    client = visit(team)
    looked = client.head("/enter/secret")

    assert (405, "GET") == (looked.status_code, looked.headers["allow"])
    assert "set-cookie" not in looked.headers
    assert 303 == client.get("/enter/secret").status_code


def test_a_wrong_token_opens_nothing(team, visit) -> None:
    """Nor does it use up the right one."""
    client = visit(team)

    assert 403 == client.get("/enter/guess").status_code
    assert "set-cookie" not in client.get("/enter/").headers
    assert 303 == client.get("/enter/secret").status_code


@pytest.mark.parametrize("address", ["/", "/characters/ariel", "/static/review.js", "/thumbs/a"])
def test_nothing_without_a_session(team, visit, address: str) -> None:
    """Another program or person on this machine sees nothing, and is told how to begin."""
    answer = visit(team).get(address)

    assert 403 == answer.status_code
    assert "no session: open the address that `disney review` printed" in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example:8123", "127.0.0.1", "127.0.0.1:80", "", "[::1]:8123"]
)
def test_other_hosts_are_refused(team, browse, host: str) -> None:
    """A foreign name that resolves to this machine (DNS rebinding) reads nothing."""
    answer = browse(team).client.get("/characters/ariel", headers={"Host": host})

    assert 403 == answer.status_code


def test_localhost_is_this_host_too(team, browse) -> None:
    """A browser may write the address by name."""
    browser = browse(team)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    headers = {"Host": "localhost:8123", "Cookie": cookie}

    assert 200 == browser.client.get("/characters/ariel", headers=headers).status_code


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1:8123", "http://127.0.0.1:9"]
)
def test_other_pages_change_nothing(team, browse, origin: str | None) -> None:
    """A page elsewhere cannot decide in the member's name (CSRF), cookie or not."""
    [sha256] = team.collect("tomato")
    headers = {"Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
    body = f'{{"sha256": "{sha256}", "verdict": "reject"}}'

    answer = browse(team).client.post("/decisions", content=body, headers=headers)

    assert (403, []) == (answer.status_code, team.reviews())


def test_headers_of_every_answer(team, visit) -> None:
    """Also a refusal forbids scripts of others, frames and guessing of types."""
    headers = visit(team).get("/").headers

    assert "nosniff" == headers["x-content-type-options"]
    assert headers["content-security-policy"].startswith("default-src 'none'; img-src 'self'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "same-origin" == headers["cross-origin-resource-policy"]


def test_a_broken_cookie_is_no_session(team, visit) -> None:
    """What cannot be parsed is refused like what is not there."""
    answer = visit(team).get("/", headers={"Cookie": 'disney_review_8123="\x01'})

    assert 403 == answer.status_code

"""No request makes the review page fail."""

import json

import pytest

from tests.fuzzing import Good, pictures, server_errors

QUERY = "view=copies&status=left&order=newest&member=na&source=urls&split=val&page=1"
JSON = "application/json"


@pytest.mark.parametrize("number", [300, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_request_is_an_error_of_the_server(team, browse, number: int) -> None:
    """Whatever is sent is answered, or refused as the client's error, and reviews stay readable."""
    one, two = team.collect("tomato", "teal")
    team.group(one, two)
    browser = browse(team)
    client = browser.client
    client.headers["Origin"] = "http://127.0.0.1:8123"
    decision = {"sha256": one, "verdict": "reject", "window": "w", "note": "words " * 40}
    undo = {"window": "w", "decision": browser.decide(one, "keep", window="w").json()["decision"]}
    seen = ["/", "/enter/secret", "/static/review.js", f"/characters/ariel?{QUERY}"]
    seen += [f"/characters/ariel/panel/{one}", f"/thumbs/{one}", f"/pictures/{one}"]
    good = [Good(address=address) for address in seen]
    for address, words in [("/decisions", decision)] * 4 + [("/undo", undo)] * 2:
        body = json.dumps(words).encode()
        good.append(Good(address=address, method="POST", kind=JSON, body=body))
    for body in pictures():
        address = "/characters/ariel/uploads?name=a.png"
        good.append(Good(address=address, method="POST", body=body))

    assert [] == server_errors(client, good, number=number)
    assert 200 == client.get("/characters/ariel").status_code
    assert {one, two} >= {row.sha256 for row in team.reviews()}

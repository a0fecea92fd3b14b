"""No request makes the page of `disney serve` fail."""

import pytest

from tests.fuzzing import Good, form_of, pictures, server_errors

FORM = "multipart/form-data; boundary=x"


# Starlette leaves the file of a form without an end to the garbage collector.
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
@pytest.mark.parametrize("number", [300, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_request_is_an_error_of_the_server(visit, number: int) -> None:
    """Whatever is sent is answered, or refused as the client's error."""
    good = [Good(address="/"), Good(address="/static/serve.js")]
    for picture in pictures():
        ask = {"address": "/predict?name=a.png&heat=1", "method": "POST"}
        good += [Good(**ask, body=picture), Good(**ask, kind=FORM, body=form_of(picture))]
    client = visit(per_minute=1_000_000)

    assert [] == server_errors(client, good, number=number)
    assert 200 == client.post("/predict", content=pictures()[0]).status_code

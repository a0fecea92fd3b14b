"""The page in a real browser: choose, drop, errors, keyboard, a phone."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from pipeline.serve.app import make_app
from pipeline.serve.rate import Rate
from pipeline.serve.server import gated
from tests.browsing import show
from tests.serve.conftest import NAMES

pytestmark = pytest.mark.slow
LOADED_WIDTH_PX = """(image) => new Promise((done) => {
  const look = () => image.naturalWidth ? done(image.naturalWidth) : requestAnimationFrame(look);
  look();
})"""


@pytest.fixture
def address(seer) -> Iterator[str]:
    """Serve the page on a free port from another thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        app = make_app(seer(), names=NAMES, rate=Rate(per_minute=1000))
        guarded = gated(app, hosts=["127.0.0.1"], port=port)
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{port}/"
        server.should_exit = True
        thread.join()


@pytest.fixture
def page(chromium, address: str) -> Iterator[object]:
    """Open the page; an error of its script fails the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    window, errors = context.new_page(), []

    def note(error: object) -> None:
        errors.append(error)

    window.on("pageerror", note)
    show(window, address)
    yield window
    context.close()
    assert [] == errors


@pytest.fixture
def choose(page, paint) -> Callable[..., None]:
    """Choose a picture of one colour."""

    def give(colour: str, *, name: str = "picture.png") -> None:
        file = {"name": name, "mimeType": "image/png", "buffer": paint(colour)}
        page.set_input_files("#file", file)

    return give


def test_who_is_this(page, choose) -> None:
    """Name, probability, the three likeliest, the picture and its heat map; then the next one."""
    choose("red", name="인어.png")
    page.locator("#who", has_text="Ariel 인어공주").wait_for()

    assert "96 % sure." == page.locator("#sure").text_content()
    assert ["Ariel 인어공주", "Elsa <3", "Merida"] == page.locator(".name").all_text_contents()
    assert ["96 %", "2 %", "2 %"] == page.locator(".percent").all_text_contents()
    assert "인어.png" == page.locator("#file-name").text_content()
    for picture in ("#picture", "#heat"):
        assert 60 == page.locator(picture).evaluate(LOADED_WIDTH_PX)
    assert "answer" == page.evaluate("document.activeElement.id")

    choose("blue")
    page.locator("#who", has_text="Elsa <3").wait_for()

    assert 3 == page.locator("#top li").count()


def test_none_of_these_and_errors(page, choose) -> None:
    """Nobody is named who is too unlikely; what is no picture takes the last answer away."""
    choose("grey")
    page.locator("#who", has_text="None of these").wait_for()

    assert page.locator("#sure").text_content().startswith("The likeliest would be Ariel")

    text = {"name": "x.txt", "mimeType": "text/plain", "buffer": b"hello"}
    page.set_input_files("#file", text)
    page.locator("#problem", has_text="x.txt: not an image: text.").wait_for()

    assert page.locator("#answer").is_hidden()


def test_dropped_on_a_phone_and_by_keyboard(page, choose) -> None:
    """A drop anywhere counts; a narrow page does not scroll sideways; Tab reaches the choice."""
    page.set_viewport_size({"width": 360, "height": 700})
    page.evaluate(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["<svg/>"], "dropped.svg"));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true }));
        }"""
    )
    page.locator("#problem", has_text="dropped.svg: not an image: SVG.").wait_for()
    choose("red")
    page.locator("#who", has_text="Ariel").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.reload()
    page.keyboard.press("Tab")

    assert "file" == page.evaluate("document.activeElement.id")


def test_a_server_that_is_gone(page, choose) -> None:
    """The page says that there is no answer."""
    page.route("**/predict?*", lambda route: route.abort())
    choose("red")
    page.locator("#problem", has_text="No answer: has the server stopped?").wait_for()

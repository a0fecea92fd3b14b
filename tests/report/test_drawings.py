"""Which pages and figures may show an image."""

from collections.abc import Callable

from pipeline.files import write_text
from pipeline.paths import Project
from pipeline.report.drawings import pixel_copies

ONE, TWO = "1" * 64, "2" * 64


def test_all_that_may_show_an_image_of_the_team(make_project: Callable[..., Project]) -> None:
    """The page, sheets, and drawings with a picture in them; of an unknown image none."""
    project = make_project()
    reports = project.page.parent
    write_text(project.groups, f"sha256\n{ONE}\n")
    write_text(project.denied, f"item,reason\n{TWO},asked\n")
    write_text(project.page, "<img src='data:image/jpeg;base64,AA'>")
    for name in ("explain.png", "metrics.json", "timing.json"):
        write_text(reports / "networks" / "cnn" / name, "{}")
    write_text(reports / "networks" / "cnn" / "belief.svg", "<image href='data:image/png;base64,'>")
    write_text(reports / "networks" / "cnn" / "learning.svg", "<svg><path d='M0 0'/></svg>")

    found = [copy.path.relative_to(reports).as_posix() for copy in pixel_copies(project, {ONE})]

    assert ["index.html", "networks/cnn/belief.svg", "networks/cnn/explain.png"] == found
    assert [] == list(pixel_copies(project, {TWO}))

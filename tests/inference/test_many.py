"""Any number of pictures: in order, a few at a time, bad ones among them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.inference.many import WORKERS, Row, answer_all
from pipeline.inference.predict import Predictor, load_predictor
from pipeline.inference.questions import Question, Reader
from pipeline.params import Params
from pipeline.paths import Project
from tests.inference.conftest import draw_bytes


@pytest.fixture(scope="module")
def predictor(trained: Project, trained_params: Params) -> Predictor:
    """Ask the small CNN."""
    return load_predictor(trained, trained_params, "cnn")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Write seven files: good pictures, and among them text, nothing, and none at all."""
    contents = [draw_bytes(1), b"some text", draw_bytes(2), b"", draw_bytes(3), draw_bytes(4)]
    paths = [tmp_path / f"{number}.png" for number in range(len(contents) + 1)]
    for path, data in zip(paths, contents, strict=False):
        path.write_bytes(data)
    return [str(path) for path in paths]


def ask(files: list[str], predictor: Predictor, params: Params, **options: float) -> list[Row]:
    """Ask about files."""
    questions = [Question(name=name) for name in files]
    return list(answer_all(questions, predictor, reader=Reader(params, root=Path()), **options))


def test_bad_pictures_are_rows(
    files: list[str], predictor: Predictor, trained_params: Params
) -> None:
    """Each has its reason in its place, and the rest is answered."""
    rows = ask(files, predictor, trained_params)

    assert files == [row.file for row in rows]
    errors = ["", "not an image (text)", "", "not an image (empty)", "", "", "no such file"]
    assert errors == [row.error for row in rows]
    assert [not error for error in errors] == [row.answer is not None for row in rows]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7])
def test_batches_change_no_answer(
    files: list[str], predictor: Predictor, trained_params: Params, batch_size: int
) -> None:
    """Who is asked about beside a picture does not matter."""
    expected = ask(files, predictor, trained_params)
    rows = ask(files, predictor, trained_params, batch_size=batch_size)

    for one, other in zip(expected, rows, strict=True):
        assert (one.file, one.error) == (other.file, other.error)
        if one.answer and other.answer:
            assert dict(one.answer.top) == pytest.approx(dict(other.answer.top), abs=1e-5)


def test_options_reach_the_answers(
    files: list[str], predictor: Predictor, trained_params: Params
) -> None:
    """How many are listed, and from which probability on one is named."""
    (row,) = ask(files[:1], predictor, trained_params, top=2, reject_below=1.0)

    assert row.answer is not None
    assert (None, 2) == (row.answer.character, len(row.answer.top))


def test_a_question_with_an_error_is_not_read(
    files: list[str], predictor: Predictor, trained_params: Params
) -> None:
    """An empty folder stays one."""
    question = Question(name=files[0], error="no picture in it")
    (row,) = answer_all([question], predictor, reader=Reader(trained_params, root=Path()))

    assert (None, "no picture in it") == (row.answer, row.error)


def test_questions_are_read_as_they_are_needed(
    files: list[str], predictor: Predictor, trained_params: Params
) -> None:
    """Each thread has a batch in work or done; of a hundred thousand no more is held."""
    num_read = 0

    def endless() -> Iterator[Question]:
        nonlocal num_read
        while True:
            num_read += 1
            yield Question(name=files[0])

    rows = answer_all(
        endless(), predictor, reader=Reader(trained_params, root=Path()), batch_size=2
    )
    for _ in range(3):
        next(rows)
    rows.close()

    assert 2 * (WORKERS + 2) == num_read  # the second batch has begun

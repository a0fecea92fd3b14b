"""Any number of pictures, in batches: memory does not grow, and a bad picture is a row like others.

Each thread takes a batch from its files to its answers (Pillow and onnxruntime let go of Python
meanwhile); of a picture only its small square is kept.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pipeline.files import sha256_of
from pipeline.inference.answers import Answer
from pipeline.inference.predict import TOP, Predictor
from pipeline.inference.questions import Question, Reader, in_words
from pipeline.inference.squares import Squares, join_squares, pack_square
from pipeline.pictures.decode import decode
from pipeline.records import Rejected

BATCH_SIZE = 16
# Threads; each may hold one decoded picture of 40 million px, 120 MB.
WORKERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one picture."""

    file: str  # as given
    answer: Answer | None  # None: see `error`
    error: str = ""
    sha256: str = ""  # of the picture's bytes; "" where they could not be read
    square: Squares | None = None  # what the network was shown
    heat_map: str = ""  # file that shows what it looked at


def answer_all(
    questions: Iterable[Question],
    predictor: Predictor,
    *,
    reader: Reader,
    top: int = TOP,
    reject_below: float = 0.0,
    batch_size: int = BATCH_SIZE,
) -> Iterator[Row]:
    """Ask about every picture, in the order given.

    Args:
        questions: read as they are needed.
        predictor: who is asked.
        reader: where bytes come from; stopped at the end.
        top: how many characters an answer lists.
        reject_below: the least probability of a character that is named, in [0, 1].
        batch_size: B at most.
    """
    ask = partial(_answer, predictor=predictor, reader=reader, top=top, reject_below=reject_below)
    pool = ThreadPoolExecutor(WORKERS)
    ahead: deque[Future[list[Row]]] = deque()
    try:
        for batch in _batches(questions, size=batch_size):
            ahead.append(pool.submit(ask, batch))
            if len(ahead) > WORKERS:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()
    finally:  # also when whoever asks has seen enough
        reader.stop()
        pool.shutdown(cancel_futures=True)


def _batches(questions: Iterable[Question], *, size: int) -> Iterator[list[Question]]:
    remaining = iter(questions)
    while batch := list(islice(remaining, size)):
        yield batch


def _answer(
    batch: Sequence[Question],
    *,
    predictor: Predictor,
    reader: Reader,
    top: int,
    reject_below: float,
) -> list[Row]:
    found = [_obtain(question, predictor, reader) for question in batch]
    good = [each for _, each in found if isinstance(each, Squares)]
    answers = iter(
        predictor.predict_squares(join_squares(good), top=top, reject_below=reject_below)
        if good
        else ()
    )
    return [
        Row(file=question.name, sha256=sha256, answer=None, error=each)
        if isinstance(each, str)
        else Row(file=question.name, sha256=sha256, answer=next(answers), square=each)
        for question, (sha256, each) in zip(batch, found, strict=True)
    ]


def _obtain(question: Question, predictor: Predictor, reader: Reader) -> tuple[str, Squares | str]:
    """Read, hash, decode and pack one picture, or say why not."""
    data = question.error or reader.read(question.name)
    if isinstance(data, str):
        return "", data
    picture = decode(data)
    if isinstance(picture, Rejected):
        return sha256_of(data), in_words(picture)
    return sha256_of(data), pack_square(picture.image, side_px=predictor.side_px)

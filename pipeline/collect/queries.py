"""What a character is called when a source is asked, and how several questions share one list."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from pipeline.params import Search

T = TypeVar("T")


def texts_of(search: Search) -> tuple[str, ...]:
    """Give what a search engine is asked: the name alone only where there is nothing better."""
    return search.queries or (search.name,)


def in_turn(iterators: Iterable[Iterator[T]]) -> Iterator[T]:
    """Take one item of each iterator in turn until all are exhausted.

    So one bad query cannot fill the list, and a query whose items are not wanted any more is not
    asked to its end.

    >>> list(in_turn([iter("ace"), iter("bd")]))
    ['a', 'b', 'c', 'd', 'e']
    """
    waiting = deque(iterators)
    while waiting:
        iterator = waiting.popleft()
        for item in islice(iterator, 1):
            yield item
            waiting.append(iterator)

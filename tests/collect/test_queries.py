"""What is asked for, and how questions share a list."""

from collections.abc import Iterator

from pipeline.collect.queries import in_turn, texts_of
from pipeline.params import Search


def test_the_name_is_asked_only_where_there_is_nothing_better():
    """Queries that a member wrote replace the name."""
    assert ("Ariel",) == texts_of(Search(name="Ariel"))
    assert ("인어공주", "mermaid") == texts_of(
        Search(name="Ariel", queries=("인어공주", "mermaid"))
    )


def test_one_long_query_cannot_fill_the_list():
    """Of the first six, each of three questions gives two, however much one has to say."""
    long, short = (f"long {n}" for n in range(1000)), iter(["short 0", "short 1"])

    found = in_turn([long, short, iter(["other 0", "other 1", "other 2"])])

    first = [next(found) for _ in range(6)]
    assert ["long 0", "short 0", "other 0", "long 1", "short 1", "other 1"] == first


def test_nothing_is_asked_before_it_is_wanted():
    """A question starts when its turn comes."""
    started = []

    def question(name: str) -> Iterator[str]:
        started.append(name)
        yield name

    found = in_turn([question("a"), question("b")])

    assert [] == started
    assert "a" == next(found)
    assert ["a"] == started

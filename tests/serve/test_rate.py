"""How often one client may ask."""

from pipeline.serve.rate import Rate


class Clock:
    """A clock that is set by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


def test_a_bucket_fills_again() -> None:
    """All at once, then one every 60 / per_minute seconds; waiting longer saves no more."""
    clock = Clock()
    rate = Rate(per_minute=3, clock_s=clock)

    assert [0, 0, 0, 20] == [rate.wait_s("a") for _ in range(4)]
    clock.now_s += 15
    assert 5 == rate.wait_s("a")
    clock.now_s += 5
    assert [0, 20] == [rate.wait_s("a") for _ in range(2)]
    clock.now_s += 3600
    assert [0, 0, 0, 20] == [rate.wait_s("a") for _ in range(4)]


def test_clients_do_not_share() -> None:
    """One who asks too often takes nothing from another."""
    rate = Rate(per_minute=1, clock_s=Clock())

    assert [0, 60, 0] == [rate.wait_s("a"), rate.wait_s("a"), rate.wait_s("b")]


def test_who_is_gone_is_forgotten() -> None:
    """Memory does not grow with all who ever asked."""
    clock = Clock()
    rate = Rate(per_minute=10, clock_s=clock)
    for number in range(50):
        rate.wait_s(str(number))
    clock.now_s += 61
    rate.wait_s("a")

    assert ["a"] == list(rate._full_at_s)

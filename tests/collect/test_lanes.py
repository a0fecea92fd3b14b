"""A pool with lanes: each lane in order and within its limit, others not held up."""

import threading

import pytest

from pipeline.collect.lanes import LanePool

ONE = ("one", 1)


def test_a_lane_works_in_order_and_within_its_limit():
    """Of one lane, one piece is in work at a time, first come first served."""
    pool: LanePool[int] = LanePool(4)
    order, at_once, most = [], [0], [0]
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            order.append(number)
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        with lock:
            at_once[0] -= 1
        return number * number

    futures = [pool.submit(lambda n=n: work(n), lane=ONE) for n in range(50)]
    results = [future.result(10) for future in futures]
    pool.close()

    assert [n * n for n in range(50)] == results
    assert list(range(50)) == order
    assert [1] == most


def test_a_full_lane_does_not_hold_up_another():
    """While a lane waits, other lanes and work without a lane go on."""
    pool: LanePool[str] = LanePool(2)
    may_end = threading.Event()
    blocked = [pool.submit(lambda: str(may_end.wait(10)), lane=ONE) for _ in range(5)]

    others = [pool.submit(lambda: "x", lane=lane) for lane in (("two", 1), None)]

    assert ["x", "x"] == [each.result(10) for each in others]
    may_end.set()
    assert ["True"] * 5 == [each.result(10) for each in blocked]
    pool.close()


def test_a_fault_frees_the_lane_and_reaches_who_waits():
    """An exception is the result of its own piece of work only."""
    pool: LanePool[float] = LanePool(2)
    broken = pool.submit(lambda: 1 / 0, lane=ONE)
    fine = pool.submit(lambda: 1.0, lane=ONE)

    with pytest.raises(ZeroDivisionError):
        broken.result(10)
    assert 1.0 == fine.result(10)
    pool.close()


def test_closing_drops_what_has_not_begun():
    """After the end nothing new starts, and the end does not wait for it."""
    pool: LanePool[bool] = LanePool(1)
    is_begun, may_end = threading.Event(), threading.Event()
    started = []

    def first() -> bool:
        is_begun.set()
        return may_end.wait(10)

    running = pool.submit(first, lane=ONE)
    for number in range(3):
        pool.submit(lambda n=number: bool(started.append(n)), lane=ONE)
    assert is_begun.wait(10)
    closer = threading.Thread(target=pool.close)
    closer.start()
    while not pool._is_closed:
        pass
    may_end.set()
    closer.join(10)

    assert running.result(1)
    assert [] == started

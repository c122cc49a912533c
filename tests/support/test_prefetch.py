"""Order is kept, errors arrive, and no thread outlives its use."""

import threading
import time

import pytest

from seqattr.support.prefetch import BackgroundWriter, prefetch


def test_what_is_made_ahead_comes_in_order() -> None:
    def make(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item**2

    assert list(prefetch(make, range(20))) == [i**2 for i in range(20)]
    assert list(prefetch(make, [])) == []


def test_the_next_is_made_while_one_is_used() -> None:
    made: list[int] = []
    items = prefetch(lambda item: made.append(item) or item, range(5))
    assert next(items) == 0
    deadline = time.monotonic() + 5
    while made != [0, 1] and time.monotonic() < deadline:
        time.sleep(0.001)
    assert made == [0, 1]
    items.close()


def test_an_error_made_ahead_comes_in_its_place() -> None:
    items = prefetch(lambda item: 1 // item, [1, 0, 1])
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_calls_behind_are_done_in_order_and_all_of_them() -> None:
    done: list[int] = []
    with BackgroundWriter() as behind:
        for i in range(50):
            behind.do(done.append, i)
    assert done == list(range(50))


def test_an_error_behind_is_raised() -> None:
    def fail() -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"), BackgroundWriter() as behind:
        behind.do(fail)


def test_an_error_of_the_caller_drops_what_waits() -> None:
    done: list[int] = []
    gate = threading.Event()

    def slow(i: int) -> None:
        gate.wait(5)
        done.append(i)

    def interrupted() -> None:
        with BackgroundWriter() as behind:
            behind.do(slow, 0)
            behind.do(slow, 1)
            threading.Timer(0.05, gate.set).start()
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert len(done) <= 1


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    list(prefetch(str, range(3)))
    with BackgroundWriter() as behind:
        behind.do(str, 1)
    assert threading.active_count() == before

"""Work in stages: in order, a few items ahead and behind, and errors where they belong."""

import threading
import time

import pytest

from seqattr.support.stages import Stages, in_threads


def stages(**changes):
    parts = {
        "prepare": lambda item: item,
        "begin": lambda item: item,
        "wait": lambda item: item,
        "store": lambda item: item,
        "threads": 2,
    }
    return Stages(**{**parts, **changes})


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("in_flight", [1, 3])
@pytest.mark.parametrize("number", [0, 1, 2, 20])
def test_items_go_through_all_stages_in_order(threads, in_flight, number):
    run = stages(
        prepare=lambda item: [item],
        begin=lambda done: [*done, "begun"],
        wait=lambda done: [*done, "waited"],
        store=lambda done: (*done, "stored"),
        threads=threads,
        in_flight=in_flight,
    ).run(range(number))
    assert list(run) == [(item, "begun", "waited", "stored") for item in range(number)]


def test_the_middle_is_done_by_the_caller_s_thread_and_the_rest_by_others():
    names = {}

    def noted(stage):
        def work(item):
            names.setdefault(stage, set()).add(threading.current_thread())
            return item

        return work

    done = stages(**{stage: noted(stage) for stage in ("prepare", "begin", "wait", "store")}).run(range(9))
    assert list(done) == list(range(9))
    main = {threading.current_thread()}
    assert names["begin"] == names["wait"] == main
    assert not (names["prepare"] | names["store"]) & main


def test_no_more_is_begun_than_may_be_in_flight_and_no_more_prepared_than_is_wanted():
    begun, prepared, open_now, most = [], [], [0], [0]

    def begin(item):
        open_now[0] += 1
        most[0] = max(most[0], open_now[0])
        return item

    def wait(item):
        open_now[0] -= 1
        return item

    run = stages(prepare=lambda i: prepared.append(i) or i, begin=begin, wait=wait, in_flight=3).run(
        range(50)
    )
    next(run)
    time.sleep(0.05)
    assert len(prepared) < 20
    begun += run
    assert most == [3]


@pytest.mark.parametrize("stage", ["prepare", "begin", "wait", "store"])
def test_what_a_stage_raises_ends_it_all_and_what_was_before_is_stored(stage):
    stored = []

    def fail(item):
        if item == 4:
            raise ValueError("the fourth")
        if stage == "store":
            stored.append(item)
        return item

    parts = {"store": lambda item: stored.append(item) or item, stage: fail}
    with pytest.raises(ValueError, match="the fourth"):
        list(stages(**parts).run(range(50)))
    assert set(range(4)) <= set(stored)
    assert max(stored) < 20


@pytest.mark.parametrize("threads", [1, 3])
def test_tasks_are_all_done(threads):
    done = []
    in_threads([lambda i=i: done.append(i) for i in range(7)], threads, pytest.fail)
    assert sorted(done) == list(range(7))


@pytest.mark.parametrize("threads", [1, 2])
def test_where_a_task_fails_the_others_are_told_to_end(threads):
    stopped = threading.Event()

    def fail():
        raise ValueError("the first")

    with pytest.raises(ValueError, match="the first"):
        in_threads([fail, lambda: stopped.wait(20)], threads, stopped.set)
    assert stopped.is_set()

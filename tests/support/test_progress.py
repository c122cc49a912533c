"""Rate, remaining time and lines of a log, on a clock that the tests set."""

import pytest

from seqattr.support.progress import Counter, Log, Pace, duration, rate_in_words


class Clock:
    """Seconds, as many as it is told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def log(clock: Clock, lines: list[str]) -> Log:
    return Log("scoring", lines.append, clock)


def work(log: Log, clock: Clock, total: int, *steps: tuple[float, int]) -> None:
    """So many are done at so many seconds from the start."""
    start = clock.seconds
    for seconds, done in steps:
        clock.seconds = start + seconds
        log(done, total)


def test_a_line_every_minute_with_rate_and_remaining_time(log, clock, lines):
    work(log, clock, 250_000, (0, 0), (59, 6000), (60, 6180), (61, 6300), (119, 12_000), (120.4, 12_401))
    assert lines == [
        "scoring: 6,180 of 250,000 (2 %), 103 a second, about 39 min left",
        "scoring: 12,401 of 250,000 (4 %), 103 a second, about 38 min left",
    ]


def test_a_last_line_where_there_was_one(log, clock, lines):
    work(log, clock, 600, (0, 0), (61, 61), (600, 600))
    clock.seconds += 20  # files are closed
    log.end()
    assert lines[-1] == "scoring: 600 of 600 in 10 min, 1.0 a second"
    assert len(lines) == 3


def test_other_work_counts_anew(log, clock, lines):
    """A hundred a second of 6,000, then one a second of 300, which an earlier process had begun."""
    work(log, clock, 6000, (0, 0), (60, 6000))
    log.at("comparing with chance")
    work(log, clock, 300, (0, 30), (60, 90), (70, 300))
    log.end()
    assert lines == [
        "scoring: 6,000 of 6,000 (100 %), 100 a second",
        "scoring: 6,000 of 6,000 in 60 s, 100 a second",
        "comparing with chance: 90 of 300 (30 %), 1.0 a second, about 4 min left",
        "comparing with chance: 300 of 300 in 70 s, 3.9 a second",
    ]


def test_a_part_that_goes_on_counting_has_its_name_behind_the_label(log, clock, lines):
    work(log, clock, 100, (0, 0), (30, 30))
    log.at("explaining")
    work(log, clock, 100, (0, 30), (30, 60))
    assert lines == ["scoring, explaining: 60 of 100 (60 %), 1.0 a second, about 40 s left"]


def test_what_is_counted_may_grow(log, clock, lines):
    """Of a pipe nobody knows how much there is."""
    for done in (0, 30, 60):
        clock.seconds += 30
        log(done, done)
    log.end()
    assert lines[-1] == "scoring: 60 of 60 in 2 min, 1.0 a second"


@pytest.mark.parametrize("steps", [[], [(0, 0), (20, 5), (59.9, 10)]])
def test_a_run_of_less_than_a_minute_leaves_no_line(log, clock, lines, steps):
    work(log, clock, 10, *steps)
    log.end()
    assert lines == []


def test_what_was_done_before_does_not_count(log, clock, lines):
    """Of 1,000 an earlier process did 900; this one does one a second and has 40 to go."""
    work(log, clock, 1000, (0, 900), (60, 960))
    assert lines == ["scoring: 960 of 1,000 (96 %), 1.0 a second, about 40 s left"]


def test_nor_does_the_time_before_the_first_report(clock):
    """Reading a model and compiling loops for it: the first of a long run."""
    pace = Pace(clock)
    clock.seconds += 100
    pace.report(10, 1000)
    assert pace.rate is None
    assert pace.state() == "10 of 1,000 (1 %)"
    clock.seconds += 10
    pace.report(30, 1000)
    assert pace.rate == 2
    assert pace.state() == "30 of 1,000 (3 %), 2.0 a second, about 8 min left"


def test_nothing_to_do_and_nothing_done(clock):
    pace = Pace(clock)
    pace.report(0, 0)
    assert pace.state() == "0 of 0 (0 %)"
    assert pace.summary() == "0 of 0 in 1 s"


def test_only_what_is_whole_is_a_hundred_per_cent(clock):
    pace = Pace(clock)
    pace.report(99_999, 100_000)
    assert "(99 %)" in pace.state()
    pace.report(100_000, 100_000)
    assert "(100 %)" in pace.state()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (45.4, "45 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (38 * 60 + 10, "38 min"),
        (89 * 60, "89 min"),
        (90 * 60, "1 h 30 min"),
        (3 * 3600 + 20 * 60, "3 h 20 min"),
        (3600 * 47, "47 h 0 min"),
        (3600 * 51, "2 days 3 h"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (None, ""),
        (0, ""),
        (12_345.6, "12,346 a second"),
        (103.2, "103 a second"),
        (2.54, "2.5 a second"),
        (0.5, "30 a minute"),
        (0.04, "2.4 a minute"),
        (0.001, "3.6 an hour"),
    ],
)
def test_rates_in_words(rate, words):
    assert rate_in_words(rate) == words


def test_a_counter_adds_up():
    told: list[tuple[int, int]] = []
    counter = Counter(5, lambda done, total: told.append((done, total)))
    counter.add()
    counter.add(4)
    assert told == [(1, 5), (5, 5)]

"""What is said of work that was stopped."""

import pytest

from seqattr.support.interruptions import CONTINUES, NOTHING_HALF, Terminated, resumable, what_is_left


def test_work_says_what_becomes_of_it():
    with pytest.raises(KeyboardInterrupt) as stop, resumable():
        raise KeyboardInterrupt
    assert what_is_left(stop.value) == CONTINUES


def test_the_innermost_knows_best():
    with pytest.raises(Terminated) as stop, resumable(), resumable("two files are whole"):
        raise Terminated
    assert what_is_left(stop.value) == "two files are whole"


def test_without_a_word_of_its_own_what_always_holds():
    assert what_is_left(KeyboardInterrupt()) == NOTHING_HALF


def test_other_errors_pass():
    with pytest.raises(ValueError, match="no stop") as error, resumable():
        raise ValueError("no stop")
    assert not hasattr(error.value, "__notes__")

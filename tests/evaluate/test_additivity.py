"""The verdict on a run counts, says how bad and what settles it; a few that fail are told as themselves."""

import numpy as np
import pytest

from seqattr.evaluate.additivity import Additivity, cure, together

FINE = np.full(2000, 2e-5)


def with_worst(*worst: float) -> np.ndarray:
    return np.concatenate([FINE[len(worst) :], worst])


def test_one_pair_of_many_is_told_as_one():
    verdict = Additivity.of(with_worst(1.4e-3), np.full(2000, 80.0))
    assert (verdict.explanations, verdict.missing, verdict.cancelling) == (2000, 1, 0)
    assert verdict.additive
    assert not verdict.cancels
    assert verdict.misses() == (
        "1 of 2,000 explanations miss their difference by more than 0.1% of it: "
        "by 0.001 at most, 2e-05 in the median"
    )
    assert "scores of `precision=float64` settle it" in cure("float32")
    assert "fault" in cure("float64")


@pytest.mark.parametrize(("failing", "holds"), [(0, True), (100, True), (101, False), (2000, False)])
def test_more_than_a_few_speak_against_the_run(failing, holds):
    errors = np.where(np.arange(2000) < failing, 0.3, 2e-5)
    assert Additivity.of(errors, None).additive is holds
    assert Additivity.of(FINE, errors * 1e6).cancels is not holds


def test_cancellation_of_what_explodes():
    verdict = Additivity.of(FINE, with_worst(3e10, 2e4))
    assert verdict.cancelling == 2
    assert verdict.cancellations() == (
        "2 of 2,000 explanations add up only by cancelling: "
        "their contributions come to up to 3e+10 times what they explain"
    )


def test_files_without_cancellation_have_none():
    assert Additivity.of(FINE, None).cancelling == 0


def test_targets_together():
    one, other = Additivity.of(FINE, FINE), Additivity.of(with_worst(0.2), with_worst(5e6))
    assert together([one, other]) == Additivity(4000, 1, 2e-5, 0.2, 1, 5e6)


def test_the_errors_are_written_alike():
    told = Additivity.of(np.full(4, 0.05), None)
    assert "by 0.05 at most, 0.05 in the median" in told.misses()

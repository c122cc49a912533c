"""From class to class: which bases go, and how far the log-odds move."""

import numpy as np
import pytest

from seqattr.evaluate import class_flipping
from seqattr.evaluate.class_flipping import Pair
from tests.helpers.questions import LENGTH, linear_model, question, small_model

PAIRS = [Pair(0, 1), Pair(1, 0)]


def test_pairs_are_all_of_the_first_few():
    assert class_flipping.pairs_of(1) == []
    assert class_flipping.pairs_of(2) == PAIRS
    assert len(class_flipping.pairs_of(900)) == 12


def slow_flip(asked, pair, n):
    """The paper's experiment on one sequence, in a loop."""
    if (
        not asked.model.predict(asked.sequences[n : n + 1])[0].tolist()[pair.origin]
        > (asked.model.predict(asked.sequences[n : n + 1])[0].tolist()[pair.goal])
    ):
        return np.nan
    contributions = asked.contributions("gradient")[:, n]
    difference = (contributions[pair.origin] - contributions[pair.goal]).tolist()
    order = sorted(range(LENGTH), key=lambda position: -difference[position])
    gone = [position for position in order[: LENGTH // 5] if difference[position] > 0]
    changes = []
    for other in asked.references[n]:
        changed = asked.sequences[n].clone()
        changed[:, gone] = other[:, gone]
        before, after = (asked.model.predict(x[None])[0] for x in (asked.sequences[n], changed))
        changes.append(
            float((after[pair.goal] - after[pair.origin]) - (before[pair.goal] - before[pair.origin]))
        )
    return np.mean(changes)


def test_class_flips_are_those_of_a_loop():
    asked = question(small_model())
    values = class_flipping.class_flips(asked, "gradient", PAIRS)
    expected = [[slow_flip(asked, pair, n) for n in range(6)] for pair in PAIRS]
    assert values == pytest.approx(np.array(expected), abs=1e-9, nan_ok=True)
    assert (np.isnan(values).sum(0) == 1).all()  # each sequence is of one class


def test_of_a_linear_model_nothing_moves_the_log_odds_further():
    """The closed form: what is erased takes its difference of contributions with it."""
    asked = question(linear_model())
    values = class_flipping.class_flips(asked, "gradient", PAIRS)
    contributions = asked.contributions("gradient").numpy()
    for p, pair in enumerate(PAIRS):
        difference = np.sort(contributions[pair.origin] - contributions[pair.goal], 1)[:, ::-1]
        best = difference[:, : LENGTH // 5].clip(min=0).sum(1)
        mine = ~np.isnan(values[p])
        assert values[p][mine] == pytest.approx(best[mine], abs=1e-9)
    with np.errstate(invalid="ignore"):
        assert not (class_flipping.at_random(asked, PAIRS) > values + 1e-9).any()


def test_rows_name_both_classes_and_a_control_has_none():
    asked = question(small_model())
    rows = list(class_flipping.classes(asked, "gradient"))
    assert [(row.metric, row.target, row.step) for row in rows] == [
        ("class-flip", "a", "to b"),
        ("class-flip-gain", "a", "to b"),
        ("class-flip", "b", "to a"),
        ("class-flip-gain", "b", "to a"),
    ]
    assert list(class_flipping.classes(asked, "random")) == []

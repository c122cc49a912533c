"""Pairs of matches beside all dividends, and functions whose motifs do, and do not, work together."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from seqattr.analyses.arrangements import ADD_UP, INTERACT, UNKNOWN
from seqattr.evaluate.effects import dividends, worths
from seqattr.evaluate.interactions import (
    Case,
    Instance,
    Interaction,
    Match,
    elsewhere,
    instances_of,
    interactions_of,
    masks,
    pair_effects,
    strongest,
)
from tests.helpers.sequences import one_hot, shuffled
from tests.helpers.zoo import captured

LENGTH = 60
A, B, C = Match("A", 5, 9, 9.0), Match("B", 20, 26, 8.0), Match("C", 40, 45, 7.5)


@pytest.mark.parametrize("name", ["conv1d", "bpnet"])
def test_pairs_are_the_dividends_of_two(name: str) -> None:
    """Beside those of all 2^G sets, reference by reference."""
    model, x = captured(name)[1], one_hot(1)
    pool = shuffled(x, 3)[0]
    groups = torch.zeros(3, x.shape[2], dtype=torch.bool)
    groups[0, 2:5] = groups[1, 8:12] = groups[2, 15:18] = True
    effects = torch.stack(
        [dividends(worths(model.predict, x[0], r, groups, keep_context=True)) for r in pool]
    ).mean(0)
    wanted = effects[[2**i + 2**j for i, j in combinations(range(3), 2)]]
    torch.testing.assert_close(pair_effects(model.predict, x[0], pool, groups), wanted, rtol=0, atol=1e-12)


def present(match: Match, planted: Tensor) -> Callable[[Tensor], Tensor]:
    """Whether sequences have at the match's place the bases that one of them has there, 1 or 0."""
    word = planted[:, match.start : match.end]
    return lambda x: (x[:, :, match.start : match.end] == word).flatten(1).all(1).double()


def found_in(sequences: Tensor, seed: int = 0) -> list[Instance]:
    """Of f = 2 a + 3 a b + c for the first output and a + b + c for the second."""
    instances = []
    for row, x in enumerate(sequences):
        a, b, c = (present(match, x) for match in (A, B, C))

        def predict(rows: Tensor, a=a, b=b, c=c) -> Tensor:  # type: ignore[no-untyped-def]
            return torch.stack(
                [2 * a(rows) + 3 * a(rows) * b(rows) + c(rows), a(rows) + b(rows) + c(rows)], 1
            )

        matches = [A, B, C]
        case = Case(row, x, x.flip(0)[None], matches, masks(matches, LENGTH).any(0))
        instances += instances_of(predict, case, seed)
    return instances


def test_motifs_that_work_together_are_found_and_no_others() -> None:
    found = {(*one.motifs, one.target): one for one in interactions_of(found_in(one_hot(12, LENGTH)))}
    assert len(found) == 6
    together = found["A", "B", 0]
    assert (together.mean, together.low, together.high) == (3, 3, 3)
    assert together.verdict == INTERACT
    assert together.shares == (0.5, 0.5)
    assert together.share == pytest.approx(3 / 6)
    assert together.null == 0
    assert together.q_value < 0.01
    assert (together.sequences, together.instances, together.gap) == (12, 12, 11)
    for key, one in found.items():
        if key != ("A", "B", 0):
            assert (one.mean, one.p_value, one.verdict) == (0, 1, ADD_UP)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({}, INTERACT),
        ({"mean": 0.4, "low": 0.3, "high": 0.5}, ADD_UP),  # clear of 0, and small
        ({"mean": -0.4, "low": -0.5, "high": -0.3}, ADD_UP),
        ({"mean": 0.9, "low": 0.6, "high": 1.2}, UNKNOWN),
        ({"low": -0.1}, UNKNOWN),
        ({"q_value": 0.2}, UNKNOWN),  # as two other places may do
        ({"q_value": float("nan")}, UNKNOWN),
        ({"null": 3.0}, UNKNOWN),  # two other places do more
        ({"null": -3.0}, INTERACT),  # or the contrary
        ({"sequences": 5}, UNKNOWN),
        ({"mean": 0.0, "low": 0.0, "high": 0.0, "sequences": 5}, UNKNOWN),
    ],
)
def test_two_interact_only_where_it_is_a_tenth_of_the_difference_and_no_chance(
    values: dict[str, float], verdict: str
) -> None:
    """The rule of two motifs in backgrounds."""
    one = Interaction(("A", "B"), 0, 50, 60, 2.0, 1.5, 2.5, 10.0, 0.0, 1e-4, 1e-4, 7.0)
    assert one._replace(**values).verdict == verdict


def test_one_match_has_no_pair() -> None:
    x = one_hot(1, LENGTH)[0]
    case = Case(0, x, x[None], [A], masks([A], LENGTH).any(0))
    assert list(instances_of(lambda rows: rows.sum((1, 2))[:, None], case)) == []
    assert interactions_of([]) == []


def test_a_sequence_counts_once_however_many_pairs_it_has() -> None:
    one = found_in(one_hot(1, LENGTH))[0]
    more = [one, Instance(1, *[A, B], one.interaction * 3, one.null, one.difference)]
    thrice = [*more, more[1], more[1]]
    assert interactions_of(more)[0].mean == interactions_of(thrice)[0].mean == 2 * one.interaction[0]


def test_the_strongest_that_do_not_overlap() -> None:
    weak, over = Match("D", 50, 55, 1.0), Match("E", 8, 12, 8.9)
    assert strongest([weak, C, over, B, A], 3) == [A, B, C]
    assert strongest([weak, C, over, B, A], 9) == [A, B, C, weak]


def test_the_null_has_places_of_its_own() -> None:
    free = torch.ones(LENGTH, dtype=torch.bool)
    free[:30] = False
    for seed in range(20):
        moved = elsewhere([A, B, C], free, np.random.default_rng(seed))
        assert moved is not None
        places = masks(moved, LENGTH)
        assert places.sum(1).tolist() == [4, 6, 5]
        assert places.sum(0).max() == 1
        assert not places[:, :30].any()
    free[:50] = False
    assert elsewhere([A, B, C], free, np.random.default_rng(0)) is None


def test_draws_hang_on_the_sequence_alone() -> None:
    x = one_hot(6, LENGTH)
    whole, part = found_in(x), found_in(x[3:])
    assert [one.null.tolist() for one in whole[9:]] == [one.null.tolist() for one in part]

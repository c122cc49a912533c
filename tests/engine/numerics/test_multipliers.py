"""Multipliers in two parts, and back to one."""

import torch

from seqattr.engine.numerics.multipliers import Parts, add_multipliers, by_sign, collapse, map_parts

M = Parts(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0]))


def test_a_difference_falls_into_its_positive_and_its_negative_side() -> None:
    difference = torch.tensor([2.0, -3.0, 0.0])
    positive, negative = by_sign(difference)
    assert torch.equal(positive + negative, difference)
    assert positive.min() >= 0 >= negative.max()


def test_the_part_of_the_differences_sign_counts_and_of_none_the_mean() -> None:
    assert collapse(M, torch.tensor([5.0, -0.1, 0.0])).tolist() == [1, 20, 16.5]


def test_collapsed_parts_explain_the_whole_difference() -> None:
    difference = torch.tensor([2.0, -3.0, 0.0])
    parts = by_sign(difference)
    assert torch.equal(
        collapse(M, difference) * difference, M.positive * parts.positive + M.negative * parts.negative
    )


def test_one_multiplier_is_both_parts() -> None:
    one = torch.tensor([0.5, 0.5, 0.5])
    assert torch.equal(collapse(one, M.positive), one)
    both = add_multipliers(one, M)
    assert isinstance(both, Parts)
    assert both.positive.tolist() == [1.5, 2.5, 3.5]
    assert both.negative.tolist() == [10.5, 20.5, 30.5]


def test_each_part_is_mapped() -> None:
    mapped = map_parts(lambda part: -part, M)
    assert isinstance(mapped, Parts)
    assert torch.equal(mapped.negative, -M.negative)

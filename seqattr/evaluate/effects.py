"""What an output is made of: effects of single groups of bases, and of sets of them together.

A group that is present is as in the sequence, one that is absent as in a reference. What a set T of groups is
worth, v(T), is the output where these are present and the others absent. Its Harsanyi dividend

    I(S) = sum over T in S of (-1)^(|S| - |T|) v(T)

is what the groups of S add together and none of its subsets does: v(T) is the sum of I(S) over all S in T
(Harsanyi 1963; Deng et al. 2023, where they are the Taylor interaction effects). A set is a
number: group k is in it if bit k is set.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from seqattr.errors import InputError
from seqattr.methods.coalitions import mixtures, subsets

MOST_GROUPS = 12  # of which there are 4,096 sets
ROWS = 1024  # mixtures that are made at once

Predict = Callable[[Tensor], Tensor]  # sequences (N, 4, L) to the targets' values (N, T)


def worths(
    predict: Predict, sequence: Tensor, reference: Tensor, groups: Tensor, *, keep_context: bool = False
) -> Tensor:
    """What each set of G groups is worth, (2^G, T), float64, for a sequence and a reference (4, L).

    `groups` are masks (G, L) of bases. Bases of no group are as in the reference, or with `keep_context` as
    in the sequence. `predict` is `Question.predict`, or `Model.predict`.
    Raises InputError for more than MOST_GROUPS groups, groups that overlap, and shapes that do not fit.
    """
    check_groups(groups, sequence, reference)
    outside = sequence if keep_context else reference
    absent = torch.where(groups.any(0), reference, outside)
    coalitions = subsets(len(groups), sequence.device)
    values = [predict(mixtures(some, groups, sequence, absent)) for some in coalitions.split(ROWS)]
    return torch.cat(values).double()


def check_groups(groups: Tensor, sequence: Tensor, reference: Tensor) -> None:
    """Raises InputError for groups (G, L) that are none of a sequence and a reference (4, L)."""
    if sequence.shape != reference.shape or groups.shape[1:] != sequence.shape[1:]:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in (sequence, reference, groups))
        raise InputError(f"a sequence and a reference are (4, L), and groups (G, L), not {shapes}")
    if groups.dtype != torch.bool or (groups.sum(0) > 1).any():
        raise InputError("groups are masks of True and False, and no base is in two of them")
    if len(groups) > MOST_GROUPS:
        raise InputError(f"effects are worked out for at most {MOST_GROUPS} groups, not {len(groups)}")


def dividends(worths: Tensor) -> Tensor:
    """The Harsanyi dividend of each set, (2^G, ...), float64, from what each is worth; of none it is v(none).

    By the fast Moebius transform: group by group, what a set is worth without it is taken off.
    """
    effects = worths.double().clone()
    for absent, present in by_group(effects):
        present -= absent
    return effects


def sums_within(effects: Tensor) -> Tensor:
    """The sum of what all subsets of each set have, (2^G, ...), float64: of dividends, what it is worth."""
    sums = effects.double().clone()
    for absent, present in by_group(sums):
        present += absent
    return sums


def by_group(values: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """For each of G groups the values of all sets (2^G, ...) without it, and those of the same with it.

    Raises InputError for another number of sets.
    """
    number = len(values).bit_length() - 1
    if len(values) != 2**number:
        raise InputError(f"sets of groups are 2^G in number, not {len(values)}")
    for group in range(number):
        pairs = values.view(-1, 2, 2**group, *values.shape[1:])
        yield pairs[:, 0], pairs[:, 1]

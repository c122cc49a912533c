"""The principles a second time, slowly: a linear program over all ways to divide all effects."""

from itertools import product

import numpy as np
from scipy.optimize import linprog


def slow_distance(allocation: np.ndarray, games: list[np.ndarray], to_members: bool = True) -> float:
    """The least sum of |a - b| over all fair b, each the mean over games of what every set's effect gives.

    Variables: the share of each game's each set that each group gets, then |a - b| of each group.
    `to_members` False lets anybody have of an interaction.
    """
    number = len(allocation)
    parts = [
        (effect / len(games), np.flatnonzero(row) if to_members or row.sum() == 1 else np.arange(number))
        for game in games
        for effect, row in zip(game[1:], members_of(number)[1:], strict=True)
    ]
    columns = sum(len(members) for _, members in parts)
    given, sums = np.zeros((number, columns)), np.zeros((len(parts), columns))
    at = 0
    for which, (effect, members) in enumerate(parts):
        for member in members:
            given[member, at] = effect
            sums[which, at] = 1
            at += 1
    own = np.eye(number)
    answer = linprog(
        np.r_[np.zeros(columns), np.ones(number)],
        A_ub=np.block([[given, -own], [-given, -own]]),
        b_ub=np.r_[allocation, -allocation],
        A_eq=np.c_[sums, np.zeros((len(parts), number))],
        b_eq=np.ones(len(parts)),
    )
    return float(answer.fun)


def members_of(number: int) -> np.ndarray:
    """Which groups are in each set, (2^G, G); the first group is in every other one."""
    return np.array([row[::-1] for row in product([False, True], repeat=number)])

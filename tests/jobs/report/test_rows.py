"""The tables of the page: who comes first, what is left out, and why a group does not carry."""

import math
from types import SimpleNamespace

import pytest

from seqattr.jobs.report.rows import (
    COLUMNS,
    DEEPEST,
    MOST_GROUPS,
    MOST_MEMBERS,
    MOST_ROWS,
    MOST_TARGETS,
    QUIET_ROWS,
    group_rows,
    side_by_side,
    verdict_of,
)
from seqattr.motifs.groups import GroupStatistics


def group(name: str, share: float, q_value: float = 1e-9, effect: float = 1.0, **other) -> GroupStatistics:
    values = {
        "target": "t",
        "members": (name,),
        "hits": 10,
        "sure_hits": 7,
        "by_chance": 2.4,
        "share_by_chance": 0.0,
        "share_positive": share,
        "share_negative": 0.0,
        "mean_importance": 1.0,
        "null": math.nan,
        "p_value": q_value,
    }
    return GroupStatistics(group=name, share=share, q_value=q_value, effect=effect, **{**values, **other})


def findings(rows: list[GroupStatistics], label: str = "t") -> SimpleNamespace:
    carrying = [row.group for row in rows if row.carries]
    return SimpleNamespace(groups=rows, label=label, carrying=carrying)


def test_groups_that_carry_come_first_and_few_others_follow():
    carrying = [group(f"c{n}", 0.1 + n / 1000) for n in range(5)]
    quiet = [group(f"q{n}", 0.3 + n / 1000, q_value=0.4) for n in range(30)]
    none = group("nothing", 0.0, hits=0)
    rows = group_rows(findings([*quiet, *carrying, none]))
    assert [row.group for row in rows[:5]] == ["c4", "c3", "c2", "c1", "c0"]
    assert [row.carries for row in rows] == [True] * 5 + [False] * QUIET_ROWS
    assert rows[5].group == "q29"
    assert len(group_rows(findings([group(f"c{n}", 0.1) for n in range(90)]))) == MOST_ROWS


def test_cells_are_under_their_headings_and_importances_have_the_same_decimals():
    rows = [
        group("a", 0.31234, mean_importance=7.512, null=-0.04),
        group("b", 0.00001, 0.0, mean_importance=-0.3333),
    ]
    names = [column.name for column in COLUMNS]
    first, second = (
        dict(zip(names, [cell.text for cell in row.cells], strict=True)) for row in group_rows(findings(rows))
    )
    assert list(first.values()) == ["31.2 %", "31.2 %", "0.0 %", "10", "7", "2", "7.51", "−0.04", "1e-09"]
    assert (second["share"], second["mean"], second["null"]) == ("< 0.1 %", "−0.33", "–")
    assert second["q"] == "< 1e-300"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (group("a", 0.3), "carries"),
        (group("a", 0.3, mean_importance=-1.0), "carries, against"),
        (group("a", 0.3, sure_hits=0), "carries; no single hit is sure"),
        (group("a", 0.003, effect=0.01, q_value=3e-84), "sure, but too small to count"),
        (group("a", 0.3, q_value=0.2), "may be chance"),
    ],
)
def test_no_row_is_grey_without_a_word_why(row, words):
    assert verdict_of(row) == words
    (told,) = group_rows(findings([row]))
    assert told.verdict == words
    assert told.carries == words.startswith("carries")


def test_members_are_named_but_for_many():
    members = tuple(f"m{n}" for n in range(MOST_MEMBERS + 4))
    (row,) = group_rows(findings([group("m0", 0.3, members=members)]))
    assert row.members == members[1 : MOST_MEMBERS + 1]
    assert row.unnamed == 3


def test_targets_stand_side_by_side():
    one = findings([group("a", 0.4), group("b", 0.1, q_value=0.5)], "x")
    other = findings([group("b", 0.2, mean_importance=-2.0)], "y")
    evidence = SimpleNamespace(findings=[one, other], carrying=["a", "b"])
    table = side_by_side(evidence)
    assert table.targets == ["x", "y"]
    (name, (first, missing)), (_, (quiet, against)) = table.rows
    assert (name, first.text, first.depth, first.carries) == ("a", "40.0 %", DEEPEST, True)
    assert (missing.text, missing.depth) == ("–", 0)
    assert (quiet.text, quiet.depth, quiet.carries) == ("10.0 %", 0, False)
    assert (against.negative, against.depth) == (True, pytest.approx(DEEPEST * 0.5**0.5, abs=1e-3))


def test_one_target_has_nothing_beside_it_and_many_are_bounded():
    some = findings([group(f"g{n}", 0.1) for n in range(MOST_GROUPS + 2)])
    assert side_by_side(SimpleNamespace(findings=[some], carrying=some.carrying)) is None
    many = side_by_side(SimpleNamespace(findings=[some] * (MOST_TARGETS + 3), carrying=some.carrying))
    assert (many.groups_left, many.targets_left) == (2, 3)
    assert (len(many.rows), len(many.targets)) == (MOST_GROUPS, MOST_TARGETS)

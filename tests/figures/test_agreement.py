"""Hits of two callers side by side."""

from seqattr.figures.agreement import Counts, agreement_figure, most
from seqattr.figures.style import MOST_DRAWN


def test_each_target_has_a_panel_with_two_bars_a_motif():
    counts = {"a": [Counts("m", (9, 4), (3, 2)), Counts("n", (20, 0), (0, 0))], "b": []}
    figure = agreement_figure(counts, ("one", "other"))
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["n", "m"]
    widths = [[bar.get_width() for bar in container] for container in first.containers]
    assert widths == [[0], [20], [0], [0], [3], [6], [2], [2]]
    assert [text.get_text() for text in first.texts] == ["0 of 20", "0 of 0", "3 of 9", "2 of 4"]
    assert not second.containers
    assert second.get_title(loc="left") == "b"


def test_of_many_motifs_those_with_the_most_hits_are_drawn():
    counts = [Counts(f"m{n}", (n, 1), (0, 0)) for n in range(40)]
    assert [one.motif for one in most(counts)] == [f"m{n}" for n in range(39, 39 - MOST_DRAWN, -1)]

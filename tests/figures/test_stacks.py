"""Stacked bars: parts one after the other, cut at the whole, with a number for the sum."""

from matplotlib.axes import Axes

from seqattr.figures.stacks import Stack, StackPanel, share, stack_figure

PARTS = ["first", "second"]


def bars(axes: Axes) -> list[tuple[float, float]]:
    """Where each bar begins and ends."""
    return [(round(bar.get_x(), 9), round(bar.get_x() + bar.get_width(), 9)) for bar in axes.patches]


def test_parts_follow_each_other_and_end_at_the_whole() -> None:
    stacks = [Stack([0.2, 0.3], 0.4, 0.6), None, Stack([0.8, 7.0], 7.0, 8.0, control=True)]
    (axes,) = stack_figure([StackPanel("both", stacks)], ["one", "two", "three"], PARTS).axes
    assert bars(axes) == [(0, 0.2), (0.2, 0.5), (0, 0.8), (0.8, 1)]
    assert [text.get_text() for text in axes.texts] == ["50.0 %", "780 %"]
    assert axes.get_xlim() == (0, 1)
    assert len(axes.lines) == 2  # an interval, and a point where a bar goes on


def test_small_sums_fill_the_axis() -> None:
    (axes,) = stack_figure([StackPanel("", [Stack([0.01, 0.0], 0.0, 0.02)])], ["one"], PARTS).axes
    assert 0.02 < axes.get_xlim()[1] < 0.03


def test_shares_in_percent() -> None:
    assert [share(value) for value in (0, 2e-5, 0.0314, 1.234)] == ["0 %", "0 %", "3.1 %", "123 %"]


def test_panels_stand_below_each_other_for_a_narrow_page() -> None:
    panels = [StackPanel(name, [Stack([0.2, 0.3], 0.4, 0.6)]) for name in "ab"]
    figure = stack_figure(panels, ["one"], PARTS, "share", stacked=True)
    assert [axes.get_subplotspec().colspan.start for axes in figure.axes] == [0, 0]
    assert figure.get_size_inches()[0] < 4

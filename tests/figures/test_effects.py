"""How effects are spread."""

import numpy as np

from seqattr.figures.effects import EffectPanel, effect_figure

EFFECTS = np.array([0.5, -2.0, 0.25])


def test_few_effects_are_points_in_rows_with_names():
    panels = [EffectPanel(name, EFFECTS * sign, "effect (logit)") for name, sign in (("a", 1), ("b", -1))]
    figure = effect_figure(panels, ["rs1", "rs2", "rs3"])
    for axes, panel in zip(figure.axes, panels, strict=True):
        (points,) = [line for line in axes.lines if line.get_marker() == "o"]
        np.testing.assert_array_equal(points.get_xdata(), panel.effects)
        np.testing.assert_array_equal(points.get_ydata(), [0, 1, 2])
        assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top
        assert axes.get_xlim()[0] == -axes.get_xlim()[1]
        assert (axes.get_title(), axes.get_xlabel()) == (panel.title, "effect (logit)")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["rs1", "rs2", "rs3"]


def test_many_effects_are_counted_around_zero():
    effects = np.concatenate([np.full(900, 0.01), EFFECTS])
    (axes,) = [one for one in effect_figure([EffectPanel("a", effects, "effect")]).axes if one.get_visible()]
    assert sum(bar.get_height() for bar in axes.patches) == 903
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.patches[0].get_x(), -2)


def test_panels_stand_below_each_other_for_a_narrow_page():
    panels = [EffectPanel(name, EFFECTS, "effect (logit)") for name in "abc"]
    figure = effect_figure(panels, ["rs1", "a name too long for so narrow a figure", "rs3"], stacked=True)
    lefts = {axes.get_subplotspec().colspan.start for axes in figure.axes}
    assert (len(figure.axes), lefts) == (3, {0})
    assert figure.get_size_inches()[0] < 4
    names = [[label.get_text() for label in axes.get_yticklabels()] for axes in figure.axes]
    assert names == [["rs1", "a name too long…", "rs3"]] * 3

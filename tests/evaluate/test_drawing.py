"""Summaries become the arrays that figures are drawn from."""

import numpy as np

from seqattr.evaluate.drawing import curves_by_method, curves_of, intervals_by_method, of_all_seeds
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import Measured, summarise
from seqattr.figures.curves import CurveAxes


def summaries(methods=("deeplift", "random"), seeds=(0, 1)):
    rng, rows = np.random.default_rng(0), []
    for method in methods:
        measured = [
            Measured("share", target, rng.random(5), f"step{at}", float(at), seed)
            for target in ("a", "b")
            for at in (2, 0, 1)
            for seed in seeds
        ]
        rows += summarise(method, [*measured, Measured("area", "a", rng.random(5))])
    return Summaries(rows)


def test_of_all_seeds_is_the_summary_of_all_seeds_or_the_only_one():
    rows = summaries()
    assert {row.seed for row in of_all_seeds(rows.select(metric="share"))} == {None}
    assert len(of_all_seeds(rows.select(metric="share"))) == 2 * 2 * 3
    assert {row.seed for row in of_all_seeds(summaries(seeds=(7,)).select(metric="share"))} == {7}


def test_curves_run_along_the_axis_and_controls_are_told():
    first, second = curves_of(of_all_seeds(summaries().select(metric="share", target="a")))
    assert (first.name, first.control, second.name, second.control) == ("deeplift", False, "random", True)
    assert first.at.tolist() == [0, 1, 2]
    assert (first.low <= first.mean).all()


def test_there_is_a_panel_for_each_target():
    figure = curves_by_method(summaries(), "share", CurveAxes("step", "share"))
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    figure = intervals_by_method(summaries(), "area", "area", line=0.5)
    assert [axes.get_title() for axes in figure.axes] == ["a"]

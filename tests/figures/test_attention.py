"""What the figure of one sequence's attention says."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from seqattr.figures.attention import AttentionMap, Rollout, attention_figure

HALVES = np.full((2, 2), 0.5)


def test_a_long_name_does_not_run_out_of_the_figure() -> None:
    figure = attention_figure([AttentionMap("attention1", 1, HALVES)], None, "chromosome" * 20)
    assert len(figure.get_suptitle()) < 60


def test_each_layer_has_a_map_and_the_rollout_lies_along_the_bases() -> None:
    maps = [AttentionMap("attention1", 1, HALVES), AttentionMap("attention2", 4, HALVES)]
    figure = attention_figure(maps, Rollout(np.array([0.25, 0.75]), np.array([3.5, 9.5])), "a")
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["attention1, 1 head", "attention2, mean of 4 heads"]
    (axes,) = (axes for axes in figure.axes if axes.get_ylabel().startswith("rollout"))
    assert list(axes.lines[0].get_xdata()) == [3.5, 9.5]
    assert axes.get_xlabel() == "middle of the token's bases (bp)"


def test_of_many_layers_the_first_are_drawn_and_the_title_says_so() -> None:
    figure = attention_figure([AttentionMap(f"attention{n}", 1, HALVES) for n in range(14)], None, "a")
    assert figure.get_suptitle() == "attention in a, the first 12 of 14 layers"


@pytest.mark.parametrize("tokens", [1, 2, 5, 8, 30, 900])
def test_tokens_are_whole_numbers(tokens: int) -> None:
    weights = np.full((tokens, tokens), 1 / tokens)
    figure = attention_figure([AttentionMap("attention1", 1, weights)], Rollout(weights[0], None), "a")
    figure.draw_without_rendering()
    seen = 0
    for axes in figure.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_label_text() in ("key token", "query token", "token"):
                ticks = axis.get_ticklocs()
                assert len(ticks) >= 1
                assert (ticks == np.round(ticks)).all()
                seen += 1
    assert seen == 3

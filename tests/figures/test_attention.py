"""What the figure of one sequence's attention says."""

import torch

from seqattr.analyses.attention import Layer, Maps
from seqattr.figures.attention import attention_figure


def test_a_long_name_does_not_run_out_of_the_figure() -> None:
    layer, weights = Layer("attention1", 1, 2, 2, None, ""), torch.full((1, 1, 2, 2), 0.5)
    figure = attention_figure([layer], Maps({"attention1": weights}, None), "chromosome" * 20)
    assert len(figure.get_suptitle()) < 60

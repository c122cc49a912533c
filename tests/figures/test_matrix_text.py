"""The numbers that stand in a matrix's cells."""

import numpy as np
import pytest

from seqattr.figures.matrix import MatrixWords, cell_text, matrix_figure


@pytest.mark.parametrize(
    ("value", "text"), [(0.97, ".97"), (-0.2, "−.20"), (10.5, "10.50"), (-20.25, "−20.25"), (0.0, ".00")]
)
def test_a_zero_before_the_point_goes_and_no_other(value, text):
    assert cell_text(value) == text


def test_a_matrix_says_what_it_is_of_and_what_its_colours_are():
    """Bold numbers and question marks are in the cells that they are asked for."""
    words = MatrixWords("target", "share", frozenset({(0, 1)}), frozenset({(1, 0)}))
    figure = matrix_figure(np.full((2, 2), 0.25), ["a", "b"], ["a", "b"], 1.0, words)
    cells, bar = figure.axes
    assert (figure.get_suptitle(), bar.get_ylabel()) == ("target", "share")
    assert [(one.get_text(), one.get_weight()) for one in cells.texts] == [
        *((".25", "normal"), (".25", "bold")),
        *((".25?", "normal"), (".25", "normal")),
    ]

"""The numbers that stand in a matrix's cells."""

import pytest

from seqattr.figures.matrix import cell_text


@pytest.mark.parametrize(
    ("value", "text"), [(0.97, ".97"), (-0.2, "−.20"), (10.5, "10.50"), (-20.25, "−20.25"), (0.0, ".00")]
)
def test_a_zero_before_the_point_goes_and_no_other(value, text):
    assert cell_text(value) == text

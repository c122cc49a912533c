"""Heat maps: the colours reach to the largest value unless few values would leave the rest dark."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from seqattr.figures.heat import heat_map


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        (np.linspace(0, 3, 400), 3.0),
        (np.r_[np.ones(399), 9.0], 1.0),  # one of 400 is beyond
        (np.r_[np.ones(390), 9.0 * np.ones(10)], 9.0),  # not few
        (np.zeros(400), 1.0),
        (np.r_[np.zeros(399), 9.0], 9.0),  # nothing else to see
    ],
)
def test_the_end_of_the_colours(values, limit):
    axes = Figure().subplots()
    heat_map(axes, values.reshape(4, 100), "weight")
    assert axes.images[0].get_clim() == (0, limit)
    assert axes.images[0].colorbar.ax.get_ylabel() == "weight"

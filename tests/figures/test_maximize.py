"""Which stretch of a maximised sequence is drawn."""

import numpy as np

from seqattr.figures.maximize import strongest_stretch


def test_of_a_long_sequence_the_strongest_stretch_is_drawn() -> None:
    one_hot = np.eye(4, dtype=np.int8)[np.random.default_rng(0).integers(4, size=500)].T
    importance = np.zeros(500)
    importance[[130, 320]] = 1, 2
    row = strongest_stretch(one_hot, importance)
    assert row.first <= 130
    assert row.first + 200 > 320
    assert (row.one_hot == one_hot[:, row.first : row.first + 200]).all()
    assert row.importance.sum() == 3
    assert strongest_stretch(one_hot[:, :50], importance[:50]).one_hot.shape == (4, 50)

"""How similar motifs are, by TOMTOM."""

import numpy as np

from seqattr.motifs.pwm import GATA1, PWM, TAL1
from seqattr.motifs.similarity import nearest_known, tomtom_p_values


def test_what_is_like_no_known_motif_keeps_its_number():
    (near,) = nearest_known([PWM("m", np.eye(4)[:, [1, 1, 1, 1, 1, 1, 1]] * 0.96 + 0.01)], [TAL1, GATA1])
    assert not near.is_like
    first, second = nearest_known([GATA1, TAL1.reverse_complement()], [TAL1, GATA1])
    assert (first.name, second.name) == ("GATA_disc1", "TAL1_known1")
    assert first.is_like
    assert second.is_like


def test_a_motif_is_as_near_to_itself_as_to_its_mirror_image():
    p_values = tomtom_p_values([TAL1, TAL1.reverse_complement(), GATA1])
    np.testing.assert_allclose(p_values, p_values.T)
    assert max(p_values[0, :2]) < 1e-6 < p_values[0, 2]

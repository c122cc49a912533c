"""Both alleles as letters."""

import numpy as np

from seqattr.dna.alphabet import encode
from seqattr.figures.boxes import Box
from seqattr.figures.variants import Allele, allele_logos


def test_both_alleles_have_one_scale_and_their_own_hits():
    first, second = encode("ACGTACGTAC"), encode("ACGTTTACGT")
    sides = [
        Allele(first, np.linspace(-1, 1, 10), 4, 5, [Box(3, 6, "one", "+")]),
        Allele(second, np.linspace(-3, 2, 10), 4, 6, []),
    ]
    figure = allele_logos(sides, "v", 3)
    above, below = (panel.axes[0] for panel in figure.subfigs)
    assert above.get_ylim() == below.get_ylim()
    assert [axes.get_ylabel() for axes in (above, below)] == ["reference", "alternative"]
    assert [text.get_text() for text in above.texts] == ["one →"]
    assert not below.texts
    assert figure.get_suptitle() == "v"

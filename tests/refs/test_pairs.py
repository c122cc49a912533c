"""Both sequences of a pair have the references of the first."""

import numpy as np

from seqattr.dna.alphabet import decode, encode
from seqattr.refs.kinds import parse
from seqattr.refs.pairs import origins

TEXTS = ["ACGTACGTGG", "ACGTCCGTGG", "NACGTTGACA", "ANCGTTGACA"]
CODES = np.stack([encode(text) for text in TEXTS])
ROWS = np.array([3, 0, 1, 2])


def test_references_are_of_the_first_of_a_pair_and_unknown_where_either_is():
    rows, codes = origins(ROWS, CODES.__getitem__, pairs=True)
    np.testing.assert_array_equal(rows, [2, 0, 0, 2])
    assert [decode(row) for row in codes] == ["NNCGTTGACA", "ACGTACGTGG", "ACGTACGTGG", "NNCGTTGACA"]
    drawn = parse("shuffle:5").draw_codes(codes, 3)
    np.testing.assert_array_equal(drawn[[0, 1]], drawn[[3, 2]])
    np.testing.assert_array_equal(drawn[1:2], parse("shuffle:5").draw_codes(CODES[:1], 3))


def test_others_are_drawn_of_themselves():
    rows, codes = origins(ROWS, CODES.__getitem__, pairs=False)
    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(codes, CODES[ROWS])

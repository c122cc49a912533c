"""Advice that can be followed, and no other."""

from seqattr.support.advice import advice, advising, phrased

CLAUSES = (
    "`pad=True` would fill up",
    "`crop` and `pad` would both",
    "take `crop=True`",
    "`twoBitToFa` turns it",
)


def test_whoever_can_set_all_is_advised_all():
    assert advice(*CLAUSES) == [*CLAUSES]


def test_a_clause_of_what_cannot_be_set_is_left_out_within_and_only_there():
    with advising(lambda name: name != "pad"):
        assert advice(*CLAUSES) == [*CLAUSES[2:]]
        with advising(lambda name: name != "crop"):
            assert advice(*CLAUSES) == [CLAUSES[3]]
        assert advice(*CLAUSES) == [*CLAUSES[2:]]
    assert advice(*CLAUSES) == [*CLAUSES]


def test_a_text_is_in_the_words_of_whoever_reads_it():
    assert phrased("give `pad=True`") == "give `pad=True`"
    with (
        advising(lambda name: True),
        advising(lambda name: True, lambda text: text.replace("`pad=True`", "--pad")),
    ):
        assert phrased("give `pad=True`") == "give --pad"
    assert phrased("give `pad=True`") == "give `pad=True`"

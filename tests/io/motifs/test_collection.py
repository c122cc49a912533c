"""Collections: odd motifs among good ones, two of one name, one strand, and files that are too much."""

import gzip

import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.motifs import collection
from seqattr.motifs import sources
from tests.helpers.motif_texts import ENCODE, GOOD, HOMER, JASPAR, MATRIX, MEME, POSITIONS

RNA = MEME.replace("ACGT", "ACGU") + POSITIONS
ONE_STRAND = {
    "MEME of RNA": (RNA, True),
    "MEME of an RNA defined": (
        RNA.replace("= ACGU", ' "RNA" RNA-LIKE\nA "Adenine"\nC\nG\nU\nN = ACGU\nEND ALPHABET'),
        True,
    ),
    "MEME of one strand": (MEME.replace("MOTIF", "strands: +\nMOTIF") + POSITIONS, True),
    "MEME of both": (MEME.replace("MOTIF", "strands: + -\nMOTIF") + POSITIONS, False),
    "JASPAR of RNA": (GOOD["JASPAR, RNA"], True),
    "matrix of RNA": ("A C G U\n" + POSITIONS, True),
    "JASPAR": (JASPAR, False),
}


@pytest.mark.parametrize(("text", "single"), ONE_STRAND.values(), ids=ONE_STRAND)
def test_motifs_of_rna_or_one_strand_are_known_as_such(motifs_of, text, single):
    (motif,) = motifs_of(text).values()
    assert motif.one_strand == single
    np.testing.assert_allclose(motif.probabilities, MATRIX, atol=1e-12)


SECOND = MEME[32:] + POSITIONS
ODD = {
    "MEME without a matrix": (MEME.replace("MOTIF", "MOTIF m0\n\nMOTIF") + POSITIONS, "m0"),
    "MEME of a small width": (
        MEME.replace("MOTIF", f"{SECOND.replace('m1', 'm0').replace('w= 3', 'w= 2')}MOTIF") + POSITIONS,
        "motif 'm0' at line 6 of .* has 3 rows, but its width w= says 2",
    ),
    "JASPAR with zeros": (">m0\nA [ 4 0 ]\nC [ 1 0 ]\nG [ 0 0 ]\nT [ 5 0 ]\n" + JASPAR, "m0"),
    "JASPAR with a word": (JASPAR + JASPAR.replace("m1", "m2").replace("10", "ten"), "line 7 of"),
    "JASPAR twice": (JASPAR + JASPAR.replace("1", "2").replace("m2", "m1"), "repeats the motif 'm1'"),
    "HOMER that is ragged": (HOMER + HOMER.replace("m1", "m0").replace(".1\t", "\t"), "m0"),
    "ENCODE below 0": (ENCODE.replace("m1", "m0").replace(".1", "-.1") + ENCODE, "m0"),
    "TRANSFAC without a matrix": (
        "ID m0\n//\nID m1\nP0 A C G T\n01 1 2 3 4 N\n02 0 0 0 10 T\n03 10 0 0 0 A\n//",
        "m0",
    ),
    "TRANSFAC with bases in one word": (
        "ID m0\nP0 A CG T\n01 1 2 3 4\n//\nID m1\nP0 A C G T\n01 1 2 3 4\n02 0 0 0 10\n03 10 0 0 0\n//",
        "m0' .* has no matrix",
    ),
    "TRANSFAC of three columns": (
        "ID m0\nP0 A C G T\n01 1 2 3\n02 0 0 0\n//\n"
        "ID m1\nP0 A C G T\n01 1 2 3 4\n02 0 0 0 10\n03 10 0 0 0\n//",
        "m0' .* has rows of 3 numbers",
    ),
    "too wide": (JASPAR + ">m0\n" + ("1 " * 100_000 + "\n") * 4, "m0' has 100000 columns; .* at most 300"),
}


@pytest.mark.parametrize(("text", "warning"), ODD.values(), ids=ODD)
def test_an_odd_motif_is_left_out_with_a_warning_and_the_others_are_used(motifs_of, text, warning):
    for content in (text, text.replace("\n", "\r\n"), gzip.compress(b"\xef\xbb\xbf" + text.encode())):
        with pytest.warns(UserWarning, match=f"a motif was left out: .*{warning}"):
            found = motifs_of(content)
        assert list(found) == ["m1"]
        np.testing.assert_allclose(found["m1"].probabilities, MATRIX, atol=1e-12)
    with pytest.raises(InputError, match=warning):
        motifs_of(text, strict=True)


def test_one_identifier_with_two_names_is_two_motifs(motifs_of):
    other = MATRIX[:, ::-1]
    rows = "\n".join(" ".join(map(str, row)) for row in other.T)
    found = motifs_of(MEME + POSITIONS + SECOND.replace("m1 other", "m1 third").replace(POSITIONS, rows))
    assert list(found) == ["m1.other", "m1.third"]
    np.testing.assert_allclose(found["m1.third"].probabilities, other, atol=1e-12)
    found = motifs_of(JASPAR.replace("m1", "m1 a") + JASPAR.replace("m1", "m1 b"))
    assert list(found) == ["m1.a", "m1.b"]


def test_files_that_are_too_much_are_refused_before_the_work(motifs_of, monkeypatch):
    wide = ".25 .25 .25 .25\n" * 100_000
    for text in (MEME.replace(" w= 3", "") + wide, wide):
        with pytest.raises(InputError, match="has 100000 columns; a motif has at most 300"):
            motifs_of(text)
    monkeypatch.setattr(collection, "MOST_MOTIFS", 3)
    with pytest.raises(InputError, match="holds more than 3 motifs"):
        motifs_of("".join(JASPAR.replace("m1", f"m{n}") for n in range(4)))
    monkeypatch.setattr(sources, "_MOST_CHARACTERS", 100)
    with pytest.raises(InputError, match="has more than 100 letters; is this a motif file"):
        motifs_of(gzip.compress(b"1 " * 1000))

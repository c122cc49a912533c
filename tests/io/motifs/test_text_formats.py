"""Motif files of every format, recognised by content; bad ones named in one line."""

import gzip

import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.motifs.meme import write_meme
from seqattr.motifs.sources import MOTIF_SOURCES, NO_FILE, Content, read_motifs
from tests.helpers.motif_texts import (
    CIS_BP,
    COUNTS,
    ENCODE,
    FIELDS,
    GOOD,
    HOMER,
    JASPAR,
    MATRIX,
    MEME,
    POSITIONS,
    PSEUDOCOUNT,
    RAW,
    ROWS,
    SITES,
    STAMP,
    STREME_XML,
    TRANSFAC,
    log_odds,
)


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_every_way_to_write_the_same_motif(motifs_of, text):
    for content in (text, text.replace("\n", "\r\n"), gzip.compress(text.encode())):
        (name,), (motif,) = zip(*motifs_of(content).items(), strict=True)
        assert name == motif.name == "m1"
        np.testing.assert_allclose(motif.probabilities, MATRIX, atol=1e-12)


def test_gzip_is_recognised_by_content_and_leaves_no_trace_in_the_name(motifs_of):
    assert list(motifs_of(gzip.compress(RAW.encode()), "MA0035.4.pfm.gz")) == ["MA0035.4"]


OF_FILES = [name for name, source in MOTIF_SOURCES.items() if source.form == "FILE"]
OF_TEXT = [name for name in OF_FILES if name != "TF-MoDISco"]


@pytest.mark.parametrize("source", OF_TEXT)
def test_each_source_reads_its_own_and_no_other_source_claims_it(source):
    assert source in GOOD, (
        f"a format without an example: add m1 as '{source}' to tests/helpers/motif_texts.py"
    )
    lines = [(n, line) for n, line in enumerate(GOOD[source].splitlines(), start=1) if line]
    content = Content(lines)
    assert next(name for name, s in MOTIF_SOURCES.items() if s.recognises("f", content)) == source
    assert not MOTIF_SOURCES[source].recognises("f", NO_FILE)


@pytest.mark.parametrize("source", [name for name in MOTIF_SOURCES if name not in OF_FILES])
def test_a_source_that_is_no_file_is_recognised_by_its_form_alone(source):
    form = MOTIF_SOURCES[source].form
    assert [name for name, s in MOTIF_SOURCES.items() if s.recognises(form, NO_FILE)] == [source]
    assert MOTIF_SOURCES[source].help


@pytest.mark.parametrize("text", [HOMER, ENCODE, JASPAR, ">m1\n" + RAW])
def test_several_motifs_in_one_file_keep_their_order(motifs_of, text):
    found = motifs_of(text.replace("m1", "z") + text.replace("m1", "a"))
    assert list(found) == ["z", "a"]


def test_four_positions_are_told_from_four_bases(motifs_of):
    upright = np.array([[7, 1, 1, 0], [1, 7, 0, 0], [1, 1, 9, 0], [1, 1, 0, 10]])
    rows = [" ".join(map(str, row)) + "\n" for row in upright]
    named = ">m1\n" + "".join(f"{base} {row}" for base, row in zip("ACGT", rows, strict=True))
    columns = "".join(" ".join(map(str, row)) + "\n" for row in upright.T)
    for text in ("".join(rows), columns, named):
        np.testing.assert_allclose(motifs_of(text)["m1"].probabilities, upright / 10, atol=1e-12)
    # The same letters are a consensus where each row is a distribution.
    encode = motifs_of(">m1\nA .7 .1 .1 .1\nC .1 .7 .1 .1\nG .1 0 .9 0\nT 0 0 0 1\n")
    np.testing.assert_allclose(encode["m1"].probabilities[0], [0.7, 0.1, 0.1, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        (">MA0140.2 GATA1::TAL1", "MA0140.2.GATA1::TAL1"),
        (">MA0140.2\tGATA1::TAL1", "MA0140.2.GATA1::TAL1"),
        (">MA0140.2", "MA0140.2"),
        (">SIX5_disc1 SIX5_GM12878", "SIX5_disc1"),
    ],
)
def test_a_jaspar_identifier_is_followed_by_the_factor(motifs_of, heading, name):
    assert list(motifs_of(f"{heading}\n{RAW}")) == [name]
    meme = MEME.replace("m1 other", heading[1:]) + POSITIONS
    assert list(motifs_of(meme)) == [name]
    assert list(motifs_of(MEME.replace("m1 other", f"{name} {name}") + POSITIONS)) == [name]


HEAD = MEME.replace("w= 3", "w= {}")
BELOW_0 = "motif 'm1' in {} holds a number below 0 or none; probabilities or counts (pfm, pcm) were expected"
NO_WIDTH = "motif 'm1' in {} has a width of 0; a motif has at least one position"


def of_sum(position: int, total: float) -> str:
    return f"motif 'm1' in {{}}: position {position} sums to {total:g}; probabilities sum to 1"


BAD = {
    "empty": ("", "{} is empty; a file of one of these formats was expected: "),
    "blank": ("\n \n", "{} is empty; "),
    "prose": (
        "Dear reader,\n",
        f"{{}} is no motif file; a file of one of these formats was expected: {', '.join(OF_FILES)}",
    ),
    "FASTA": (">chr1\nACGTACGT\n", "{} is no motif file; "),
    "MEME without motifs": ("MEME version 4\n", "{} holds no motif; "),
    "MEME of proteins": (
        MEME.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY") + POSITIONS,
        "line 3 of {} sets the alphabet 'ACDEFGHIKLMNPQRSTVWY'; only DNA motifs (ACGT) can be read",
    ),
    "MEME of width 0": (
        HEAD.format(0),
        "motif 'm1' at line 6 of {} has a width of 0; a motif has at least one position",
    ),
    "MEME without a matrix": (
        MEME.rpartition("letter")[0],
        "motif 'm1' in {} has no matrix; 'letter-probability matrix:' must follow its name",
    ),
    "MEME with one matrix for two": (
        MEME.replace("MOTIF", "MOTIF m0\nMOTIF") + POSITIONS,
        "motif 'm0' in {} has no matrix; 'letter-probability matrix:' must follow its name",
    ),
    "MEME that does not sum to 1": (
        MEME + POSITIONS.replace(".4", ".5"),
        "motif 'm1' at line 6 of {} has a column whose probabilities do not sum to 1",
    ),
    "MEME twice": (MEME + POSITIONS + MEME[32:] + POSITIONS, "line 10 of {} repeats the motif 'm1'"),
    "twice": (JASPAR + JASPAR, "{} repeats the motif 'm1'"),
    "nameless": (">\n" + RAW, "{} gives a motif no name; it stands behind MOTIF or '>'"),
    "of width 0": (">m1\n>m2\n" + RAW, NO_WIDTH),
    "of empty brackets": (">m1\nA [ ]\nC [ ]\nG [ ]\nT [ ]\n", NO_WIDTH),
    "of proteins": (
        ">m1\n" + "".join(f"{letter} 1 2 3\n" for letter in "ARNDCQEGHILKMFPSTWYV"),
        "motif 'm1' in {} has rows for A, R, N, D, C, Q, ...; only DNA motifs (A, C, G, T) can be read",
    ),
    "of proteins, bare": (
        ".05 " * 19 + ".05\n" + ".05 " * 19 + ".05\n",
        "motif 'm1' in {} has 2 rows and 20 columns; four of either (A, C, G, T) were expected",
    ),
    "of proteins, HOMER": (
        ">WW\tm1\t6\n" + ".05\t" * 19 + ".05\n",
        "motif 'm1' in {} has 20 numbers in a row; four (A, C, G, T) were expected",
    ),
    "of two rows for A": (
        ROWS.replace("C", "A"),
        "motif 'm1' in {} has rows for A, A, G, T; only DNA motifs",
    ),
    "with a row too few": (RAW[:18], "motif 'm1' in {} has 3 rows and 3 columns; four of either"),
    "ragged": (RAW.replace("4 10 0", "4 10"), "motif 'm1' in {} has rows of 2 and of 3 numbers"),
    "ragged columns": (
        "Pos A C G T\n.1 .2 .3 .4\n",
        "motif 'm1' in {} names 5 columns, but its rows have 4 numbers",
    ),
    "with a word": (
        RAW.replace("10 0", "ten 0"),
        "line 4 of {} holds 'ten' where a number of a motif's matrix",
    ),
    "that does not sum to 1": (POSITIONS.replace("0 0 0 1", ".5 .5 .3 .3"), of_sum(2, 1.6)),
    "that is off by more than rounding": (ENCODE.replace(".4", ".43"), of_sum(1, 1.03)),
    "that sums to the same, but not to 1": (".5 .5 .5 .5\n.5 .5 .5 .5\n.9 .1 .5 .5\n", of_sum(1, 2)),
    "with a typing error": (POSITIONS.replace(".4", "4"), of_sum(1, 4.6)),
    "with a position of zeros": (RAW.replace("4 10 0", "4 0 0"), of_sum(2, 0)),
    "of log-odds": (RAW.replace("4 10", "-4 10"), BELOW_0),
    "with nan": (RAW.replace("10 0", "nan 0"), BELOW_0),
    "four by four, either way": (
        "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n",
        "motif 'm1' in {} has four rows and four columns; name the rows A, C, G, T",
    ),
    "broken gzip": (gzip.compress(RAW.encode(), mtime=0)[:-9], "{} is a broken or truncated gzip file"),
    "no text": (b"\xff\xfe\x00", "{} is no text at line 1; is this a motif file?"),
}


@pytest.mark.parametrize(("content", "line"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_in_one_line(motifs_of, tmp_path, content, line):
    with pytest.raises(InputError) as caught:
        motifs_of(content, strict=True)
    assert str(caught.value).startswith(line.format(tmp_path / "m1.txt"))
    assert "\n" not in str(caught.value)


def test_what_is_written_as_meme_is_read_again(tmp_path):
    write_meme(tmp_path / "a.meme", {"m": MATRIX})
    np.testing.assert_allclose(read_motifs([tmp_path / "a.meme"])["m"].probabilities, MATRIX, atol=1e-6)


MEME_OUTPUT = """{stars}
MEME - Motif discovery tool
{stars}
MEME version 5.5.7

{stars}
TRAINING SET
ALPHABET= ACGT
{stars}
MOTIF TTA MEME-1\twidth =   3  sites =  20  llr = 200  E-value = 1.0e-010
{stars}
\tMotif TTA MEME-1 position-specific scoring matrix
log-odds matrix: alength= 4 w= 3 n= 1000 bayes= 5 E= 1e-10
  100 -200 -200 -200
 -200 -200 150 -200
 -300 -300 -300 190
\tMotif TTA MEME-1 position-specific probability matrix
letter-probability matrix: alength= 4 w= 3 nsites= 20 E= 1e-10
{rows}{stars}
"""


def test_memes_own_output_is_read(motifs_of):
    found = motifs_of(MEME_OUTPUT.format(stars="*" * 80, rows=POSITIONS))
    assert list(found) == ["TTA"]
    np.testing.assert_allclose(found["TTA"].probabilities, MATRIX, atol=1e-12)


@pytest.mark.parametrize("text", [MEME + POSITIONS, HOMER, ENCODE, JASPAR])
def test_a_comment_on_top_changes_nothing(motifs_of, text):
    np.testing.assert_allclose(motifs_of("# mine\n" + text)["m1"].probabilities, MATRIX, atol=1e-12)


@pytest.mark.parametrize(
    ("heads", "name"),
    [
        ("AC MA0140.2\nXX\nID GATA1::TAL1\n", "MA0140.2.GATA1::TAL1"),
        ("AC M00001\nID V$MYOD_01\nNA MyoD\n", "V$MYOD_01"),
        ("NA MyoD\n", "MyoD"),
    ],
)
def test_transfac_is_read(motifs_of, heads, name):
    text = f"VV made up\nXX\n//\n{heads}XX\nPO T G C A\n01 4 3 2 1 N\n02 10 0 0 0 T\n03 0 0 0 10 A\nXX\n//\n"
    (found,) = motifs_of(text).items()
    assert found[0] == name
    np.testing.assert_allclose(found[1].probabilities, MATRIX, atol=1e-12)


# ---- several motifs, as each tool writes them


def test_motifs_of_cisbp_have_the_factors_name_behind_the_identifier(motifs_of):
    first = CIS_BP.replace("TF Name\t", "TF Name\tTfap2a")
    second = CIS_BP.replace("TF Name\t", "TF Name\tRhox 11").replace("m1", "M0099_2.00")
    empty = FIELDS.replace("m1", "M7_2.00") + "Pos\tA\tC\tG\tT\n"
    with pytest.warns(UserWarning, match=r"motif 'M7_2.00' in .* has a width of 0"):
        motifs = motifs_of(first + "\n" + second + empty)
    assert list(motifs) == ["m1.Tfap2a", "M0099_2.00.Rhox_11"]
    np.testing.assert_allclose(motifs["M0099_2.00.Rhox_11"].probabilities, MATRIX, atol=1e-12)


def test_motifs_of_rna_are_of_one_strand_in_cisbp_and_xml(motifs_of):
    for text in (CIS_BP.replace("G\tT", "G\tU"), STREME_XML.replace(' T="', ' U="').replace('"T"', '"U"')):
        (motif,) = motifs_of(text).values()
        assert motif.one_strand
        np.testing.assert_allclose(motif.probabilities, MATRIX, atol=1e-12)
    (motif,) = motifs_of(STREME_XML.replace("both", "given")).values()
    assert motif.one_strand
    (motif,) = motifs_of(STREME_XML).values()
    assert not motif.one_strand


@pytest.mark.parametrize("logarithm", [np.log, np.log2])
def test_log_odds_become_the_probabilities_that_they_were_made_of(motifs_of, logarithm):
    """Those have pseudocounts, as the log-odds have."""
    smoothed = (COUNTS + PSEUDOCOUNT / 4) / (SITES + PSEUDOCOUNT)
    (motif,) = motifs_of(log_odds(logarithm)).values()
    np.testing.assert_allclose(motif.probabilities, smoothed, atol=1e-12)
    rows = [line.split() for line in log_odds(logarithm).splitlines()[1:]]
    upright = ">m1\n" + "\n".join(" ".join(column) for column in zip(*rows, strict=True))
    np.testing.assert_allclose(motifs_of(upright)["m1"].probabilities, smoothed, atol=1e-12)


def test_log_odds_of_four_positions_tell_which_way_up_they_lie(motifs_of):
    probabilities = np.array(
        [[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.2, 0.2, 0.5, 0.1], [0.4, 0.1, 0.1, 0.4]]
    )
    weights = np.log(probabilities * 4)
    for table in (weights, weights.T):
        text = ">m1\n" + "\n".join(" ".join(f"{value:.12f}" for value in row) for row in table)
        np.testing.assert_allclose(motifs_of(text)["m1"].probabilities, probabilities.T, atol=1e-9)


def test_log_odds_against_other_frequencies_are_refused(motifs_of):
    weights = np.log(np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1]]) / [0.3, 0.2, 0.2, 0.3])
    text = ">m1\n" + "\n".join(" ".join(map(str, row)) for row in weights)
    with pytest.raises(InputError, match=r"probabilities or counts \(pfm, pcm\) were expected"):
        motifs_of(text)


def test_records_of_transfac_without_an_end_are_told_apart(motifs_of):
    for text in (STAMP, TRANSFAC.replace("XX\n//\n", "")):
        motifs = motifs_of(text + text.replace("m1", "m2"))
        assert list(motifs) == ["m1", "m2"]
    assert list(motifs_of(STAMP.replace("m1", "MA0001.1\tAGL3"))) == ["MA0001.1.AGL3"]


BAD_XML = {
    "cut": (STREME_XML[:-40], "is no whole XML file: "),
    "without motifs": ("<STREME>\n</STREME>\n", "holds no motif; give what MEME, STREME or DREME wrote"),
    "with entities": (
        '<?xml version="1.0"?>\n<!DOCTYPE MEME [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<MEME>&b;</MEME>\n',
        "defines the entity 'a', as no file of motifs does",
    ),
    "of proteins": (
        STREME_XML.replace(' C="', ' D="'),
        "has a position without a number for each of ACGT",
    ),
}


@pytest.mark.parametrize(("text", "line"), BAD_XML.values(), ids=BAD_XML)
def test_xml_that_is_none_or_holds_more_than_motifs_is_refused(motifs_of, text, line):
    with pytest.raises(InputError, match=line):
        motifs_of(text)

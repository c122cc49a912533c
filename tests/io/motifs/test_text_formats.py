"""Motif files of every format, recognised by content; bad ones named in one line."""

import gzip
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.motifs import collection
from seqattr.io.motifs.meme import read_meme, write_meme
from seqattr.motifs import pwm
from seqattr.motifs.pwm import BUNDLED
from seqattr.motifs.sources import MOTIF_SOURCES, read_motifs

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"

COUNTS = np.array([[1, 0, 10], [2, 0, 0], [3, 0, 0], [4, 10, 0]])
MATRIX = COUNTS / 10
MEME = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1 other\nletter-probability matrix: alength= 4 w= 3\n"
POSITIONS = ".1 .2 .3 .4\n0 0 0 1\n1 0 0 0\n"
HOMER = ">TTA\tm1\t6.5\t-10\t0\n" + POSITIONS.replace(" ", "\t")
ENCODE = ">m1 m1_K562:MEME#1\nN .1 .2 .3 .4\nT 0 0 0 1\nA 1 0 0 0\n"
ROWS = "A 1 0 10\nC 2 0 0\nG 3 0 0\nT 4 10 0\n"
JASPAR = ">m1\nA [ 1 0 10 ]\nC [ 2 0 0 ]\nG [ 3 0 0 ]\nT [ 4 10 0 ]\n"
RAW = "1 0 10\n2 0 0\n3 0 0\n4 10 0\n"

GOOD = {
    "MEME": MEME + POSITIONS,
    "HOMER": HOMER,
    "HOMER with three fields": HOMER.replace("\t-10\t0", ""),
    "ENCODE": ENCODE,
    "JASPAR": JASPAR,
    "JASPAR, no blanks": JASPAR.replace("[ ", "[").replace(" ]", "]"),
    "JASPAR, raw": ">m1\n" + RAW,
    "JASPAR, transposed": ">m1\n1 2 3 4\n0 0 0 10\n10 0 0 0\n",
    "JASPAR, bases in another order": ">m1\nT 4 10 0\nC 2 0 0\nG 3 0 0\nA 1 0 10\n",
    "JASPAR, RNA": JASPAR.replace("T [", "U ["),
    "matrix": RAW,
    "matrix of four columns": POSITIONS,
    "matrix with commas": RAW.replace(" ", ","),
    "matrix with tabs": RAW.replace(" ", "\t"),
    "matrix, scaled unevenly": "1 0 7\n2 0 0\n3 0 0\n4 9 0\n",
    "matrix of counts with fractions": "1.5 0 15\n3 0 0\n4.5 0 0\n6 15 0\n",
    "matrix with named rows": ROWS,
    "matrix with named columns": "Pos\tA\tC\tG\tT\n1\t.1\t.2\t.3\t.4\n2\t0\t0\t0\t1\n3\t1\t0\t0\t0\n",
    "matrix with columns in another order": "T G C A\n.4 .3 .2 .1\n1 0 0 0\n0 0 0 1\n",
    "matrix with a comment": "# mine\n" + RAW,
    "matrix rounded": POSITIONS.replace(".1 .2 .3 .4", ".101 .202 .303 .404"),
}


@pytest.fixture
def motifs_of(tmp_path):
    """The motifs of a file that holds this text."""

    def read(text: str | bytes, name: str = "m1.txt", **how):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_motifs([tmp_path / name], **how)

    return read


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_every_way_to_write_the_same_motif(motifs_of, text):
    for content in (text, text.replace("\n", "\r\n"), gzip.compress(text.encode())):
        (name,), (motif,) = zip(*motifs_of(content).items(), strict=True)
        assert name == motif.name == "m1"
        np.testing.assert_allclose(motif.probabilities, MATRIX, atol=1e-12)


def test_gzip_is_recognised_by_content_and_leaves_no_trace_in_the_name(motifs_of):
    assert list(motifs_of(gzip.compress(RAW.encode()), "MA0035.4.pfm.gz")) == ["MA0035.4"]


def test_each_source_reads_its_own_and_no_other_source_claims_it(motifs_of):
    for source in ("MEME", "HOMER", "ENCODE", "JASPAR", "matrix"):
        lines = [(n, line) for n, line in enumerate(GOOD[source].splitlines(), start=1) if line]
        assert next(name for name, s in MOTIF_SOURCES.items() if s.recognises("f", lines)) == source
        assert not MOTIF_SOURCES[source].recognises("f", [])


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
BELOW_0 = "motif 'm1' in {} holds a number below 0 or none; probabilities or counts were expected"
NO_WIDTH = "motif 'm1' in {} has a width of 0; a motif has at least one position"


def of_sum(position: int, total: float) -> str:
    return f"motif 'm1' in {{}}: position {position} sums to {total:g}; probabilities sum to 1"


BAD = {
    "empty": ("", "{} is empty; a file of one of these formats was expected: "),
    "blank": ("\n \n", "{} is empty; "),
    "prose": (
        "Dear reader,\n",
        "{} is no motif file; a file of one of these formats was expected: MEME, HOMER, ",
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


def test_one_name_in_two_files_is_told_with_both(motifs_of, tmp_path):
    motifs_of(JASPAR, "a.txt")
    motifs_of(ENCODE, "b.txt")
    with pytest.raises(InputError) as caught:
        read_motifs([tmp_path / "a.txt", str(tmp_path / "b.txt")])
    assert str(caught.value) == (
        f"the motif 'm1' is in {tmp_path / 'a.txt'} and again in {tmp_path / 'b.txt'}; names must differ"
    )


def test_several_files_come_one_after_another(motifs_of, tmp_path):
    motifs_of(JASPAR, "a.txt")
    assert list(read_motifs([tmp_path / "a.txt", "bundled"])) == ["m1", *BUNDLED]


def test_bundled_motifs_are_the_papers():
    for name, motif in read_motifs(["bundled"]).items():
        # The published columns are rounded, and here they sum to 1.
        np.testing.assert_allclose(motif.probabilities, BUNDLED[name].probabilities, atol=0.003)


def test_what_is_written_as_meme_is_read_again(tmp_path):
    write_meme(tmp_path / "a.meme", {"m": MATRIX})
    np.testing.assert_allclose(read_motifs([tmp_path / "a.meme"])["m"].probabilities, MATRIX, atol=1e-6)


@pytest.mark.parametrize(
    ("specs", "line"), [([], "there are no motifs; "), (["none.meme"], "there is no motif file")]
)
def test_no_motifs_at_all(specs, line):
    with pytest.raises(InputError, match=line):
        read_motifs(specs)


# ---- one odd motif among others, two of one name, one strand, and files that are too much

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


def test_files_that_are_too_much_are_refused_before_the_work(motifs_of, monkeypatch):
    wide = ".25 .25 .25 .25\n" * 100_000
    for text in (MEME.replace(" w= 3", "") + wide, wide):
        with pytest.raises(InputError, match="has 100000 columns; a motif has at most 300"):
            motifs_of(text)
    monkeypatch.setattr(collection, "MOST_MOTIFS", 3)
    with pytest.raises(InputError, match="holds more than 3 motifs"):
        motifs_of("".join(JASPAR.replace("m1", f"m{n}") for n in range(4)))
    monkeypatch.setattr(pwm, "_MOST_CHARACTERS", 100)
    with pytest.raises(InputError, match="has more than 100 letters; is this a motif file"):
        motifs_of(gzip.compress(b"1 " * 1000))


# ---- the database


Entry = namedtuple("Entry", "matrix_id name counts")
TAL1 = Entry("MA0140.2", "GATA1::TAL1", dict(zip("ACGT", COUNTS.tolist(), strict=True)))


class Database:
    """As pyjaspar answers."""

    def fetch_motif_by_id(self, identifier):
        return TAL1 if identifier in ("MA0140.2", "MA0140") else None

    def fetch_motifs_by_name(self, name):
        return [TAL1, TAL1._replace(matrix_id="UN0808.1", name="TAL1")] if name == "TAL1" else []


@pytest.fixture
def database(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", SimpleNamespace(jaspardb=Database))


@pytest.mark.usefixtures("database")
def test_the_database_is_asked_by_identifier_or_name():
    both = ["MA0140.2.GATA1::TAL1", "UN0808.1.TAL1"]
    for spec, names in {"jaspar:MA0140.2": both[:1], "jaspar:MA0140": both[:1], "jaspar:TAL1": both}.items():
        found = read_motifs([spec])
        assert list(found) == names
        np.testing.assert_allclose(found[names[0]].probabilities, MATRIX, atol=1e-12)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("spec", ["jaspar:MA9999.1", "jaspar:Nobody", "jaspar:"])
def test_what_the_database_does_not_have(spec):
    with pytest.raises(InputError, match=r"JASPAR has no motif '.*'; an identifier .* or a factor's name"):
        read_motifs([spec])


def test_without_the_database_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", None)
    with pytest.raises(InputError) as caught:
        read_motifs(["jaspar:TAL1"])
    assert str(caught.value) == (
        "jaspar:TAL1 needs pyjaspar, which is not installed; `pip install 'seqattr[motifs]'` brings it"
    )


@pytest.mark.peers
def test_the_real_database():
    pytest.importorskip("pyjaspar")
    found = read_motifs(["jaspar:MA0140.2"])["MA0140.2.GATA1::TAL1"]
    assert found.width == 18
    assert len(read_motifs(["jaspar:TAL1"])) >= 1


# ---- real collections


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real inputs are not here")
def test_real_collections():
    hocomoco = read_motifs([SHARED / "H13CORE.meme.gz"])
    assert list(hocomoco) == list(read_meme(SHARED / "H13CORE.meme.gz"))
    encode = read_motifs([SHARED / "encode_motifs.txt.gz"])
    assert len(encode) == 2067
    for name, motif in BUNDLED.items():
        np.testing.assert_allclose(encode[name].probabilities, motif.probabilities, atol=0.003)

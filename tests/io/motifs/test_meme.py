"""Motifs in the MEME format."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.motifs.meme import read_meme, write_meme

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
HEAD = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n"
ROWS = "0.1 0.2 0.3 0.4\n 1.0\t0 0 0\n"
MOTIF = f"MOTIF m1 other\nletter-probability matrix: alength= 4 w= 2 nsites= 9 E= 0\n{ROWS}"
MATRIX = np.array([[0.1, 1], [0.2, 0], [0.3, 0], [0.4, 0]])


@pytest.fixture
def meme(tmp_path):
    def write(content: str | bytes) -> Path:
        (tmp_path / "a.meme").write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "a.meme"

    return write


@pytest.mark.parametrize(
    "text",
    [
        HEAD + MOTIF + "URL http://x\n",
        HEAD.replace("ACGT", "ACGU") + MOTIF,
        "MEME version 5.4.1 (release)\n" + MOTIF,
        HEAD + MOTIF.replace("alength= 4 w= 2", "alength=4 w=2"),
        HEAD + MOTIF.replace("alength= 4 ", ""),
        HEAD + MOTIF.replace("w= 2 ", ""),
        HEAD + MOTIF.replace(" alength= 4 w= 2 nsites= 9 E= 0", ""),
        "# mine\n\n" + HEAD + MOTIF,
        HEAD.replace("= ACGT", ' "DNA" DNA-LIKE\nA "Adenine" CC0000 ~ T\nC ~ G\nN = ACGT\nEND ALPHABET')
        + MOTIF,
        (HEAD + MOTIF).replace("\n", "\r\n"),
        HEAD + MOTIF.replace("matrix: ", "matrix: \n").replace("matrix: \n", "matrix:  "),
    ],
)
def test_ways_to_write_a_motif(meme, text):
    for content in (text, gzip.compress(text.encode())):
        motifs = read_meme(meme(content))
        assert list(motifs) == ["m1"]
        np.testing.assert_array_equal(motifs["m1"], MATRIX)


def test_motifs_come_in_file_order_and_round_trip_to_six_digits(tmp_path):
    rng = np.random.default_rng(0)
    motifs = {name: rng.dirichlet(np.ones(4), size=w).T for name, w in [("z", 7), ("a", 1), ("m", 30)]}
    write_meme(tmp_path / "a.meme", motifs, (0.3, 0.2, 0.2, 0.3))
    again = read_meme(tmp_path / "a.meme")
    assert list(again) == list(motifs)
    for name, matrix in motifs.items():
        assert again[name].dtype == np.float64
        np.testing.assert_allclose(again[name], matrix, rtol=0, atol=5.1e-7)  # half of the sixth digit
    assert "A 0.300000 C 0.200000 G 0.200000 T 0.300000" in (tmp_path / "a.meme").read_text()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "{} does not start with 'MEME version'; is this a MEME motif file?"),
        (">m\n", "{} does not start with 'MEME version'; is this a MEME motif file?"),
        (
            HEAD,
            "{} holds no motif; a MEME file has lines 'MOTIF name' and 'letter-probability matrix:'",
        ),
        (HEAD + MOTIF + MOTIF, "line 10 of {} repeats the motif 'm1'"),
        (HEAD + "MOTIF\n", "line 6 of {} gives a motif no name; it stands behind MOTIF or '>'"),
        (
            HEAD.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"),
            "line 3 of {} sets the alphabet 'ACDEFGHIKLMNPQRSTVWY'; only DNA motifs (ACGT) can be read",
        ),
        (
            HEAD + MOTIF.replace("alength= 4", "alength= 20"),
            "motif 'm1' at line 7 of {} has 20 letters; only DNA motifs (ACGT) can be read",
        ),
        (
            HEAD + MOTIF.replace("w= 2", "w= 3"),
            "motif 'm1' at line 7 of {} has fewer rows of four probabilities than its width w= says",
        ),
        (
            HEAD + MOTIF.replace("0.1 0.2", "0.1"),
            "motif 'm1' at line 7 of {} has fewer rows of four probabilities than its width w= says",
        ),
        (
            HEAD + MOTIF.replace("0.1 0.2", "0.1 x"),
            "motif 'm1' at line 7 of {} has fewer rows of four probabilities than its width w= says",
        ),
        (
            HEAD + MOTIF.replace("w= 2 ", "w= two "),
            "motif 'm1' at line 7 of {} gives no width; behind w= belongs a whole number, not 'two'",
        ),
        (
            HEAD + MOTIF.replace("w= 2 ", "w= 1 "),
            "motif 'm1' at line 7 of {} has 2 rows, but its width w= says 1",
        ),
        (
            HEAD + MOTIF.replace("w= 2 ", "").replace("0.1 0.2", "0.1"),
            "motif 'm1' at line 7 of {} has no rows of four probabilities",
        ),
        *(
            (
                HEAD + MOTIF.replace("0.1 0.2", row),
                "motif 'm1' at line 7 of {} has a column whose probabilities do not sum to 1",
            )
            for row in ("0.1 0.5", "-0.1 0.4", "nan 0.2", "12 7")
        ),
    ],
)
def test_a_bad_file_is_named_in_one_line(meme, text, line):
    path = meme(text)
    with pytest.raises(InputError) as caught:
        read_meme(path)
    assert str(caught.value) == line.format(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no MEME file"):
        read_meme(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "matrix", "reason"),
    [
        ("two words", MATRIX, "a motif's name is one word, not 'two words'"),
        ("", MATRIX, "a motif's name is one word, not ''"),
        ("m", MATRIX.T, "motif 'm' has the shape (2, 4), not (4, w)"),
        ("m", MATRIX[:, :0], "motif 'm' has the shape (4, 0), not (4, w)"),
        ("m", MATRIX * 2, "motif 'm' has columns that do not sum to 1"),
        ("m", MATRIX * np.nan, "motif 'm' has columns that do not sum to 1"),
    ],
)
def test_what_would_not_be_read_again_is_not_written(tmp_path, name, matrix, reason):
    path = tmp_path / "a.meme"
    with pytest.raises(OutputError) as caught:
        write_meme(path, {name: matrix})
    assert str(caught.value) == f"cannot write {path}: {reason}"
    assert not path.exists()


@pytest.mark.parametrize("background", [(0.5, 0.5), (1, 1, 1, 1), (2, -1, 0, 0)])
def test_a_bad_background_is_refused(tmp_path, background):
    with pytest.raises(OutputError, match="the background must be four probabilities that sum to 1"):
        write_meme(tmp_path / "a.meme", {"m": MATRIX}, background)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real inputs are not here")
def test_a_real_collection_is_read(tmp_path):
    motifs = read_meme(SHARED / "H13CORE.meme.gz")
    with gzip.open(SHARED / "H13CORE.meme.gz", "rt") as file:
        assert len(motifs) == sum(line.startswith("MOTIF") for line in file) > 1000
    for matrix in motifs.values():
        np.testing.assert_allclose(matrix.sum(axis=0), 1, atol=1e-3)

"""Letters, codes and one-hot columns."""

import numpy as np
import pytest

from seqattr.dna import alphabet
from seqattr.errors import InputError

IUPAC = "ACGTUNRYSWKMBDHV"


def random_text(rng: np.random.Generator, length: int, letters: str = "ACGTN") -> str:
    return "".join(rng.choice(list(letters), size=length))


@pytest.mark.parametrize("text", ["ACGTUN", "acgtun", b"ACGTun"])
def test_acgt_get_0_to_3_and_u_is_t_and_n_is_4(text):
    np.testing.assert_array_equal(alphabet.encode(text), [0, 1, 2, 3, 3, 4])


def test_every_iupac_letter_that_is_no_base_is_read_as_n():
    codes = alphabet.encode(alphabet.AMBIGUOUS + alphabet.AMBIGUOUS.lower())
    assert codes.dtype == np.uint8
    assert set(codes) == {alphabet.UNKNOWN}


def test_every_other_byte_is_refused():
    for byte in set(range(256)) - set((IUPAC + IUPAC.lower()).encode()):
        with pytest.raises(InputError, match="position 2, which is no DNA letter"):
            alphabet.encode(b"A" + bytes([byte]))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ACE", "record 'P1' holds 'E' at position 3, which is no DNA letter; is this a protein FASTA?"),
        (b"ACE", "record 'P1' holds 'E' at position 3, which is no DNA letter; is this a protein FASTA?"),
        ("MKE", "record 'P1' holds 'E' at position 3, which is no DNA letter; is this a protein FASTA?"),
        ("AC-T", "record 'P1' holds '-' at position 3, which is no DNA letter"),
        (
            "A\N{LATIN SMALL LETTER E WITH ACUTE}",
            "record 'P1' holds 'é' at position 2, which is no DNA letter",
        ),
    ],
)
def test_check_dna_names_the_record_the_letter_and_its_place(text, line):
    with pytest.raises(InputError) as caught:
        alphabet.check_dna("P1", text)
    assert str(caught.value) == line


def test_check_dna_lets_dna_pass():
    alphabet.check_dna("s", IUPAC + IUPAC.lower())
    alphabet.check_dna("s", "")


def test_one_hot_takes_text_texts_and_codes_alike():
    texts = ["ACGTN", "nTGCA"]
    batch = alphabet.one_hot(texts)
    assert batch.shape == (2, 4, 5)
    assert batch.dtype == np.int8
    np.testing.assert_array_equal(batch[0], np.eye(5, dtype=np.int8)[:4])
    np.testing.assert_array_equal(batch[1], alphabet.one_hot(texts[1]))
    np.testing.assert_array_equal(batch, alphabet.one_hot(np.stack([alphabet.encode(t) for t in texts])))


def test_an_n_is_a_zero_column_and_any_other_sums_to_one():
    text = random_text(np.random.default_rng(0), 300)
    sums = alphabet.one_hot(text).sum(axis=0)
    np.testing.assert_array_equal(sums, [0 if letter == "N" else 1 for letter in text])


def test_codes_and_text_survive_the_round_trip():
    codes = np.random.default_rng(1).integers(0, 5, size=(3, 2, 40)).astype(np.uint8)
    np.testing.assert_array_equal(alphabet.codes_of(alphabet.one_hot(codes)), codes)
    text = random_text(np.random.default_rng(2), 100)
    assert alphabet.decode(alphabet.encode(text)) == text
    assert alphabet.decode([]) == ""


def test_codes_of_takes_floats():
    np.testing.assert_array_equal(alphabet.codes_of(alphabet.one_hot("ANT").astype(np.float32)), [0, 4, 3])


@pytest.mark.parametrize(
    "column", [[1, 1, 0, 0], [0.5, 0.5, 0, 0], [0, 2, 0, 0], [1, 0, -1, 0], [np.nan, 0, 0, 0]]
)
def test_codes_of_refuses_a_column_that_is_neither_one_hot_nor_zero(column):
    array = alphabet.one_hot("ACGT").astype(float)
    array[:, 2] = column
    with pytest.raises(InputError, match=r"index \(2,\) is neither one-hot nor zero"):
        alphabet.codes_of(array)


@pytest.mark.parametrize("function", [alphabet.codes_of, alphabet.reverse_complement])
@pytest.mark.parametrize("shape", [(5,), (5, 7), (2, 7, 4)])
def test_arrays_without_four_channels_are_refused(function, shape):
    with pytest.raises(InputError, match=r"expected an array of shape \(\.\.\., 4, L\)"):
        function(np.zeros(shape))


@pytest.mark.parametrize(
    ("sequences", "line"),
    [
        (["ACGT", "ACG"], "sequences must all have one length: sequence 2 has 3 bases, the first has 4"),
        (
            ["ACGT", "ACXT"],
            "sequence 2 holds 'X' at position 3, which is no DNA letter; is this a protein FASTA?",
        ),
        ("A.", "the sequence holds '.' at position 2, which is no DNA letter"),
        ([], "there are no sequences to encode"),
        (np.array([0, 5]), "codes must be whole numbers from 0 to 4 (A C G T N)"),
        (np.array([0, -1]), "codes must be whole numbers from 0 to 4 (A C G T N)"),
        (np.array([0.0]), "codes must be whole numbers from 0 to 4 (A C G T N)"),
    ],
)
def test_one_hot_says_what_is_wrong(sequences, line):
    with pytest.raises(InputError) as caught:
        alphabet.one_hot(sequences)
    assert str(caught.value) == line


def test_an_empty_text_has_no_columns():
    assert alphabet.one_hot("").shape == (4, 0)


def test_both_reverse_complements_agree_and_are_their_own_inverses():
    text = random_text(np.random.default_rng(3), 200)
    other = alphabet.reverse_complement_text(text)
    array = alphabet.one_hot([text])
    np.testing.assert_array_equal(alphabet.reverse_complement(array), alphabet.one_hot([other]))
    np.testing.assert_array_equal(alphabet.reverse_complement(alphabet.reverse_complement(array)), array)
    assert alphabet.reverse_complement_text(other) == text


def test_the_complement_of_iupac_letters_stands_for_the_complements_of_their_bases():
    bases = {"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"}
    bases |= {"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"}
    for letter, members in bases.items():
        other = alphabet.reverse_complement_text(letter)
        assert set(bases[other]) == set(alphabet.reverse_complement_text(members))
        assert alphabet.reverse_complement_text(letter.lower()) == other.lower()


def test_contributions_are_turned_without_a_change_of_type():
    values = np.random.default_rng(4).normal(size=(2, 4, 9)).astype(np.float32)
    turned = alphabet.reverse_complement(values)
    assert turned.dtype == np.float32
    np.testing.assert_array_equal(turned[:, 0], values[:, 3, ::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64])
def test_codes_of_the_other_strand_are_those_of_its_text(dtype):
    text = random_text(np.random.default_rng(5), 50)
    turned = alphabet.reverse_complement_codes(alphabet.encode(text).astype(dtype)[None])
    assert turned.dtype == dtype
    np.testing.assert_array_equal(turned[0], alphabet.encode(alphabet.reverse_complement_text(text)))

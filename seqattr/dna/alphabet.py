"""DNA letters, their codes and their one-hot columns: the only place that knows ACGT and N.

Codes are 0 1 2 3 for A C G T (U is T) and 4 for N and every other IUPAC letter; the one-hot column of
code 4 is zero. Upper and lower case are the same. A, C, G, T stand in this order, so the complement of
code c is 3 - c and the reverse complement of a (4, L) array is the array read backwards on both axes.
"""

from collections.abc import Sequence
from typing import Any, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError

ALPHABET = "ACGT"
AMBIGUOUS = "RYSWKMBDHV"
UNKNOWN = 4
AMBIGUOUS_CODE = 5  # of the other IUPAC letters, where they are told from N

Scalar = TypeVar("Scalar", bound=np.generic)

_ILLEGAL = 255
_LEGAL = "ACGTUN" + AMBIGUOUS
_LEGAL_BYTES = (_LEGAL + _LEGAL.lower()).encode()
_AMBIGUOUS_BYTES = (AMBIGUOUS + AMBIGUOUS.lower()).encode()
_ONLY_PROTEIN = frozenset("EFIJLOPQZX*" + "efijlopqzx")
_COMPLEMENT = str.maketrans("ACGTUNRYSWKMBDHVacgtunryswkmbdhv", "TGCAANYRSWMKVHDBtgcaanyrswmkvhdb")
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


def _code_table() -> npt.NDArray[np.uint8]:
    table = np.full(256, _ILLEGAL, dtype=np.uint8)
    table[np.frombuffer(_LEGAL_BYTES, dtype=np.uint8)] = UNKNOWN
    for code, letter in enumerate(ALPHABET):
        table[[ord(letter), ord(letter.lower())]] = code
    table[[ord("U"), ord("u")]] = ALPHABET.index("T")
    return table


_CODES = _code_table()


def _letter_table() -> bytes:
    """Codes 0 ... 5; what is no DNA letter stays what it is, or has a letter to stand for it."""
    table = bytearray(range(256))
    table[: AMBIGUOUS_CODE + 1] = _STAND_INS
    for letter in _LEGAL_BYTES:
        table[letter] = AMBIGUOUS_CODE if letter in _AMBIGUOUS_BYTES else int(_CODES[letter])
    return bytes(table)


_STAND_INS = b"ACGTac"  # for the bytes 0 ... 5, which would look like codes
LETTER_CODES = _letter_table()  # for bytes.translate: the codes of `letter_codes`
_LETTERS_OF_CODES = bytes.maketrans(
    bytes(range(AMBIGUOUS_CODE + 1)) + _STAND_INS, b"ACGTNR" + bytes(range(AMBIGUOUS_CODE + 1))
)


def letter_codes(letters: bytes, passed_over: bytes = b"") -> bytes:
    """A code for each letter, at nearly the speed of copying: 0 ... 3, 4 for N, 5 for other IUPAC letters.

    What is above 5 is no DNA letter: `text_of_letter_codes` tells which. Some bytes can be passed over.
    """
    return letters.translate(LETTER_CODES, delete=passed_over)


def first_no_letter(codes: bytes) -> int | None:
    """The index of the first of `letter_codes` that is no DNA letter."""
    left = codes.translate(None, delete=bytes(range(AMBIGUOUS_CODE + 1)))
    return codes.index(left[:1]) if left else None


def text_of_letter_codes(codes: bytes) -> bytes:
    """Letters of which `letter_codes` makes these codes."""
    return codes.translate(_LETTERS_OF_CODES)


def encode(text: str | bytes) -> npt.NDArray[np.uint8]:
    """The codes (L,) of a DNA text; raises InputError at the first letter that is no DNA letter."""
    codes = _CODES[np.frombuffer(_as_bytes(text), dtype=np.uint8)]
    if np.any(codes == _ILLEGAL):
        raise InputError(f"the sequence {_complaint(text)}")
    return codes


def decode(codes: npt.ArrayLike) -> str:
    """The text of codes (L,), with N for code 4; raises InputError for a code outside 0 ... 4."""
    return _LETTERS[_checked_codes(np.asarray(codes))].tobytes().decode()


def one_hot(sequences: str | Sequence[str] | npt.NDArray[np.uint8]) -> npt.NDArray[np.int8]:
    """One-hot int8 columns: text (L letters) -> (4, L), N texts -> (N, 4, L), codes (..., L) -> (..., 4, L).

    Raises InputError where texts differ in length, a letter is no DNA letter or a code is not 0 ... 4.
    """
    if isinstance(sequences, np.ndarray):
        codes = _checked_codes(sequences)
    elif isinstance(sequences, str):
        codes = encode(sequences)
    else:
        codes = _encode_all(sequences)
    columns = np.arange(len(ALPHABET), dtype=np.uint8)[:, None]
    return (codes[..., None, :] == columns).view(np.int8)


def are_texts(sequences: Any) -> TypeGuard[Sequence[str]]:
    """Whether sequences are a list of texts, rather than an array or a tensor."""
    return isinstance(sequences, list | tuple) and bool(sequences) and isinstance(sequences[0], str)


def instead_of(text: str) -> str:
    """What to give in the place of a single text, which may be the name of a file."""
    if text.isalpha():
        return f"as [{text!r}], not a single one"
    return f"not {text!r}: `read_fasta` of seqattr.io.fasta.records gives the records of a file"


def check_not_empty(shape: Sequence[int]) -> None:
    """Raises InputError for the shape of an empty list, which is that of no sequences."""
    if tuple(shape) == (0,):
        raise InputError("there are no sequences")


def codes_of(one_hot: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """The codes (..., L) of one-hot columns (..., 4, L); a zero column gives 4.

    Raises InputError where a column is neither one-hot nor zero.
    """
    _check_channels(one_hot)
    ones = one_hot == 1
    count = ones.sum(axis=-2)
    wrong = ((one_hot != 0) & ~ones).any(axis=-2) | (count > 1)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise InputError(f"the column at index {index} is neither one-hot nor zero")
    return np.where(count == 1, ones.argmax(axis=-2), UNKNOWN).astype(np.uint8)


def reverse_complement(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The other strand of one-hot columns or of their contributions, (..., 4, L) -> (..., 4, L)."""
    _check_channels(array)
    return np.ascontiguousarray(array[..., ::-1, ::-1])


def reverse_complement_codes(codes: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """Codes (..., L) of the other strand; an N stays one."""
    other: npt.NDArray[Scalar] = np.where(codes == UNKNOWN, UNKNOWN, 3 - codes)[..., ::-1].astype(codes.dtype)
    return other


def reverse_complement_text(text: str) -> str:
    """The other strand of a DNA text; IUPAC letters and case are kept."""
    return text.translate(_COMPLEMENT)[::-1]


def check_dna(name: str, text: str | bytes) -> None:
    """Raise InputError with the first letter (position from 1) of the named record that is no DNA letter."""
    complaint = _complaint(text)
    if complaint:
        raise InputError(f"record '{name}' {complaint}")


def about_letter(letter: str, index: int) -> str:
    """What is wrong with a letter that is no DNA letter, at an index from 0."""
    hint = "; is this a protein FASTA?" if letter in _ONLY_PROTEIN else ""
    return f"holds {letter!r} at position {index + 1}, which is no DNA letter{hint}"


def _complaint(text: str | bytes) -> str:
    """What is wrong with the first letter that is no DNA letter; empty where there is none."""
    index = _first_illegal(text)
    return "" if index is None else about_letter(_letter(text, index), index)


def _first_illegal(text: str | bytes) -> int | None:
    """Deleting every legal letter is the fastest test there is; the place is sought only if one is left."""
    data = _as_bytes(text)
    left = data.translate(None, delete=_LEGAL_BYTES)
    return data.index(left[:1]) if left else None


def _as_bytes(text: str | bytes) -> bytes:
    """One byte per letter; a letter outside ASCII becomes '?', which is as illegal."""
    return text.encode("ascii", "replace") if isinstance(text, str) else text


def _letter(text: str | bytes, index: int) -> str:
    return text[index] if isinstance(text, str) else chr(text[index])


def _encode_all(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    if len(texts) == 0:
        raise InputError("there are no sequences to encode")
    for index, text in enumerate(texts):
        if len(text) != len(texts[0]):
            raise InputError(
                f"sequences must all have one length: sequence {index + 1} has {len(text)} bases, "
                f"the first has {len(texts[0])}"
            )
        complaint = _complaint(text)
        if complaint:
            raise InputError(f"sequence {index + 1} {complaint}")
    return encode("".join(texts)).reshape(len(texts), -1)


def _checked_codes(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    is_whole = np.issubdtype(codes.dtype, np.integer) or not codes.size
    if not is_whole or ((codes < 0) | (codes > UNKNOWN)).any():
        raise InputError("codes must be whole numbers from 0 to 4 (A C G T N)")
    return codes.astype(np.uint8, copy=False)


def _check_channels(array: npt.NDArray[np.generic]) -> None:
    if array.ndim < 2 or array.shape[-2] != len(ALPHABET):
        raise InputError(f"expected an array of shape (..., 4, L) with channels A C G T, not {array.shape}")

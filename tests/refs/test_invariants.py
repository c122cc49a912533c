"""What every kind of references promises, whatever its name: the lines of REFERENCES are the parameters.

What a kind keeps of a sequence's composition stands in its line (`keeps`), and is checked by KEEPS.
"""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import UNKNOWN, codes_of, decode, one_hot
from seqattr.io.fasta.records import write_fasta
from seqattr.refs.at_random import USUAL_NUMBER
from seqattr.refs.kinds import REFERENCES, parse, references

LENGTH = 40
Keeps = Callable[[str, list[str]], None]


def same_counts(parts: Callable) -> Keeps:
    """Each reference has as many of each part as the sequence."""

    def check(sequence: str, drawn: list[str]) -> None:
        assert all(Counter(parts(text)) == Counter(parts(sequence)) for text in drawn)

    return check


def same_share_of_gc(sequence: str, drawn: list[str]) -> None:
    """Of all references together; known to 1 / (2 sqrt(number of bases)), and four times that is allowed."""
    bases = "".join(drawn).replace("N", "")
    wanted = gc(sequence.replace("N", ""))
    assert abs(gc(bases) - wanted) < 2 / len(bases) ** 0.5


def gc(text: str) -> float:
    return sum(text.count(base) for base in "GC") / len(text)


KEEPS: dict[str, Keeps] = {
    "dinucleotides": same_counts(pairwise),
    "bases": same_counts(iter),
    "share of G and C": same_share_of_gc,
    "nothing": lambda sequence, drawn: None,
}
DRAWN = [name for name, entry in REFERENCES.items() if entry.takes_number]


def sequences(count: int = 6, unknown: bool = True) -> np.ndarray:
    """Of unequal composition, some with bases that are not known."""
    rng = np.random.default_rng(4)
    codes = np.stack([rng.choice(4, LENGTH, p=rng.dirichlet(np.full(4, 5))) for _ in range(count)])
    if unknown:
        codes[0, 3:6] = codes[-1, -1] = 4
    return one_hot(codes.astype(np.uint8))


@pytest.fixture
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A text that asks for this kind: four where it takes a number, a file of five where it takes a file."""
    name = request.param
    form = REFERENCES[name].form
    if REFERENCES[name].takes_number:
        return f"{name}:4"
    if not form.endswith(":FILE"):
        return name
    texts = [decode(codes) for codes in codes_of(sequences(5, unknown=False))]
    write_fasta(tmp_path / "set.fa", [f"x{number}" for number in range(5)], texts)
    return f"{name}:{tmp_path / 'set.fa'}"


every = pytest.mark.parametrize("spec", REFERENCES, indirect=True)


@every
def test_there_are_as_many_as_are_said_of_the_shape_of_the_sequences(spec: str) -> None:
    reference = parse(spec)
    assert reference.spec == spec
    assert reference.name == spec.partition(":")[0]
    assert reference.draw(sequences()).shape == (6, reference.number, 4, LENGTH)
    assert references(spec, np.zeros((0, 4, LENGTH), np.int8)).shape == (0, reference.number, 4, LENGTH)


@every
def test_a_position_has_one_base_or_frequencies_or_none_has_any(spec: str) -> None:
    """float32 sums four numbers to 1e-7."""
    drawn = references(spec, sequences(unknown=False))
    assert drawn.min() >= 0
    totals = drawn.sum(axis=2, dtype=np.float64)
    assert not drawn.any() or np.abs(totals - 1).max() < 1e-6
    assert drawn.dtype in (np.int8, np.float32)
    assert drawn.dtype == np.float32 or set(np.unique(drawn)) <= {0, 1}


@every
def test_codes_are_what_the_one_hot_references_are(spec: str) -> None:
    """Or there are none, and frequencies instead, from which a sequence's N's are not cut out yet."""
    for unknown in (False, True):
        x = sequences(unknown=unknown)
        reference, codes = parse(spec), codes_of(x)
        drawn, values = reference.draw_codes(codes, 3), reference.values(LENGTH)
        assert (drawn is None) == (len(values) > 0)
        if drawn is None:
            assert (values.dtype, values.shape) == (np.float32, (reference.number, 4, LENGTH))
            expected = values * (codes != UNKNOWN)[:, None, None]
        else:
            assert (drawn.dtype, drawn.shape) == (np.uint8, (6, reference.number, LENGTH))
            assert unknown or reference.shared == (drawn.strides[0] == 0)
            expected = one_hot(drawn)
        np.testing.assert_array_equal(reference.draw(x, 3), expected)
        np.testing.assert_array_equal(
            reference.degenerate(codes, drawn), reference.degenerate(x, reference.draw(x, 3))
        )


@every
def test_where_a_sequence_is_unknown_so_are_its_references(spec: str) -> None:
    """And nowhere else."""
    x = sequences()
    drawn = references(spec, x)
    unknown = np.broadcast_to(x.sum(axis=1)[:, None] == 0, drawn.sum(axis=2).shape)
    assert not drawn.sum(axis=2)[unknown].any()
    assert not drawn.any() or drawn.sum(axis=2)[~unknown].all()


@every
def test_the_same_seed_gives_the_same(spec: str) -> None:
    np.testing.assert_array_equal(
        references(spec, sequences(), seed=3), references(spec, sequences(), seed=3)
    )


@every
def test_neither_batch_nor_order_nor_type_matters(spec: str) -> None:
    x = sequences()
    whole = references(spec, x, seed=3)
    order = np.array([4, 0, 5, 2, 1, 3])
    np.testing.assert_array_equal(references(spec, x[order], seed=3), whole[order])
    np.testing.assert_array_equal(references(spec, x.astype(np.float32), seed=3), whole)
    for part in (slice(0, 1), slice(1, 3), slice(3, 6)):
        np.testing.assert_array_equal(references(spec, x[part], seed=3), whole[part])


@every
def test_names_do_not_matter_where_no_reference_has_one_of_them(spec: str) -> None:
    x = sequences()
    names = [f"n{number}" for number in range(6)]
    reference = parse(spec, names)
    named, unnamed = reference.draw(x, 3, names), parse(spec).draw(x, 3)
    np.testing.assert_array_equal(named, unnamed)


@every
def test_seeds_differ_where_references_are_drawn_and_only_there(spec: str) -> None:
    x = sequences()
    differ = (references(spec, x, seed=1) != references(spec, x, seed=2)).any(axis=(2, 3))
    assert differ.all() if REFERENCES[parse(spec).name].takes_number else not differ.any()


@every
def test_what_all_sequences_share_is_said_to_be_shared(spec: str) -> None:
    """A view with stride 0 along the sequences; what is not shared differs between them."""
    drawn = references(spec, sequences(unknown=False))
    shared = parse(spec).shared
    assert shared == (drawn.strides[0] == 0)
    assert shared or (drawn[0] != drawn[1]).any()


@every
def test_what_is_kept_of_the_sequence_is_kept(spec: str) -> None:
    keeps = REFERENCES[parse(spec).name].keeps
    assert keeps in KEEPS, f"tests/refs/test_invariants.py has no check in KEEPS of '{keeps}'"
    x = sequences()
    for codes, drawn in zip(codes_of(x), references(many(spec), x), strict=True):
        KEEPS[keeps](decode(codes), [decode(row) for row in codes_of(drawn)] if keeps != "nothing" else [])


def many(spec: str) -> str:
    """Enough to tell a share by."""
    name = spec.partition(":")[0]
    return f"{name}:200" if REFERENCES[name].takes_number else spec


@pytest.mark.parametrize("name", DRAWN)
def test_fewer_are_the_first_of_more_and_no_number_is_the_usual_one(name: str) -> None:
    more = references(f"{name}:25", sequences())
    np.testing.assert_array_equal(references(f"{name}:5", sequences()), more[:, :5])
    np.testing.assert_array_equal(references(name, sequences()), more[:, :USUAL_NUMBER])

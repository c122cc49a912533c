"""References: what each kind is made of, N's, seeds, files, and everything that can be said wrongly."""

import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import codes_of, decode, encode, one_hot
from seqattr.dna.frequencies import BACKGROUND
from seqattr.errors import InputError, UnknownName
from seqattr.io.fasta.records import write_fasta
from seqattr.refs.kinds import REFERENCES, ReferenceWarning, parse, reference_file, references
from seqattr.refs.reference import Reference

AT_RANDOM = ["shuffle:4", "mono:4", "gc:4"]
DRAWN = [*AT_RANDOM, "zeros", "freq"]


def random_sequences(count: int, length: int, unknown: bool = False, seed: int = 0) -> np.ndarray:
    codes = np.random.default_rng(seed).integers(0, 4, size=(count, length)).astype(np.uint8)
    if unknown:
        codes[0, 3:6] = codes[-1, -1] = 4
    return one_hot(codes)


def write_references(path: Path, count: int, length: int, prefix: str = "r") -> np.ndarray:
    sequences = random_sequences(count, length, seed=9)
    write_fasta(path, [f"{prefix}{i}" for i in range(count)], [decode(c) for c in codes_of(sequences)])
    return sequences


@pytest.mark.parametrize("spec", DRAWN)
def test_shape_and_kind_of_number(spec: str) -> None:
    reference = parse(spec)
    drawn = reference.draw(random_sequences(3, 20))
    assert drawn.shape == (3, reference.number, 4, 20)
    assert drawn.dtype == (np.float32 if spec == "freq" else np.int8)


@pytest.mark.parametrize("spec", DRAWN)
def test_unknown_stays_unknown(spec: str) -> None:
    sequences = random_sequences(3, 20, unknown=True)
    drawn = references(spec, sequences)
    outside = np.broadcast_to(sequences.sum(axis=1)[:, None, None] == 0, drawn.shape)
    assert not drawn[outside].any()
    if spec != "zeros":
        # Elsewhere each column is a distribution; float32 sums four numbers to 1e-7.
        np.testing.assert_allclose(
            drawn.sum(axis=2), sequences.sum(axis=1)[:, None].repeat(drawn.shape[1], 1), atol=1e-6
        )


@pytest.mark.parametrize("spec", AT_RANDOM)
def test_batch_order_and_shard_do_not_matter(spec: str) -> None:
    sequences = random_sequences(70, 30, unknown=True)
    whole = references(spec, sequences, seed=3)
    order = np.random.default_rng(0).permutation(70)
    np.testing.assert_array_equal(references(spec, sequences[order], seed=3), whole[order])
    for shard in (slice(0, 1), slice(1, 20), slice(20, 70)):
        np.testing.assert_array_equal(references(spec, sequences[shard], seed=3), whole[shard])


@pytest.mark.parametrize("name", ["shuffle", "mono", "gc"])
def test_fewer_are_the_first_of_more(name: str) -> None:
    sequences = random_sequences(5, 100)
    more = references(f"{name}:25", sequences)
    np.testing.assert_array_equal(references(f"{name}:5", sequences), more[:, :5])
    np.testing.assert_array_equal(references(name, sequences), more[:, :10])


@pytest.mark.parametrize("spec", AT_RANDOM)
def test_seed_matters_and_suffices(spec: str) -> None:
    sequences = random_sequences(2, 100)
    np.testing.assert_array_equal(references(spec, sequences, seed=1), references(spec, sequences, seed=1))
    assert (references(spec, sequences, seed=1) != references(spec, sequences, seed=2)).any(axis=(2, 3)).all()


def test_many_sequences_are_drawn_in_parts() -> None:
    sequences = random_sequences(300, 400)
    whole = references("shuffle:5", sequences)
    np.testing.assert_array_equal(references("shuffle:5", sequences[299:]), whole[299:])


def test_type_of_the_sequences_does_not_matter() -> None:
    sequences = random_sequences(2, 50)
    as_float = references("shuffle:3", sequences.astype(np.float32))
    np.testing.assert_array_equal(as_float, references("shuffle:3", sequences))


def test_shuffles_keep_what_they_should() -> None:
    sequences = random_sequences(3, 60, unknown=True)
    for name, keep in (("shuffle", pairwise), ("mono", iter)):
        for text, drawn in zip(codes_of(sequences), references(f"{name}:6", sequences), strict=True):
            assert all(Counter(keep(decode(row))) == Counter(keep(decode(text))) for row in codes_of(drawn))


def test_gc_content_is_kept_on_average() -> None:
    codes = np.array([[0, 3, 3, 1, 4] * 40, [1, 2, 2, 0, 4] * 40], dtype=np.uint8)
    counts = references("gc:500", one_hot(codes)).sum(axis=(1, 3)) / (500 * 160)
    # 80,000 bases: a frequency of 1/8 or 3/8 is known to 0.0017, and four times that is allowed.
    np.testing.assert_allclose(
        counts, [[0.375, 0.125, 0.125, 0.375], [0.125, 0.375, 0.375, 0.125]], atol=0.007
    )


def test_zeros_and_frequencies() -> None:
    sequences = random_sequences(2, 10)
    assert not references("zeros", sequences).any()
    np.testing.assert_allclose(references("freq", sequences)[1, 0, :, 7], BACKGROUND, rtol=1e-6)
    np.testing.assert_allclose(
        references("freq:.1,.2,.3,.4", sequences)[1, 0, :, 7], [0.1, 0.2, 0.3, 0.4], rtol=1e-6
    )


@pytest.mark.parametrize("spec", ["zeros", "freq"])
def test_shared_references_are_a_view(spec: str) -> None:
    drawn = references(spec, random_sequences(3, 20))
    assert drawn.strides[0] == 0
    assert parse(spec).shared


def test_fasta_with_one_reference_per_sequence_in_order(tmp_path: Path) -> None:
    expected = write_references(tmp_path / "r.fa", 3, 20)
    drawn = references(f"fasta:{tmp_path / 'r.fa'}", random_sequences(3, 20))
    np.testing.assert_array_equal(drawn, expected[:, None])


def test_fasta_with_a_set_for_all(tmp_path: Path) -> None:
    expected = write_references(tmp_path / "r.fa", 5, 20)
    drawn = references(f"fasta:{tmp_path / 'r.fa'}", random_sequences(3, 20))
    np.testing.assert_array_equal(drawn, np.broadcast_to(expected, (3, 5, 4, 20)))
    assert drawn.strides[0] == 0


def test_fasta_by_name_does_not_depend_on_batch_or_order(tmp_path: Path) -> None:
    expected = write_references(tmp_path / "r.fa", 5, 20)
    reference = parse(f"fasta:{tmp_path / 'r.fa'}", names=["r4", "r1", "r2"])
    drawn = reference.draw(random_sequences(2, 20), names=["r2", "r4"])
    np.testing.assert_array_equal(drawn, expected[[2, 4]][:, None])
    assert (reference.number, reference.shared) == (1, False)


def test_fasta_in_order_goes_by_the_names_of_the_run(tmp_path: Path) -> None:
    expected = write_references(tmp_path / "r.fa", 3, 20)
    reference = parse(f"fasta:{tmp_path / 'r.fa'}", names=["x", "y", "z"])
    np.testing.assert_array_equal(reference.draw(random_sequences(1, 20), names=["y"]), expected[1:2, None])


def test_fasta_keeps_unknown_unknown(tmp_path: Path) -> None:
    write_references(tmp_path / "r.fa", 5, 20)
    sequences = random_sequences(3, 20, unknown=True)
    drawn = references(f"fasta:{tmp_path / 'r.fa'}", sequences)
    np.testing.assert_array_equal(drawn.sum(axis=2), sequences.sum(axis=1)[:, None].repeat(5, axis=1))


def test_fasta_that_fits_only_some_names_is_refused(tmp_path: Path) -> None:
    write_references(tmp_path / "r.fa", 3, 20)
    with pytest.raises(InputError, match="2 of the 3 sequences, but not for other"):
        parse(f"fasta:{tmp_path / 'r.fa'}", names=["r0", "r1", "other"])


def test_fasta_in_order_cannot_tell_equal_names_apart(tmp_path: Path) -> None:
    write_references(tmp_path / "r.fa", 3, 20)
    with pytest.raises(InputError, match="no two sequences may have the same name"):
        parse(f"fasta:{tmp_path / 'r.fa'}", names=["x", "x", "y"])


def test_fasta_per_sequence_needs_the_names(tmp_path: Path) -> None:
    write_references(tmp_path / "r.fa", 3, 20)
    reference = parse(f"fasta:{tmp_path / 'r.fa'}", names=["r0", "r1", "r2"])
    with pytest.raises(InputError, match="needs its name"):
        reference.draw(random_sequences(3, 20))
    with pytest.raises(InputError, match="none for r9"):
        reference.draw(random_sequences(1, 20), names=["r9"])


def test_fasta_of_another_length_is_refused(tmp_path: Path) -> None:
    write_references(tmp_path / "r.fa", 3, 19)
    with pytest.raises(InputError, match=r"r0 in .* has 19 bases, the sequences have 20"):
        references(f"fasta:{tmp_path / 'r.fa'}", random_sequences(3, 20))


@pytest.mark.parametrize(
    "spec",
    [
        "shuffle:0",
        "shuffle:-1",
        "shuffle:ten",
        "shuffle:",
        "shuffle:1.5",
        "mono:0",
        "gc:x",
        "zeros:3",
        "zeros:",
        "freq:.5,.5",
        "freq:",
        "freq:a,b,c,d",
        "freq:.3,.3,.3,.3",
        "freq:.5,.5,0,0",
        "freq:nan,.2,.3,.5",
        "fasta",
        "fasta:",
    ],
)
def test_specs_that_cannot_be_read(spec: str) -> None:
    with pytest.raises(InputError) as caught:
        references(spec, random_sequences(1, 5))
    assert "\n" not in str(caught.value)


def test_unknown_reference_names_what_there_is() -> None:
    with pytest.raises(UnknownName, match=r"unknown reference 'dinuc'; there is: .*shuffle.*fasta"):
        parse("dinuc:10")


@pytest.mark.parametrize("shape", [(4, 20), (2, 20, 4), (1, 1, 4, 20)])
def test_sequences_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"\(N, 4, L\)"):
        references("zeros", np.zeros(shape, np.int8))


def test_every_entry_is_explained_by_its_form() -> None:
    for name, entry in REFERENCES.items():
        assert entry.form.partition(":")[0] == name
        assert entry.takes_number == entry.form.endswith(":N")
        assert entry.help


@pytest.mark.parametrize("spec", AT_RANDOM)
def test_no_sequences_have_no_references(spec: str) -> None:
    assert references(spec, np.zeros((0, 4, 30), np.int8)).shape == (0, 4, 4, 30)


def test_sequences_with_only_themselves_are_named_once() -> None:
    sequences = np.stack([one_hot(text) for text in ("AAAAAAAA", "ACGGATCA", "ACACACAC", "ACGTNNNN")])
    with pytest.warns(ReferenceWarning, match=r"3 of 4 sequences .* shuffle:5: 0, 2, 3$") as caught:
        drawn = references("shuffle:5", sequences)
    assert len(caught) == 1
    np.testing.assert_array_equal(Reference.degenerate(sequences, drawn), [0, 2, 3])
    np.testing.assert_array_equal(Reference.degenerate(codes_of(sequences), codes_of(drawn)), [0, 2, 3])


def test_against_frequencies_only_what_is_unknown_everywhere_has_itself() -> None:
    sequences = np.stack([one_hot(text) for text in ("NNNN", "AAAA", "NNNA", "NNNN")])
    assert list(Reference.degenerate(codes_of(sequences), None)) == [0, 3]
    assert list(Reference.degenerate(sequences, parse("freq").draw(sequences))) == [0, 3]


def test_a_sequence_with_other_references_is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        references("shuffle:10", random_sequences(20, 50))
        references("freq", one_hot(encode("AAAA"))[None])


def test_the_file_of_references_is_that_of_fasta_alone() -> None:
    assert reference_file("fasta:a/b.fa") == "a/b.fa"
    assert [reference_file(spec) for spec in ("fasta", "fasta:", "zeros", "shuffle:3")] == [None] * 4

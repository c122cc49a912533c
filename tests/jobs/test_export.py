"""Scores in other tools' formats."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqattr.errors import InputError, UnknownName
from seqattr.io.hdf5.stored import read_contributions
from seqattr.jobs.export import WRITERS, export
from seqattr.support.caller import Caller
from tests.helpers.scored import without_values, write_scores


@pytest.fixture
def scores(ran, fixed, fasta, tmp_path) -> Path:
    """A folder of three targets."""
    files = ("--model", fixed, "--fasta", fasta(3), "--out", tmp_path / "scores")
    ran("score", *files, "--refs", "shuffle:2")
    return tmp_path / "scores"


def test_modisco_gets_one_hot_and_hypothetical_contributions(scores):
    folder = export(scores, "modisco", "b")
    assert folder == scores / "b.modisco"
    assert sorted(os.listdir(folder)) == ["ohe.npz", "run.json", "shap.npz"]
    content = read_contributions(scores / "b.h5")
    for name, wanted, dtype in (
        ("ohe", content.one_hot, np.int8),
        ("shap", content.hypothetical, np.float32),
    ):
        with np.load(folder / f"{name}.npz") as archive:
            assert archive.files == ["arr_0"]
            assert archive["arr_0"].dtype == dtype
            np.testing.assert_array_equal(archive["arr_0"], wanted)


def read_modisco(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "ohe.npz") as sequences, np.load(folder / "shap.npz") as scores:
        return sequences["arr_0"], scores["arr_0"]


# What was written, read back: the sequences and their hypothetical contributions, both (N, 4, L).
READERS: dict[str, Callable[[Path], tuple[np.ndarray, np.ndarray]]] = {"modisco": read_modisco}


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_is_what_was_scored(scores, tmp_path, form):
    assert form in READERS, f"a writer that nothing reads back: add '{form}' to READERS in this file"
    content = read_contributions(scores / "b.h5")
    assert export(scores, form, "b") == scores / f"b.{form}"
    elsewhere = export(scores, form, "b", tmp_path / "elsewhere")
    for path in (scores / f"b.{form}", elsewhere):
        one_hot, hypothetical = READERS[form](path)
        np.testing.assert_array_equal(one_hot, content.one_hot)
        np.testing.assert_array_equal(hypothetical, content.hypothetical)


@pytest.mark.parametrize("form", WRITERS)
def test_writing_again_leaves_the_same_and_nothing_else(scores, form):
    before = set(os.listdir(scores))
    first, second = (READERS[form](export(scores, form, "b")) for _ in range(2))
    assert set(os.listdir(scores)) - before == {f"b.{form}"}
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("form", WRITERS)
def test_sequences_without_values_have_zeros_and_the_caller_is_told(tmp_path, form):
    """All rows stay, so that they line up with regions.bed."""
    made = write_scores(tmp_path / "scores", count=6)
    folder, said = without_values(made, tmp_path / "nan", [1, 4]), []
    one_hot, hypothetical = READERS[form](export(folder, form, "quiet", caller=Caller(warn=said.append)))
    whole = read_contributions(made.folder / "quiet.h5")
    np.testing.assert_array_equal(one_hot, whole.one_hot)
    whole.hypothetical[[1, 4]] = 0
    np.testing.assert_array_equal(hypothetical, whole.hypothetical)
    assert len(said) == 1
    assert said[0].startswith("2 of 6 sequences have no values, but NaN; ")
    export(made.folder, form, "quiet", caller=Caller(warn=said.append))
    assert len(said) == 1


def test_the_only_target_needs_no_name(ran, free, fasta, tmp_path):
    files = ("--model", free, "--fasta", fasta(2), "--out", tmp_path / "one")
    ran("score", *files, "--refs", "zeros", "--target", 1)
    assert export(tmp_path / "one", "modisco") == tmp_path / "one" / "target1.modisco"


def test_a_target_can_be_named_as_the_model_names_it(scores):
    (scores / "b.h5").rename(scores / "T_cells__day_2_.h5")
    for name in ("T cells (day 2)", "T_cells__day_2_"):
        assert export(scores, "modisco", name).name == "T_cells__day_2_.modisco"


def test_what_there_is_not_is_told(scores, tmp_path):
    with pytest.raises(UnknownName, match=f"unknown format 'x'; there is: {', '.join(WRITERS)}"):
        export(scores, "x", "a")
    with pytest.raises(UnknownName, match="unknown target 'x'; there is: a, b, c"):
        export(scores, "modisco", "x")
    with pytest.raises(InputError, match="holds several targets; say which with `target`: a, b, c"):
        export(scores, "modisco")
    with pytest.raises(InputError, match=r"holds no scores \(\.h5\)"):
        export(tmp_path, "modisco")
    with pytest.raises(InputError, match="there is no folder"):
        export(tmp_path / "none", "modisco")


def test_a_second_export_replaces_the_first(scores):
    first = export(scores, "modisco", "a")
    before = (first / "shap.npz").read_bytes()
    (scores / "b.h5").replace(scores / "a.h5")
    assert export(scores, "modisco", "a") == first
    assert (first / "shap.npz").read_bytes() != before
    assert sorted(os.listdir(first)) == ["ohe.npz", "run.json", "shap.npz"]

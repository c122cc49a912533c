"""`seqattr patterns` and what `seqattr score` says of its file."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.inputs import Window
from seqattr.io.hdf5.stored import read_contributions
from seqattr.jobs.patterns import weights_and_batches
from tests.conftest import random_texts

METHODS = [name for name, method in seqattr.METHODS.items() if method.needs_patterns]


@pytest.fixture(scope="module")
def learned(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patterns of free.pt by the library."""
    path = tmp_path_factory.mktemp("patterns") / "p.h5"
    model = seqattr.load_model(models / "free.pt")
    seqattr.save_patterns(path, seqattr.fit_patterns(model, one_hot(random_texts(7))))
    return path


def test_the_command_learns_what_the_library_does(ran, free, fasta, learned, tmp_path):
    said = ran("patterns", "--model", free, "--fasta", fasta(7), "--out", tmp_path / "deep" / "p.h5")
    assert said.endswith(f"wrote {tmp_path / 'deep' / 'p.h5'}: patterns of 3 steps, from 7 sequences\n")
    mine, theirs = seqattr.load_patterns(tmp_path / "deep" / "p.h5"), seqattr.load_patterns(learned)
    assert (mine.model, mine.sequences) == (theirs.model, theirs.sequences)
    for a, b in zip(mine.steps, theirs.steps, strict=True):
        assert a._replace(values=b.values) == b
        np.testing.assert_array_equal(a.values, b.values)


def test_saved_and_loaded_are_the_same_to_the_last_bit(free, learned, tmp_path):
    patterns = seqattr.load_patterns(learned)
    seqattr.save_patterns(tmp_path / "again.h5", patterns)
    again = seqattr.load_patterns(tmp_path / "again.h5")
    for a, b in zip(again.steps, patterns.steps, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    with h5py.File(learned) as file:
        assert set(file.attrs) == {"format", "version", "model", "sequences", "seqattr"}
        assert [file["patterns"][n].attrs["step"] for n in file["patterns"]] == [
            s.step for s in patterns.steps
        ]
        assert file["patterns/00000"].attrs["windows"] == 7 * 34


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_the_librarys(ran, free, fasta, texts, learned, tmp_path, method):
    ran("score", "--model", free, "--fasta", fasta(3), "--method", method, "--patterns", learned,
        "--refs", "zeros", "--out", tmp_path / "out")  # fmt: skip
    model = seqattr.load_model(free)
    chosen = seqattr.with_patterns(method, seqattr.load_patterns(learned))
    wanted = seqattr.attribute(model, one_hot(texts(3)), method=chosen)
    found = read_contributions(tmp_path / "out" / "target1.h5")
    np.testing.assert_allclose(found.hypothetical, wanted.hypothetical[1], rtol=1e-5, atol=1e-7)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["settings"]["patterns"] == str(learned)
    assert run["model"] == found.attributes["model"] == seqattr.load_patterns(learned).model


def test_sequences_of_several_lengths_and_those_that_must_be_fitted(ran, free, fixed, fasta, tmp_path):
    mixed = fasta([*random_texts(3, 30), *random_texts(4, 50)])
    assert "from 7 sequences" in ran(
        "patterns", "--model", free, "--fasta", mixed, "--any-length", "--out", tmp_path / "a.h5"
    )
    options = ("--pad", "--crop", "--out", tmp_path / "b.h5")
    assert "from 7 sequences" in ran("patterns", "--model", fixed, "--fasta", mixed, *options)


def test_units_without_a_pattern_are_told(ran, free, fasta, tmp_path):
    said = ran("patterns", "--model", free, "--fasta", fasta(1), "--out", tmp_path / "p.h5")
    assert "warning: units that were never on, or the same in all sequences, have a pattern of 0: " in said
    ran("score", "--model", free, "--fasta", fasta(3), "--method", "patternnet", "--patterns",
        tmp_path / "p.h5", "--out", tmp_path / "out")  # fmt: skip


def test_a_folder_in_the_place_of_the_file_is_found_before_the_work(
    refused, free, fasta, tmp_path, monkeypatch
):
    monkeypatch.setattr("seqattr.jobs.patterns.learn_patterns", lambda *_: pytest.fail("the work began"))
    told = refused("patterns", "--model", free, "--fasta", fasta(3), "--out", tmp_path)
    assert told == f"cannot write {tmp_path}: Is a directory"


def test_what_does_not_go_together_is_one_line(refused, free, fixed, fasta, learned, tmp_path):
    command = ("--fasta", fasta(3), "--out", tmp_path / "out")
    assert refused("score", "--model", free, "--method", "patternnet", *command) == (
        "the method 'patternnet' needs patterns: learn them with `seqattr patterns` and give --patterns FILE"
    )
    given = ("--patterns", learned)
    assert refused("score", "--model", free, *given, *command) == (
        "the method 'deeplift' uses no patterns; these do: patternnet, patternattribution"
    )
    for method in METHODS:
        assert refused("score", "--model", fixed, "--method", method, *given, *command).startswith(
            "the patterns were learned from another model"
        )
    assert not (tmp_path / "out" / "run.json").exists()
    assert "do not fit the model" in refused(
        "patterns", "--model", fixed, "--fasta", fasta(random_texts(2, 9))
    )


def test_a_file_that_is_no_whole_file_of_patterns_is_one_line(refused, free, fasta, learned, tmp_path):
    def said(path: Path) -> str:
        options = ("--method", "patternnet", "--patterns", path, "--out", tmp_path / "out")
        return refused("score", "--model", free, "--fasta", fasta(3), *options)

    assert said(tmp_path / "none.h5") == f"there is no patterns file {tmp_path / 'none.h5'}"
    assert said(tmp_path) == f"{tmp_path} is a folder, not a patterns file"
    assert said(fasta(3)).startswith(f"{fasta(3)} is no whole file of patterns: ")
    bad = tmp_path / "bad.h5"
    whole = learned.read_bytes()
    bad.write_bytes(whole[: len(whole) // 2])
    assert said(bad).startswith(f"{bad} is no whole file of patterns: ")
    with h5py.File(learned) as file:
        place = file["patterns/00001"].id.get_chunk_info(0).byte_offset + 3
    bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert said(bad).startswith(f"{bad} is no whole file of patterns: ")
    with h5py.File(bad, "w") as file:
        file["x"] = 1
    assert said(bad) == f"{bad} holds no patterns; `seqattr patterns` writes a file that does"


def damage_version(file: h5py.File) -> None:
    file.attrs["version"] = 9


def damage_facts(file: h5py.File) -> None:
    del file.attrs["model"]


def damage_steps(file: h5py.File) -> None:
    del file["patterns"]["00001"]


def damage_rows(file: h5py.File) -> None:
    del file["patterns"]["00001"].attrs["silent"]


def damage_values(file: h5py.File) -> None:
    file["patterns"]["00001"][0] = np.nan


@pytest.mark.parametrize("damage", [damage_version, damage_facts, damage_steps, damage_rows, damage_values])
def test_a_file_that_somebody_changed_is_one_line(refused, free, fasta, learned, tmp_path, damage):
    bad = tmp_path / "bad.h5"
    bad.write_bytes(learned.read_bytes())
    with h5py.File(bad, "r+") as file:
        damage(file)
    options = ("--method", "patternnet", "--patterns", bad, "--out", tmp_path / "out")
    line = refused("score", "--model", free, "--fasta", fasta(3), *options)
    assert "unexpected" not in line
    assert str(bad) in line or "another model" in line


def test_nothing_half_written_stays(refused, free, fasta, tmp_path):
    (tmp_path / "p.h5").mkdir()
    line = refused("patterns", "--model", free, "--fasta", fasta(3), "--out", tmp_path / "p.h5")
    assert line.startswith(f"cannot write {tmp_path / 'p.h5'}")
    assert not list(tmp_path.glob(".*"))


def test_sequences_given_again_change_nothing(ran, free, fasta, learned, tmp_path):
    """Nor do windows that overlap count what they share twice: they have less weight."""
    texts = random_texts(7)
    again = "".join(f">r{n}\n{text}\n" for n, text in enumerate([*texts, *texts[:3], *texts]))
    (tmp_path / "again.fa").write_text(again)
    ran("patterns", "--model", free, "--fasta", tmp_path / "again.fa", "--out", tmp_path / "again.h5")
    mine, theirs = seqattr.load_patterns(tmp_path / "again.h5"), seqattr.load_patterns(learned)
    assert mine.sequences == theirs.sequences == 7
    for a, b in zip(mine.steps, theirs.steps, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    windows = [
        Window(f"w{at}", np.zeros(40, np.uint8), Region("c", at, at + 40), (0, 40)) for at in (0, 10, 99)
    ]
    weights, batches = weights_and_batches(windows)
    assert weights.tolist() == [10 / 16, 10 / 16, 1]
    assert [rows.tolist() for rows in batches] == [[2], [0, 1]]

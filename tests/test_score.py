"""Scores in files are the library's own numbers, at the right place, whatever the batch, shard or order."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyBigWig
import pytest
import torch
from torch import nn

import seqattr
from seqattr.alphabet import one_hot, reverse_complement_text
from seqattr.errors import InputError, NotFinite, OutputError, UnknownName
from seqattr.folder import filename
from seqattr.inputs import Inputs, fitted, from_fasta, from_regions
from seqattr.io.bed import read_bed
from seqattr.io.hdf5 import Contributions, read_contributions
from seqattr.regions import Region
from seqattr.score import Settings, Summary, method_of, score
from tests.kinds_of_method import ONE_OF_EACH

# Different batches take different paths through the same kernels: float32 rounding, 1e-7 of the output.
ROUNDING = {"rtol": 1e-5, "atol": 1e-6}
# The same batch, in float32 in the file as in the result; a last bit may depend on where memory lies.
SAME = {"rtol": 1e-6, "atol": 1e-7}
FREQ = Settings(references="freq")


@pytest.fixture(scope="module")
def model(models: Path) -> seqattr.Model:
    return seqattr.load_model(models / "free.pt")


@pytest.fixture(scope="module")
def sigmoid(models: Path) -> seqattr.Model:
    return seqattr.load_model(models / "fixed.pt")


def own(
    model: seqattr.Model, texts: list[str], settings: Settings = FREQ, **options: Any
) -> seqattr.Attribution:
    """The library's own result for texts of one length."""
    sequences = one_hot(texts)
    references = seqattr.references(settings.references, sequences, settings.seed)
    return seqattr.attribute(model, sequences, references, method=method_of(settings), **options)


def scored(model: seqattr.Model, path: Path, out: Path, settings: Settings = FREQ) -> Summary:
    return score(model, from_fasta(path), out, settings)


def agrees(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, **SAME)


def read(out: Path, *targets: str) -> list[Contributions]:
    return [read_contributions(out / f"{target}.h5") for target in targets]


def track(out: Path, target: str, chrom: str, start: int = 0, end: int | None = None) -> np.ndarray:
    """The bigWig's values, NaN where it holds none."""
    with pyBigWig.open(str(out / f"{target}.bw")) as file:
        return file.values(chrom, start, file.chroms(chrom) if end is None else end, numpy=True)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ONE_OF_EACH)
@pytest.mark.parametrize("references", ["shuffle:3", "mono:2", "gc:2", "freq", "freq:.4,.1,.1,.4", "zeros"])
def test_files_hold_the_librarys_own_numbers(model, fasta, texts, tmp_path, method, references):
    settings = Settings(references=references, method=method, seed=3)
    if seqattr.METHODS[method].needs_patterns:
        seqattr.save_patterns(tmp_path / "p.h5", seqattr.fit_patterns(model, one_hot(texts(30))))
        settings = replace(settings, patterns=str(tmp_path / "p.h5"))
    scored(model, fasta(5), tmp_path / "out", settings)
    result = own(model, texts(5), settings)
    for t, found in enumerate(read(tmp_path / "out", "target0", "target1")):
        np.testing.assert_array_equal(found.one_hot, one_hot(texts(5)))
        agrees(found.contributions, result.contributions[t].numpy())
        agrees(found.hypothetical, result.hypothetical[t].numpy())
        agrees(found.difference, result.difference[t].numpy())
        agrees(found.additivity_error, result.additivity_error[t].numpy())
        for row in range(5):
            np.testing.assert_array_equal(
                track(tmp_path / "out", f"target{t}", f"r{row}"), found.contributions[row]
            )


def test_contributions_sum_to_the_difference_of_the_models_own_predictions(sigmoid, fasta, texts, tmp_path):
    """The whole way, from the file of sequences to the file of scores, against the model alone."""
    scored(sigmoid, fasta(6), tmp_path / "out", Settings(references="zeros"))
    sequences = torch.from_numpy(one_hot(texts(6))).float()
    change = sigmoid.predict(sequences) - sigmoid.predict(torch.zeros(1, 4, 40))
    for t, found in enumerate(read(tmp_path / "out", "a", "b", "c")):
        np.testing.assert_allclose(found.contributions.sum(1), change[:, t], **ROUNDING)


def test_hypothetical_at_the_observed_base_is_the_contribution(model, fasta, tmp_path):
    scored(model, fasta(4), tmp_path / "out", Settings(references="shuffle:4"))
    (found,) = read(tmp_path / "out", "target0")
    observed = (found.hypothetical * found.one_hot).sum(1)
    np.testing.assert_allclose(observed, found.contributions, **ROUNDING)


def test_bases_that_are_n_score_nothing_of_their_own(model, fasta, tmp_path):
    text = "ACGTTGCAAC" * 3 + "N" * 10
    scored(model, fasta({"some": text, "none": "N" * 40}), tmp_path / "out", Settings(references="shuffle:2"))
    (found,) = read(tmp_path / "out", "target1")
    assert not found.contributions[0, 30:].any()
    assert not found.contributions[1].any()
    assert found.contributions[0, :30].any()


def test_the_precision_is_what_was_asked_for(model, fasta, texts, tmp_path):
    for precision, dtype in (("model", "float32"), ("float64", "float64")):
        settings = Settings(references="zeros", precision=precision)
        scored(model, fasta(3), tmp_path / precision, settings)
        result = own(model, texts(3), settings, dtype=getattr(torch, dtype))
        (found,) = read(tmp_path / precision, "target0")
        assert json.loads((tmp_path / precision / "run.json").read_text())["dtype"] == dtype
        agrees(found.contributions, result.contributions[0].float().numpy())
    assert found.additivity_error.max() < 1e-12  # only float64 can


# --- places ------------------------------------------------------------------------------------


def test_tracks_lie_on_the_genome_on_either_strand(model, tmp_path, texts):
    """A base's value stands at that base, also when the record was its reverse complement."""
    (chromosome,) = texts(1, 200)
    back = reverse_complement_text(chromosome[120:160])
    (tmp_path / "a.fa").write_text(
        f">chrB:120-160(-)\n{back}\n>chrB:11-50\n{chromosome[10:50]}\n>chrA:0-40\n{chromosome[:40]}\n"
    )
    (tmp_path / "sizes").write_text("chrB\t200\nchrC\t9\nchrA\t40\n")
    inputs = from_fasta(tmp_path / "a.fa", tmp_path / "sizes")
    score(model, inputs, tmp_path / "out", FREQ)
    result = own(model, [back, chromosome[10:50], chromosome[:40]]).contributions[0].numpy()
    with pyBigWig.open(str(tmp_path / "out" / "target0.bw")) as file:
        assert file.chroms() == {"chrA": 40, "chrB": 200, "chrC": 9}
    values = track(tmp_path / "out", "target0", "chrB")
    agrees(values[120:160], result[0, ::-1])
    agrees(values[10:50], result[1])
    agrees(track(tmp_path / "out", "target0", "chrA"), result[2])
    assert np.isnan(values[np.r_[0:10, 50:120, 160:200]]).all()
    # rows stay as they came, in the BED file and in the HDF5 file, which is in the record's own direction
    (found,) = read(tmp_path / "out", "target0")
    assert [str(region) for region in found.regions] == ["chrB:120-160", "chrB:10-50", "chrA:0-40"]
    assert [region.strand for region in found.regions] == ["-", "+", "+"]
    agrees(found.contributions, result)
    bed = read_bed(tmp_path / "out" / "regions.bed")
    assert [(r.chrom, r.start, r.end, r.name, r.strand, r.summit) for r in bed] == [
        ("chrB", 120, 160, "chrB:120-160(-)", "-", 140),
        ("chrB", 10, 50, "chrB:11-50", "+", 30),
        ("chrA", 0, 40, "chrA:0-40", "+", 20),
    ]


def test_overlapping_windows_are_cut_at_the_midpoint_and_nested_ones_left_out(model, tmp_path, texts):
    (chromosome,) = texts(1, 120)
    places = [(60, 100), (0, 40), (20, 60), (30, 50)]
    (tmp_path / "a.fa").write_text("".join(f">c:{a}-{b}\n{chromosome[a:b]}\n" for a, b in places))
    (tmp_path / "sizes").write_text("c\t120\n")
    score(model, from_fasta(tmp_path / "a.fa", tmp_path / "sizes"), tmp_path / "out", FREQ)
    at = {(a, b): own(model, [chromosome[a:b]]).contributions[1, 0].numpy() for a, b in places if b - a == 40}
    values = track(tmp_path / "out", "target1", "c")
    # the summits of 0-40 and 20-60 are 20 and 40: cut at 30
    np.testing.assert_allclose(values[:30], at[0, 40][:30], **ROUNDING)
    np.testing.assert_allclose(values[30:60], at[20, 60][10:], **ROUNDING)
    np.testing.assert_allclose(values[60:100], at[60, 100], **ROUNDING)
    assert np.isnan(values[100:]).all()


def test_padding_is_not_in_the_track_and_zero_in_the_rows(sigmoid, tmp_path, texts):
    short, long = texts(1, 31)[0], texts(1, 51)[0]
    (tmp_path / "a.fa").write_text(f">c:2-33\n{short}\n>c:100-151(-)\n{long}\n>c:60-91(-)\n{short}\n")
    (tmp_path / "sizes").write_text("c\t160\n")
    inputs = from_fasta(tmp_path / "a.fa", tmp_path / "sizes")
    score(sigmoid, fitted(inputs, sigmoid.lengths, 40, True, True), tmp_path / "out", FREQ)
    padded, cropped = "N" * 4 + short + "N" * 5, long[5:45]
    result = own(sigmoid, [padded, cropped, padded]).contributions[0].numpy()
    values = track(tmp_path / "out", "a", "c")
    agrees(values[2:33], result[0, 4:35])
    agrees(values[106:146], result[1, ::-1])
    agrees(values[60:91], result[2, 4:35][::-1])
    assert np.isfinite(values).sum() == 31 + 40 + 31
    (found,) = read(tmp_path / "out", "a")
    assert [str(region) for region in found.regions] == ["c:-2-38", "c:106-146", "c:55-95"]
    agrees(found.contributions, result)
    assert not result[0, [*range(4), *range(35, 40)]].any()
    assert [r.start for r in read_bed(tmp_path / "out" / "regions.bed")] == [0, 106, 55]


def test_regions_of_a_genome_are_scored_where_they_lie(model, tmp_path, texts):
    (chromosome,) = texts(1, 200)
    (tmp_path / "g.fa").write_text(f">chr1\n{chromosome}\n")
    (tmp_path / "a.bed").write_text("chr1\t100\t120\tsecond\nchr1\t20\t60\tfirst\n")
    score(model, from_regions(tmp_path / "g.fa", tmp_path / "a.bed", 40), tmp_path / "out", FREQ)
    result = own(model, [chromosome[90:130], chromosome[20:60]]).contributions[0].numpy()
    values = track(tmp_path / "out", "target0", "chr1")
    agrees(values[90:130], result[0])
    agrees(values[20:60], result[1])
    assert [r.name for r in read_bed(tmp_path / "out" / "regions.bed")] == ["second", "first"]


def test_unequal_lengths_keep_their_order_and_their_numbers(model, fasta, texts, tmp_path):
    lengths = [40, 12, 61, 12, 40, 7]
    records = [texts(1, length, seed)[0] for seed, length in enumerate(lengths)]
    scored(model, fasta(records), tmp_path / "out", Settings(references="shuffle:3"))
    (found,) = read(tmp_path / "out", "target0")
    assert found.contributions.shape == (6, 61)
    assert [region.name for region in found.regions] == [f"r{i}" for i in range(6)]
    for row, text in enumerate(records):
        result = own(model, [text], Settings(references="shuffle:3"))
        left = (61 - len(text)) // 2
        middle = slice(left, left + len(text))
        np.testing.assert_allclose(
            found.contributions[row, middle], result.contributions[0, 0].numpy(), **ROUNDING
        )
        np.testing.assert_allclose(found.difference[row], result.difference[0, 0], **ROUNDING)
        np.testing.assert_array_equal(found.one_hot[row][:, middle], one_hot(text))
        assert not np.delete(found.contributions[row], np.r_[middle]).any()
        assert not np.delete(found.one_hot[row], np.r_[middle], axis=1).any()
        np.testing.assert_array_equal(
            track(tmp_path / "out", "target0", f"r{row}"), found.contributions[row, middle]
        )


# --- what must not matter ----------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 1000])
def test_any_batch_size_gives_the_same(model, fasta, texts, tmp_path, batch_size):
    settings = Settings(references="shuffle:3", batch_size=batch_size)
    scored(model, fasta(5), tmp_path / "out", settings)
    (found,) = read(tmp_path / "out", "target0")
    result = own(model, texts(5), settings)
    np.testing.assert_allclose(found.contributions, result.contributions[0].numpy(), **ROUNDING)
    np.testing.assert_allclose(found.hypothetical, result.hypothetical[0].numpy(), **ROUNDING)


@pytest.mark.parametrize("references", ["shuffle:4", "freq", "fasta"])
def test_halves_and_any_order_give_what_the_whole_gives(model, fasta, texts, tmp_path, references):
    records = {f"r{i}": text for i, text in enumerate(texts(8))}
    if references == "fasta":  # by name: each sequence its own
        own_ones = {name: text[::-1] for name, text in reversed(records.items())}
        references = f"fasta:{fasta(own_ones, 'refs.fa')}"
    settings = Settings(references=references)
    whole, found = {}, {}
    orders = {
        "whole": list(records),
        "first": [f"r{i}" for i in range(4)],
        "second": [f"r{i}" for i in (7, 5, 6, 4)],
    }
    for name, rows in orders.items():
        if name != "whole" and references.startswith("fasta"):
            settings = Settings(references=f"fasta:{fasta({r: own_ones[r] for r in rows}, 'some.fa')}")
        scored(model, fasta({r: records[r] for r in rows}), tmp_path / name, settings)
        (content,) = read(tmp_path / name, "target1")
        kept = whole if name == "whole" else found
        kept.update(zip(rows, content.contributions, strict=True))
    assert list(whole) == sorted(found)
    for name, values in whole.items():
        np.testing.assert_allclose(found[name], values, **ROUNDING)


def test_the_seed_settles_the_references(model, fasta, tmp_path):
    for out, seed in (("a", 0), ("again", 0), ("b", 1)):
        scored(model, fasta(3), tmp_path / out, Settings(references="shuffle:2", seed=seed))
    (a,), (again,), (b,) = (read(tmp_path / out, "target0") for out in ("a", "again", "b"))
    np.testing.assert_array_equal(a.contributions, again.contributions)
    assert not np.allclose(a.contributions, b.contributions, **ROUNDING)


def test_a_reference_set_from_a_file_is_shared_by_all(model, fasta, texts, tmp_path):
    background = texts(3, seed=9)
    path = fasta({f"b{i}": text for i, text in enumerate(background)}, "refs.fa")
    scored(model, fasta(5), tmp_path / "out", Settings(references=f"fasta:{path}"))
    (found,) = read(tmp_path / "out", "target0")
    result = seqattr.attribute(model, one_hot(texts(5)), one_hot(background))
    np.testing.assert_allclose(found.contributions, result.contributions[0].numpy(), **ROUNDING)


# --- the folder --------------------------------------------------------------------------------


def test_run_json_says_how_to_run_it_again(sigmoid, fasta, tmp_path):
    settings = Settings(references="shuffle:2", targets=["c", 0], seed=5, batch_size=4)
    summary = scored(sigmoid, fasta(5), tmp_path / "out", settings)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["targets"] == summary.targets == ["c", "a"]
    assert run["sequences"] == 5
    assert run["length"] == 40
    assert run["settings"] == {
        "command": "",
        "references": "shuffle:2",
        "method": "deeplift",
        "targets": ["c", 0],
        "seed": 5,
        "device": "auto",
        "precision": "model",
        "batch_size": 4,
        "h5_dtype": "float32",
    }
    assert run["explained"] == "the values before the final sigmoid"
    assert len(run["model"]) == 64
    assert set(run["versions"]) == {"python", "torch", "numpy"}
    assert run["rows_forward"] == 5 * 3  # each sequence once, each reference once
    assert run["rows_backward"] == 5 * 2 * 2  # each pair once for each target
    found = read(tmp_path / "out", "c", "a")
    for target, content in zip(("c", "a"), found, strict=True):
        assert run["additivity_error"][target]["q1"] == content.additivity_error.max()
        assert run["additivity_error"][target]["q0.5"] == np.median(content.additivity_error)
        assert content.attributes == {
            "target": target,
            "method": "deeplift",
            "references": "shuffle:2",
            "seed": 5,
            "model": run["model"],
            "seqattr": run["seqattr"],
        }
    assert sorted(contents(tmp_path / "out")) == ["a.bw", "a.h5", "c.bw", "c.h5", "regions.bed", "run.json"]


def test_a_target_named_twice_is_scored_once(model, fasta, tmp_path):
    settings = Settings(references="zeros", targets=["target1", 1, "1"])
    assert scored(model, fasta(2), tmp_path / "out", settings).targets == ["target1"]
    assert sorted(contents(tmp_path / "out")) == ["regions.bed", "run.json", "target1.bw", "target1.h5"]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("K562 (+)", "K562____"),
        ("../../etc", "_.._.._etc"),
        (".hidden", "_.hidden"),
        ("", "_"),
        ("a/b\n", "a_b_"),
        ("GATA1-v1.2_x", "GATA1-v1.2_x"),
    ],
)
def test_any_target_has_a_file_name_in_the_folder(target, name):
    assert filename(target) == name


def renamed(model: seqattr.Model, *names: str) -> seqattr.Model:
    """The same model with other names for its targets."""
    targets = [type(t)(name, t.output, t.index) for t, name in zip(model.targets, names, strict=True)]
    facts = {"finals": model.finals, "shapes": model.shapes, "example_length": model.example_length}
    return seqattr.Model.from_parts(model.graph, model.lengths, targets, **facts)


def test_odd_names_of_targets_become_files_and_stay_in_them(model, fasta, tmp_path):
    scored(renamed(model, "T cells/naive (1)", "é"), fasta(2), tmp_path / "out")
    (first, second) = read(tmp_path / "out", "T_cells_naive__1_", "é")
    assert first.attributes["target"] == "T cells/naive (1)"
    assert second.attributes["target"] == "é"


def test_targets_that_would_share_a_file_are_refused_before_the_work(model, fasta, tmp_path):
    for names in (("a b", "a_b"), ("x", "x")):
        with pytest.raises(InputError, match=rf"the targets '{names[0]}' and '{names[1]}' would both be"):
            scored(renamed(model, *names), fasta(2), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    apart = Settings(references="zeros", targets=["a_b"])
    assert scored(renamed(model, "a b", "a_b"), fasta(2), tmp_path / "out", apart).targets == ["a_b"]


def test_a_second_run_replaces_the_first(model, sigmoid, fasta, texts, tmp_path):
    out = tmp_path / "out"
    scored(model, fasta(9), out)
    summary = scored(model, fasta(2), out)
    (found,) = read(out, "target0")
    np.testing.assert_array_equal(found.one_hot, one_hot(texts(2)))
    assert len(read_bed(out / "regions.bed")) == 2
    assert summary.notes == []
    assert scored(sigmoid, fasta(2), out).notes == [
        f"{out} also holds targets of another run: target0, target1"
    ]


def test_two_runs_write_the_same_bytes(model, fasta, tmp_path):
    for name in ("a", "b"):
        scored(model, fasta(4), tmp_path / name)
    a, b = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert {n: a[n] for n in a if n != "run.json"} == {n: b[n] for n in b if n != "run.json"}


def test_progress_counts_every_window_once(model, fasta, tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.score.MOST_WINDOWS", 2)
    seen: list[tuple[int, int]] = []
    settings = Settings(references="shuffle:2")
    score(model, from_fasta(fasta(5)), tmp_path / "out", settings, lambda *step: seen.append(step))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_a_rough_precision_is_measured(model, fasta, tmp_path):
    rough = score(model, from_fasta(fasta(3)), tmp_path / "out", Settings("shuffle:2", precision="bfloat16"))
    (note,) = [note for note in rough.notes if "bfloat16" in note]
    assert 0 < float(note.split(" by up to ")[1].split("%")[0]) < 50


def test_tf32_is_a_gpus(model, fasta, tmp_path):
    with pytest.raises(InputError, match="tf32"):
        score(model, from_fasta(fasta(1)), tmp_path / "out", Settings(precision="tf32", device="cpu"))


# --- what cannot be ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "line"),
    [
        (Settings(method="x"), UnknownName, "unknown method 'x'; there is: deeplift, "),
        (Settings(references="x"), UnknownName, "unknown reference 'x'; there is: shuffle, mono, "),
        (Settings(targets=["x"]), UnknownName, "unknown target 'x'; there is: target0, target1"),
        (Settings(precision="x"), UnknownName, "unknown precision 'x'; there is: model, float32, float64"),
        (Settings(device="x"), InputError, "unknown device 'x'; there is: auto, cpu, cuda"),
        (Settings(batch_size=0), InputError, "the batch size must be at least 1, not 0"),
    ],
)
def test_settings_that_cannot_be_leave_an_earlier_run_alone(model, fasta, tmp_path, settings, error, line):
    scored(model, fasta(2), tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(error, match=line):
        scored(model, fasta(3), tmp_path / "out", settings)
    assert contents(tmp_path / "out") == before


@pytest.fixture(scope="module")
def logarithm() -> seqattr.Model:
    """Minus infinity for a sequence without an A, and infinite slopes without a C under `gradient`."""

    class Log(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            count = x.sum(-1)
            return torch.stack([count[:, 0].log(), count[:, 1].sqrt()], 1)

    return seqattr.Model(Log(), torch.zeros(2, 4, 40))


def test_a_model_that_answers_infinity_is_named_with_the_record(logarithm, fasta, texts, tmp_path):
    records = dict(zip("pqrst", texts(5), strict=True)) | {"r": "CGT" * 13 + "C"}
    settings = Settings(references="freq", targets=[0], batch_size=2)
    with pytest.raises(NotFinite) as caught:
        scored(logarithm, fasta(records), tmp_path / "out", settings)
    line = "the model answers -inf for target target0 of sequence r; nothing was written"
    assert str(caught.value) == line
    assert contents(tmp_path / "out") == {}


def test_a_reference_for_which_the_model_answers_infinity_is_named_too(logarithm, fasta, texts, tmp_path):
    path = fasta({"bad": "CGT" * 13 + "C", "good": texts(1)[0]}, "refs.fa")
    with pytest.raises(NotFinite, match="-inf for target target0 of a reference of sequence r0; nothing was"):
        scored(logarithm, fasta(3), tmp_path / "out", Settings(references=f"fasta:{path}", targets=[0]))


def test_a_method_that_gives_infinity_is_named_with_the_record(logarithm, fasta, texts, tmp_path):
    """The square root is finite at 0, its slope is not: no NaN may reach the files."""
    records = {"r0": texts(1)[0], "no C": "AGT" * 13 + "A"}
    settings = Settings(references="freq", method="gradient", targets=[1])
    line = "the method finds a slope that is NaN or infinite for target target1 of sequence no"
    with pytest.raises(NotFinite, match=line):
        scored(logarithm, fasta(records), tmp_path / "out", settings)
    assert contents(tmp_path / "out") == {}


@pytest.fixture
def scaled(model: seqattr.Model) -> Any:
    """The model with its last layer's weights times a number."""

    def times(factor: float) -> seqattr.Model:
        last = model.graph.steps[-1]
        tensors = {
            name: tensor * factor if name in list(last.refs()) else tensor
            for name, tensor in model.graph.tensors.items()
        }
        graph = type(model.graph)(model.graph.steps, tensors, model.graph.outputs)
        facts = {"finals": model.finals, "shapes": model.shapes, "example_length": model.example_length}
        return seqattr.Model.from_parts(graph, model.lengths, model.targets, **facts)

    return times


@pytest.mark.parametrize(
    ("factor", "reason"), [(1e8, "overflows"), (1e-8, "turns all of a sequence's contributions to 0")]
)
def test_float16_that_would_lose_the_numbers_is_refused(scaled, fasta, tmp_path, factor, reason):
    settings = Settings(references="zeros", h5_dtype="float16")
    scored(scaled(1), fasta(3), tmp_path / "out", settings)
    with h5py.File(tmp_path / "out" / "target0.h5") as file:
        assert file["shap/seq"].dtype == np.float16
    before = contents(tmp_path / "out")
    with pytest.raises(OutputError) as caught:
        scored(scaled(factor), fasta(3), tmp_path / "out", settings)
    path = tmp_path / "out" / "target0.h5"
    assert str(caught.value) == f"cannot write {path}: float16 {reason}; use float32"
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["target1.bw", "regions.bed", "run.json"])
def test_a_folder_in_the_place_of_a_file_is_found_before_the_work(model, fasta, tmp_path, name):
    (tmp_path / "out" / name).mkdir(parents=True)
    seen: list[Any] = []
    with pytest.raises(OutputError) as caught:
        score(model, from_fasta(fasta(2)), tmp_path / "out", FREQ, lambda *step: seen.append(step))
    assert str(caught.value) == f"cannot write {tmp_path / 'out' / name}: Is a directory"
    assert seen == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


def test_whatever_stops_a_run_leaves_the_earlier_one(model, fasta, tmp_path):
    out = tmp_path / "out"
    scored(model, fasta(2), out)
    before = contents(out)

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(model, from_fasta(fasta(5)), out, FREQ, stop)
    assert contents(out) == before
    inputs = from_fasta(fasta(5))
    beyond = [w.__class__(w.name, w.codes, Region("r0", 30, 70), w.inside) for w in inputs.windows]
    with pytest.raises(InputError, match="lies partly outside r0, which has 40 bases"):  # at the bigWig
        score(model, Inputs(beyond, inputs.sizes, []), out, FREQ)
    assert contents(out) == before

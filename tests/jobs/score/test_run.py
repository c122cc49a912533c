"""Scores in files are the library's own numbers, at the right place, whatever the batch, shard or order."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pyBigWig
import pytest
import torch

import seqattr
from seqattr.dna.alphabet import one_hot, reverse_complement_text
from seqattr.inputs import fit_windows, from_fasta, from_regions
from seqattr.io.bed import read_bed
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings
from tests.helpers.kinds_of_method import ONE_OF_EACH
from tests.helpers.scoring import FREQ, ROUNDING, agrees, own, read, scored, track

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
    # rows stay as they came, in the BED file and in the HDF5 file, but on the genome's forward strand: base p
    # of a row is base start + p for readers that pass over the strand, as most do
    (found,) = read(tmp_path / "out", "target0")
    assert [str(region) for region in found.regions] == ["chrB:120-160", "chrB:10-50", "chrA:0-40"]
    assert [region.strand for region in found.regions] == ["-", "+", "+"]
    assert {region.strand for region in found.places} == {"+"}
    agrees(found.contributions, np.stack([result[0, ::-1], result[1], result[2]]))
    np.testing.assert_array_equal(
        found.one_hot, one_hot([chromosome[120:160], chromosome[10:50], chromosome[:40]])
    )
    np.testing.assert_allclose((found.hypothetical * found.one_hot).sum(1), found.contributions, **ROUNDING)
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
    score(sigmoid, fit_windows(inputs, sigmoid.lengths, 40, True, True), tmp_path / "out", FREQ)
    padded, cropped = "N" * 4 + short + "N" * 5, long[5:45]
    result = own(sigmoid, [padded, cropped, padded]).contributions[0].numpy()
    values = track(tmp_path / "out", "a", "c")
    agrees(values[2:33], result[0, 4:35])
    agrees(values[106:146], result[1, ::-1])
    agrees(values[60:91], result[2, 4:35][::-1])
    assert np.isfinite(values).sum() == 31 + 40 + 31
    (found,) = read(tmp_path / "out", "a")
    assert [str(region) for region in found.regions] == ["c:-2-38", "c:106-146", "c:55-95"]
    agrees(found.contributions, np.stack([result[0], result[1, ::-1], result[2, ::-1]]))
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


def test_one_long_sequence_does_not_widen_the_others(model, fasta, texts, tmp_path):
    """100 x 4 x 20,000 float32 would be 32 MB for each array of a batch; nor does the file hold padding."""
    records = [*texts(100, 40), *texts(1, 20_000)]
    inputs = from_fasta(fasta(records))
    tracemalloc.start()
    score(model, inputs, tmp_path / "out", Settings(references="zeros"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e7
    (found,) = read(tmp_path / "out", "target0")
    assert found.contributions.shape == (101, 20_000)
    np.testing.assert_array_equal(found.one_hot[7, :, 9980:10_020], one_hot(records[7]))
    assert not found.one_hot[7].sum() - 40
    assert (tmp_path / "out" / "target0.h5").stat().st_size < 3e6


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

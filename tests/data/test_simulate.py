"""The simulation: its statistics are the published ones, its truth is true, its files read back the same."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from seqattr.data.simulate import (
    TASKS,
    Simulation,
    TalGata,
    read_simulation,
    simulate_tal_gata,
    write_simulation,
)
from seqattr.dna.alphabet import decode, reverse_complement_text
from seqattr.errors import InputError, OutputError
from seqattr.io.bed import read_bed
from seqattr.io.fasta.records import read_fasta
from seqattr.io.motifs.meme import read_meme
from seqattr.motifs.pwm import BUNDLED

SMALL = TalGata(count=80)


@pytest.fixture(scope="module")
def published() -> Simulation:
    return simulate_tal_gata(seed=1)


@pytest.fixture(scope="module")
def small() -> Simulation:
    return simulate_tal_gata(SMALL, seed=5)


def counts_per_sequence(simulation: Simulation) -> np.ndarray:
    """(N, 2): how many GATA1 and TAL1 motifs were planted in each sequence."""
    counts = np.zeros((len(simulation.names), 2), int)
    for instance in simulation.planted:
        counts[instance.sequence, ["GATA_disc1", "TAL1_known1"].index(instance.motif)] += 1
    return counts


def same(one: Simulation, other: Simulation) -> bool:
    arrays = np.array_equal(one.codes, other.codes) and np.array_equal(one.labels, other.labels)
    rest = [(s.settings, s.seed, s.names, s.splits, s.planted) for s in (one, other)]
    return arrays and rest[0] == rest[1]


def test_size_classes_and_splits(published: Simulation) -> None:
    assert published.codes.shape == (8000, 200)
    assert Counter(map(tuple, published.labels.tolist())) == {
        (1, 1, 1): 2000, (0, 1, 0): 2000, (0, 0, 1): 2000, (0, 0, 0): 2000,
    }  # fmt: skip
    assert [len(published.indices(split)) for split in ("train", "valid", "test")] == [6400, 800, 800]
    for split in ("train", "valid", "test"):
        np.testing.assert_allclose(published.labels[published.indices(split)].mean(axis=0), [0.25, 0.5, 0.5])


def test_base_frequencies_are_the_background(published: Simulation) -> None:
    known_empty = published.codes[(published.labels == 0).all(axis=1)]
    # 400,000 bases: a frequency is known to 0.0007, and four times that is allowed.
    frequencies = np.bincount(known_empty.ravel(), minlength=4) / known_empty.size
    np.testing.assert_allclose(frequencies, published.settings.background, atol=0.003)


def test_labels_say_what_is_planted(published: Simulation) -> None:
    counts = counts_per_sequence(published)
    np.testing.assert_array_equal(published.labels[:, 1:], counts > 0)
    np.testing.assert_array_equal(published.labels[:, 0], (counts > 0).all(axis=1))


@pytest.mark.parametrize(("classes", "mean"), [((1, 1, 1), 1), ((0, 1, 0), 2), ((0, 0, 1), 2)])
def test_counts_are_poisson_kept_to_one_to_three(
    published: Simulation, classes: tuple[int, ...], mean: float
) -> None:
    counts = counts_per_sequence(published)[(published.labels == classes).all(axis=1)]
    law = poisson.pmf([1, 2, 3], mean)
    for motif in np.flatnonzero(classes[1:]):
        seen = np.bincount(counts[:, motif], minlength=4)
        assert seen[0] == 0
        assert len(seen) == 4
        # For `both` about 1200, 600, 200 of 2,000; a fair draw fails once in 10,000 seeds.
        assert chisquare(seen[1:], law / law.sum() * 2000).pvalue > 1e-4


def test_planted_text_stands_where_it_is_said_to(published: Simulation) -> None:
    for sequence, start, end, motif, strand, text in published.planted:
        assert decode(published.codes[sequence, start:end]) == text
        assert end - start == BUNDLED[motif].width
        assert strand == "+"


def test_planted_motifs_do_not_overlap(published: Simulation) -> None:
    covered = np.zeros(published.codes.shape, int)
    for instance in published.planted:
        covered[instance.sequence, instance.start : instance.end] += 1
    assert covered.max() == 1


def test_planted_text_follows_the_motif(published: Simulation) -> None:
    texts = [instance.text for instance in published.planted if instance.motif == "TAL1_known1"]
    shares = [[column.count(base) / len(texts) for base in "ACGT"] for column in zip(*texts, strict=True)]
    # About 7,000 instances: a share is known to 0.006, and four times that is allowed.
    np.testing.assert_allclose(np.transpose(shares), BUNDLED["TAL1_known1"].probabilities, atol=0.024)


def test_a_motif_alone_starts_anywhere_alike() -> None:
    settings = TalGata(count=20_000, length=48, single_counts=(1.0,), both_counts=(1.0,))
    starts = [p.start for p in simulate_tal_gata(settings).planted if p.sequence % 4 == 1]
    assert chisquare(np.bincount(starts, minlength=39)).pvalue > 1e-4


def test_seed_matters_and_suffices(small: Simulation) -> None:
    assert same(small, simulate_tal_gata(SMALL, seed=5))
    other = simulate_tal_gata(SMALL, seed=6)
    assert not (small.codes == other.codes).all(axis=1).any()


def test_a_larger_data_set_begins_with_the_smaller(small: Simulation) -> None:
    larger = simulate_tal_gata(replace(SMALL, count=120), seed=5)
    np.testing.assert_array_equal(larger.codes[:80], small.codes)
    assert larger.planted[: len(small.planted)] == small.planted


def test_both_strands_are_planted_when_asked_for() -> None:
    simulation = simulate_tal_gata(replace(SMALL, count=400, both_strands=True))
    assert {instance.strand for instance in simulation.planted} == {"+", "-"}
    for instance in simulation.planted:
        forward = instance.text if instance.strand == "+" else reverse_complement_text(instance.text)
        if instance.motif == "GATA_disc1":
            assert forward[3:6] == "GAT"  # these three positions are certain


def test_preset_of_the_paper() -> None:
    simulation = simulate_tal_gata(replace(TalGata.paper(), count=4000))
    counts = counts_per_sequence(simulation)
    assert simulation.settings.background == (0.3, 0.2, 0.2, 0.3)
    both = counts[(simulation.labels == 1).all(axis=1)]
    assert chisquare(np.bincount(both.ravel())[1:]).pvalue > 1e-4


def test_is_quick() -> None:
    start = time.perf_counter()
    simulate_tal_gata(TalGata(count=1000))
    # 0.1 s on the machine this was written on.
    assert time.perf_counter() - start < 2


def test_files_read_back_the_same(small: Simulation, tmp_path: Path) -> None:
    write_simulation(tmp_path / "new" / "folder", small)
    assert same(read_simulation(tmp_path / "new" / "folder"), small)


def test_files_are_what_other_tools_expect(small: Simulation, tmp_path: Path) -> None:
    write_simulation(tmp_path, small)
    test = [small.names[index] for index in small.indices("test")]
    assert [record.name for record in read_fasta(tmp_path / "test.fa")] == test
    texts = {record.name: record.text for record in read_fasta(tmp_path / "sequences.fa")}
    regions = read_bed(tmp_path / "planted.bed")
    assert [texts[r.chrom][r.start : r.end] for r in regions] == [p.text for p in small.planted]
    motifs = read_meme(tmp_path / "motifs.meme")
    for name, pwm in BUNDLED.items():
        np.testing.assert_allclose(motifs[name], pwm.probabilities, atol=1e-6)  # MEME keeps six decimals
    header, *rows = (tmp_path / "labels.tsv").read_text().splitlines()
    assert header.split("\t") == ["name", *TASKS]
    assert rows[0].split("\t") == [small.names[0], "1", "1", "1"]
    assert (tmp_path / "splits.tsv").read_text().startswith("name\tsplit\ntal_gata_0\ttest\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "labels.tsv", "motifs.meme", "planted.bed", "sequences.fa", "simulation.json", "splits.tsv",
        "test.fa",
    ]  # fmt: skip


def test_reading_what_is_no_simulation(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no simulation file .*simulation.json"):
        read_simulation(tmp_path)


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("simulation.json", "tal_gata", "other", "no description of a simulation"),
        ("simulation.json", '"count"', '"amount"', "no description of a simulation"),
        ("simulation.json", '"length": 200', '"length": 100', "must all have 100 bases"),
        ("simulation.json", "{", "", "no description of a simulation"),
        ("labels.tsv", "tal_gata_3\t", "someone\t", "a row for each sequence"),
        ("labels.tsv", "\t1\t1\t1", "\t1\t1", "must have 4 columns"),
        ("labels.tsv", "\t1\t1\t1", "\t1\t1\t2", "must hold 0 or 1"),
        ("splits.tsv", "\ttest", "\ttest\tmore", "must have 2 columns"),
        ("planted.bed", "tal_gata_0\t", "chr1\t", "not in sequences.fa"),
    ],
)
def test_reading_a_spoilt_folder(
    small: Simulation, tmp_path: Path, name: str, before: str, after: str, message: str
) -> None:
    write_simulation(tmp_path, small)
    text = (tmp_path / name).read_text()
    assert before in text
    (tmp_path / name).write_text(text.replace(before, after, 1))
    with pytest.raises(InputError, match=message):
        read_simulation(tmp_path)


def test_writing_where_a_file_stands_is_refused(small: Simulation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_simulation(tmp_path / "file", small)


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0},
        {"length": 77},
        {"background": (0.5, 0.5)},
        {"single_counts": (0.5, 0.4)},
        {"both_counts": ()},
        {"valid": 7000, "test": 2000},
        {"test": -1},
    ],
)
def test_settings_that_cannot_be_met(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        TalGata(**changes)  # type: ignore[arg-type]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="seed"):
        simulate_tal_gata(SMALL, seed=-1)

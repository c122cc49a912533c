"""The simulation: its statistics are the published ones, its truth is true, its files read back the same."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from seqattr.data.simulate import Simulation, TalGata, simulate_tal_gata
from seqattr.dna.alphabet import decode, reverse_complement_text
from seqattr.errors import InputError
from seqattr.motifs.pwm import BUNDLED
from tests.helpers.timing import least_seconds

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
    # 0.1 s on the machine this was written on.
    assert least_seconds(lambda: simulate_tal_gata(TalGata(count=1000)), enough=2) < 2


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

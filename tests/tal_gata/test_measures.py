"""The benchmark's measures on contributions whose worth is known."""

import math
from dataclasses import replace

import numpy as np
import pytest

from seqattr.data.simulate import TASKS, Simulation, TalGata, simulate_tal_gata
from seqattr.dna.alphabet import one_hot
from seqattr.motifs.matches import STRONG, importance_of
from seqattr.motifs.peaks import highest_peaks
from seqattr.motifs.pwm import GATA1, TAL1
from seqattr.tal_gata.measures import average_precision, find, is_planted, measure
from tests.helpers.motifs import scores_of


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate_tal_gata(TalGata(count=130, shares=(10, 1, 1, 1)), seed=3)


def truth(simulation: Simulation, motifs: set[str]) -> np.ndarray:
    """1 at every planted base of these motifs, a little less than 0 elsewhere."""
    values = np.full(simulation.codes.shape, -1e-3)
    for site in simulation.planted:
        if site.motif in motifs:
            values[site.sequence, site.start : site.end] = 1
    return values


def test_shares_say_how_often_each_class_comes(simulation: Simulation) -> None:
    assert simulation.labels.sum(0).tolist() == [100, 110, 110]
    assert len(simulation.labels) == 130


def test_the_truth_scores_perfectly(simulation: Simulation) -> None:
    own = {TAL1.name, GATA1.name}
    perfect = {
        "both": truth(simulation, own),
        "TAL1": truth(simulation, {TAL1.name}),
        "GATA1": truth(simulation, {GATA1.name}),
    }
    matches = find(simulation)
    found = measure(simulation, matches, perfect)
    assert found["pooled"].matches == found[TAL1.name].matches + found[GATA1.name].matches > 100
    assert found["pooled"].average_precision == 1
    assert found["pooled"].auroc == 1
    assert found["pooled"].recall == 1
    # strong matches that were not planted are few; they alone can have no importance
    assert found["pooled"].not_positive < 0.05
    assert found["pooled"].off_task < 0.05


def test_sequences_without_values_take_no_part(simulation: Simulation) -> None:
    """As if they did not hold both motifs."""
    values = {task: truth(simulation, {TAL1.name, GATA1.name}) for task in TASKS}
    rng, failed = np.random.default_rng(0), np.flatnonzero(simulation.labels.all(axis=1))[::3]
    values = {task: one + rng.normal(0, 0.3, one.shape) for task, one in values.items()}
    labels = simulation.labels.copy()
    labels[failed] = 0
    expected = measure(replace(simulation, labels=labels), find(simulation), values)
    values["GATA1"] = values["GATA1"].copy()
    values["GATA1"][failed] = np.nan
    values["both"][failed[:2]] = np.nan
    assert measure(simulation, find(simulation), values) == expected


def test_credit_in_the_other_task_is_seen(simulation: Simulation) -> None:
    everything = dict.fromkeys(TASKS, truth(simulation, {TAL1.name, GATA1.name}))
    assert measure(simulation, find(simulation), everything)["pooled"].off_task > 0.95


def test_contributions_of_the_wrong_sign_are_not_positive(simulation: Simulation) -> None:
    turned = dict.fromkeys(TASKS, -truth(simulation, {TAL1.name, GATA1.name}))
    assert measure(simulation, find(simulation), turned)["pooled"].not_positive > 0.95


def test_a_motif_of_negative_median_is_credited_only_above_nothing(simulation: Simulation) -> None:
    """A tenth of a negative median lies below 0; no importance at all is no credit."""
    turned = {
        task: -np.maximum(truth(simulation, {motif.name}), 0)
        for task, motif in (("both", TAL1), ("TAL1", TAL1), ("GATA1", GATA1))
    }
    found = measure(simulation, find(simulation), turned)["pooled"]
    assert found.off_task == 0
    assert math.isnan(found.precision)
    assert found.recall == 0


def test_contributions_of_nothing_are_measured_without_a_word(simulation: Simulation) -> None:
    nothing = dict.fromkeys(TASKS, np.zeros(simulation.codes.shape))
    found = measure(simulation, find(simulation), nothing)["pooled"]
    assert (found.not_positive, found.off_task, found.recall) == (1, 0, 0)
    assert found.auroc == 0.5
    assert math.isnan(found.precision)


def test_matches_are_the_planted_words_and_their_log_odds_strong(simulation: Simulation) -> None:
    matches = find(simulation)
    tal1, gata1 = (matches.select(which) for _, which in matches.by_motif())
    sites = [site for site in simulation.planted if site.motif == TAL1.name]
    there = is_planted(simulation, tal1)
    assert there.sum() > 0.9 * len(sites)
    assert (tal1.log_odds[there] > STRONG).mean() > (tal1.log_odds[~there] > STRONG).mean() + 0.3
    assert set(np.unique(gata1.sequence)) == set(range(130))


def test_matches_are_the_five_best_by_the_definition(simulation: Simulation) -> None:
    """Motif by motif and sequence by sequence, the best first, with log-odds as exact as float64."""
    matches = find(simulation)
    sequences = one_hot(simulation.codes)
    for pwm, which in matches.by_motif():
        scores = scores_of(pwm, sequences, simulation.settings.background)
        best = highest_peaks(scores, 5, pwm.width // 2)
        assert matches.sequence[which].tolist() == best.row.tolist()
        assert matches.start[which].tolist() == best.column.tolist()
        np.testing.assert_array_equal(matches.log_odds[which], best.value)


def test_average_precision_is_the_naive_one() -> None:
    """Straight from the definition: the precision at the rank of each true item, ties together."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores, positive = rng.integers(0, 6, 30).astype(float), rng.random(30) < 0.4
        naive = np.mean([positive[scores >= s].mean() for s in scores[positive]])
        assert average_precision(scores, positive) == pytest.approx(naive, abs=1e-12)


def test_importance_is_the_sum_under_the_match(simulation: Simulation) -> None:
    values = np.random.default_rng(1).normal(size=simulation.codes.shape)
    matches = find(simulation)
    naive = [
        values[s, p : p + (TAL1, GATA1)[motif].width].sum()
        for s, p, motif in zip(matches.sequence, matches.start, matches.motif, strict=True)
    ]
    np.testing.assert_allclose(importance_of(matches, values, np.float64), naive, atol=1e-10)

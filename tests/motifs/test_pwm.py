"""Motifs: log-odds against the definition, scores of words against a slow twin, thresholds."""

import math
from itertools import product

import numpy as np
import pytest

from seqattr.dna.alphabet import codes_of, encode, one_hot, reverse_complement
from seqattr.errors import InputError
from seqattr.motifs.pwm import BUNDLED, GATA1, PWM, TAL1, resemblance, score_threshold
from tests.helpers.motifs import scores_of

BACKGROUND = (0.3, 0.2, 0.2, 0.3)
SMALL = PWM("small", np.array([[1.0, 0.5], [0.0, 0.5], [0.0, 0.0], [0.0, 0.0]]))


def random_sequences(count: int, length: int) -> np.ndarray:
    return one_hot(np.random.default_rng(0).integers(0, 5, size=(count, length)).astype(np.uint8))


def slow_scan(pwm: PWM, sequence: np.ndarray) -> list[float]:
    """The definition, base by base."""
    codes = codes_of(sequence)
    scores = []
    for start in range(len(codes) - pwm.width + 1):
        total = 0.0
        for position, code in enumerate(codes[start : start + pwm.width]):
            if code < 4:
                probability = 0.999 * pwm.probabilities[code, position] + 0.001 / 4
                total += math.log(probability / BACKGROUND[code])
        scores.append(total)
    return scores


def test_log_odds_by_hand() -> None:
    odds = SMALL.log_odds(BACKGROUND, pseudocount=0.1)
    assert odds[0, 0] == pytest.approx(math.log((0.9 * 1 + 0.025) / 0.3))
    assert odds[2, 1] == pytest.approx(math.log(0.025 / 0.2))


def test_log_odds_are_relative_to_distributions() -> None:
    for pwm in BUNDLED.values():
        sums = (np.exp(pwm.log_odds(BACKGROUND)) * np.array(BACKGROUND)[:, None]).sum(axis=0)
        # The published columns are rounded to 2 or 6 decimals.
        np.testing.assert_allclose(sums, 1, atol=0.01)


@pytest.mark.parametrize("pwm", [TAL1, GATA1, SMALL])
def test_scores_agree_with_the_definition(pwm: PWM) -> None:
    sequences = random_sequences(3, 40)
    expected = [slow_scan(pwm, sequence) for sequence in sequences]
    np.testing.assert_allclose(scores_of(pwm, sequences, BACKGROUND), expected, atol=1e-12)


def test_scores_of_the_other_strand_are_the_reverse() -> None:
    sequences = random_sequences(3, 40)
    there = scores_of(TAL1.reverse_complement(), reverse_complement(sequences), BACKGROUND)
    np.testing.assert_allclose(there[:, ::-1], scores_of(TAL1, sequences, BACKGROUND), atol=1e-12)


def test_the_consensus_scores_most() -> None:
    text = "TTTTTAGATAAGTTTTT"
    assert scores_of(GATA1, one_hot(text)[None]).argmax() == text.index("AGATAAG") - 2


def test_words_of_another_width_are_refused() -> None:
    assert scores_of(GATA1, random_sequences(2, 10)).shape == (2, 1)
    with pytest.raises(InputError, match="GATA_disc1 is 10 wide, the words 9"):
        GATA1.score(codes_of(random_sequences(2, 9)))


def test_samples_follow_the_probabilities() -> None:
    rng = np.random.default_rng(0)
    counts = np.mean([one_hot(TAL1.sample(rng)) for _ in range(4000)], axis=0)
    # The standard error of a share of 4,000 is at most 0.008; four times that is allowed.
    np.testing.assert_allclose(counts, TAL1.probabilities, atol=0.032)
    assert not counts[TAL1.probabilities == 0].any()


def test_samples_together_are_those_that_come_one_after_the_other() -> None:
    one, other = np.random.default_rng(1), np.random.default_rng(1)
    np.testing.assert_array_equal(GATA1.sample(one, 7), [GATA1.sample(other) for _ in range(7)])


@pytest.mark.parametrize("p_value", [0.2, 0.03, 1e-3])
@pytest.mark.parametrize("seed", range(4))
def test_thresholds_agree_with_all_words_counted(p_value: float, seed: int) -> None:
    width = 5
    pwm = PWM("random", np.random.default_rng(seed).dirichlet(np.full(4, 0.5), size=width).T)
    words = np.array(list(product(range(4), repeat=width)))
    scores = pwm.log_odds(BACKGROUND)[words, np.arange(width)].sum(axis=1)
    chance = np.array(BACKGROUND)[words].prod(axis=1)
    order = np.argsort(-scores)
    rare = int(np.searchsorted(chance[order].cumsum(), p_value, side="right"))
    threshold = score_threshold(pwm, p_value, BACKGROUND)
    # Each column is rounded by half a step of 0.01 at most.
    off = width * 0.005
    assert threshold >= scores[order[rare]] - off
    assert threshold <= (scores[order[rare - 1]] + off if rare else np.inf)
    # Words within the rounding of the threshold may fall on either side; none had 2 % of the chance here.
    assert chance[scores >= threshold].sum() <= p_value * 1.02


def test_thresholds_at_the_ends() -> None:
    sure = PWM("sure", np.eye(4)[:, :2])
    assert score_threshold(sure, 1.0, BACKGROUND) == -np.inf
    # The rarest outcome, AC, has a chance of 0.06.
    assert score_threshold(sure, 0.05, BACKGROUND) == np.inf
    assert score_threshold(sure, 0.06, BACKGROUND) < scores_of(sure, one_hot(["AC"]), BACKGROUND)[0, 0]


@pytest.mark.parametrize("p_value", [0, -1, 1.5, math.nan])
def test_p_values_that_are_none(p_value: float) -> None:
    with pytest.raises(InputError, match="a p-value is above 0 and at most 1"):
        score_threshold(TAL1, p_value)


def test_reverse_complement_twice_is_the_same() -> None:
    np.testing.assert_array_equal(
        TAL1.reverse_complement().reverse_complement().probabilities, TAL1.probabilities
    )


def test_bundled_motifs_have_their_consensus() -> None:
    assert {name: pwm.width for name, pwm in BUNDLED.items()} == {"TAL1_known1": 16, "GATA_disc1": 10}
    np.testing.assert_array_equal(TAL1.probabilities.argmax(axis=0)[3:13], encode("AACAGATGGT"))
    np.testing.assert_array_equal(GATA1.probabilities.argmax(axis=0)[2:9], encode("AGATAAG"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.full((3, 5), 0.25), r"must be \(4, width >= 1\), not \(3, 5\)"),
        (np.zeros((4, 0)), "width >= 1"),
        (np.full(4, 0.25), "width >= 1"),
        (np.array([[0.25, 0.5], [0.25, 0.5], [0.25, 0.5], [0.25, 0.5]]), "column 2 .* sum to 1"),
        (np.array([[1.5], [-0.5], [0], [0]]), "column 1 "),
        (np.array([[np.nan], [0.5], [0.5], [0]]), "column 1 "),
    ],
)
def test_tables_that_are_no_motif(table: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PWM("odd", table)


@pytest.mark.parametrize("background", [(0.5, 0.5), (0.5, 0.5, 0.5, 0.5), (1, 0, 0, 0)])
def test_backgrounds_that_are_none(background: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="four positive numbers"):
        TAL1.log_odds(background)


def test_a_motif_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        TAL1.probabilities[0, 0] = 1


@pytest.mark.parametrize("pwm", BUNDLED.values(), ids=BUNDLED)
def test_a_twin_has_half_of_the_columns_turned(pwm):
    learned = PWM(pwm.name, pwm.probabilities, contributions=pwm.log_odds())
    twin, *others = learned.twins(3, seed=3)
    same = (twin.probabilities == pwm.probabilities).all(axis=0)
    turned = (twin.probabilities == pwm.probabilities[::-1]).all(axis=0)
    assert (same | turned).all()
    assert 0 <= turned.sum() - pwm.width / 2 <= 1
    assert not same.all()
    np.testing.assert_array_equal(
        twin.contributions, np.where(same, learned.contributions, learned.contributions[::-1])
    )
    alike = [resemblance(pwm.probabilities, one.probabilities) for one in (twin, *others)]
    assert alike == sorted(alike)
    assert alike[-1] < resemblance(pwm.probabilities, pwm.probabilities)
    np.testing.assert_array_equal(others[1].probabilities, learned.twins(3, seed=3)[2].probabilities)


def test_contributions_are_of_the_motifs_shape_and_turn_with_it():
    values = np.arange(4.0 * GATA1.width).reshape(4, -1)
    learned = PWM("learned", GATA1.probabilities, contributions=values)
    np.testing.assert_array_equal(learned.reverse_complement().contributions, values[::-1, ::-1])
    for wrong in (values[:, 1:], values * np.nan):
        with pytest.raises(InputError, match="motif learned: contributions must be finite and"):
            PWM("learned", GATA1.probabilities, contributions=wrong)

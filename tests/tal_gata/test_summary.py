"""Means with intervals, and claims that are judged by numbers alone."""

import math

import numpy as np
import pytest
from scipy.stats import t as student

from seqattr.errors import InputError, UnknownName
from seqattr.methods.registry import COSTLY, METHODS
from seqattr.tal_gata.claims import CLAIMS, DEFAULT, FREQUENCIES, SHUFFLES
from seqattr.tal_gata.recipe import FULL, QUICK, Recipe, Scoring
from seqattr.tal_gata.summary import POOLED, SHARES, Key, Summary, share_interval, t_quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 10, 15, 40, 1000])
def test_quantiles_are_student_s(freedom):
    assert t_quantile(freedom) == pytest.approx(student.ppf(0.975, freedom), abs=1e-3)


def test_an_interval_is_the_textbook_one():
    values = [0.2, 0.25, 0.4, 0.3]
    found = share_interval(values)
    low, high = student.interval(0.95, 3, np.mean(values), np.std(values, ddof=1) / 2)
    assert found[:3] == pytest.approx((np.mean(values), low, high), abs=1e-4)
    assert found.values == tuple(values)


def test_a_share_s_interval_stays_a_share():
    assert share_interval([0.0, 0.02])[1] == 0
    assert share_interval([1.0, 0.98])[2] == 1


def test_one_net_has_no_interval():
    found = share_interval([0.1])
    assert found.mean == 0.1
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def summary_of(**changes: float) -> Summary:
    """A summary that all claims hold for, but for `measure__method__references` = value."""
    values = {
        **dict.fromkeys(
            (f"{measure}__{name}__{FREQUENCIES}" for measure in SHARES for name in METHODS), 0.01
        ),
        **dict.fromkeys((f"not_positive__{name}__{SHUFFLES}" for name in METHODS), 0.005),
        **dict.fromkeys((f"off_task__{name}__{SHUFFLES}" for name in METHODS), 0.01),
        f"off_task__deeplift-rescale__{SHUFFLES}": 0.3,
        f"not_positive__deeplift__{FREQUENCIES}": 0.002,
        f"not_positive__deeplift-rescale__{FREQUENCIES}": 0.05,
        f"not_positive__gradient__{FREQUENCIES}": 0.1,
        **{f"not_positive__integrated-gradients-{n}__{FREQUENCIES}": 0.05 for n in (5, 10, 50)},
        f"off_task__guided-backprop__{FREQUENCIES}": 0.9,
        f"average_precision__deeplift__{FREQUENCIES}": 0.7,
        **changes,
    }
    means: dict[Key, dict] = {}
    for name, value in values.items():
        measure, method, references = name.split("__")
        means.setdefault(Key(method, references, POOLED), {})[measure] = share_interval([value])
    return Summary(means)


def test_all_claims_can_hold():
    assert [claim.judge(summary_of()).holds for claim in CLAIMS] == [True] * len(CLAIMS)


@pytest.mark.parametrize(
    ("changed", "value", "broken"),
    [
        (f"not_positive__{DEFAULT}__{FREQUENCIES}", 0.011, {0, 1, 3}),
        (f"not_positive__deeplift-rescale__{FREQUENCIES}", 0.009, {1}),
        (f"not_positive__gradient__{FREQUENCIES}", 0.05, {2}),
        (f"not_positive__integrated-gradients-50__{FREQUENCIES}", 0.001, {3}),
        (f"off_task__{DEFAULT}__{FREQUENCIES}", 0.031, {4}),
        (f"off_task__guided-backprop__{FREQUENCIES}", 0.59, {5}),
        (f"average_precision__deeplift-revealcancel__{FREQUENCIES}", 0.8, {6}),
        (f"not_positive__{DEFAULT}__{SHUFFLES}", 0.02, {7}),
        (f"off_task__{DEFAULT}__{SHUFFLES}", 0.04, {7}),
        (f"off_task__deeplift-rescale__{SHUFFLES}", 0.01, {7}),
    ],
)
def test_each_claim_fails_by_its_own_number(changed, value, broken):
    verdicts = [claim.judge(summary_of(**{changed: value})) for claim in CLAIMS]
    assert {number for number, verdict in enumerate(verdicts) if not verdict.holds} == broken


def test_nothing_missed_at_all_is_no_ratio():
    """Five times nothing is nothing: Rescale must miss something for the claim to hold."""
    nothing = {f"not_positive__{name}__{FREQUENCIES}": 0.0 for name in (DEFAULT, "deeplift-rescale")}
    verdict = CLAIMS[1].judge(summary_of(**nothing))
    assert verdict.holds is False
    assert "times" not in verdict.measured


def test_integrated_gradients_of_another_kind_are_no_number_of_steps():
    """A method may be named like them and have no steps, as one by Gauss's rule would."""
    other = {f"not_positive__integrated-gradients-gauss__{FREQUENCIES}": 0.0}
    assert CLAIMS[3].judge(summary_of(**other)) == CLAIMS[3].judge(summary_of())


def test_one_number_of_steps_does_not_say_that_more_do_not_help():
    whole = summary_of()
    others = {key: row for key, row in whole.means.items() if "integrated" not in key.method}
    one = {key: row for key, row in whole.means.items() if key.method == "integrated-gradients-5"}
    assert CLAIMS[3].judge(Summary({**others, **one})).holds is None


def test_what_shuffles_leave_of_the_lead_is_told():
    """Rescale misses no more than the genomics default against them; its credit off task is what stays."""
    verdict = CLAIMS[7].judge(summary_of(**{f"not_positive__deeplift-rescale__{SHUFFLES}": 0.001}))
    assert verdict.holds is True
    assert "Rescale 0.10 %, integrated gradients of 50 steps 0.50 %" in verdict.measured


def test_what_was_not_run_is_not_judged():
    assert {claim.judge(Summary({})).holds for claim in CLAIMS} == {None}


# --- recipes -------------------------------------------------------------------------------------


def test_every_method_that_is_not_costly_takes_part_and_those_with_references_with_shuffles_too():
    scorings = FULL.scorings
    assert [s.method for s in scorings if s.references == "freq"] == [
        name for name in METHODS if name not in COSTLY
    ]
    shuffled = [s.method for s in scorings if s.references == "shuffle:10"]
    usual = [name for name in METHODS if name not in COSTLY]
    assert shuffled == [name for name in usual if METHODS[name].needs_references]
    assert QUICK.scorings == scorings


def test_the_full_recipe_is_what_the_claims_ask_for():
    """At least 3,600 sequences to train on and 1,000 to score that hold both motifs, of five nets."""
    assert FULL.train * 8 // 10 >= 3600
    assert FULL.evaluation * 10 // 13 >= 1000
    assert len(FULL.seeds) >= 5


def test_a_method_is_scored_once_against_the_same_references():
    recipe = Recipe(methods=("deeplift", "gradient"), refs=("shuffle:10",), shuffled=("shuffle:10",))
    assert recipe.scorings == [Scoring("deeplift", "shuffle:10"), Scoring("gradient", "shuffle:10")]
    assert recipe.scorings[0].folder == "shuffle-10/deeplift"
    assert Scoring("grad-cam:relu_1", "freq").folder == "freq/grad-cam-relu_1"


def test_a_recipe_of_nothing_is_refused():
    for seeds in ((), (1, 1), (-1,)):
        with pytest.raises(InputError, match="the seeds must be different"):
            Recipe(seeds=seeds)
    with pytest.raises(UnknownName, match="unknown method 'magic'"):
        Recipe(methods=("magic",))
    with pytest.raises(InputError, match="a benchmark needs references"):
        Recipe(refs=())
    with pytest.raises(UnknownName, match="unknown reference 'nothing'"):
        Recipe(refs=("nothing",))
    with pytest.raises(InputError, match="must say how many"):
        Recipe(shuffled=("shuffle:few",))


def test_scores_that_would_share_a_folder_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    for name in ("a/b.fa", "a_b.fa"):
        (tmp_path / name).write_text(">r\nACGT\n")
    with pytest.raises(InputError, match=r"would both be written to the folder fasta-a_b\.fa"):
        Recipe(refs=("fasta:a/b.fa", "fasta:a_b.fa"))
    assert Recipe(refs=("fasta:a_b.fa",)).scorings[0].references_folder == "fasta-a_b.fa"
    with pytest.raises(InputError, match=r"by 'grad-cam:a/b' and by 'grad-cam:a_b' would both be written to"):
        Recipe(methods=("grad-cam:a/b", "grad-cam:a_b"))


def test_a_costly_method_takes_part_when_it_is_named(monkeypatch):
    monkeypatch.setattr("seqattr.tal_gata.recipe.COSTLY", ("gradient",))
    assert "gradient" not in {scoring.method for scoring in FULL.scorings}
    every = [Scoring("gradient", "freq"), Scoring("gradient", "shuffle:10")]
    assert Recipe(methods=("gradient",)).scorings == every

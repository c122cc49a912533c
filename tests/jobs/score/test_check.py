"""`check`: a run says whether it is to be believed, in a file of its own, however the run was worked out."""

import json

import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.evaluate.additivity import Additivity
from seqattr.inputs import from_fasta
from seqattr.jobs.report.page import credit_of
from seqattr.jobs.report.scores import open_scores
from seqattr.jobs.score.check import SEQUENCES, rows_of
from seqattr.jobs.score.credit import Credit, about_run, completeness
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings, Shard, Working
from seqattr.jobs.score.summary import Summary
from seqattr.jobs.score.task import Scoring
from tests.helpers.scoring import files

SETTINGS = Settings(references="shuffle:2")
CHECKED = Working(check=True)


def test_the_check_is_a_file_of_its_own_and_changes_no_other(model, fasta, tmp_path):
    inputs = from_fasta(fasta(6))
    plain, checked = tmp_path / "plain", tmp_path / "checked"
    score(model, inputs, plain, SETTINGS)
    summary = score(model, inputs, checked, SETTINGS, working=CHECKED)
    assert isinstance(summary, Summary)
    assert summary.credit is not None
    assert summary.credit.sequences == summary.credit.all == 6
    left = files(checked)
    found = json.loads(left.pop("check.json"))
    assert left == files(plain)
    assert [one["check"] for one in found["judgements"]] == ["completeness", "sanity", "faithfulness"]
    assert found["judgements"][0]["passes"] is True
    assert {row["method"] for row in found["curve"]} == {"deeplift", "random"}


def test_it_is_the_same_made_later_and_by_blocks_worked_out_in_parts(model, fasta, tmp_path):
    inputs, out, later = from_fasta(fasta(6)), tmp_path / "out", tmp_path / "later"
    score(model, inputs, out, SETTINGS, working=CHECKED)
    score(model, inputs, later, SETTINGS)
    assert not (later / "check.json").exists()
    again = score(model, inputs, later, SETTINGS, working=CHECKED)
    assert again.done_before
    assert (later / "check.json").read_bytes() == (out / "check.json").read_bytes()
    before = (later / "check.json").stat().st_mtime_ns
    score(model, inputs, later, SETTINGS, working=CHECKED)  # is there, and not made again
    assert (later / "check.json").stat().st_mtime_ns == before


def test_another_run_takes_the_check_of_the_one_before_away(model, fasta, tmp_path):
    score(model, from_fasta(fasta(4)), tmp_path, SETTINGS, working=CHECKED)
    assert credit_of(open_scores(tmp_path))["credit"].method == "deeplift"
    score(model, from_fasta(fasta(4)), tmp_path, Settings(references="zeros", method="gradient"))
    assert not (tmp_path / "check.json").exists()
    assert credit_of(open_scores(tmp_path)) == {"credit": None, "curve": ""}


def test_a_method_that_claims_no_sum_is_not_judged_by_it_and_several_models_ask_the_first(
    model, fasta, tmp_path
):
    settings = Settings(references="freq", method="gradient", both_strands=True)
    credit = score([model, model], from_fasta(fasta(5)), tmp_path, settings, working=CHECKED).credit
    assert credit.judgements[0].passes is None
    assert credit.notes == ["of 2 models the first was asked", "sequences were asked about on one strand"]
    assert Credit.read(tmp_path / "check.json", credit.about) is not None
    assert Credit.read(tmp_path / "check.json", {**credit.about, "model": "another"}) is None


def test_the_sequences_are_drawn_by_the_seed_alone(model, fasta):
    drawn = [
        rows_of(Scoring([model], ["m"], from_fasta(fasta(50)), Settings(references="zeros", seed=seed)))
        for seed in (0, 0, 1)
    ]
    assert len(drawn[0]) == SEQUENCES == len(set(drawn[0].tolist()))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert drawn[0].tolist() != drawn[2].tolist()


def test_a_shard_is_not_checked():
    with pytest.raises(InputError, match="a check is of a whole run, and not of a shard: merge the shards"):
        Working(Shard(1, 2), check=True)


def test_what_does_not_add_up_is_not_to_be_believed():
    errors = np.full((1, 40), 0.5)
    bad = completeness("deeplift", True, "float64", Additivity.of(errors, None))
    good = completeness("deeplift", True, "float32", Additivity.of(errors * 0, None))
    exploding = completeness("deeplift", True, "float32", Additivity.of(errors * 0, errors * 1e6))
    unclaimed = completeness("gradient", False, "float32", Additivity.of(errors, None))
    assert [one.passes for one in (bad, good, exploding, unclaimed)] == [False, True, False, None]
    assert "not rounding, but a fault" in bad.sentence
    credits = [Credit("m", 1, 1, [one, good], [], about_run({}), []) for one in (bad, good, unclaimed)]
    assert [one.believed for one in credits] == [False, True, True]
    assert credits[0].line().startswith("Not to be believed. Its scores do not tell what the model says: 40")
    assert credits[1].line() == "To be believed. It passes completeness, completeness."

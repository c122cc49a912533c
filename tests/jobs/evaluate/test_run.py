"""The job: what is measured is kept, a stopped run goes on, and its files are those of a whole one."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from seqattr.errors import InputError, OutputError
from seqattr.evaluate.checks import CHECKS
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.randomisation import layers_of, randomised
from seqattr.io.ownership import Output
from seqattr.jobs.evaluate import measuring
from seqattr.jobs.evaluate.measuring import units_of
from seqattr.jobs.evaluate.run import run
from seqattr.jobs.evaluate.settings import USUAL, Settings, methods_of
from seqattr.jobs.evaluate.units import Outcome, UnitsFolder, decoded, encoded
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.methods.registry import COSTLY, METHODS
from seqattr.models.load import load_model
from seqattr.models.native import save_model
from seqattr.support.caller import Caller

SETTINGS = Settings(references="shuffle:2", methods=("gradient", "saliency", "deeplift"), seeds=2)
QUIET = Caller(warn=str)
UNITS = len(units_of(["agreement"], SETTINGS.methods))


@pytest.fixture
def evaluate(fixed, fasta, tmp_path):
    sequences = SequenceFile(fasta(6))

    def call(name, check="agreement", settings=SETTINGS, force=False, caller=QUIET):
        return run(check, ModelFile(fixed), sequences, Output(tmp_path / name, force), settings, caller)

    return call


@pytest.fixture
def measured(monkeypatch):
    """The units that are measured, of which `measured.stop` says how many there may be."""

    class Units(list):
        stop = 1000

    units, whole = Units(), measuring.outcome

    def outcome(asked, unit, progress):
        if len(units) == units.stop:
            raise KeyboardInterrupt
        units.append(unit)
        return whole(asked, unit, progress)

    monkeypatch.setattr(measuring, "outcome", outcome)
    return units


def files_in(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_stopped_run_goes_on_and_ends_with_the_files_of_a_whole_one(evaluate, measured, tmp_path):
    evaluate("whole")
    assert len(measured) == UNITS
    measured.clear()
    measured.stop = 2
    with pytest.raises(KeyboardInterrupt) as stop:
        evaluate("stopped")
    assert stop.value.__notes__ == ["the same command continues where it stopped"]
    assert set(files_in(tmp_path / "stopped")) == {"units/plan.json", "units/units.journal"}
    measured.stop = 1000
    evaluate("stopped")
    assert len(measured) == len(set(measured)) == UNITS
    assert files_in(tmp_path / "stopped") == files_in(tmp_path / "whole")


def test_what_a_kill_cut_off_is_measured_again(evaluate, measured, tmp_path):
    measured.stop = 3
    with pytest.raises(KeyboardInterrupt):
        evaluate("e")
    journal = tmp_path / "e" / "units" / "units.journal"
    journal.write_bytes(journal.read_bytes()[:-5])
    measured.clear()
    measured.stop = 1000
    evaluate("e")
    assert len(measured) == UNITS - 2


def test_another_question_does_not_go_on_with_these_units(evaluate, measured):
    measured.stop = 2
    with pytest.raises(KeyboardInterrupt):
        evaluate("e")
    measured.stop = 1000
    other = Settings(references="shuffle:3", methods=SETTINGS.methods)
    with pytest.raises(OutputError, match=r"another kind of references \(shuffle:2, now shuffle:3\)"):
        evaluate("e", settings=other)
    measured.clear()
    evaluate("e", settings=other, force=True)
    assert len(measured) == UNITS


def test_a_finished_run_is_not_done_again_unless_forced(evaluate, measured, tmp_path):
    first = evaluate("e")
    before = files_in(tmp_path / "e")
    measured.clear()
    assert evaluate("e").verdicts == first.verdicts
    assert not measured
    assert files_in(tmp_path / "e") == before
    evaluate("e", force=True)
    assert len(measured) == UNITS
    assert files_in(tmp_path / "e") == before


def test_progress_never_goes_back_and_names_what_is_at_work(evaluate):
    told, at = [], []
    evaluate("e", caller=Caller(lambda *pair: told.append(pair), str, str, at.append))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert len({total for _, total in told}) == 1
    assert at == ["explaining", *(f"agreement of {name}" for name in (*SETTINGS.methods, "random"))]


def test_a_check_that_cannot_be_done_is_left_out_of_all_and_an_error_by_its_name(evaluate):
    agreement = CHECKS["agreement"]
    other = replace(agreement, missing=lambda _: "no other model is given")
    with patch.dict(CHECKS, {"agreement": agreement, "other": other}, clear=True):  # in their order again
        with pytest.raises(InputError, match=r"other: no other model is given"):
            evaluate("e", "other")
        warned = []
        assert evaluate("e", "all", caller=Caller(warn=warned.append)).checks == ["agreement"]
        assert warned == ["other is left out: no other model is given"]


def test_a_unit_is_kept_as_it_was_measured():
    values = np.array([1 / 3, np.nan, -np.inf])
    rows = [Measured("a", "é", values), Measured("b", "t", values[::-1], "conv", 0.1, 7)]
    kept = decoded(encoded(Outcome(rows, "why")))
    assert kept.failure == "why"
    assert [row._replace(values=None) for row in kept.measured] == [row._replace(values=None) for row in rows]
    for one, other in zip(kept.measured, rows, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
    assert decoded(encoded(Outcome([]))) == Outcome([])


def test_all_methods_are_those_that_cost_little_and_lack_no_patterns():
    every = set(methods_of(Settings(methods=("all",))))
    needy = {name for name, method in METHODS.items() if method.needs_patterns}
    assert every == set(METHODS) - COSTLY - needy
    assert set(methods_of(Settings(methods=("all",), patterns="p.h5"))) == set(METHODS) - COSTLY
    assert methods_of(Settings()) == USUAL
    assert methods_of(Settings(methods=("ism", "gradient", "ism"))) == ("ism", "gradient")


def test_two_different_sequences_are_wanted(fixed, fasta, texts, tmp_path):
    same = SequenceFile(fasta(texts(1) * 3))
    with pytest.raises(InputError, match="at least two different sequences"):
        run("agreement", ModelFile(fixed), same, Output(tmp_path / "e"), SETTINGS, QUIET)
    assert not (tmp_path / "e").exists()


def test_tables_of_checks_that_were_asked_before_go(evaluate, tmp_path):
    evaluate("e", "continuity")
    assert (tmp_path / "e" / "continuity.tsv").is_file()
    (tmp_path / "e" / "figures" / "mine.png").write_text("mine")
    evaluate("e", force=True)
    assert not (tmp_path / "e" / "continuity.tsv").exists()
    assert (tmp_path / "e" / "agreement.tsv").is_file()
    assert (tmp_path / "e" / "figures" / "mine.png").read_text() == "mine"


def test_a_run_that_was_killed_among_its_last_files_goes_on(evaluate, measured, tmp_path, monkeypatch):
    """run.json is the last of them; until then the plan of the units tells whose the others are."""
    out = tmp_path / "e"
    with monkeypatch.context() as context:
        context.setattr(UnitsFolder, "remove", lambda _: None)
        evaluate("e")
    whole = files_in(out)
    (out / "run.json").unlink()
    (out / "evaluation.html").unlink()
    measured.clear()
    evaluate("e")
    assert not measured
    assert files_in(out) == {name: held for name, held in whole.items() if not name.startswith("units/")}


def test_the_model_itself_is_no_model_of_permuted_labels(evaluate, fixed):
    with pytest.raises(InputError, match="is the model itself"):
        evaluate("e", "labels", replace(SETTINGS, permuted=ModelFile(fixed)))


def test_a_model_that_does_not_say_that_its_labels_were_permuted_is_told(evaluate, fixed, tmp_path):
    model, told = load_model(fixed), []
    save_model(tmp_path / "other.pt", randomised(model, layers_of(model), 1))
    settings = replace(SETTINGS, permuted=ModelFile(tmp_path / "other.pt"))
    evaluate("e", settings=settings, caller=Caller(warn=told.append))
    assert any("does not say that its labels were permuted" in line for line in told)

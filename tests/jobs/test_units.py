"""The unit of a run's contributions, as its run.json has it."""

from seqattr.jobs.units import contribution_unit


def test_older_runs_tell_by_their_words():
    run = {"explained": "the values before the final sigmoid"}
    assert contribution_unit(run, "a") == "logit"
    assert contribution_unit({**run, "units": {"b": "log counts"}}, "b") == "log counts"
    for words in ("the model's own outputs", "the values before the final sigmoid of some", None):
        assert contribution_unit({"explained": words}, "a") == "output of a"
    assert contribution_unit({}, "a") == "output of a"

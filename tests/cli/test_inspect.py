"""seqattr inspect: the graph under a method's rules."""

import seqattr
from seqattr.jobs.inspect import describe


def test_what_is_shown_is_the_model_s_own(run, free):
    done = run("inspect", free)
    assert done.code == 0
    assert done.out == describe(seqattr.load_model(free)) + "\n"
    steps = seqattr.load_model(free).graph.steps
    assert all(f"\n{step.name} " in done.out for step in steps)


def test_the_rules_are_those_of_the_method(run, refused, free):
    shown = {method: run("inspect", free, "--method", method).out for method in ("gradient", "deeplift")}
    assert shown["gradient"] != shown["deeplift"]
    assert "unknown method 'x'" in refused("inspect", free, "--method", "x")

"""--threads, of every command that computes."""

import os
import subprocess
import sys

import click
import pytest
import torch

from seqattr.support import threads
from tests.cli.test_help import ALL

WAITING = {*threads.WAITING, *threads.ALSO_WAITING}
# They write, read, draw and list; no model and no loop over all matches runs.
NO_THREADS = {"simulate tal-gata", "merge", "methods", "plot", "export", "workflow"}
COMPUTE = [
    path for path, c in ALL.items() if not isinstance(c, click.Group) and " ".join(path) not in NO_THREADS
]


def options(path: tuple[str, ...]) -> dict[str, click.Parameter]:
    return {name: option for option in ALL[path].params for name in option.opts}


@pytest.mark.parametrize("path", COMPUTE, ids=" ".join)
def test_every_command_that_computes_has_it(run, path):
    option = options(path)["--threads"]
    assert isinstance(option.type, click.IntRange)
    for word in ("0", "-2", "many", "1.5"):
        done = run(*path, "--threads", word)
        assert (done.code, done.out) == (2, "")
        assert "'--threads'" in done.err


def test_no_other_has_it_and_none_that_runs_a_model_is_missing():
    assert all("--threads" not in options(tuple(words.split())) for words in NO_THREADS)
    running = {path for path in ALL if {"--device", "--trust-model"} & set(options(path))}
    assert running <= set(COMPUTE)


@pytest.mark.parametrize("number", [1, 2])
def test_torch_and_our_own_pools_get_as_many(ran, free, number):
    ran("inspect", free, "--threads", number)
    assert torch.get_num_threads() == number
    assert threads.in_use() == number


def test_by_default_there_are_as_many_as_the_user_said(ran, free, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    ran("inspect", free)
    assert torch.get_num_threads() == 2


def test_the_number_is_no_part_of_what_a_run_says_of_itself(monkeypatch):
    from seqattr.cli.terminal import this_command

    words = ["seqattr", "score", "--threads", "3", "--fasta", "a b.fa", "--threads=4", "--force"]
    monkeypatch.setattr(sys, "argv", words)
    assert this_command() == "seqattr score --fasta 'a b.fa'"


def test_threads_wait_asleep(free):
    """How OpenMP was set when torch loaded it, in its own words: it looks 0 times before it sleeps."""
    script = f"from seqattr.cli import main; main(['inspect', {str(free)!r}])"
    environment = {name: word for name, word in os.environ.items() if name not in WAITING}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "OMP_DISPLAY_ENV": "VERBOSE"},
        timeout=60,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("torch was built with another OpenMP than GNU's")
    assert "GOMP_SPINCOUNT = '0'" in done.stderr

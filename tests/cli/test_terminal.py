"""What people see of long work: a bar on a terminal, lines in a log; and the end of one that is stopped."""

import io
import sys

import click
import pytest

from seqattr.cli.main import cli
from seqattr.cli.terminal import calling, progress_bar
from seqattr.support.interruptions import Terminated, resumable


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """From now on stderr is one; a fixture's would be replaced before the test begins."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


def clock_of(*seconds: float):
    """A clock that is read so often."""
    return iter(seconds).__next__


def test_a_bar_shows_the_remaining_time_of_this_process(monkeypatch):
    terminal = on_terminal(monkeypatch)
    with progress_bar("scoring", clock_of(0, 0, 10)) as progress:
        progress(900, 1000)  # an earlier process did them
        progress(910, 1000)
    last = terminal.getvalue().split("\r")[-1]
    assert "910/1000" in last
    assert "about 2 min left" in last  # of 90 seconds
    assert last.endswith("\n")


def test_other_work_has_a_bar_of_its_own(monkeypatch):
    terminal = on_terminal(monkeypatch)
    with calling("comparing") as caller:
        for done in (0, 11):
            caller.progress(done, 11)
        caller.at("comparing with chance")
        for done in (0, 500, 1000):
            caller.progress(done, 1000)
        caller.at("looking for hits")
        caller.progress(20, 20)
    shown = click.unstyle(terminal.getvalue())
    bars = [line.split("\r")[-1].split() for line in shown.split("\n") if line.strip()]
    assert [" ".join(word for word in words if "#" not in word) for words in bars] == [
        "comparing 11/11",
        "comparing with chance 1000/1000",
        "looking for hits 20/20",
    ]


def test_a_log_gets_a_line_every_minute(capsys):
    with progress_bar("scoring", clock_of(0, 0, 30, 60, 70, 80)) as progress:
        for done in (0, 30, 60, 70):
            progress(done, 100)
    assert capsys.readouterr().err.splitlines() == [
        "scoring: 60 of 100 (60 %), 1.0 a second, about 40 s left",
        "scoring: 70 of 100 in 80 s, 1.0 a second",
    ]


def test_work_that_fails_has_no_last_line(capsys):
    def work() -> None:
        with progress_bar("scoring", clock_of(0, 0, 60)) as progress:
            progress(0, 100)
            progress(60, 100)
            raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        work()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_jobs_caller_shows_its_progress(monkeypatch):
    terminal = on_terminal(monkeypatch)
    with calling("measuring") as caller:
        caller.progress(1, 2)
    assert "measuring" in terminal.getvalue()


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [({3}, "the same command continues where it stopped"), (set(), "the same command begins again")],
)
def test_a_job_that_kept_nothing_does_not_say_that_it_continues(kept, sentence):
    with pytest.raises(KeyboardInterrupt) as stopped, resumable(kept=lambda: kept):
        raise KeyboardInterrupt
    assert stopped.value.__notes__[0].endswith(sentence)


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
@pytest.mark.parametrize("sentence", [None, "the same command continues where it stopped"])
def test_a_job_that_was_stopped_can_say_what_the_same_command_does(run, monkeypatch, stop, code, sentence):
    @click.command()
    def methods() -> None:
        if sentence is None:
            raise stop
        with resumable(sentence):
            raise stop

    monkeypatch.setattr(cli, "get_command", lambda *_: methods)
    done = run("methods")
    assert done.code == code
    expected = sentence or "no file was left half-written"
    assert done.err.strip() == f"seqattr: error: interrupted; {expected}"

"""Every tool gets the same; a wrong answer is called so, and nothing is compared with it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from speed import models, tools
from speed.cases import CASES, QUICK, Case, Problem
from speed.models import NETWORKS, Network
from speed.timing import Row, Settings, batches, measure, spread
from speed.tools import TOOLS, Answer, Run, Tool
from speed.truth import RIGHT, errors

CPU = torch.device("cpu")
TINY = Case("tiny", "rescale", 2, 3)
SETTINGS = Settings(rounds=2, patience=1.0)
PEERS = [name for name in TOOLS if name not in ("seqattr", "own rescale")]


def tiny() -> nn.Module:
    dense = (nn.Linear(6, 5), nn.Softplus(), nn.Linear(5, 2))  # no sequence has only units that are off
    return nn.Sequential(nn.Conv1d(4, 6, 7), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), *dense)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Measuring sets the number of threads for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "tiny", Network(tiny, 40, 2, 4))


def rows_of(case: Case) -> dict[str, Row]:
    return {row.tool: row for row in measure(case, 1, SETTINGS)}


def only(monkeypatch: pytest.MonkeyPatch, **others: Tool) -> None:
    """seqattr and these tools, no others."""
    for name in PEERS:
        monkeypatch.delitem(TOOLS, name)
    for name, tool in others.items():
        monkeypatch.setitem(TOOLS, name, tool)


def scaled(factor: float | Tensor) -> Tool:
    """A tool that answers as seqattr does, times a factor, or one for each sequence."""

    def build(problem: Problem, batch: int | None) -> Run:
        run = tools.ours(problem, batch)
        return lambda: Answer(run().contributions * factor)

    return Tool(build, ("rescale",), "torch")


def test_seqattr_is_right_and_one_times_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    (row,) = rows_of(TINY).values()
    assert (row.tool, row.verdict, row.rounds, row.ratio, row.quartiles) == ("seqattr", "ok", 2, 1, (1, 1))
    assert row.worst_error is not None
    assert row.worst_error < 1e-5  # float32
    assert row.units is not None
    assert row.units > 1  # more than one sequence forward


def test_other_rules_are_measured_beside_rescale(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    rows = rows_of(Case("tiny", "revealcancel", 1, 3))
    assert list(rows) == ["seqattr", "own rescale"]
    assert rows["own rescale"].ratio is not None
    assert rows["own rescale"].worst_error is None  # it answers another question


@pytest.mark.parametrize(("factor", "right"), [(1 + RIGHT / 2, True), (1 + 10 * RIGHT, False)])
def test_what_is_wrong_is_not_compared(monkeypatch: pytest.MonkeyPatch, factor: float, right: bool) -> None:
    only(monkeypatch, peer=scaled(factor))
    row = rows_of(TINY)["peer"]
    assert (row.verdict == "ok") == right
    assert (row.ratio is not None) == right
    assert row.seconds is not None
    assert row.worst_error == pytest.approx(factor - 1, rel=1e-2)
    if not right:
        assert row.verdict.startswith("wrong (error ")


def test_one_sequence_that_is_off_is_shown_but_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounding may give a max to another position there."""
    factor = torch.tensor([1, 1.5, 1, 1]).view(1, 4, 1)
    only(monkeypatch, peer=scaled(factor))
    row = rows_of(TINY)["peer"]
    assert row.verdict == "ok"
    assert row.worst_error is not None
    assert row.worst_error > 0.1
    assert row.median_error is not None
    assert row.median_error < 1e-5


@pytest.mark.parametrize("factor", [torch.tensor([1, 1.5]).view(2, 1, 1), torch.full((1, 4, 1), torch.nan)])
def test_one_target_that_is_off_is_wrong_and_so_is_no_number(
    monkeypatch: pytest.MonkeyPatch, factor: Tensor
) -> None:
    only(monkeypatch, peer=scaled(factor))
    assert rows_of(TINY)["peer"].verdict.startswith("wrong (error ")


def test_what_fails_says_how_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(problem: Problem, batch: int | None) -> Run:
        raise KeyError("no such module")

    only(monkeypatch, peer=Tool(build, ("rescale",), "torch"))
    rows = rows_of(TINY)
    assert rows["peer"].verdict == "fails (KeyError: 'no such module')"
    assert rows["seqattr"].verdict == "ok"


def test_an_error_of_seqattr_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(problem: Problem, batch: int | None) -> Run:
        raise ValueError("broken")

    only(monkeypatch, seqattr=Tool(build, ("rescale",), "seqattr", batches=False))
    with pytest.raises(ValueError, match="broken"):
        measure(TINY, 1, SETTINGS)


def test_additivity_of_means_is_that_of_the_truth() -> None:
    """For those who do not tell theirs: twice the truth is off by the whole difference."""
    problem = Problem(TINY, CPU)
    answer = tools.ours(problem, None)().contributions
    assert errors(problem, Answer(answer)).additivity < 1e-5
    assert 0.1 < errors(problem, Answer(2 * answer)).additivity <= 1.001


def test_batches_are_no_larger_than_all_pairs() -> None:
    assert batches(Problem(TINY, CPU), SETTINGS) == [4, 8, 12]
    assert batches(Problem(TINY, CPU), replace(SETTINGS, batches=(2, 100))) == [2, 12]


def test_as_many_sequences_as_are_asked_for() -> None:
    assert len(Problem(TINY, CPU, 7).sequences) == 7
    assert torch.equal(Problem(TINY, CPU, 7).sequences[:4], Problem(TINY, CPU).sequences)


def test_inputs_are_the_same_each_time() -> None:
    one, other = Problem(TINY, CPU), Problem(TINY, CPU)
    assert torch.equal(one.sequences, other.sequences)
    assert torch.equal(one.references, other.references)
    assert one.references.shape == (4, 3, 4, 40)
    assert torch.equal(one.references.sum(-1)[:, 0], one.sequences.sum(-1))  # shuffles


def test_names_are_cases() -> None:
    assert [Case.from_name(case.name) for case in CASES] == list(CASES)
    assert set(QUICK) <= set(CASES)
    assert all(case.targets <= NETWORKS[case.model].tasks for case in CASES)


def test_spread_is_the_middle_half() -> None:
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == (2, 4)
    assert spread([3.0]) == (3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_answers_for_its_tasks(name: str) -> None:
    net = NETWORKS[name]
    with torch.no_grad():
        assert models.network(name)(torch.zeros(2, 4, net.length)).shape == (2, net.tasks)


@pytest.mark.peers
@pytest.mark.parametrize("peer", PEERS)
def test_peers_agree_with_float64_where_they_are_right(peer: str) -> None:
    """Convolutions, ReLUs and a mean: within rounding of float32, whatever the batch size."""
    pytest.importorskip(TOOLS[peer].package)
    problem = Problem(TINY, CPU)
    for batch in (2, 5, None):
        found = errors(problem, TOOLS[peer].build(problem, batch)())
        assert found.worst < 1e-5
        assert found.additivity < 1e-4


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS)
def test_peers_are_wrong_on_attention(peer: str) -> None:
    pytest.importorskip(TOOLS[peer].package)
    problem = Problem(Case("transformer", "rescale", 1, 1), CPU)
    assert errors(problem, TOOLS[peer].build(problem, None)()).worst > 10 * RIGHT

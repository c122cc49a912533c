"""The check on a GPU runs to its end, on small sizes of a CPU too, and says what it found."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.numerics.gpu import available
from speed import gpu, rounding, single, tables, tools
from speed.bare import bare_torch
from speed.cases import Case, Problem
from speed.figures import Figure
from speed.findings import Findings, of_rows
from speed.gpu import FULL, ON_CPU, QUICK, Parts, Size, options, why_not
from speed.models import NETWORKS, Network, network
from speed.rounding import Rounding
from speed.single import Form
from speed.targets import GPU_TARGETS
from speed.timing import Row
from speed.tools import Answer
from tests.helpers.interpreter import needs_interpreter

CPU = torch.device("cpu")
SMALL = Size(
    {"little": 3},
    judged=3,
    references=2,
    rounds=1,
    patience=0.1,
    batches=(4,),
    convolutions=(single.Size(4, 2, 20),),
    memory="little",
    pooled="little",
)
CASE = Case("little", "rescale", 1, 2)


def little() -> nn.Module:
    dense = nn.Linear(6, 5), nn.Softplus(), nn.Linear(5, 2)
    return nn.Sequential(nn.Conv1d(4, 6, 7), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), *dense)


def pooled(second: float) -> Callable[[], nn.Module]:
    """Maxima over windows of four bases: 1 for A, `second` for C."""

    def build() -> nn.Module:
        module = nn.Sequential(
            nn.Conv1d(4, 1, 1, bias=False), nn.MaxPool1d(4), nn.Flatten(), nn.Linear(10, 2)
        )
        module[0].weight.data = torch.tensor([1, second, 0, 0]).view(1, 4, 1)
        return module

    return build


@pytest.fixture(autouse=True)
def _networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And measuring, here of short samples, sets the number of threads for the whole process."""
    monkeypatch.setattr("speed.clock.LEAST_SECONDS", 0.001)
    before = torch.get_num_threads()
    nets = {"little": little, "tied": pooled(1 + 2**-23), "untied": pooled(2.0)}
    for name, build in nets.items():
        monkeypatch.setitem(NETWORKS, name, Network(build, 40, 2, 4))
    yield
    torch.set_num_threads(before)


# --- the run -------------------------------------------------------------------------------------


def test_all_parts_run_to_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gpu.json"
    assert gpu.run(Parts(SMALL, CPU), options(["--no-tests", "--json", str(path)])) == 0
    said = capsys.readouterr()
    assert "left out: tests (--no-tests)" in said.out
    assert "left out: times little seqattr tf32" in said.out
    assert "contributions beside float64, but ties  at most" in said.out
    content = json.loads(path.read_text())
    assert {row["tool"] for row in content["rows"]} >= {"seqattr", "seqattr bfloat16x3", "bare torch"}
    kinds = ["float32", "bfloat16x3", "without ours", "nor cuDNN"]
    assert [one["products"] for one in content["rounding"]] == kinds
    assert content["convolutions"][0]["name"] == "torch float32"
    parts = ["float64 little", "times little", "memory", "causes", "convolutions", "revealcancel little"]
    assert list(content["seconds"]) == parts
    words = {each["text"]: each["word"] for each in content["targets"]}
    assert words["contributions beside float64, but ties"] == "met"
    assert words["BPNet counts"] == "not measured"


@pytest.mark.slow
def test_the_command_runs_on_a_cpu(tmp_path: Path) -> None:
    path = tmp_path / "gpu.json"
    assert gpu.main(["--device", "cpu", "--no-tests", "--json", str(path)]) == 0
    assert {row["case"].split("/")[0] for row in json.loads(path.read_text())["rows"]} == set(ON_CPU.timed)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu.main([]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("there is no device cuda: torch sees 0 CUDA devices: nothing is measured; ")
    assert said.out == ""


def test_a_part_that_fails_is_said_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(self: Parts) -> None:
        raise ValueError("no such kernel")

    monkeypatch.setattr(Parts, "memory", fail)
    path = tmp_path / "gpu.json"
    chosen = options(["--only", "memory", "--only", "convolutions", "--json", str(path)])
    assert gpu.run(Parts(SMALL, CPU), chosen) == 1
    content = json.loads(path.read_text())
    assert content["left out"]["memory"] == "failed (ValueError: no such kernel)"
    assert len(content["convolutions"]) == 1
    assert "memory: failed (ValueError: no such kernel)" in capsys.readouterr().out


def test_what_is_left_out_and_why() -> None:
    assert why_not("times basset", options([]), 10) == ""
    assert why_not("times basset", options([]), 241) == "240 seconds were over"
    assert why_not("times basset", options(["--seconds", "300"]), 241) == ""
    assert why_not("times basset", options(["--only", "float64"]), 0) == "not asked for"
    assert why_not("tests", options(["--no-tests"]), 0) == "--no-tests"


@pytest.mark.parametrize(
    ("code", "lines", "failing"),
    [(0, ["5 passed"], 0), (1, ["FAILED a", "ERROR b", "2 failed, 3 passed"], 2), (4, ["no such file"], 1)],
)
def test_tests_are_run_and_counted(
    monkeypatch: pytest.MonkeyPatch, code: int, lines: list[str], failing: int
) -> None:
    calls = []

    def answer(call: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        calls.append(call)
        return subprocess.CompletedProcess(call, code, "\n".join(lines), "")

    monkeypatch.setattr(subprocess, "run", answer)
    parts = Parts(SMALL, CPU)
    parts.tests()
    assert parts.findings.measured == [Figure("tests fail", failing, "tests")]
    assert bool(parts.findings.faults) == bool(failing)
    assert parts.findings.said == lines
    assert "gpu" in calls[0]


# --- what follows --------------------------------------------------------------------------------


def row(case: str, tool: str, ratio: float) -> Row:
    return Row(case, 2, tool, "ok", None, 1.0, 1.0, ratio, (ratio, ratio))


@pytest.mark.parametrize("size", [FULL, QUICK])
def test_a_whole_run_measures_every_target(size: Size) -> None:
    """The names of figures are those that targets go by."""
    findings = Findings()
    for model in size.timed:
        case = f"{model}/rescale/1t/20r"
        ratios = {"seqattr": 1.0, "seqattr bfloat16x3": 0.5, "tangermeme": 6.0}
        findings.rows += [row(case, *each) for each in ratios.items()]
        findings.rows.append(row(f"{model}/revealcancel/1t/20r", "own rescale", 0.5))
        findings.roundings.append(Rounding(case, "float32", 1e-3, 1e-6, 1, 1e-7, 1e-5))
        findings.roundings.append(Rounding(case, "bfloat16x3", 1e-5, 1e-5, 0, 1e-5, 1e-4))
    findings.measured += [Figure("tests fail", 0, "tests"), Figure(f"{size.memory} peak memory", 9, "GiB")]
    values = {each.target.text: (each.value, each.word) for each in findings.judgements}
    assert len(values) == len(GPU_TARGETS)
    assert "not measured" not in {word for _, word in values.values()}
    assert values["TAL-GATA CNN, against tangermeme"] == (6, "MISSED")
    assert values["BPNet counts"] == (6, "met")
    assert values["BPNet counts, bfloat16x3"] == (12, "met")
    assert values["RevealCancel over Rescale, the slowest"] == (2, "met")
    assert values["contributions beside float64, but ties"] == (1e-6, "met")
    assert values["peak memory, BPNet counts, GiB"] == (9, "MISSED")
    assert findings.faults == []


def test_the_slowest_rule_counts() -> None:
    rows = [row(f"{model}/revealcancel/1t/20r", "own rescale", 1 / n) for model, n in (("a", 2), ("b", 4))]
    assert {figure.name: figure.value for figure in of_rows(rows)} == {
        "a/revealcancel over rescale": 2,
        "b/revealcancel over rescale": 4,
        "revealcancel over rescale": 4,
    }


def test_a_wrong_answer_is_a_fault() -> None:
    wrong = Row("a/rescale/1t/20r", 1, "seqattr bfloat16x3", "wrong (error 1e-01)")
    assert Findings(rows=[wrong]).faults == ["a/rescale/1t/20r: wrong (error 1e-01)"]
    assert Findings(rows=[Row("a/rescale/1t/20r", 1, "captum", "wrong (error 1e-01)")]).faults == []


# --- rounding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "ties"), [("tied", 1), ("untied", 0), ("little", 0)])
def test_a_deviation_is_a_tie_only_where_rounding_decides(model: str, ties: int) -> None:
    problem = Problem(Case(model, "rescale", 1, 2), CPU, 4)
    exact = tools.ours(problem, None)()
    right = rounding.rounding(problem, "float32", exact, 1e-5)
    assert right.worst < 1e-6
    assert right.ties == 0
    off = exact.contributions.clone()
    off[:, 0] *= 1.5  # in its windows, where A and C are both in one
    found = rounding.rounding(problem, "float32", Answer(off, 1e-6), 1e-5)
    assert found.ties == ties
    assert found.worst > 0.01
    assert (found.without_ties < 1e-6) == bool(ties)


def test_weights_move_by_a_rounding_and_equal_ones_apart() -> None:
    weights = {"weight": torch.ones(5, dtype=torch.float64), "number": torch.ones(2, dtype=torch.int64)}
    rounding.move(weights, 0)
    apart = (weights["weight"] - 1).abs()
    assert 0 < apart.min() < apart.max() < rounding.MOVED
    assert weights["number"].tolist() == [1, 1]


# --- parts ---------------------------------------------------------------------------------------


def test_bare_torch_is_the_gradient() -> None:
    problem = Problem(Case("little", "rescale", 2, 2), CPU, 3)
    pairs = problem.references.flatten(0, 1).requires_grad_()
    (slopes,) = torch.autograd.grad(network("little")(pairs)[:, 1].sum(), pairs)
    gaps = problem.sequences[:, None] - problem.references
    wanted = (slopes.unflatten(0, (3, 2)) * gaps).sum(2).mean(1)
    for batch in (None, 2, 4):
        contributions = bare_torch(problem, batch)().contributions
        assert contributions.shape == (2, 3, 40)
        torch.testing.assert_close(contributions[1], wanted)


def test_a_convolution_is_measured_in_each_form(monkeypatch: pytest.MonkeyPatch) -> None:
    size = single.Size(4, 3, 30, dilation=2)
    assert size.operations == 2 * 3 * 30 * 3 * 16
    candidates = single.candidates

    def more(size: single.Size, values: Tensor, weight: Tensor) -> dict[str, Callable[[], Tensor]]:
        def fail() -> Tensor:
            raise RuntimeError("out of shared memory\nand more")

        forms = candidates(size, values, weight)
        flat = {"flat": lambda: single.flat(size, values, weight), "copy": values.clone}
        return {**forms, **flat, "broken": fail, "rough": lambda: forms["torch float32"]() * 1.001}

    monkeypatch.setattr(single, "candidates", more)
    forms = {form.name: form for form in single.forms_of(size, CPU)}
    for name in ("torch float32", "flat"):
        assert forms[name].error is not None
        assert forms[name].error < 1e-6
        assert forms[name].teraflops is not None
    assert forms["rough"].error == pytest.approx(1e-3, rel=1e-2)
    assert forms["copy"].error is None
    assert forms["broken"] == Form(size.name, "broken", failed="RuntimeError: out of shared memory")
    text = tables.forms_table(list(forms.values()))
    assert "RuntimeError: out of shared memory" in text
    assert len(text.splitlines()) == 1 + len(forms)


@needs_interpreter
def test_our_own_kernels_are_among_the_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "DEVICES", {"cpu"})
    ours = [form for form in single.forms_of(single.Size(4, 2, 20), CPU) if form.name.startswith("ours ")]
    assert {form.name.split(",")[0] for form in ours} == {"ours float32", "ours bfloat16x3"}
    for form in ours:
        assert form.error is not None, form
        assert form.error < (1e-6 if "float32" in form.name else 1e-4)


@pytest.mark.parametrize("without", gpu.WITHOUT.values(), ids=list(gpu.WITHOUT))
def test_causes_are_taken_away_and_put_back(without: Callable[[], Any]) -> None:
    before, cudnn = set(available.DEVICES), torch.backends.cudnn.enabled
    with without():
        assert not available.DEVICES
    assert before == available.DEVICES
    assert torch.backends.cudnn.enabled == cudnn

"""Targets, tables, records, and the measurements around the engine."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from speed import pipeline, process, record, tables, targets
from speed.__main__ import options, thread_counts
from speed.clock import all_threads, calls_for, seconds
from speed.figures import Figure
from speed.pipeline import Size
from speed.timing import Row

CPU = torch.device("cpu")
SMALL = Size(shuffled=2, written=3, scored=1, flat=(1, 2), rounds=1)
CASE = "tal-gata/rescale/1t/20r"


def own(**changes: float) -> Row:
    fields = {"seconds": 1.0, "units": 40.0, "ratio": 1.0, "worst_error": 1e-6, "additivity": 1e-5, **changes}
    return Row(CASE, 1, "seqattr", "ok", **fields)  # type: ignore[arg-type]


def peer(ratio: float, threads: int = 1, tool: str = "tangermeme", case: str = CASE) -> Row:
    return Row(case, threads, tool, "ok", 8, ratio, 40 * ratio, ratio, (ratio, ratio))


def words(*rows: Row, figures: tuple[Figure, ...] = ()) -> dict[str, str]:
    return {each.target.figure: each.word for each in targets.judge(rows, figures)}


@pytest.mark.parametrize(("ratio", "word"), [(4.0, "met"), (3.99, "MISSED")])
def test_a_speed_is_met_from_its_limit_on(ratio: float, word: str) -> None:
    assert words(own(), peer(ratio))[f"{CASE} speed over tangermeme"] == word


def test_targets_are_for_one_thread() -> None:
    assert words(own(), peer(9, threads=2))[f"{CASE} speed over tangermeme"] == "not measured"


def test_a_rule_is_judged_by_its_time_over_rescale() -> None:
    case = "tal-gata/revealcancel/1t/20r"
    assert words(peer(0.5, tool="own rescale", case=case))[f"{case} time over rescale"] == "met"
    assert words(peer(0.39, tool="own rescale", case=case))[f"{case} time over rescale"] == "MISSED"


def test_the_worst_row_decides_on_errors() -> None:
    assert words(own())["worst error of contributions"] == "met"
    assert words(own(), own(worst_error=2e-5))["worst error of contributions"] == "MISSED"
    assert words(own(additivity=2e-4), own())["worst additivity error"] == "MISSED"


def test_measured_figures_are_judged() -> None:
    assert words(figures=(Figure("score over engine", 1.15, "times"),))["score over engine"] == "met"
    assert words(figures=(Figure("score over engine", 1.16, "times"),))["score over engine"] == "MISSED"


def test_tables_are_aligned_and_say_what_is_wrong() -> None:
    rows = [
        own(),
        Row(CASE, 1, "captum", "wrong (error 5e+00)", 8, 2.0),
        Row(CASE, 1, "shap", "fails (X: y)"),
    ]
    lines = tables.rows_table(rows).splitlines()
    assert "time / seqattr" in lines[0]
    assert "wrong (error 5e+00)" in lines[2]
    assert "fails (X: y)" in lines[3]
    assert (
        len({line.index(word) for line, word in zip(lines[1:], ("seqattr", "captum", "shap"), strict=True)})
        == 1
    )
    text = tables.targets_table(targets.judge(rows, []))
    assert len(text.splitlines()) == 1 + len(targets.TARGETS)


def test_a_record_holds_machine_versions_and_numbers(tmp_path: Path) -> None:
    rows, figures = [own(), peer(5)], [Figure("score over engine", 1.1, "times")]
    path = tmp_path / "a.json"
    record.write(path, rows, figures, targets.judge(rows, figures), CPU)
    content = json.loads(path.read_text())
    assert content["rows"][1]["ratio"] == 5
    assert content["figures"] == [{"name": "score over engine", "value": 1.1, "unit": "times"}]
    assert content["machine"]["cores"] == all_threads()
    assert content["versions"]["torch"] == torch.__version__
    assert [each["word"] for each in content["targets"]].count("met") == 4


def test_a_bare_name_is_kept_with_the_results(tmp_path: Path) -> None:
    assert record.destination("laptop") == record.RESULTS / "laptop.json"
    assert record.destination(str(tmp_path / "a.json")) == tmp_path / "a.json"


def test_thread_counts_are_each_taken_once() -> None:
    assert thread_counts(options(["--quick"])) == [1]
    assert thread_counts(options(["--threads", "1,all,1"])) == list(dict.fromkeys([1, all_threads()]))


def test_samples_are_long_enough_for_the_clock() -> None:
    assert calls_for(0.001) == 100
    assert calls_for(10) == 1
    assert seconds(lambda: 7, CPU)[1] == 7


def test_on_one_thread_waiting_does_not_count() -> None:
    """As while another process has the core."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone, _ = seconds(lambda: time.sleep(0.1), CPU)
        torch.set_num_threads(2)
        wall, _ = seconds(lambda: time.sleep(0.1), CPU)
    finally:
        torch.set_num_threads(before)
    assert alone < 0.05
    assert wall >= 0.1


def test_the_peak_is_what_a_call_holds_at_most() -> None:
    megabytes = 64
    found = process.peak_of(lambda: np.ones(megabytes << 17).sum(), CPU)
    assert found == pytest.approx(megabytes << 20, rel=0.1)  # pages, and what Python does beside


def test_a_failing_child_says_why() -> None:
    with pytest.raises(RuntimeError, match="ValueError: no such thing"):
        process.run("raise ValueError('no such thing')", [], 1)


def test_references_and_files_are_measured() -> None:
    """Those of the tools that are installed; a peer that compiles takes some seconds."""
    found = {f.name: f.value for name in ("references", "writing") for f in pipeline.PIPELINE[name](SMALL, 1)}
    assert {"references seqattr", "writing bigWig", "writing HDF5"} <= set(found)
    assert all(value > 0 for value in found.values())


@pytest.mark.slow
def test_the_parts_of_score_sum_to_the_whole() -> None:
    found = {figure.name: figure.value for figure in pipeline.score(SMALL, 1)}
    over, whole, engine = (found.pop(f"score {name}") for name in ("over engine", "whole", "engine alone"))
    beside = {"score references", "score writing"}  # by threads, while the others run
    assert beside < set(found)
    assert sum(found[name] for name in set(found) - beside) == pytest.approx(whole, rel=1e-6)
    assert over == pytest.approx(whole / engine, rel=0.01)  # its clock starts a little earlier


@pytest.mark.slow
def test_memory_of_score_is_measured() -> None:
    few, many, share = (figure.value for figure in pipeline.score_memory(SMALL, 1))
    assert few > 50  # MiB; torch alone takes more
    assert share == pytest.approx(many / few)

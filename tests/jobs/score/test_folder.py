"""The folder that `score` leaves: whole, under its own names, or as it was before."""

import json
from itertools import islice
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.errors import InputError, NotFinite, OutputError, UnknownName
from seqattr.inputs import Inputs, from_fasta
from seqattr.io.bed import read_bed
from seqattr.io.scores_folder import filename
from seqattr.jobs.export import export
from seqattr.jobs.report.run import report
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings, Working
from seqattr.jobs.score.task import Scoring
from tests.helpers.scoring import FREQ, contents, files, read, scored

# --- the folder --------------------------------------------------------------------------------


def test_run_json_says_how_to_run_it_again(sigmoid, fasta, tmp_path):
    settings = Settings(references="shuffle:2", targets=["c", 0], seed=5, batch_size=4)
    summary = scored(sigmoid, fasta(5), tmp_path / "out", settings)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["targets"] == summary.targets == ["c", "a"]
    assert run["sequences"] == 5
    assert run["length"] == 40
    assert run["settings"] == {
        "command": "",
        "references": "shuffle:2",
        "method": "deeplift",
        "targets": ["c", 0],
        "seed": 5,
        "device": "auto",
        "precision": "model",
        "batch_size": 4,
        "h5_dtype": "float32",
        "patterns": None,
        "both_strands": False,
        "each_model": False,
        "pairs": False,
    }
    assert run["explained"] == "the values before the final sigmoid"
    assert len(run["model"]) == 64
    assert set(run["versions"]) == {"python", "torch", "numpy"}
    timing = json.loads((tmp_path / "out" / "timing.json").read_text())
    assert timing["rows_forward"] == 5 * 3  # each sequence once, each reference once
    assert timing["rows_backward"] == 5 * 2 * 2  # each pair once for each target
    assert {"references", "attribution", "writing", "assembly", "total"} == set(timing["seconds"])
    found = read(tmp_path / "out", "c", "a")
    for target, content in zip(("c", "a"), found, strict=True):
        assert run["additivity_error"][target]["q1"] == content.additivity_error.max()
        assert run["additivity_error"][target]["q0.5"] == np.median(content.additivity_error)
        assert content.cancellation is not None
        assert run["cancellation"][target]["q1"] == content.cancellation.max() >= 1
        assert content.attributes == {
            "target": target,
            "method": "deeplift",
            "references": "shuffle:2",
            "seed": 5,
            "model": run["model"],
            "seqattr": run["seqattr"],
        }
    assert run["verdict"]["explanations"] == 10
    assert sorted(files(tmp_path / "out")) == ["a.bw", "a.h5", "c.bw", "c.h5", "regions.bed", "run.json"]


def test_a_target_named_twice_is_scored_once(model, fasta, tmp_path):
    settings = Settings(references="zeros", targets=["target1", 1, "1"])
    assert scored(model, fasta(2), tmp_path / "out", settings).targets == ["target1"]
    assert sorted(files(tmp_path / "out")) == ["regions.bed", "run.json", "target1.bw", "target1.h5"]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("K562 (+)", "K562____"),
        ("../../etc", "_.._.._etc"),
        (".hidden", "_.hidden"),
        ("", "_"),
        ("a/b\n", "a_b_"),
        ("GATA1-v1.2_x", "GATA1-v1.2_x"),
    ],
)
def test_any_target_has_a_file_name_in_the_folder(target, name):
    assert filename(target) == name


def renamed(model: seqattr.Model, *names: str) -> seqattr.Model:
    """The same model with other names for its targets."""
    targets = [type(t)(name, t.output, t.index) for t, name in zip(model.targets, names, strict=True)]
    facts = {"finals": model.finals, "shapes": model.shapes, "example_length": model.example_length}
    return seqattr.Model.from_parts(model.graph, model.lengths, targets, **facts)


def test_odd_names_of_targets_become_files_and_stay_in_them(model, fasta, tmp_path):
    scored(renamed(model, "T cells/naive (1)", "é"), fasta(2), tmp_path / "out")
    (first, second) = read(tmp_path / "out", "T_cells_naive__1_", "é")
    assert first.attributes["target"] == "T cells/naive (1)"
    assert second.attributes["target"] == "é"


def test_targets_that_would_share_a_file_are_refused_before_the_work(model, fasta, tmp_path):
    for names in (("a b", "a_b"), ("x", "x")):
        with pytest.raises(InputError, match=rf"the targets '{names[0]}' and '{names[1]}' would both be"):
            scored(renamed(model, *names), fasta(2), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    apart = Settings(references="zeros", targets=["a_b"])
    assert scored(renamed(model, "a b", "a_b"), fasta(2), tmp_path / "out", apart).targets == ["a_b"]


def test_a_second_run_replaces_the_first(model, sigmoid, fasta, texts, tmp_path):
    out = tmp_path / "out"
    scored(model, fasta(9), out)
    summary = scored(model, fasta(2), out)
    (found,) = read(out, "target0")
    np.testing.assert_array_equal(found.one_hot, one_hot(texts(2)))
    assert len(read_bed(out / "regions.bed")) == 2
    assert summary.notes == []
    (out / "mine.h5").write_bytes(b"")
    assert scored(sigmoid, fasta(2), out).notes == [f"{out} also holds targets of another run: mine"]
    assert not (out / "target0.h5").exists()
    assert not (out / "target0.bw").exists()


def test_what_was_made_of_the_first_run_goes_with_it(model, fasta, tmp_path):
    """Reports and files for other tools, as they are written beside the scores, and nothing else."""
    out = tmp_path / "out"
    scored(model, fasta(3), out)
    export(out, "modisco", "target0")
    report(out, ["bundled"])
    made = {path for path in out.glob("*/**/*") if path.is_file()}
    assert {path.name for path in made} >= {"report.html", "hits.tsv", "ohe.npz", "shap.npz"}
    (out / "report" / "mine.txt").write_text("kept")
    scored(model, fasta(3), out, Settings(references="freq", seed=1))
    assert {path.name for path in out.glob("*/**/*") if path.is_file()} == {"mine.txt"}


def test_what_somebody_keeps_in_the_folder_stays(model, fasta, tmp_path):
    """Where no run.json beside it tells that it was made of the run."""
    out = tmp_path / "out"
    mine = ("models/fold0/model.h5", "report/hits.bed", "mine.modisco/ohe.npz", "models/fold0/regions.bed")
    for name in mine:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    scored(model, fasta(3), out)
    scored(model, fasta(3), out, Settings(references="freq", seed=1))
    assert [(out / name).read_text() for name in mine] == ["mine"] * 4


def test_two_runs_write_the_same_bytes(model, fasta, tmp_path):
    for name in ("a", "b"):
        scored(model, fasta(4), tmp_path / name)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_progress_counts_every_window_once(model, fasta, tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 1)
    monkeypatch.setattr("seqattr.jobs.score.plan.BLOCK_BASES", 2 * 40)
    seen: list[tuple[int, int]] = []
    settings = Settings(references="shuffle:2")
    score(model, from_fasta(fasta(5)), tmp_path / "out", settings, lambda *step: seen.append(step))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_a_rough_precision_is_measured(model, fasta, tmp_path):
    rough = score(model, from_fasta(fasta(3)), tmp_path / "out", Settings("shuffle:2", precision="bfloat16"))
    (note,) = [note for note in rough.notes if "bfloat16" in note]
    assert 0 < float(note.split(" by up to ")[1].split("%")[0]) < 50


@pytest.mark.parametrize("precision", ["tf32", "bfloat16x3"])
def test_some_precisions_are_a_gpus(model, fasta, tmp_path, precision):
    with pytest.raises(InputError, match=f"`precision={precision}` is a GPU's; on a CPU there is float32"):
        score(model, from_fasta(fasta(1)), tmp_path / "out", Settings(precision=precision, device="cpu"))


# --- what cannot be ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "line"),
    [
        (Settings(method="x"), UnknownName, "unknown method 'x'; there is: deeplift, "),
        (Settings(references="x"), UnknownName, "unknown reference 'x'; there is: shuffle, mono, "),
        (Settings(targets=["x"]), UnknownName, "unknown target 'x'; there is: target0, target1"),
        (Settings(precision="x"), UnknownName, "unknown precision 'x'; there is: model, float32, float64"),
        (Settings(device="x"), InputError, "unknown device 'x'; there is: auto, cpu, cuda"),
        (Settings(batch_size=0), InputError, "the batch size must be at least 1, not 0"),
    ],
)
def test_settings_that_cannot_be_leave_an_earlier_run_alone(model, fasta, tmp_path, settings, error, line):
    scored(model, fasta(2), tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(error, match=line):
        scored(model, fasta(3), tmp_path / "out", settings)
    assert contents(tmp_path / "out") == before


@pytest.fixture(scope="module")
def logarithm() -> seqattr.Model:
    """Minus infinity for a sequence without an A, and infinite slopes without a C under `gradient`."""

    class Log(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            count = x.sum(-1)
            return torch.stack([count[:, 0].log(), count[:, 1].sqrt()], 1)

    return seqattr.Model(Log(), torch.zeros(2, 4, 40))


def failed(out):
    """Names and reasons of failed.tsv."""
    lines = (out / "failed.tsv").read_text().splitlines()[1:]
    return {line.split("\t")[0]: line.split("\t")[-1] for line in lines}


def test_a_model_that_answers_infinity_is_named_with_the_record(logarithm, fasta, texts, tmp_path):
    records = dict(zip("pqrst", texts(5), strict=True)) | {"r": "CGT" * 13 + "C"}
    settings = Settings(references="freq", targets=[0], batch_size=2)
    assert scored(logarithm, fasta(records), tmp_path / "out", settings).failed == 1
    assert failed(tmp_path / "out") == {"r": "the model answers -inf for target target0"}


def test_a_reference_for_which_the_model_answers_infinity_is_named_too(logarithm, fasta, texts, tmp_path):
    path = fasta({"bad": "CGT" * 13 + "C", "good": texts(1)[0]}, "refs.fa")
    with pytest.raises(NotFinite, match="-inf for target target0 of a reference of sequence r0, as of all"):
        scored(logarithm, fasta(3), tmp_path / "out", Settings(references=f"fasta:{path}", targets=[0]))


def test_a_method_that_gives_infinity_is_named_with_the_record(logarithm, fasta, texts, tmp_path):
    """The square root is finite at 0, its slope is not: no NaN may reach the files."""
    records = {"r0": texts(1)[0], "no C": "AGT" * 13 + "A"}
    settings = Settings(references="freq", method="gradient", targets=[1])
    assert scored(logarithm, fasta(records), tmp_path / "out", settings).failed == 1
    line = "the method finds a slope that is NaN or infinite for target target1"
    assert failed(tmp_path / "out") == {"no": line}
    (found,) = read(tmp_path / "out", "target1")
    assert np.isfinite(found.hypothetical[0]).all()
    assert np.isnan(found.hypothetical[1]).all()


@pytest.fixture
def scaled(model: seqattr.Model) -> Any:
    """The model with its last layer's weights times a number."""

    def times(factor: float) -> seqattr.Model:
        last = model.graph.steps[-1]
        tensors = {
            name: tensor * factor if name in list(last.refs()) else tensor
            for name, tensor in model.graph.tensors.items()
        }
        graph = type(model.graph)(model.graph.steps, tensors, model.graph.outputs)
        facts = {"finals": model.finals, "shapes": model.shapes, "example_length": model.example_length}
        return seqattr.Model.from_parts(graph, model.lengths, model.targets, **facts)

    return times


@pytest.mark.parametrize(
    ("factor", "reason"), [(1e8, "overflows"), (1e-8, "turns all of a sequence's contributions to 0")]
)
def test_float16_that_would_lose_the_numbers_is_refused(scaled, fasta, tmp_path, factor, reason):
    settings = Settings(references="zeros", h5_dtype="float16")
    scored(scaled(1), fasta(3), tmp_path / "out", settings)
    with h5py.File(tmp_path / "out" / "target0.h5") as file:
        assert file["shap/seq"].dtype == np.float16
    before = contents(tmp_path / "out")
    with pytest.raises(OutputError) as caught:
        scored(scaled(factor), fasta(3), tmp_path / "out", settings)
    path = tmp_path / "out" / "target0.h5"
    assert str(caught.value) == f"cannot write {path}: float16 {reason}; use float32"
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["target1.bw", "regions.bed", "run.json"])
def test_a_folder_in_the_place_of_a_file_is_found_before_the_work(model, fasta, tmp_path, name):
    (tmp_path / "out" / name).mkdir(parents=True)
    seen: list[Any] = []
    with pytest.raises(OutputError) as caught:
        score(model, from_fasta(fasta(2)), tmp_path / "out", FREQ, lambda *step: seen.append(step))
    assert str(caught.value) == f"cannot write {tmp_path / 'out' / name}: Is a directory"
    assert seen == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [(0, "the same command begins again"), (1, "the same command continues where it stopped")],
)
def test_a_stopped_run_says_whether_something_was_kept(blocks, sentence, model, fasta, tmp_path, monkeypatch):
    work = Scoring.work

    def stopped(*arguments):
        yield from islice(work(*arguments), blocks)
        raise KeyboardInterrupt

    monkeypatch.setattr(Scoring, "work", stopped)
    with pytest.raises(KeyboardInterrupt) as stop:
        score(model, from_fasta(fasta(2)), tmp_path / "out", FREQ)
    assert stop.value.__notes__[0].endswith(sentence)


def test_whatever_stops_a_run_leaves_the_earlier_one(model, fasta, tmp_path):
    out = tmp_path / "out"
    scored(model, fasta(2), out)
    before = files(out)

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(model, from_fasta(fasta(5)), out, FREQ, stop)
    after = files(out)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {
        f"blocks/{name}" for name in ("blocks-0.journal", "lock", "plan.json")
    }
    inputs = from_fasta(fasta(5))
    beyond = [w.__class__(w.name, w.codes, Region("r0", 30, 70), w.inside) for w in inputs.windows]
    with pytest.raises(InputError, match="lies partly outside r0, which has 40 bases"):  # at the bigWig
        score(model, Inputs(beyond, inputs.sizes, []), out, FREQ, working=Working(restart=True))
    assert {name: files(out)[name] for name in before} == before


def test_a_run_tells_of_the_nonlinearities_of_what_it_explains_alone(fasta, tmp_path):
    class TwoHeads(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = torch.nn.Linear(160, 2)

        def forward(self, x):
            plain, squashed = self.dense(x.flatten(1)).split(1, 1)
            return plain, torch.sigmoid(squashed)

    torch.manual_seed(0)
    model = seqattr.Model(TwoHeads(), torch.zeros(1, 4, 40), targets=["plain", "squashed"])
    told = {}
    for target in ("plain", "squashed"):
        scored(model, fasta(2), tmp_path / target, Settings("zeros", targets=[target]))
        told[target] = json.loads((tmp_path / target / "run.json").read_text())["explained"]
    assert told == {
        "plain": "the model's own outputs",
        "squashed": "the values before the final sigmoid",
    }

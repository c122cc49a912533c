"""What a result knows of itself, how it is drawn, and its files, which are those of `seqattr score`."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import seqattr
from seqattr.dna.alphabet import decode, one_hot, reverse_complement_text
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError, OutputError, UnknownName
from seqattr.io.hdf5.stored import read_contributions
from seqattr.jobs.export import export
from seqattr.jobs.plot import plot
from seqattr.jobs.report.scores import open_scores
from seqattr.jobs.units import contribution_unit
from seqattr.methods.attribution import attribute
from seqattr.methods.explainer import Explainer
from seqattr.methods.registry import METHODS, name_of
from seqattr.methods.results import Attribution
from seqattr.models.content import content_hash
from tests.helpers.pieces import conv
from tests.helpers.scoring import files

LENGTH = 40
PLACES = [("chr2", 100, 140), ("chr1", 500, 540, "-"), ("chr1", 510, 550)]


def text_of(seed: int) -> str:
    return decode(np.random.default_rng(seed).integers(0, 4, LENGTH).astype(np.uint8))


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(0)
    module = torch.nn.Sequential(conv(), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(2))
    module(torch.zeros(1, 4, LENGTH))
    return Model(module, torch.zeros(2, 4, LENGTH), targets=["first", "second"])


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """The second is read on strand '-'; the third overlaps it, and has one N."""
    return [text_of(0), text_of(1), text_of(2)[:-1] + "N"]


@pytest.fixture(scope="module")
def result(model: Model, texts: list[str]) -> Attribution:
    return attribute(model, texts)


def test_it_tells_its_shapes_the_method_the_targets_and_how_far_it_adds_up(result, model, texts):
    assert repr(result).startswith(
        "<seqattr.Attribution: contributions 2 x 3 x 40 (targets, sequences, bases), method deeplift "
        "against zeros, targets first, second, additivity error at most "
    )
    assert "method saliency, targets second, additivity" in repr(
        attribute(model, texts, method="saliency", targets=[1])
    )
    given = seqattr.references("shuffle:3", texts)
    assert "deeplift against 3 given references of each sequence's own, targets first" in repr(
        attribute(model, texts, given)
    )


def test_a_file_in_the_place_of_its_folder_is_an_error_of_ours(result, tmp_path):
    (tmp_path / "file").write_text("mine")
    for write in (result.to_h5, lambda path: result.to_bigwig(path, PLACES)):
        with pytest.raises(OutputError, match=r"cannot write to .*file: it is, or lies in, a file"):
            write(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_methods_are_known_by_their_names():
    assert [name_of(method) for method in METHODS.values()] == list(METHODS)


def test_it_keeps_the_bases_as_codes_alone(result, model, texts):
    assert result.subject.codes.nbytes == 3 * LENGTH
    for given in (one_hot(texts), torch.from_numpy(one_hot(texts)).float()):
        np.testing.assert_array_equal(attribute(model, given).subject.codes, result.subject.codes)


# --- a figure ------------------------------------------------------------------------------------


def test_a_plot_has_the_targets_one_above_the_other(result):
    figure = result.plot(1)
    assert isinstance(figure, Figure)
    assert [axes.get_ylabel() for axes in figure.findobj(Axes)] == [
        "first",
        "second",
    ]
    assert figure.get_supylabel() == "contribution (output of the model)"
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_of_a_plot_targets_and_bases_can_be_chosen(result):
    axes = result.plot(-1, targets=["second"], bases=(10, 30)).findobj(Axes)
    assert [one.get_ylabel() for one in axes] == ["second"]
    assert axes[0].get_xlim() == (9.5, 29.5)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"sequence": 3}, "there is no sequence 3 among 3"),
        ({"bases": (10, 41)}, "bases 10 to 41 are not within the 40"),
        ({"bases": (10, 10)}, "bases 10 to 10"),
    ],
)
def test_what_is_not_there_is_not_drawn(result, arguments, line):
    with pytest.raises(InputError, match=line):
        result.plot(**arguments)


def test_an_unknown_target_is_refused(result):
    for target in ("third", 2):
        with pytest.raises(UnknownName, match="there is: first, second"):
            result.plot(targets=[target])


def test_what_are_no_bases_are_explained_but_neither_drawn_nor_written(model, tmp_path):
    soft = attribute(model, torch.full((1, 4, LENGTH), 0.25))
    for ask in (soft.plot, lambda: soft.to_h5(tmp_path / "a")):
        with pytest.raises(InputError, match="these sequences are no bases"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_does_not_know_what_it_is_of_says_so(model, texts):
    pending = Explainer(Session(model)).start(one_hot(texts)).result()
    assert "method" not in repr(pending)
    with pytest.raises(InputError, match=r"`seqattr\.attribute` gives one"):
        pending.plot()


# --- files ---------------------------------------------------------------------------------------


def test_a_folder_is_what_score_leaves(result, texts, tmp_path):
    paths = result.to_h5(tmp_path / "scores", PLACES)
    assert sorted(path.name for path in paths) == ["first.h5", "regions.bed", "run.json", "second.h5"]
    scores = open_scores(tmp_path / "scores")
    assert (scores.method, scores.targets) == ("deeplift", ["first", "second"])
    stored = read_contributions(scores.path("second"))
    forward = [texts[0], reverse_complement_text(texts[1]), texts[2]]
    np.testing.assert_array_equal(stored.one_hot, one_hot(forward))
    wanted, slopes = result.contributions[1].numpy().copy(), result.hypothetical[1].numpy().copy()
    wanted[1], slopes[1] = wanted[1, ::-1].copy(), slopes[1, ::-1, ::-1].copy()
    np.testing.assert_array_equal(stored.hypothetical, slopes.astype(np.float32))
    bases = one_hot(forward).any(1)  # on an N nothing is written
    np.testing.assert_array_equal(stored.contributions[bases], wanted.astype(np.float32)[bases])
    np.testing.assert_array_equal(stored.additivity_error, result.additivity_error[1].numpy())
    assert [str(region) for region in stored.regions] == ["chr2:100-140", "chr1:500-540", "chr1:510-550"]
    assert (tmp_path / "scores" / "regions.bed").read_text().splitlines()[1].split("\t")[5] == "-"


def test_other_commands_read_it(result, tmp_path):
    scores = tmp_path / "scores"
    result.to_h5(scores)
    assert plot([scores], "seq1:5-30", tmp_path / "a.png").labels == ["first", "second"]
    export(scores, "modisco", "first", tmp_path / "modisco")
    assert (tmp_path / "modisco" / "shap.npz").is_file()
    run = open_scores(scores).run
    assert run["explained"] == "the model's own outputs"
    assert contribution_unit(run, "first") == "output of first"


def test_many_rows_are_written_as_some_are(model, texts, tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 4 * 4 * LENGTH)  # a row in each chunk
    monkeypatch.setattr("seqattr.methods.result_files.ROWS_AT_ONCE", 2)
    many = attribute(model, texts * 3)
    many.to_h5(tmp_path / "a")
    stored = read_contributions(tmp_path / "a" / "first.h5")
    np.testing.assert_array_equal(stored.one_hot, one_hot(texts * 3))
    np.testing.assert_array_equal(stored.hypothetical, many.hypothetical[0].numpy())


def test_one_target_may_be_one_file(model, texts, result, tmp_path):
    one = attribute(model, texts, targets=["second"])
    assert one.to_h5(tmp_path / "a.h5") == [tmp_path / "a.h5"]
    assert read_contributions(tmp_path / "a.h5").attributes["target"] == "second"
    with pytest.raises(InputError, match="is one file, but there are 2 targets; give a folder"):
        result.to_h5(tmp_path / "b.h5")
    with pytest.raises(InputError, match="is one file, but there are 2 targets; give a folder"):
        result.to_bigwig(tmp_path / "b.bw", PLACES)
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_what_seqattr_did_not_write_stays_unless_forced(result, tmp_path):
    (tmp_path / "first.h5").write_text("mine")
    with pytest.raises(OutputError, match="was not written by seqattr"):
        result.to_h5(tmp_path)
    (tmp_path / "first.bw").write_text("1")
    for path in (tmp_path, tmp_path / "first.bw"):
        with pytest.raises(OutputError, match="was not written by seqattr"):
            attribute_one(result).to_bigwig(path, PLACES)
    assert (tmp_path / "first.h5").read_text() == "mine"
    result.to_h5(tmp_path, force=True)
    result.to_h5(tmp_path)  # its own
    for _ in range(2):
        result.to_bigwig(tmp_path, PLACES)  # so is what lies beside its run.json


def attribute_one(result):
    """The first target alone."""
    first = result.subject._replace(targets=result.subject.targets[:1])
    return result._replace(subject=first)


def test_of_another_run_in_the_folder_nothing_stays(model, texts, result, tmp_path):
    result.to_h5(tmp_path)
    attribute(model, texts, targets=["second"]).to_h5(tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["regions.bed", "run.json", "second.h5"]


def test_another_run_in_the_folder_stays_unless_forced(model, texts, result, tmp_path):
    """Of the library or of the command line; no file of it is replaced, not by one of its name either."""
    result.to_h5(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    run = json.loads((tmp_path / "b" / "run.json").read_text())
    del run["result"]
    run["settings"]["command"] = "seqattr score --model m.pt"
    (tmp_path / "b" / "run.json").write_text(json.dumps(run))
    other = attribute(model, texts, targets=["second"], method="gradient")
    for folder, by in (("a", "another run;"), ("b", r"another run \(seqattr score --model m\.pt\);")):
        out = tmp_path / folder
        (out / "second.bw").write_bytes(b"")
        before = files(out)
        for write in (
            lambda out=out: other.to_h5(out),
            lambda out=out: other.to_bigwig(out, PLACES),
            lambda out=out: other.to_h5(out / "second.h5"),
            lambda out=out: other.to_bigwig(out / "second.bw", PLACES),
        ):
            with pytest.raises(OutputError, match=f"it holds the results of {by} give another `path`, or "):
                write()
        assert files(out) == before
        other.to_h5(out / "second.h5", force=True)
        other.to_h5(out, force=True)
        other.to_bigwig(out, PLACES)
    with pytest.raises(OutputError, match="it holds the results of another run"):
        result.to_bigwig(tmp_path / "a", PLACES)


def test_the_same_result_again_keeps_what_was_made_of_it(model, texts, result, tmp_path):
    result.to_h5(tmp_path, PLACES)
    tracks = result.to_bigwig(tmp_path, PLACES)
    before = files(tmp_path)
    attribute(model, texts).to_h5(tmp_path, PLACES)
    assert files(tmp_path) == before
    (tmp_path / "first.h5").unlink()  # of what is not whole all is written
    result.to_h5(tmp_path, PLACES)
    assert sorted(files(tmp_path)) == sorted(set(before) - {path.name for path in tracks})
    result.to_bigwig(tmp_path, PLACES)
    result.to_h5(tmp_path)  # tracks of other places do not fit
    assert not any(path.exists() for path in tracks)


def test_a_bigwig_that_is_there_does_not_tell_whose_it_is(result, tmp_path):
    result.to_bigwig(tmp_path / "tracks", PLACES)
    line = (
        r"tracks: what is there is a bigWig, which does not tell who wrote it \(first.bw\); .* `force=True`"
    )
    with pytest.raises(OutputError, match=line):
        result.to_bigwig(tmp_path / "tracks", PLACES)
    with pytest.raises(OutputError, match=r"first.bw: what is there is a bigWig, which does not tell who"):
        attribute_one(result).to_bigwig(tmp_path / "tracks" / "first.bw", PLACES)
    result.to_bigwig(tmp_path / "tracks", PLACES, force=True)


def told(result: Attribution, folder: Path) -> dict[str, Any]:
    """What run.json says of it."""
    result.to_h5(folder, force=True)
    return json.loads((folder / "run.json").read_text())


def test_run_json_tells_the_references_and_the_model(model, texts, result, tmp_path):
    run = told(result, tmp_path)
    assert run["settings"] == {"method": "deeplift", "references": "zeros", "both_strands": False}
    assert run["model"] == content_hash(model)
    assert (run["models"], "given_references" in run, "model_files" in run) == (1, False, False)
    attributes = read_contributions(tmp_path / "first.h5").attributes
    assert (attributes["references"], attributes["model"]) == ("zeros", run["model"])
    own = seqattr.references("shuffle:3", one_hot(texts))
    for references, words in (
        (own, "3 given references of each sequence's own"),
        (own[0], "3 given references shared by all sequences"),
        (own[0, :1], "1 given reference shared by all sequences"),
        (np.zeros_like(own), ""),
    ):
        run = told(attribute(model, texts, references), tmp_path)
        assert run.get("given_references", "") == words
        assert run["settings"].get("references") == (None if words else "zeros")
    run = told(attribute([model, model], texts, method="saliency", both_strands=True), tmp_path)
    assert run["settings"] == {"method": "saliency", "both_strands": True}
    assert (run["models"], run["model"]) == (2, "+".join([content_hash(model)] * 2))
    assert "given_references" not in run


def test_a_model_that_is_from_a_file_tells_which(model, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(model, "provenance", {"source": "bpnet.torch"})
    assert told(attribute(model, texts), tmp_path)["model_files"] == ["bpnet.torch"]


def test_tracks_lie_on_the_genome(result, tmp_path):
    """Where the second and the third overlap, each gives the side of the midpoint that is its own."""
    paths = result.to_bigwig(tmp_path / "tracks", PLACES, {"chr1": 1000, "chr2": 800})
    assert [path.name for path in paths] == ["first.bw", "second.bw"]
    first, second, third = result.contributions[1].numpy().astype(np.float32)
    with pyBigWig.open(str(paths[1])) as file:
        assert file.chroms() == {"chr1": 1000, "chr2": 800}
        np.testing.assert_array_equal(file.values("chr2", 100, 140, numpy=True), first)
        got = file.values("chr1", 500, 550, numpy=True)
    np.testing.assert_array_equal(got[:25], second[::-1][:25])
    np.testing.assert_array_equal(got[25:], third[15:])


def test_without_sizes_chromosomes_end_where_the_last_region_does(model, texts, result, tmp_path):
    one = attribute(model, texts, targets=["first"])
    assert one.to_bigwig(tmp_path / "a.bw", PLACES) == [tmp_path / "a.bw"]
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        assert file.chroms() == {"chr1": 550, "chr2": 140}
    (tmp_path / "sizes").write_text("chr1\t600\nchr2\t700\n")
    one.to_bigwig(tmp_path / "a.bw", PLACES, tmp_path / "sizes", force=True)  # a bigWig says not whose it is
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        assert file.chroms() == {"chr1": 600, "chr2": 700}
    with pytest.raises(InputError, match="lies partly outside chr1"):
        one.to_bigwig(tmp_path / "b.bw", PLACES, {"chr1": 520, "chr2": 700})

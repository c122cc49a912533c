"""TF-MoDISco on a folder of scores: what it is given, and what becomes of what it finds."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError, UnknownName
from seqattr.io.hdf5.stored import read_contributions
from seqattr.io.motifs.modisco import read_modisco
from seqattr.io.ownership import Output
from seqattr.jobs.modisco import Settings, run
from seqattr.motifs.pwm import TAL1
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import Caller
from tests.helpers.contributions import rows_of, write_contributions
from tests.helpers.fake_tools import install, install_modisco, uninstall
from tests.helpers.modisco_files import write_modisco_like
from tests.helpers.scored import LENGTH, without_values, write_scores

FAILED = (1, 4, 5)


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    return without_values(write_scores(folder / "whole", count=12), folder / "failed", FAILED)


def given(path):
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["given"])


def test_it_gets_the_rows_with_values_and_its_seqlets_have_the_rows_of_the_files(
    scores, tmp_path, monkeypatch
):
    install_modisco(monkeypatch, tmp_path / "bin")
    found, page = run(scores, Output(tmp_path / "out"), Settings(window=50, seqlets=7, runs=3))
    assert [one.target for one in found] == ["carries", "quiet"]
    assert page is None
    kept = np.setdiff1d(np.arange(12), FAILED)
    for one in found:
        told, stored = given(one.path), read_contributions(scores / f"{one.target}.h5")
        assert told["shape"] == [9, 4, LENGTH]
        assert told["sum"] == pytest.approx(stored.hypothetical[kept].sum(), rel=1e-4)
        assert (told["-w"], told["-n"], told["-l"]) == ("50", "7", "3")
        with h5py.File(one.path, "r") as file:
            rows = file["pos_patterns/pattern_0/seqlets/example_idx"][:]
            assert (file.attrs["target"], "seqattr" in file.attrs) == (one.target, True)
        np.testing.assert_array_equal(rows, kept[np.arange(78) % 9])
        assert [(p.name, p.seqlets) for p in one.patterns] == [
            ("pos_patterns.pattern_0", 78),
            ("pos_patterns.pattern_1", 38),
        ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("carries.modisco.h5", "carries.patterns.tsv", "quiet.modisco.h5", "quiet.patterns.tsv"),
        "run.json",
    ]
    assert list(read_motifs([one.path for one in found])) == [
        f"{target}.pos_patterns.pattern_{n}" for target in ("carries", "quiet") for n in (0, 1)
    ]


def test_the_window_is_no_longer_than_the_sequences(scores, tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin")
    (found,), _ = run(scores, Output(tmp_path / "out"), Settings(["quiet"]))
    assert given(found.path)["-w"] == str(LENGTH)


def test_patterns_have_the_names_of_the_motifs_that_they_are_like(scores, tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin")
    (found,), _ = run(scores, Output(tmp_path / "out"), Settings(["carries"], known=["bundled"]))
    names = ["pos_patterns.pattern_0.TAL1_known1", "pos_patterns.pattern_1.GATA_disc1"]
    assert [one.name for one in found.patterns] == names
    assert list(read_motifs([found.path])) == names
    header, *rows = (
        line.split("\t") for line in (tmp_path / "out" / "carries.patterns.tsv").read_text().splitlines()
    )
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["consensus"] for row in table] == ["CAGATGG", "GATAAGG"]
    assert [row["nearest"] for row in table] == ["TAL1_known1", "GATA_disc1"]
    assert all(float(row["e_value"]) < 1e-3 for row in table)


def test_without_patterns_there_is_a_file_of_none_and_a_warning(scores, tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin", first=EMPTY)
    told: list[str] = []
    settings = Settings(["quiet"], known=["bundled"], pages=True)
    (found,), page = run(scores, Output(tmp_path / "out"), settings, Caller(warn=told.append))
    assert (found.patterns, page) == ([], None)
    assert told == ["TF-MoDISco found no pattern for quiet; it wants at least 100 seqlets"]
    assert len((tmp_path / "out" / "quiet.patterns.tsv").read_text().splitlines()) == 1


EMPTY = """
h5py.File(options["-o"], "w").attrs["window_size"] = 90
sys.exit()
"""


# ---- what goes wrong


def test_without_the_tool_one_line_says_how_to_get_it(scores, tmp_path, monkeypatch):
    uninstall(monkeypatch, tmp_path)
    with pytest.raises(InputError) as caught:
        run(scores, Output(tmp_path / "out"), Settings())
    assert str(caught.value) == (
        "modisco-lite is not installed (there is no command `modisco`); "
        "`pip install 'seqattr[modisco]'` brings it"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("first", "line"),
    [
        ("raise ValueError('no luck')", r"modisco failed \(ValueError: no luck\): .*modisco motifs -s "),
        (
            "sys.stdout.flush(); import os; os.kill(os.getpid(), 9)",
            r"was killed by signal 9 \(is there enough",
        ),
    ],
)
def test_a_tool_that_fails_is_told_with_its_last_line_and_leaves_nothing(
    scores, tmp_path, monkeypatch, first, line
):
    install_modisco(monkeypatch, tmp_path / "bin", first=first)
    with pytest.raises(InputError, match=line):
        run(scores, Output(tmp_path / "out"), Settings())
    assert not list((tmp_path / "out").iterdir())


def test_a_tool_ends_with_us(scores, tmp_path, monkeypatch):
    """As where somebody presses Ctrl-C while it works."""
    install(
        monkeypatch, tmp_path / "bin", "modisco", "import time\nprint('begun', flush=True)\ntime.sleep(60)"
    )

    def at(what: str) -> None:
        if what.endswith("begun"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scores, Output(tmp_path / "out"), Settings(), Caller(at=at))
    assert not list((tmp_path / "out").iterdir())


def test_what_is_not_ours_stays(scores, tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin")
    out = tmp_path / "out"
    out.mkdir()
    write_modisco_like(out / "quiet.modisco.h5", {})
    with pytest.raises(OutputError, match=r"what is there was not written by seqattr"):
        run(scores, Output(out), Settings())
    assert [path.name for path in out.iterdir()] == ["quiet.modisco.h5"]
    run(scores, Output(out, force=True), Settings())
    run(scores, Output(out), Settings())
    assert read_modisco(out / "quiet.modisco.h5")
    with pytest.raises(UnknownName, match="unknown target 'Quiet'"):
        run(scores, Output(out), Settings(["Quiet"]))


def targets_in(out: Path) -> list[str]:
    return json.loads((out / "run.json").read_text())["targets"]


def test_what_was_done_when_a_run_ended_early_is_told_and_the_same_call_goes_on(
    scores, tmp_path, monkeypatch
):
    install_modisco(monkeypatch, tmp_path / "bin")
    out = tmp_path / "out"

    def at(what: str) -> None:
        if what.startswith("TF-MoDISco: quiet"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scores, Output(out), Settings(command="c"), Caller(at=at))
    files = ["carries.modisco.h5", "carries.patterns.tsv", "run.json"]
    assert sorted(path.name for path in out.iterdir()) == files
    assert targets_in(out) == ["carries"]
    with pytest.raises(OutputError, match=r"another run \(c\)"):
        run(scores, Output(out), Settings(command="d"))
    run(scores, Output(out), Settings(command="c"))
    assert targets_in(out) == ["carries", "quiet"]
    (out / "mine.modisco.h5").write_text("mine")
    run(scores, Output(out, force=True), Settings(["carries"], command="d"))
    assert sorted(path.name for path in out.iterdir()) == sorted([*files, "mine.modisco.h5"])


def test_somebody_s_report_is_told_before_the_work(scores, tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin")
    report = tmp_path / "out" / "report"
    report.mkdir(parents=True)
    (report / "motifs.tsv").write_text("motif\tmine\na\t1\n")
    with pytest.raises(OutputError, match=r"report: what is there was not written by seqattr \(motifs.tsv\)"):
        run(scores, Output(tmp_path / "out"), Settings(pages=True))
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def write_planted(folder: Path, count: int = 300, length: int = 120) -> Path:
    """Scores in which an instance of TAL1 in each sequence carries, as for a model that knows the motif."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (count, length)).astype(np.uint8)
    hypothetical = rng.normal(0, 0.02, (count, 4, length))
    weights = (TAL1.log_odds() - TAL1.log_odds().mean(axis=0)) / 5
    for row, start in enumerate(rng.integers(30, length - 50, count).tolist()):
        codes[row, start : start + TAL1.width] = TAL1.sample(rng)
        hypothetical[row, :, start : start + TAL1.width] += weights
    sequences = one_hot(codes)
    rows = rows_of(sequences, hypothetical, (hypothetical * sequences).sum(axis=1))
    regions = [Region("chr1", 200 * row, 200 * row + length, f"s{row}") for row in range(count)]
    folder.mkdir()
    write_contributions(folder / "a.h5", rows, regions, {"target": "a"})
    run = {"settings": {"method": "deeplift"}, "targets": ["a"], "notes": []}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


@pytest.mark.peers
@pytest.mark.slow
def test_the_real_tool_finds_what_was_planted(tmp_path):
    pytest.importorskip("modiscolite")
    folder = write_planted(tmp_path / "scores")
    (found,), _ = run(folder, Output(tmp_path / "out"), Settings(known=["bundled"]))
    named = [one for one in found.patterns if one.name.endswith(".TAL1_known1")]
    assert found.patterns[0] in named
    assert sum(one.seqlets for one in named) > 200
    with h5py.File(found.path, "r") as file:
        rows = [group["seqlets/example_idx"][:] for group in file["pos_patterns"].values()]
    assert len(np.unique(np.concatenate(rows))) > 200

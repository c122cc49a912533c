"""Fi-NeMo on a folder of scores: what it is given, and where its hits lie."""

import csv
import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.hdf5.stored import read_contributions
from seqattr.io.motifs.meme import write_meme
from seqattr.io.ownership import Output
from seqattr.jobs.finemo import Settings, run
from seqattr.motifs.profiles import profile_of
from seqattr.motifs.pwm import TAL1
from seqattr.support.caller import Caller
from tests.helpers.contributions import rows_of, write_contributions
from tests.helpers.fake_tools import install, install_finemo, uninstall
from tests.helpers.modisco_files import write_modisco_like
from tests.helpers.scored import TAL_AT, without_values, write_scores

FAILED = (2, 3)
FLAT = np.full(4, 0.25)
HEADER = "peak_id\tmotif_name\tstart_untrimmed\tstrand\thit_coefficient\thit_similarity\n"


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """TAL1 carries in the rows 0, 4, 6 ...; row 2, where it does too, has no values."""
    folder = tmp_path_factory.mktemp("scores")
    return without_values(write_scores(folder / "whole", count=10, length=90), folder / "failed", FAILED)


@pytest.fixture
def patterns(tmp_path):
    """TAL1 as TF-MoDISco has a pattern: with flanks of other lengths."""
    weights = np.where(TAL1.probabilities > 0.5, 0.5, 0.0)  # as the contributions of `write_scores`
    core = np.flatnonzero(weights.any(axis=0))
    shares = np.hstack([np.full((4, 3), 0.25), TAL1.probabilities, np.full((4, 5), 0.25)])
    weights = np.pad(weights, ((0, 0), (3, 5)))
    return write_modisco_like(tmp_path / "x.h5", {"pos_patterns/pattern_0": (shares, weights, 9)}), core


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_hits_lie_where_they_were_found_whatever_flanks_and_strands(scores, patterns, tmp_path, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    path, core = patterns
    (found,) = run(scores, Output(tmp_path / "out"), Settings([path], targets=["carries"]))
    first, width = TAL_AT + int(core[0]), int(core[-1] - core[0]) + 1
    at = {
        (int(row), int(start))
        for row, start in zip(found.theirs.matches.sequence, found.theirs.matches.start, strict=True)
    }
    kept = [row for row in range(10) if row not in FAILED]
    assert {(kept.index(row), first) for row in range(0, 10, 2) if row not in FAILED} <= at
    rows = table(tmp_path / "out" / "hits.tsv")
    assert {row["motif"] for row in rows} == {"pos_patterns.pattern_0"}
    carried = [row for row in rows if int(row["row_start"]) == first and row["row"] in ("0", "4", "6", "8")]
    assert len(carried) == 4
    for row in carried:
        assert int(row["row_end"]) - int(row["row_start"]) == width
        assert row["sequence"] == f"seq{row['row']}"
        assert (row["chrom"], int(row["start"])) == ("chr1", 1000 * int(row["row"]) + first)
        assert (row["strand"], row["p_value"], row["q_value"]) == ("+", "NA", "NA")
        assert float(row["importance"]) == pytest.approx(0.5 * width, abs=0.2)
        assert (float(row["coefficient"]), float(row["similarity"]) > 0.7) == (2, True)
    bed = (tmp_path / "out" / "hits.bed").read_text().splitlines()
    assert len(bed) == len(rows)
    assert bed[0].split("\t")[3] == "pos_patterns.pattern_0"
    assert float(bed[0].split("\t")[-1].removeprefix("importance="))  # and no q-value


def test_the_agreement_counts_hits_of_both(scores, patterns, tmp_path, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    found = run(scores, Output(tmp_path / "out"), Settings([patterns[0]]))
    rows = table(tmp_path / "out" / "agreement.tsv")
    assert [row["target"] for row in rows if row["motif"] == "all, of any motif"] == ["carries", "quiet"]
    carries = next(row for row in rows if row["target"] == "carries")
    assert carries["motif"] == "pos_patterns.pattern_0"
    assert int(carries["finemo"]) == len(found[0].theirs)
    assert int(carries["seqattr"]) == len(found[0].ours) >= 4
    assert int(carries["finemo_agree"]) == found[0].theirs_agree.sum() >= 4
    assert float(carries["seqattr_share"]) == pytest.approx(found[0].ours_agree.mean(), abs=1e-5)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("agreement.tsv", "figures", "hits.bed", "hits.tsv", "run.json"),
    ]


def test_motifs_without_contributions_are_given_as_our_own_hits_are_fitted(scores, tmp_path, monkeypatch):
    """With the profiles, all as wide as the widest, whatever of them is added at the end."""
    names = "json.dump({key: [file[key][name]['contrib_scores'][:].tolist() for name in sorted(file[key])]"
    first = (
        f"with h5py.File(options['-m'], 'r') as file:\n    {names} for key in file}}, "
        f"open({str(tmp_path / 'given.json')!r}, 'w'))"
    )
    install_finemo(monkeypatch, tmp_path / "bin", first)
    write_meme(tmp_path / "m.meme", {"short": TAL1.probabilities[:, 4:12], "TAL1": TAL1.probabilities})
    settings = Settings([tmp_path / "m.meme"], targets=["carries"], sparsity=0.6)
    (found,) = run(scores, Output(tmp_path / "out"), settings)
    short, whole = np.array(json.loads((tmp_path / "given.json").read_text())["pos_patterns"])
    np.testing.assert_allclose(whole.T, profile_of(TAL1, FLAT), rtol=1e-4, atol=1e-5)
    part = replace(TAL1, probabilities=TAL1.probabilities[:, 4:12])
    np.testing.assert_allclose(short.T[:, :8], profile_of(part, FLAT), rtol=1e-4, atol=1e-5)
    assert not short.T[:, 8:].any()
    matches = found.theirs.matches
    places = set(zip(matches.names, matches.start.tolist(), matches.strand.tolist(), strict=True))
    assert {("short", TAL_AT + 4, 1), ("TAL1", TAL_AT, 1)} <= places


def test_an_odd_length_loses_its_last_base(tmp_path, patterns, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    made = write_scores(tmp_path / "odd", count=3, length=31, targets=["quiet"])
    run(made.folder, Output(tmp_path / "out"), Settings([patterns[0]]))


def test_a_place_that_two_rows_hold_counts_once(patterns, tmp_path, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    made = write_scores(tmp_path / "scores", count=10, targets=["carries"])
    stored = read_contributions(made.folder / "carries.h5")
    twice = [*range(10), *range(10)]
    values = (stored.one_hot[twice], stored.hypothetical[twice], stored.contributions[twice])
    write_contributions(made.folder / "carries.h5", rows_of(*values), [stored.regions[row] for row in twice])
    once = write_scores(tmp_path / "once", count=10, targets=["carries"]).folder
    (both,), (single,) = (
        run(folder, Output(tmp_path / f"out_{folder.name}"), Settings([patterns[0]]))
        for folder in (made.folder, once)
    )
    for name in ("theirs", "ours"):
        assert len(getattr(both, name)) == len(getattr(single, name)) >= 5
        for which in ("agree", "of_any"):
            assert getattr(both, f"{name}_{which}").sum() == getattr(single, f"{name}_{which}").sum() >= 5


# ---- what goes wrong


def test_patterns_wider_than_the_sequences_are_refused(tmp_path, patterns, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    made = write_scores(tmp_path / "short", count=3, length=23, targets=["quiet"])
    with pytest.raises(InputError, match="quiet has sequences of 23 bases, but the motifs have 24"):
        run(made.folder, Output(tmp_path / "out"), Settings([patterns[0]]))


def test_without_the_tool_one_line_says_how_to_get_it(scores, patterns, tmp_path, monkeypatch):
    uninstall(monkeypatch, tmp_path / "none")
    with pytest.raises(InputError) as caught:
        run(scores, Output(tmp_path / "out"), Settings([patterns[0]]))
    assert str(caught.value) == (
        "Fi-NeMo is not installed (there is no command `finemo`); `pip install 'seqattr[finemo]'` brings it"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", r"hits.tsv is no table of hits, as `finemo call-hits` writes"),
        (HEADER + "1\tm\n", "line 2 of .*hits.tsv is no hit"),
        (HEADER + f"{'9' * 30}\tm\t1\t+\t1\t1\n", "line 2 of .*hits.tsv is no hit"),
    ],
)
def test_a_table_of_another_kind_is_told(scores, patterns, tmp_path, monkeypatch, text, line):
    script = (
        "import os, sys\nout = sys.argv[sys.argv.index('-o') + 1]\nos.makedirs(out)\n"
        f"open(out + '/hits.tsv', 'w').write({text!r})"
    )
    install(monkeypatch, tmp_path / "bin", "finemo", script)
    with pytest.raises(InputError, match=line):
        run(scores, Output(tmp_path / "out"), Settings([patterns[0]]))
    assert not (tmp_path / "out" / "hits.tsv").exists()


def test_hits_of_a_pattern_that_was_left_out_are_left_out(scores, patterns, tmp_path, monkeypatch):
    path = patterns[0]
    with h5py.File(path, "r+") as file:
        file.copy("pos_patterns/pattern_0", "pos_patterns/pattern_1")
        file["pos_patterns/pattern_1/sequence"][:] = 0
    install_finemo(monkeypatch, tmp_path / "bin")
    told: list[str] = []
    settings = Settings([path], targets=["carries"])
    (found,) = run(scores, Output(tmp_path / "out"), settings, Caller(warn=told.append))
    assert "a motif was left out: pattern 'pos_patterns.pattern_1'" in told[0]
    assert set(found.theirs.matches.names) == {"pos_patterns.pattern_0"}


def test_what_is_not_ours_stays(scores, patterns, tmp_path, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "hits.bed").write_text("chr1\t1\t2\n")
    with pytest.raises(OutputError, match="was not written by seqattr"):
        run(scores, Output(tmp_path / "out"), Settings([patterns[0]]))
    with pytest.raises(InputError, match="`sparsity` must be between 0 and 1, not 1"):
        Settings([patterns[0]], sparsity=1)


@pytest.mark.peers
@pytest.mark.slow
def test_the_real_tool_finds_what_carries(tmp_path, patterns):
    pytest.importorskip("finemo")
    made = write_scores(tmp_path / "scores", count=20)
    (found,) = run(made.folder, Output(tmp_path / "out"), Settings([patterns[0]], targets=["carries"]))
    core = patterns[1]
    places = set(
        zip(found.theirs.matches.sequence.tolist(), found.theirs.matches.start.tolist(), strict=True)
    )
    assert {(row, TAL_AT + int(core[0])) for row in range(0, 20, 2)} <= places
    assert found.theirs_agree.sum() >= 8

"""seqattr simulate: the data set that the library simulates, in a folder that is its own."""

import numpy as np
import pytest

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.data.simulation_files import FILES, read_simulation
from tests.helpers.killed import contents_of, states


def test_the_files_hold_the_library_s_simulation(ran, tmp_path):
    call = ("simulate", "tal-gata", "--out", tmp_path, "--count", 40, "--shares", "3,1,0,1", "--seed", 5)
    assert ran(*call) == f"wrote 40 sequences of 200 bp to {tmp_path}\n"
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    wanted = simulate_tal_gata(TalGata(count=40, shares=(3, 1, 0, 1)), 5)
    read = read_simulation(tmp_path)
    np.testing.assert_array_equal(read.codes, wanted.codes)
    np.testing.assert_array_equal(read.labels, wanted.labels)
    assert read.settings == wanted.settings


def test_what_somebody_else_wrote_stands(ran, refused, tmp_path):
    (tmp_path / "sequences.fa").write_text(">mine\nACGT\n")
    call = ("simulate", "tal-gata", "--out", tmp_path, "--count", 20)
    assert "was not written by seqattr (sequences.fa)" in refused(*call)
    ran(*call, "--force")
    ran(*call)  # its own


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--settings", "x"), "unknown settings 'x'; there is: published, paper"),
        (("--shares", "x"), "--shares must look like 10,1,1,1, not 'x'"),
        (("--count", 0), "there can be 1 to 10,000,000 sequences, not 0"),
    ],
)
def test_what_cannot_be_is_one_line(refused, tmp_path, options, line):
    assert line in refused("simulate", "tal-gata", "--out", tmp_path / "new", *options)
    assert not (tmp_path / "new").exists()


def test_another_simulation_stands(ran, refused, tmp_path):
    """The same is told by its settings, however they are said."""
    call = ("simulate", "tal-gata", "--out", tmp_path, "--count", 20)
    ran(*call)
    ran(*call, "--seed", 0, "--shares", "1,1,1,1")
    before = contents_of(tmp_path)
    line = refused(*call, "--seed", 1)
    assert line == (
        f"cannot write {tmp_path}: it holds the results of another run, with another seed (0, now 1); "
        "give another --out, or replace it with --force"
    )
    assert "another count (20, now 24)" in refused("simulate", "tal-gata", "--out", tmp_path, "--count", 24)
    assert contents_of(tmp_path) == before
    ran(*call, "--seed", 1, "--force")
    assert read_simulation(tmp_path).seed == 1


def test_a_simulation_that_was_killed_is_no_data_and_is_written_again(ran, refused, tmp_path):
    out = tmp_path / "out"
    call = ("simulate", "tal-gata", "--count", 20, "--out")
    with states(out, tmp_path) as found:
        ran(*call, out)
    assert len(found) == len(FILES) + 1
    for state in found[1:]:
        assert "was stopped before its end" in refused("train", state, "--out", tmp_path / "m.pt")
        assert "another seed" in refused(*call, state, "--seed", 1)
        ran(*call, state)
        assert contents_of(state) == contents_of(out)

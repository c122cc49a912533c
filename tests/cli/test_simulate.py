"""seqattr simulate: the data set that the library simulates, in a folder that is its own."""

import numpy as np
import pytest

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.data.simulation_files import FILES, read_simulation


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

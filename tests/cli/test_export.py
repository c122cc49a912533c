"""seqattr export: scores in another tool's format."""

import numpy as np

from seqattr.io.hdf5.stored import read_contributions


def test_the_command_writes_where_it_is_told(ran, fixed, fasta, tmp_path):
    scores = tmp_path / "scores"
    ran("score", "--model", fixed, "--fasta", fasta(3), "--out", scores, "--refs", "shuffle:2")
    out = tmp_path / "else" / "where"
    assert ran("export", scores, "--format", "modisco", "--target", "c", "--out", out) == f"wrote {out}\n"
    with np.load(out / "shap.npz") as archive:
        np.testing.assert_array_equal(archive["arr_0"], read_contributions(scores / "c.h5").hypothetical)

"""TF-MoDISco's input files."""

import numpy as np
import pytest

from seqattr.dna.alphabet import one_hot
from seqattr.dna.regions import Region
from seqattr.errors import OutputError
from seqattr.io import npz
from seqattr.io.hdf5.stored import open_contributions
from seqattr.io.npz import write_modisco
from tests.helpers.contributions import rows_of, write_contributions


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    sequences = one_hot(rng.integers(0, 5, size=(13, 20)).astype(np.uint8))
    return sequences, rng.normal(size=(13, 4, 20)).astype(np.float32)


@pytest.mark.parametrize("block_bytes", [1, 1000, 1 << 24])
def test_numpy_reads_what_was_written(tmp_path, arrays, monkeypatch, block_bytes):
    monkeypatch.setattr(npz, "_BLOCK_BYTES", block_bytes)
    write_modisco(tmp_path / "new", *arrays)
    for name, expected in zip(("ohe.npz", "shap.npz"), arrays, strict=True):
        with np.load(tmp_path / "new" / name) as archive:
            assert archive.files == ["arr_0"]
            np.testing.assert_array_equal(archive["arr_0"], expected)
            assert archive["arr_0"].dtype == expected.dtype
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["ohe.npz", "shap.npz"]


def test_an_open_contributions_file_is_streamed(tmp_path, arrays):
    sequences, hypothetical = arrays
    rows = rows_of(sequences, hypothetical, hypothetical[:, 0])
    write_contributions(tmp_path / "a.h5", rows, [Region("c", 0, 20)] * 13, dtype="float16")
    with open_contributions(tmp_path / "a.h5") as file:
        write_modisco(tmp_path, file.one_hot, file.hypothetical)
    with np.load(tmp_path / "shap.npz") as archive:
        assert archive["arr_0"].dtype == np.float32
        np.testing.assert_array_equal(archive["arr_0"], hypothetical.astype(np.float16))
    with np.load(tmp_path / "ohe.npz") as archive:
        np.testing.assert_array_equal(archive["arr_0"], sequences)


def test_different_shapes_are_refused(tmp_path, arrays):
    sequences, hypothetical = arrays
    with pytest.raises(
        OutputError, match=r"one-hot \(13, 4, 20\) and hypothetical \(12, 4, 20\) differ in shape"
    ):
        write_modisco(tmp_path, sequences, hypothetical[:12])


def test_a_file_in_the_folders_place_is_refused(tmp_path, arrays):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="it is, or lies in, a file"):
        write_modisco(tmp_path / "file", *arrays)


@pytest.mark.parametrize("limit", [10, 1000])
def test_a_full_disk_is_one_line(with_full_disk, tmp_path, limit):
    out = with_full_disk(
        "from seqattr.io.npz import write_modisco",
        "write_modisco('.', *[np.random.default_rng(0).normal(size=(200, 4, 50))] * 2)",
        limit,
    )
    assert out == "OutputError: cannot write ohe.npz: File too large"
    assert list(tmp_path.iterdir()) == []

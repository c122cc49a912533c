"""Arrays with a row for each sequence: what is written is read back; a full disk is one line."""

import h5py
import numpy as np
import pytest

from seqattr.errors import OutputError
from seqattr.io.hdf5.arrays import ArrayWriter, chunk_of

WRITING = """
    with ArrayWriter('a.h5', list('abcdef'), {'x': (4, 300, 300)}) as writer:
        for i in range(6):
            writer.write(i, {'x': np.random.default_rng(i).normal(size=(1, 4, 300, 300))})
"""


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_what_is_written_is_read_back_whatever_the_batches(tmp_path, batch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, 2, 5)).astype("f4"), rng.normal(size=(7, 3)).astype("f4")
    with ArrayWriter(tmp_path / "a.h5", [f"sé{i}" for i in range(7)], {"x": (2, 5), "y": (3,)}) as writer:
        writer.describe("x", source="here")
        writer.add("more/x", np.arange(3))
        for first in range(0, 7, batch):
            writer.write(first, {"x": x[first : first + batch], "y": y[first : first + batch]})
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["x"][:], x)
        np.testing.assert_array_equal(file["y"][:], y)
        assert file["more/x"][:].tolist() == [0, 1, 2]
        assert file["x"].attrs["source"] == "here"
        assert file["sequence"].asstr()[:].tolist() == [f"sé{i}" for i in range(7)]


@pytest.mark.parametrize(
    ("shape", "chunk"),
    [((5, 2, 3), (5, 2, 3)), ((10**6, 100), (1310, 100)), ((9, 8, 1536, 1536), (1, 1, 85, 1536))],
)
def test_chunks_are_whole_rows_as_far_as_they_fit(shape, chunk):
    assert chunk_of(shape) == chunk


def interrupted(path):
    with ArrayWriter(path, ["a"], {"x": (2,)}) as writer:
        writer.write(0, {"x": np.ones((1, 2))})
        raise KeyboardInterrupt


def test_a_block_that_fails_leaves_what_stood_there(tmp_path):
    (tmp_path / "a.h5").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "a.h5")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.h5", "old")]
    with pytest.raises(OutputError, match="No such file"):
        interrupted(tmp_path / "none" / "a.h5")


@pytest.mark.parametrize("limit", [0, 1000, 100_000, 3_000_000])
def test_a_full_disk_is_one_line_and_no_crash(with_full_disk, tmp_path, limit):
    out = with_full_disk("from seqattr.io.hdf5.arrays import ArrayWriter", WRITING.strip(), limit)
    assert out == "OutputError: cannot write a.h5: File too large"
    assert list(tmp_path.iterdir()) == []


def test_the_same_code_writes_where_there_is_room(with_full_disk):
    assert (
        with_full_disk("from seqattr.io.hdf5.arrays import ArrayWriter", WRITING.strip(), 10**8) == "written"
    )

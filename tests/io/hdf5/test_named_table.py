"""Tables of numbers with named rows and columns."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from seqattr.errors import OutputError
from seqattr.io.hdf5.named_table import write_named


def test_what_is_written_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(3, 5))
    write_named(
        tmp_path / "t.h5", values, ["a", "b", "ü"], list("vwxyz"), {"on": "loss", "rates": [0.1, 0.2]}
    )
    with h5py.File(tmp_path / "t.h5") as file:
        assert (file["values"][:] == values).all()
        assert file["rows"].asstr()[:].tolist() == ["a", "b", "ü"]
        assert file["columns"].asstr()[:].tolist() == list("vwxyz")
        assert (file.attrs["on"], file.attrs["rates"].tolist()) == ("loss", [0.1, 0.2])


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"2 x 1 names for \(2, 2\) values"):
        write_named(tmp_path / "t.h5", np.zeros((2, 2)), ["a", "b"], ["c"], {})
    with pytest.raises(OutputError, match="cannot write"):
        write_named(tmp_path / "no" / "t.h5", np.zeros((1, 1)), ["a"], ["c"], {})
    assert not list(tmp_path.iterdir())

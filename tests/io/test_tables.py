"""Tables: what is written is read again, whatever is in it, or there is no file."""

import numpy as np
import pytest

from seqattr.errors import OutputError
from seqattr.io import tables
from seqattr.io.tables import write_table


def lines(path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()]


def test_each_kind_of_column(tmp_path):
    columns = {
        "text": ["a", "two\twords\n", ""],
        "whole": np.array([1, -2, 3], np.int8),
        "number": np.array([0.1, np.nan, 12345678], np.float32),
        "list": [1.0, float("nan"), 1e-30],
        "tuple": (1, 2, 3),
    }
    write_table(tmp_path / "a.tsv", columns)
    assert lines(tmp_path / "a.tsv") == [
        list(columns),
        ["a", "1", "0.1", "1", "1"],
        ["two words", "-2", "NA", "NA", "2"],
        [".", "3", "1.23457e+07", "1e-30", "3"],
    ]


def test_many_rows_are_all_there(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 7)
    write_table(tmp_path / "a.tsv", {"a": range(100), "b": np.arange(100) / 8}, header=False)
    assert lines(tmp_path / "a.tsv") == [[str(n), f"{n / 8:g}"] for n in range(100)]


def test_no_rows_are_a_header(tmp_path):
    write_table(tmp_path / "a.tsv", {"a": [], "b": np.empty(0)})
    assert (tmp_path / "a.tsv").read_text() == "a\tb\n"


@pytest.mark.parametrize("columns", [{"a": [1], "b": [1, 2]}, {}])
def test_columns_must_have_one_length(tmp_path, columns):
    with pytest.raises(OutputError, match=r"its columns have \[.*\] rows"):
        write_table(tmp_path / "a.tsv", columns)
    assert not list(tmp_path.iterdir())


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        write_table(tmp_path / "none" / "a.tsv", {"a": [1]})


def test_a_full_disk_leaves_nothing(tmp_path, with_full_disk):
    said = with_full_disk(
        "from seqattr.io.tables import write_table", "write_table('a.tsv', {'a': range(9999)})", 4096
    )
    assert said == "OutputError: cannot write a.tsv: File too large"
    assert not list(tmp_path.iterdir())

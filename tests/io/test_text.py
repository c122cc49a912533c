"""Texts, rows and facts come back as they were written, or nothing is written."""

import json
from pathlib import Path

import pytest

from seqattr.errors import OutputError
from seqattr.io.text import write_json, write_rows, write_text


def test_a_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "new", "é\tb\r\n")
    assert (tmp_path / "new").read_bytes() == "é\tb\r\n".encode()


def test_rows_have_tabs_between_their_cells(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", [("name", "number"), ("a b", 1)])
    assert (tmp_path / "rows").read_text() == "name\tnumber\na b\t1\n"


def test_facts_come_back(tmp_path: Path) -> None:
    facts = {"a": [1, 2.5, None], "b": {"c": "é"}}
    write_json(tmp_path / "facts.json", facts)
    text = (tmp_path / "facts.json").read_text()
    assert json.loads(text) == facts
    assert text.endswith("}\n")


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("stays")
    with pytest.raises(OutputError):
        write_text(tmp_path / "file" / "inside", "text")
    with pytest.raises(TypeError):
        write_json(tmp_path / "file", {"a": object()})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["stays"]

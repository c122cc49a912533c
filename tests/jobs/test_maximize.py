"""What is written of maximised sequences: the figures' content, and all files or none."""

from pathlib import Path

import pytest

from seqattr.analyses.maximize import Maximized, Settings, maximize
from seqattr.errors import OutputError
from seqattr.io.fasta.records import read_fasta
from seqattr.jobs.maximize import FILES, figures_of, write_files
from tests.helpers.zoo import captured


@pytest.fixture(scope="module")
def found() -> Maximized:
    return maximize(captured("dilated")[1], 0, Settings(number=7, steps=10, polish=1))


def test_the_best_are_drawn_each_with_its_output(found: Maximized) -> None:
    figures = figures_of(found, "a")
    rows = figures["logos"].axes
    assert [axes.get_title(loc="left") for axes in rows] == [f"output {v:.3g}" for v in found.output[:5]]
    left, right = figures["ascent"].axes
    assert {len(axes.lines) for axes in (left, right)} == {7}
    best = next(line for line in left.lines if line.get_label() == "maximized_1")
    assert list(best.get_ydata()) == found.ascent.relaxed[:, 0].tolist()


def test_all_files_or_none(found: Maximized, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, found, "a", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert len(read_fasta(tmp_path / "sequences.fa")) == 7
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OutputError("no space left")

    monkeypatch.setattr("seqattr.jobs.maximize.write_fasta", full)
    other = found._replace(output=found.output + 1)
    with pytest.raises(OutputError, match="no space left"):
        write_files(tmp_path, other, "a", {})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

"""A report reads its rows block by block: the same to the byte, in memory that does not grow with them."""

import tracemalloc
from pathlib import Path

import pytest

from seqattr.errors import InputError
from seqattr.io.hdf5.stored import open_contributions
from seqattr.jobs.report.blocks import row_blocks
from seqattr.jobs.report.run import report
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.report.tables import TABLES
from tests.helpers.scored import write_scores


@pytest.fixture
def quick(monkeypatch):
    """Reports without figures."""
    monkeypatch.setattr("seqattr.jobs.report.run.drawings", lambda *_: [])
    return Settings(sequences=0)


def test_blocks_make_no_difference(tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 1 << 14)
    made = write_scores(tmp_path / "scores", count=60, targets=("carries",))
    outs = {bases: tmp_path / str(bases) for bases in (1 << 30, 1)}
    for bases, out in outs.items():
        monkeypatch.setattr("seqattr.jobs.report.blocks._BLOCK_BASES", bases)
        report(made.folder, ["bundled"], Settings(sequences=1), out)
    with open_contributions(made.folder / "carries.h5") as file:
        assert len(list(row_blocks(file))) > 4
    files = [path for path in outs[1].rglob("*.*") if path.is_file()]
    assert {*TABLES, "sequence_01.svg"} <= {path.name for path in files}
    for path in files:
        assert (outs[1 << 30] / path.relative_to(outs[1])).read_bytes() == path.read_bytes(), path.name


def test_threads_that_scan_ahead_make_no_difference(tmp_path, quick, monkeypatch):
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 1 << 14)
    monkeypatch.setattr("seqattr.jobs.report.blocks._BLOCK_BASES", 1)
    monkeypatch.setattr("seqattr.jobs.report.examine._BLOCKS_APART", 2)  # and neither do joined blocks
    made = write_scores(tmp_path / "scores", count=60)
    for threads in (1, 3):
        monkeypatch.setattr("seqattr.jobs.report.examine.in_use", lambda threads=threads: threads)
        report(made.folder, ["bundled"], quick, tmp_path / str(threads))
    for name in TABLES:
        one, three = ((tmp_path / threads / name).read_bytes() for threads in "13")
        assert one == three, name


def test_targets_at_once_make_no_difference(tmp_path, quick, monkeypatch):
    made = write_scores(tmp_path / "scores", count=20, targets=("carries", "quiet", "still"))
    for at_once in (1, 2, 16):
        monkeypatch.setattr("seqattr.jobs.report.examine._TARGETS_AT_ONCE", at_once)
        report(made.folder, ["bundled"], quick, tmp_path / str(at_once))
    for name in TABLES:
        assert len({(tmp_path / folder / name).read_bytes() for folder in ("1", "2", "16")}) == 1, name


def test_another_target_of_other_rows_is_refused(tmp_path, quick):
    made = write_scores(tmp_path / "scores", count=6)
    other = write_scores(tmp_path / "other", count=5)
    (other.folder / "quiet.h5").replace(made.folder / "quiet.h5")
    with pytest.raises(InputError, match="quiet has 5 sequences of 90 bases, but carries has 6 of 90"):
        report(made.folder, ["bundled"], quick)


def peak(folder: Path, settings: Settings) -> float:
    """In MB."""
    tracemalloc.start()
    report(folder, ["bundled"], settings)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


@pytest.mark.slow
def test_memory_is_flat_in_the_number_of_sequences(tmp_path, quick, monkeypatch):
    monkeypatch.setattr("seqattr.jobs.report.blocks._BLOCK_BASES", 1 << 15)
    few, many = (
        write_scores(tmp_path / str(n), count=n, targets=("carries",), length=1000).folder for n in (40, 160)
    )
    report(few, ["bundled"], quick)  # what is loaded once
    # 21 bytes a base, were all rows held; what is kept of a row and of its matches is 2 kB.
    assert peak(many, quick) < peak(few, quick) + 120 * 1000 * 4 / 1e6

"""A report counts a place once, however many windows hold it, and padding not at all."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import UNKNOWN, one_hot
from seqattr.dna.frequencies import measured_background
from seqattr.dna.regions import Region
from seqattr.io.hdf5.stored import open_contributions
from seqattr.jobs.report import blocks
from seqattr.jobs.report.run import report
from seqattr.jobs.report.settings import Settings
from seqattr.motifs.pwm import GATA1, TAL1
from tests.helpers.contributions import rows_of, write_contributions

LENGTH, COUNT = 120, 40
TABLES = ("groups.tsv", "motifs.tsv", "hits.tsv", "matches.tsv.gz", "seqlets.tsv")
OF_PLACES = TABLES[2:]


def peaks(seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[Region]]:
    """Codes and contributions (N, L) in which TAL1 carries and a stretch of the first is of no motif."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (COUNT, LENGTH)).astype(np.uint8)
    values = rng.normal(0, 0.01, (COUNT, LENGTH))
    for row in range(0, COUNT, 2):
        for at, pwm in ((20, TAL1), (60, GATA1)):
            codes[row, at : at + pwm.width] = pwm.probabilities.argmax(axis=0)
        values[row, 20 : 20 + TAL1.width] += 0.5
    values[:3, 90:102] += 0.4
    return codes, values, [Region("chr1", 500 * row, 500 * row + LENGTH, f"p{row}") for row in range(COUNT)]


def write(folder: Path, codes: np.ndarray, values: np.ndarray, regions: list[Region]) -> Path:
    folder.mkdir()
    x = one_hot(codes)
    rows = rows_of(x, values[:, None] * x, values)
    write_contributions(folder / "t.h5", rows, regions, {"target": "t"})
    run = {"settings": {"method": "deeplift"}, "targets": ["t"], "notes": []}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def told(folder: Path) -> tuple[dict[str, list[list[str]]], int, list[str]]:
    """The cells of the tables but for the rows, how many hits there are, and what was drawn."""
    summary = report(folder, ["bundled"], Settings(sequences=4))
    tables = {}
    for name in TABLES:
        lines = text_of(folder / "report" / name).splitlines()
        head = lines[0].split("\t")
        kept = [number for number, word in enumerate(head) if not word.startswith(("row", "sequence"))]
        rows = [line.split("\t") for line in lines]
        tables[name] = sorted([cells[number] for number in kept] for cells in rows)
    drawn = sorted(path.name for path in (folder / "report" / "figures").glob("sequence_*.svg"))
    return tables, summary.hits["t"], drawn


def text_of(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return told(write(tmp_path_factory.mktemp("once") / "scores", *peaks()))


def test_windows_given_again_change_nothing(once, tmp_path):
    codes, values, regions = peaks()
    again = [np.concatenate([each, each[::-1], each]) for each in (codes, values)]
    folder = write(tmp_path / "scores", *again, [*regions, *regions[::-1], *regions])
    assert told(folder) == once
    assert (
        "120 of 120 sequences hold bases that another one holds too"
        in (folder / "report" / "report.html").read_text()
    )


def test_padded_windows_are_as_the_unpadded(once, tmp_path):
    codes, values, regions = peaks()
    codes = np.pad(codes, [(0, 0), (50, 90)], constant_values=UNKNOWN)
    values = np.pad(values, [(0, 0), (50, 90)])
    wider = [replace(each, start=each.start - 50, end=each.end + 90) for each in regions]
    assert told(write(tmp_path / "scores", codes, values, wider)) == once


def test_overlapping_windows_show_a_place_once(tmp_path):
    """Halves that share their middle: a match is in one table row, a seqlet too, and none is drawn twice."""
    codes, values, regions = peaks()
    halves = [np.concatenate([each[:, :80], each[:, 40:]]) for each in (codes, values)]
    left = [replace(each, end=each.start + 80) for each in regions]
    right = [replace(each, start=each.start + 40, name=f"{each.name}b") for each in regions]
    tables, count, _ = told(write(tmp_path / "scores", *halves, [*left, *right]))
    for name in OF_PLACES:
        head = next(cells for cells in tables[name] if "chrom" in cells)
        at = [head.index(word) for word in ("chrom", "start", "end", "strand")]
        places = [tuple(cells[number] for number in at) for cells in tables[name] if cells is not head]
        assert len(places) == len(set(places)) > 0
    assert count == len(tables["hits.tsv"]) - 1


def test_the_background_is_counted_in_blocks_and_each_base_once(tmp_path, monkeypatch):
    codes, values, regions = peaks()
    folder = write(tmp_path / "scores", np.tile(codes, (3, 1)), np.tile(values, (3, 1)), regions * 3)
    wanted = measured_background(codes)
    for bases in (1, 1 << 20):
        monkeypatch.setattr(blocks, "_BLOCK_BASES", bases)
        with open_contributions(folder / "t.h5") as file:
            np.testing.assert_allclose(blocks.background_in(file, *blocks.layout_of(file)), wanted)

"""A simulation in files reads back the same, and what was spoilt is said."""

from pathlib import Path

import numpy as np
import pytest

from seqattr.data.simulate import TASKS, Simulation, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import read_simulation, write_simulation
from seqattr.errors import InputError, OutputError
from seqattr.io.bed import read_bed
from seqattr.io.fasta.records import read_fasta
from seqattr.io.motifs.meme import read_meme
from seqattr.motifs.pwm import BUNDLED


@pytest.fixture(scope="module")
def small() -> Simulation:
    return simulate_tal_gata(TalGata(count=80), seed=5)


def same(one: Simulation, other: Simulation) -> bool:
    arrays = np.array_equal(one.codes, other.codes) and np.array_equal(one.labels, other.labels)
    rest = [(s.settings, s.seed, s.names, s.splits, s.planted) for s in (one, other)]
    return arrays and rest[0] == rest[1]


def test_files_read_back_the_same(small: Simulation, tmp_path: Path) -> None:
    write_simulation(tmp_path / "new" / "folder", small)
    assert same(read_simulation(tmp_path / "new" / "folder"), small)


def test_files_are_what_other_tools_expect(small: Simulation, tmp_path: Path) -> None:
    write_simulation(tmp_path, small)
    test = [small.names[index] for index in small.indices("test")]
    assert [record.name for record in read_fasta(tmp_path / "test.fa")] == test
    texts = {record.name: record.text for record in read_fasta(tmp_path / "sequences.fa")}
    regions = read_bed(tmp_path / "planted.bed")
    assert [texts[r.chrom][r.start : r.end] for r in regions] == [p.text for p in small.planted]
    motifs = read_meme(tmp_path / "motifs.meme")
    for name, pwm in BUNDLED.items():
        np.testing.assert_allclose(motifs[name], pwm.probabilities, atol=1e-6)  # MEME keeps six decimals
    header, *rows = (tmp_path / "labels.tsv").read_text().splitlines()
    assert header.split("\t") == ["name", *TASKS]
    assert rows[0].split("\t") == [small.names[0], "1", "1", "1"]
    assert (tmp_path / "splits.tsv").read_text().startswith("name\tsplit\ntal_gata_0\ttest\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "labels.tsv", "motifs.meme", "planted.bed", "sequences.fa", "simulation.json", "splits.tsv",
        "test.fa",
    ]  # fmt: skip


def test_reading_what_is_no_simulation(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no simulation file .*simulation.json"):
        read_simulation(tmp_path)


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("simulation.json", "tal_gata", "other", "no description of a simulation"),
        ("simulation.json", '"count"', '"amount"', "no description of a simulation"),
        ("simulation.json", '"length": 200', '"length": 100', "must all have 100 bases"),
        ("simulation.json", "{", "", "no description of a simulation"),
        ("labels.tsv", "tal_gata_3\t", "someone\t", "a row for each sequence"),
        ("labels.tsv", "\t1\t1\t1", "\t1\t1", "must have 4 columns"),
        ("labels.tsv", "\t1\t1\t1", "\t1\t1\t2", "must hold 0 or 1"),
        ("splits.tsv", "\ttest", "\ttest\tmore", "must have 2 columns"),
        ("planted.bed", "tal_gata_0\t", "chr1\t", "not in sequences.fa"),
    ],
)
def test_reading_a_spoilt_folder(
    small: Simulation, tmp_path: Path, name: str, before: str, after: str, message: str
) -> None:
    write_simulation(tmp_path, small)
    text = (tmp_path / name).read_text()
    assert before in text
    (tmp_path / name).write_text(text.replace(before, after, 1))
    with pytest.raises(InputError, match=message):
        read_simulation(tmp_path)


def test_writing_where_a_file_stands_is_refused(small: Simulation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_simulation(tmp_path / "file", small)

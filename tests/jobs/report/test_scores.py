"""The scores that a report reads: sequences without values, NaN in the files, take part in nothing."""

import csv
import gzip
from pathlib import Path

import h5py
import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.hdf5.layout import COLUMNS
from seqattr.jobs.report.findings import Evidence
from seqattr.jobs.report.matches import write_matches
from seqattr.jobs.report.run import gather, report
from seqattr.jobs.report.scores import open_scores
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.report.tables import TABLES, write_tables
from tests.helpers.scored import Made, without_rows, without_values, write_scores

COUNT, FAILED = 24, (0, 5, 6, 13, 23)  # the first sequence is the strongest
SETTINGS = Settings(sequences=5)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """In one of the last sequences, too, a stretch that is no motif carries."""
    made = write_scores(tmp_path_factory.mktemp("values") / "scores", count=COUNT)
    for target in made.targets:
        with h5py.File(made.folder / f"{target}.h5", "r+") as file:
            for name in COLUMNS:
                file[name][COUNT - 4] = file[name][0]
    return made


@pytest.fixture(scope="module")
def both(made: Made) -> tuple[Evidence, Evidence]:
    """What is found in scores with rows that have no values, and in the same scores without those rows."""
    folders = made.folder.parent / "nan", made.folder.parent / "fewer"
    without_values(made, folders[0], FAILED)
    without_rows(made, folders[1], FAILED)
    gathered = tuple(gather([open_scores(folder)], ["bundled"], SETTINGS) for folder in folders)
    for evidence in gathered:
        paths = {name: folder_of(evidence) / name for name in TABLES}
        write_tables(paths, evidence)
        write_matches(paths["matches.tsv.gz"], evidence, SETTINGS.pick, int)
    return gathered


def folder_of(evidence: Evidence) -> Path:
    return evidence.sources[0].scores.folder


def table(evidence: Evidence, name: str) -> list[dict[str, str]]:
    path = folder_of(evidence) / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_what_is_found_is_found_in_the_other_sequences(both):
    for name in ("groups.tsv", "motifs.tsv", "hits.bed"):
        here, there = ((folder_of(one) / name).read_bytes() for one in both)
        assert here == there
    failing, fewer = both
    assert list(failing.sources[0].regions) == list(fewer.sources[0].regions)
    for here, there in zip(failing.findings, fewer.findings, strict=True):
        for field in ("groups", "found_seqlets", "unexplained_seqlets", "nearest", "bases", "verdict"):
            assert repr(getattr(here, field)) == repr(getattr(there, field))
        for one, other in zip(here.excerpts, there.excerpts, strict=True):
            assert one[:2] == other[:2]
            np.testing.assert_array_equal(one.contributions, other.contributions)


@pytest.mark.parametrize("name", ["hits.tsv", "matches.tsv.gz", "seqlets.tsv"])
def test_rows_of_tables_are_those_of_the_files(made, both, name):
    here, there = (table(one, name) for one in both)
    assert [made.names[int(row["row"])] for row in here] == [row["sequence"] for row in here]
    for row in (*here, *there):
        row["row"] = ""
    assert here == there
    assert here


def test_a_line_says_how_many_are_left_out(both):
    failing, fewer = both
    words = f"{len(FAILED)} of {COUNT} sequences have no values, but NaN, and take no part"
    assert failing.notes == [*fewer.notes, words]


def test_a_sequence_without_values_for_one_target_is_left_out_for_all(made, tmp_path):
    folder = without_values(made, tmp_path / "nan", [3])
    with h5py.File(folder / "quiet.h5", "r+") as file:
        file["difference"][7] = np.nan
    scores = open_scores(folder)
    assert np.flatnonzero(~scores.has_values).tolist() == [3, 7]
    for target in scores.targets:
        with scores.open(target) as file:
            assert file.names == [name for row, name in enumerate(made.names) if row not in (3, 7)]


def test_scores_without_any_values_are_one_line(made, tmp_path):
    folder = without_values(made, tmp_path / "nan", range(COUNT))
    with pytest.raises(InputError, match=r"no sequence in .* has values: all are NaN"):
        report(folder, ["bundled"], SETTINGS)
    assert not (folder / "report").exists()


def test_targets_of_other_sequences_are_named(made, tmp_path):
    folder = without_values(made, tmp_path / "scores", [])
    fewer = without_rows(made, tmp_path / "fewer", [2])
    (fewer / "quiet.h5").replace(folder / "quiet.h5")
    message = f"quiet has {COUNT - 1} sequences of 90 bases, but carries has {COUNT} of 90; score again"
    with pytest.raises(InputError, match=message):
        report(folder, ["bundled"], SETTINGS)

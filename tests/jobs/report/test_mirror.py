"""Reverse-complementing every input mirrors the report: same motifs, same importance, other strands."""

import csv
import gzip
import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqattr.io.hdf5.stored import read_contributions
from seqattr.jobs.report.run import report
from seqattr.jobs.report.settings import Settings
from tests.helpers.contributions import rows_of, write_contributions
from tests.helpers.scored import LENGTH, write_scores

SETTINGS = Settings(sequences=2)


def mirror(folder: Path, out: Path) -> Path:
    """The same run on the reverse complements, as a model that knows no strand would have it."""
    out.mkdir()
    for path in folder.glob("*.h5"):
        here = read_contributions(path)
        regions = [replace(region, strand={"+": "-", "-": "+"}[region.strand]) for region in here.regions]
        rows = rows_of(
            here.one_hot[:, ::-1, ::-1],
            here.hypothetical[:, ::-1, ::-1],
            here.contributions[:, ::-1],
            difference=here.difference,
            additivity_error=here.additivity_error,
        )
        write_contributions(out / path.name, rows, regions, here.attributes)
    (out / "run.json").write_bytes((folder / "run.json").read_bytes())
    return out


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The report of a run, and that of its mirror image."""
    folder = tmp_path_factory.mktemp("mirror")
    made = write_scores(folder / "here")
    there = mirror(made.folder, folder / "there")
    return tuple(report(run, ["bundled"], SETTINGS).page.parent for run in (made.folder, there))  # type: ignore


def table(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def turned_around(match: dict[str, str]) -> dict[str, str]:
    """A match's mirror image: place and strand on the genome are the same, those in the row are turned."""
    start, end = LENGTH - int(match["row_end"]), LENGTH - int(match["row_start"])
    strand = {"+": "-", "-": "+"}[match["row_strand"]]
    return {**match, "row_start": str(start), "row_end": str(end), "row_strand": strand}


def key(match: dict[str, str]) -> tuple[str, ...]:
    names = (
        "target",
        "row",
        "motif",
        "chrom",
        "start",
        "end",
        "strand",
        "row_start",
        "row_end",
        "row_strand",
    )
    return tuple(match.get(name, "") for name in names)


def value(text: str) -> float:
    return math.nan if text == "NA" else float(text)


NUMBERS = ("log_odds", "importance", "share", "cosine", "coefficient", "similarity", "p_value", "q_value")


@pytest.mark.parametrize("name", ["hits.tsv", "matches.tsv.gz"])
def test_every_match_has_its_mirror_image(reports, name):
    here, there = (table(folder / name) for folder in reports)
    turned = {key(turned_around(match)): match for match in there}
    assert len(turned) == len(there) == len(here) >= 20
    numbers = [name for name in here[0] if name.startswith(NUMBERS)]
    for match in here:
        image = turned[key(match)]
        for name in numbers:  # sums of the same float32 in another order
            assert float(image[name]) == pytest.approx(float(match[name]), rel=1e-4, abs=1e-5), name


def test_the_genome_s_hits_are_the_same(reports):
    """A bed file knows no rows: where a motif lies on the genome does not hang on how it was read."""
    here, there = ((folder / "hits.bed").read_text().splitlines() for folder in reports)
    places = [Counter(tuple(line.split("\t")[:6]) for line in lines) for lines in (here, there)]
    assert places[0] == places[1]


def test_strands_of_rows_on_the_forward_strand_are_information_only(reports, tmp_path):
    """As `score` writes what it read from the other strand: motifs are on the strand that they are on."""
    here = reports[0].parent
    for path in here.glob("*.h5"):
        found = read_contributions(path)
        numbers = {"difference": found.difference, "additivity_error": found.additivity_error}
        rows = rows_of(found.one_hot, found.hypothetical, found.contributions, **numbers)
        # the second of these rows is a backward one: as score writes it, it lies forward too
        for array in rows[:3]:
            array[1] = array[1, ..., ::-1].copy() if array.ndim == 2 else array[1, ::-1, ::-1].copy()
        regions = [replace(region, strand="-") for region in found.regions]
        write_contributions(tmp_path / path.name, rows, regions, found.attributes, forward=True)
    (tmp_path / "run.json").write_bytes((here / "run.json").read_bytes())
    report(tmp_path, ["bundled"], SETTINGS)
    lines = [
        Counter(tuple(line.split("\t")[:6]) for line in (folder / "hits.bed").read_text().splitlines())
        for folder in (reports[0], tmp_path / "report")
    ]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("name", ["groups.tsv", "motifs.tsv"])
def test_groups_and_motifs_explain_the_same(reports, name):
    here, there = (table(folder / name) for folder in reports)
    assert len(here) == len(there) >= 1
    for one, two in zip(here, there, strict=True):
        words = [column for column in one if column in ("target", "group", "motif", "members")]
        assert [one[word] for word in words] == [two[word] for word in words]
        for column in set(one) - set(words):
            wanted = pytest.approx(value(one[column]), rel=1e-3, abs=1e-6, nan_ok=True)
            assert value(two[column]) == wanted, column


def test_what_no_hit_explains_is_at_the_same_place(reports):
    here, there = (table(folder / "seqlets.tsv") for folder in reports)
    places = [{(row["target"], row["chrom"], row["start"]) for row in rows} for rows in (here, there)]
    assert places[0] == places[1] != set()


def test_the_mirror_is_one(tmp_path):
    made = write_scores(tmp_path / "here", count=4)
    twice = mirror(mirror(made.folder, tmp_path / "once"), tmp_path / "twice")
    for name in made.targets:
        one, two = (read_contributions(folder / f"{name}.h5") for folder in (made.folder, twice))
        np.testing.assert_array_equal(one.one_hot, two.one_hot)
        np.testing.assert_array_equal(one.contributions, two.contributions)
        assert one.regions == two.regions
    assert json.loads((twice / "run.json").read_text())["targets"] == list(made.targets)

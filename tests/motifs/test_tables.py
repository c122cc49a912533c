"""Hits in tables: on the genome where they are, on either strand, in the order that browsers want."""

import csv
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import codes_of, decode, one_hot, reverse_complement
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.bed import read_bed
from seqattr.io.tables import growing_table, write_table
from seqattr.motifs.hits import Explained, Hits
from seqattr.motifs.matches import Matches
from seqattr.motifs.pwm import GATA1, TAL1
from seqattr.motifs.scan import Pick, find_matches
from seqattr.motifs.seqlets import find_seqlets, nearest_motifs
from seqattr.motifs.tables import BedHits, bed_lines, hit_columns, scores_of, seqlet_columns, spans_of

GENOME = {
    chrom: np.random.default_rng(seed).integers(0, 4, 500).astype(np.uint8)
    for seed, chrom in enumerate(("chr2", "chr10"))
}
REGIONS = [
    Region("chr2", 300, 400, "b"),
    Region("chr10", 50, 150, "a", "-"),
    Region("chr2", 40, 140, "", "-"),
    Region("chr10", 120, 220, "c d"),
]
MOTIFS = [TAL1, GATA1]


def sequence_of(region: Region) -> np.ndarray:
    forward = one_hot(GENOME[region.chrom][region.start : region.end])
    return forward if region.strand == "+" else reverse_complement(forward)


SEQUENCES = np.stack([sequence_of(region) for region in REGIONS])
HYPOTHETICAL = np.random.default_rng(5).normal(size=SEQUENCES.shape)
CONTRIBUTIONS = (HYPOTHETICAL * SEQUENCES).sum(axis=1)
FOUND = find_matches(SEQUENCES, MOTIFS)


def hits_of(matches: Matches, seed: int = 0) -> Hits:
    """Hits with numbers out of the air."""
    rng, count = np.random.default_rng(seed), len(matches)
    names = ("importance", "share", "coefficient", "similarity", "amount", "positive", "negative")
    numbers = {name: rng.normal(size=count) for name in (*names, "p_value", "q_value")}
    explained = Explained(1, -1, 0.5, -0.5)
    candidates = np.ones((2, len(matches.motifs)), int)
    return Hits(matches, **numbers, counts=np.ones(count, bool), explained=explained, candidates=candidates)


HITS = hits_of(FOUND)


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def table_of(folder: Path, hits: Hits = HITS, regions=REGIONS) -> list[dict[str, str]]:
    write_table(folder / "h.tsv", hit_columns(hits, Places.of(regions)))
    return read(folder / "h.tsv")


def bed_of(folder: Path, *of_targets: Hits, regions=REGIONS) -> list[list[str]]:
    places = Places.of(regions)
    parts = [BedHits(f"t {n}", hits, places) for n, hits in enumerate(of_targets)]
    with growing_table(folder / "h.bed", ()) as add:
        for columns in bed_lines(parts):
            add(columns)
    return [line.split("\t") for line in (folder / "h.bed").read_text().splitlines()]


def test_the_table_has_a_row_for_each_hit(tmp_path):
    rows = table_of(tmp_path)
    assert len(rows) == len(FOUND)
    assert [row["sequence"] for row in rows] == [
        ["b", "a", "chr2:40-140", "c d"][number] for number in FOUND.sequence
    ]
    assert [row["motif"] for row in rows] == FOUND.names
    for name, column in {"row": FOUND.sequence, "row_start": FOUND.start, "row_end": FOUND.end}.items():
        assert [int(row[name]) for row in rows] == column.tolist()
    for name in ("importance", "share", "coefficient", "similarity", "p_value", "q_value"):
        np.testing.assert_allclose([float(row[name]) for row in rows], getattr(HITS, name), rtol=1e-5)


def test_a_hit_lies_on_the_genome_where_its_bases_are(tmp_path):
    for row in table_of(tmp_path):
        there = GENOME[row["chrom"]][int(row["start"]) : int(row["end"])]
        if row["strand"] == "-":
            there = 3 - there[::-1]
        here = SEQUENCES[int(row["row"]), :, int(row["row_start"]) : int(row["row_end"])]
        if row["row_strand"] == "-":
            here = reverse_complement(here)
        assert decode(there) == decode(codes_of(here))


def test_the_bed_file_is_sorted_and_fit_for_a_browser(tmp_path):
    rows, bed = table_of(tmp_path), bed_of(tmp_path, HITS)
    assert {len(line) for line in bed} == {11}  # with a twelfth, browsers look for exons
    places = [(line[0], int(line[1]), int(line[2])) for line in bed]
    assert places == sorted(places)
    expected = sorted((r["chrom"], r["start"], r["end"], r["motif"], r["strand"]) for r in rows)
    assert sorted((*line[:4], line[5]) for line in bed) == expected
    for line in bed:
        assert line[5] in "+-"
        assert line[6:8] == line[1:3]
        assert line[8] == ("213,94,0" if line[10].startswith("importance=-") else "0,0,0")
        assert line[9] == "t 0"
    assert len(read_bed(tmp_path / "h.bed")) == len(FOUND)


def test_a_hit_of_several_targets_is_named_for_each(tmp_path):
    bed = bed_of(tmp_path, HITS, hits_of(FOUND, 1))
    assert {(line[3].rsplit("@", 1)[1], line[9]) for line in bed} == {("t_0", "t 0"), ("t_1", "t 1")}
    assert len(bed) == 2 * len(FOUND)


def test_lines_are_sorted_as_a_whole_however_many_at_a_time(tmp_path, monkeypatch):
    whole = bed_of(tmp_path, HITS, hits_of(FOUND, 1))
    monkeypatch.setattr("seqattr.motifs.tables._ROWS_AT_ONCE", 3)
    assert bed_of(tmp_path, HITS, hits_of(FOUND, 1)) == whole


def test_scores_are_in_proportion_to_importance_up_to_the_last_percent():
    importance = np.array([*range(-100, 0), *range(1, 102), 1e6])
    scores = scores_of(importance)
    most = np.quantile(abs(importance), 0.99)
    np.testing.assert_array_equal(scores, np.rint(1000 * np.minimum(abs(importance) / most, 1)))
    assert (scores[0], scores[-1], scores[99]) == (1000, 1000, 10)
    assert scores_of(np.zeros(3)).tolist() == [0, 0, 0]
    assert scores_of(np.empty(0)).tolist() == []


def test_what_begins_before_the_chromosome_is_cut_in_the_bed_file(tmp_path):
    found = hits_of(find_matches(SEQUENCES[:1], [GATA1], Pick(top=None, log_odds=-99)))
    regions = [Region("chr1", -20, 80)]
    rows, bed = table_of(tmp_path, found, regions), bed_of(tmp_path, found, regions=regions)
    assert min(int(row["start"]) for row in rows) == -20
    starts = [int(line[1]) for line in bed]
    assert min(starts) == 0
    # Two strands at each of the starts whose match reaches the chromosome: those from -9 on.
    assert len(bed) == 2 * len(range(-9, 71))
    assert all(int(line[2]) > int(line[1]) for line in bed)


def test_no_hits_are_a_header_and_an_empty_file(tmp_path):
    none = HITS.select(HITS.importance > 99)
    assert (table_of(tmp_path, none), bed_of(tmp_path, none)) == ([], [])
    assert (
        (tmp_path / "h.tsv").read_text().startswith("sequence\tchrom\tstart\tend\tstrand\tmotif\tlog_odds\t")
    )


def test_each_row_needs_a_region(tmp_path):
    with pytest.raises(InputError, match="there are 3 regions, but matches in row 3"):
        table_of(tmp_path, regions=REGIONS[:3])
    assert not list(tmp_path.iterdir())


def test_turning_twice_is_turning_not_at_all():
    start, end, strand = np.array([3]), np.array([9]), np.array([-1])
    there = spans_of(Places.of([Region("c", 100, 120, strand="-")]), np.array([0]), start, end, strand)
    assert (there.start.tolist(), there.end.tolist(), there.strand.tolist()) == ([111], [117], [1])
    back = spans_of(
        Places.of([Region("c", 0, 20, strand="-")]),
        np.array([0]),
        there.start - 100,
        there.end - 100,
        there.strand,
    )
    assert (back.start.tolist(), back.end.tolist(), back.strand.tolist()) == ([3], [9], [-1])


@pytest.mark.parametrize("motifs", [MOTIFS, []])
def test_seqlets_lie_on_the_genome_too(tmp_path, motifs):
    seqlets = find_seqlets(CONTRIBUTIONS, width=8, level=1.0)
    nearest = nearest_motifs(seqlets.cut(HYPOTHETICAL), motifs, "correlation")
    write_table(tmp_path / "s.tsv", seqlet_columns(seqlets, nearest, Places.of(REGIONS)))
    rows = read(tmp_path / "s.tsv")
    assert len(rows) == len(seqlets) > 2
    for row in rows:
        region = REGIONS[int(row["row"])]
        inside = int(row["row_start"]) if region.strand == "+" else 100 - int(row["row_end"])
        assert int(row["start"]) == region.start + inside
        assert int(row["end"]) - int(row["start"]) == 8
        assert row["nearest"] in ([pwm.name for pwm in motifs] or ["NA"])
        assert row["p_value"] == "NA"

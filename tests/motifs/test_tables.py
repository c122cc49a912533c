"""Matches in files: on the genome where they are, on either strand, in the order that browsers want."""

import csv
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import codes_of, decode, one_hot, reverse_complement
from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError
from seqattr.io.bed import read_bed
from seqattr.motifs.matches import measure
from seqattr.motifs.pwm import GATA1, TAL1
from seqattr.motifs.scan import Pick, find_matches
from seqattr.motifs.seqlets import find_seqlets, nearest_motifs
from seqattr.motifs.statistics import motif_statistics, null_motifs
from seqattr.motifs.tables import on_genome, write_matches, write_motif_table, write_seqlets

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
MATCHES = measure(measure(FOUND, "up", CONTRIBUTIONS, HYPOTHETICAL), "down", -CONTRIBUTIONS, HYPOTHETICAL)


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def written(folder: Path, matches=MATCHES, regions=REGIONS) -> tuple[list[dict[str, str]], list[list[str]]]:
    write_matches(folder / "m.tsv", folder / "m.bed", matches, regions)
    return read(folder / "m.tsv"), [line.split("\t") for line in (folder / "m.bed").read_text().splitlines()]


def test_the_table_has_a_row_for_each_match(tmp_path):
    rows, _ = written(tmp_path)
    assert len(rows) == len(MATCHES)
    assert [row["sequence"] for row in rows] == [
        ["b", "a", "chr2:40-140", "c d"][number] for number in MATCHES.sequence
    ]
    for name, column in {"row": MATCHES.sequence, "row_start": MATCHES.start, "row_end": MATCHES.end}.items():
        assert [int(row[name]) for row in rows] == column.tolist()
    for target, carried in MATCHES.targets.items():
        for name, values in carried._asdict().items():
            np.testing.assert_allclose([float(row[f"{name}_{target}"]) for row in rows], values, rtol=1e-5)


def test_a_match_lies_on_the_genome_where_its_bases_are(tmp_path):
    rows, _ = written(tmp_path)
    for row in rows:
        there = GENOME[row["chrom"]][int(row["start"]) : int(row["end"])]
        if row["strand"] == "-":
            there = 3 - there[::-1]
        here = SEQUENCES[int(row["row"]), :, int(row["row_start"]) : int(row["row_end"])]
        if row["row_strand"] == "-":
            here = reverse_complement(here)
        assert decode(there) == decode(codes_of(here))


def test_the_bed_file_is_sorted_and_fit_for_a_browser(tmp_path):
    rows, bed = written(tmp_path)
    assert {len(line) for line in bed} == {11}  # with a twelfth, browsers look for exons
    places = [(line[0], int(line[1]), int(line[2])) for line in bed]
    assert places == sorted(places)
    expected = sorted((r["chrom"], r["start"], r["end"], r["motif"], r["strand"]) for r in rows)
    assert sorted((*line[:4], line[5]) for line in bed) == expected
    for line in bed:
        assert line[5] in "+-"
        assert line[6:9] == [line[1], line[2], "0"]
        # The log-odds are written with six digits, and the score is rounded.
        assert abs(int(line[4]) - np.clip(100 * float(line[9]), 0, 1000)) <= 0.51
    assert len(read_bed(tmp_path / "m.bed")) == len(MATCHES)
    assert bed[0][10].startswith("up=")
    assert ";down=" in bed[0][10]


def test_what_begins_before_the_chromosome_is_cut_in_the_bed_file(tmp_path):
    found = find_matches(SEQUENCES[:1], [GATA1], Pick(top=None, log_odds=-99))
    rows, bed = written(tmp_path, found, [Region("chr1", -20, 80)])
    assert min(int(row["start"]) for row in rows) == -20
    starts = [int(line[1]) for line in bed]
    assert min(starts) == 0
    # Two strands at each of the starts whose match reaches the chromosome: those from -9 on.
    assert len(bed) == 2 * len(range(-9, 71))
    assert all(int(line[2]) > int(line[1]) for line in bed)
    assert {line[10] for line in bed} == {"."}


def test_no_matches_are_a_header_and_an_empty_file(tmp_path):
    rows, bed = written(tmp_path, MATCHES.select(MATCHES.log_odds > 99))
    assert (rows, bed) == ([], [])
    assert (
        (tmp_path / "m.tsv").read_text().startswith("sequence\tchrom\tstart\tend\tstrand\tmotif\tlog_odds\t")
    )


def test_each_row_needs_a_region(tmp_path):
    with pytest.raises(InputError, match="there are 3 regions, but matches in row 3"):
        written(tmp_path, regions=REGIONS[:3])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        written(tmp_path / "none")


def test_turning_twice_is_turning_not_at_all():
    start, end, strand = np.array([3]), np.array([9]), np.array([-1])
    there = on_genome([Region("c", 100, 120, strand="-")], np.array([0]), start, end, strand)
    assert (there.start.tolist(), there.end.tolist(), there.strand.tolist()) == ([111], [117], [1])
    back = on_genome(
        [Region("c", 0, 20, strand="-")], np.array([0]), there.start - 100, there.end - 100, there.strand
    )
    assert (back.start.tolist(), back.end.tolist(), back.strand.tolist()) == ([3], [9], [-1])


def test_the_motif_table_has_all_numbers(tmp_path):
    null = find_matches(SEQUENCES, null_motifs(MOTIFS))
    rows = motif_statistics(FOUND, null, "up", CONTRIBUTIONS, strong=30.0)
    write_motif_table(tmp_path / "motifs.tsv", rows)
    first, second = read(tmp_path / "motifs.tsv")
    assert (first["target"], first["motif"], first["width"]) == ("up", "TAL1_known1", "16")
    assert (first["strong"], first["mean_importance"]) == ("0", "NA")
    assert float(second["spearman"]) == pytest.approx(rows[1].observed.spearman, rel=1e-5)
    assert float(second["null_spearman"]) == pytest.approx(rows[1].null.spearman, rel=1e-5)
    assert float(second["q_value"]) == pytest.approx(rows[1].q_value, rel=1e-5)
    assert second["carries"] == str(int(rows[1].carries))


@pytest.mark.parametrize("motifs", [MOTIFS, []])
def test_seqlets_lie_on_the_genome_too(tmp_path, motifs):
    seqlets = find_seqlets(CONTRIBUTIONS, width=8, level=1.0)
    nearest = nearest_motifs(seqlets.cut(HYPOTHETICAL), motifs, "correlation")
    write_seqlets(tmp_path / "s.tsv", {"up": (seqlets, nearest), "down": (seqlets, nearest)}, REGIONS)
    rows = read(tmp_path / "s.tsv")
    assert len(rows) == 2 * len(seqlets) > 4
    for row in rows[: len(seqlets)]:
        region = REGIONS[int(row["row"])]
        inside = int(row["row_start"]) if region.strand == "+" else 100 - int(row["row_end"])
        assert int(row["start"]) == region.start + inside
        assert int(row["end"]) - int(row["start"]) == 8
        assert row["nearest"] in ([pwm.name for pwm in motifs] or ["NA"])
        assert row["p_value"] == "NA"

"""seqattr interactions"""

import gzip
import json
import re

import pytest

from seqattr.analyses.arrangements import INTERACT, LEAST_SHARE, VERDICTS
from seqattr.dna.alphabet import codes_of, decode
from seqattr.io.hdf5.stored import open_contributions
from seqattr.refs.kinds import parse

HEADER = "sequence\tmotif\tlog_odds\trow\trow_start\trow_end\n"


@pytest.fixture
def scored(ran, free, fasta, tmp_path):
    """The words of a call on scores of eight sequences, two matches in each but the last, and its table."""
    ran("score", "--model", free, "--fasta", fasta(8), "--refs", "shuffle:2", "--out", tmp_path / "scores")
    rows = [f"r{n}\tA\t9\t{n}\t3\t9\nr{n}\tB\t8\t{n}\t20\t25\nr{n}\tB\t1\t{n}\t30\t35\n" for n in range(7)]
    table = tmp_path / "matches.tsv"
    table.write_text(HEADER + "".join(rows) + "r7\tA\t9\t7\t3\t9\n")
    return [tmp_path / "scores", "--matches-file", table, "--model", free], table


def lines(path):
    header, *rows = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_pairs_of_motifs_and_each_in_its_sequence(ran, scored, tmp_path):
    words, _ = scored
    said = ran("interactions", *words, "--out", tmp_path / "out")
    assert re.search(
        r"\d of 2 pairs and targets interact, \d add up(, of \d it cannot be told)?; wrote", said
    )
    pairs, instances = (lines(tmp_path / "out" / name) for name in ("interactions.tsv", "instances.tsv"))
    targets = sorted({row["target"] for row in pairs})
    assert len(instances) == 7 * len(targets)
    for row in pairs:
        assert (row["motif_a"], row["motif_b"], row["sequences"], row["gap"]) == ("A", "B", "7", "11")
        of = [float(one["interaction"]) for one in instances if one["target"] == row["target"]]
        counts = abs(float(row["share"])) >= LEAST_SHARE and float(row["q_value"]) < 0.05
        assert row["verdict"] in VERDICTS
        assert counts or row["verdict"] != INTERACT
        assert (f"{row['target']}: A with B " in said) == (row["verdict"] == INTERACT)
        assert float(row["mean"]) == pytest.approx(sum(of) / 7, rel=1e-4, abs=1e-6)
    shares = "as a share of what lies between a sequence and its references:\n" in said
    assert shares == any(row["verdict"] == INTERACT for row in pairs)
    assert len(list((tmp_path / "out" / "figures").glob("*.svg"))) == len(targets)
    before = (tmp_path / "out" / "instances.tsv").read_bytes()
    ran("interactions", *words, "--out", tmp_path / "out")
    assert (tmp_path / "out" / "instances.tsv").read_bytes() == before


def test_sequences_that_were_scored_in_pairs_have_the_references_of_the_first(ran, scored, fasta, tmp_path):
    (folder, *words), _ = scored
    run = json.loads((folder / "run.json").read_text())
    run["settings"]["pairs"] = True
    (folder / "run.json").write_text(json.dumps(run))
    ran("interactions", folder, *words, "--out", tmp_path / "pairs")
    with open_contributions(next(folder.glob("*.h5"))) as file:
        first = file.one_hot[:1]
    drawn = parse("shuffle:2").draw_codes(codes_of(first), 0)[0]
    shared = fasta({f"x{number}": decode(codes) for number, codes in enumerate(drawn)}, "set.fa")
    ran("interactions", folder, *words, "--refs", f"fasta:{shared}", "--out", tmp_path / "set")
    here, there = (lines(tmp_path / name / "instances.tsv") for name in ("pairs", "set"))
    same = {one["sequence"] for one, other in zip(here, there, strict=True) if one == other}
    assert same == {"r0", "r1"}


def test_weaker_matches_take_part_where_they_may(ran, scored, tmp_path):
    words, _ = scored
    ran("interactions", *words, "--strong", 0, "--out", tmp_path / "out")
    assert {row["motif_a"] + row["motif_b"] for row in lines(tmp_path / "out/interactions.tsv")} == {
        "AB",
        "BB",
    }


def test_without_pairs_the_tables_are_empty(ran, scored, tmp_path):
    words, _ = scored
    said = ran("interactions", *words, "--strong", 50, "--out", tmp_path / "out")
    assert "0 of 0 pairs" in said
    assert len((tmp_path / "out" / "interactions.tsv").read_text().splitlines()) == 1


def test_hits_of_a_report_take_part_by_their_groups_and_once(ran, scored, tmp_path):
    """However weak as matches, and for how many targets they carry importance."""
    words, _ = scored
    report = words[0] / "report"
    report.mkdir()
    header = "target\tsequence\tmotif\tgroup\tlog_odds\trow\trow_start\trow_end\n"
    rows = [
        f"{target}\tr{n}\tA{n}\tA\t2\t{n}\t3\t9\n{target}\tr{n}\tB\tB\t1\t{n}\t20\t25\n"
        for target in ("x", "y")
        for n in range(7)
    ]
    (report / "hits.tsv").write_text(header + "".join(rows))
    ran("interactions", words[0], *words[3:], "--out", tmp_path / "hits")
    ran("interactions", *words, "--out", tmp_path / "matches")
    here, there = (lines(tmp_path / name / "interactions.tsv") for name in ("hits", "matches"))
    assert here == there
    assert {row["motif_a"] + row["motif_b"] for row in here} == {"AB"}


def test_hits_that_are_not_sure_take_no_part(ran, scored):
    """Those that another program called have no q-value, and are taken as they are."""
    words, _ = scored
    report = words[0] / "report"
    report.mkdir()
    header = "target\tsequence\tmotif\tgroup\tlog_odds\trow\trow_start\trow_end\tq_value\n"
    kinds = (("A", 3, 9, "0.049"), ("B", 20, 25, ""), ("C", 30, 35, "0.05"), ("D", 12, 17, "0.6"))
    rows = [
        f"x\tr{n}\t{name}\t{name}\t2\t{n}\t{start}\t{end}\t{q}\n"
        for n in range(7)
        for name, start, end, q in kinds
    ]
    (report / "hits.tsv").write_text(header + "".join(rows))
    ran("interactions", words[0], *words[3:], "--out", report / "pairs")
    assert {row["motif_a"] + row["motif_b"] for row in lines(report / "pairs/interactions.tsv")} == {"AB"}


def test_matches_are_read_from_gzip(ran, scored, tmp_path):
    words, table = scored
    packed = tmp_path / "matches.tsv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    ran("interactions", *words[:2], packed, *words[3:], "--out", tmp_path / "packed")
    ran("interactions", *words, "--out", tmp_path / "plain")
    one, two = ((tmp_path / name / "interactions.tsv").read_text() for name in ("packed", "plain"))
    assert one == two


def test_what_is_wrong_is_one_line(ran, refused, scored, fixed, tmp_path):
    words, table = scored
    out = ["--out", tmp_path / "new"]
    line = refused("interactions", words[0], *words[3:], *out)
    assert "make a report of the scores first, or name a table of --matches-file" in line
    assert "at least 2 matches" in refused("interactions", *words, *out, "--most", 1)
    assert "not those of this model" in refused("interactions", *words[:3], "--model", fixed, *out)
    assert "unknown reference 'no'" in refused("interactions", *words, "--refs", "no", *out)
    for text, said in (
        ("a\tb\n", "no table of matches"),
        ("scores\t" + HEADER, "is of several folders of scores"),
        (HEADER + "r0\tA\tx\t0\t1\t2\n", "line 2 of"),
        (HEADER + "r0\tA\t9\t8\t1\t5\n", "beyond the 8 sequences of 40 bases"),
    ):
        table.write_text(text)
        assert said in refused("interactions", *words, *out)
    assert not (tmp_path / "new").exists() or not list((tmp_path / "new").rglob("*.tsv"))

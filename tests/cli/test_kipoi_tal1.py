"""A real model of Keras 2.1.5, from its two files to the report that names its motif."""

import csv
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data" / "kipoi_tal1"


@pytest.mark.slow
def test_the_report_finds_the_motif_of_tal1(run, tmp_path):
    """Trained on TAL1's binding: its motif carries what GATA1's, with which it binds, does not."""
    model, scores = tmp_path / "tal1.pt", tmp_path / "scores"
    commands = [
        ("convert", DATA / "weights.hdf5", "--arch", DATA / "arch.json", "--trust-model", "--out", model),
        ("score", "--model", model, "--fasta", DATA / "example.fa", "--out", scores),
        ("report", scores, "--motifs", "bundled", "--sequences", 1),
    ]
    for command in commands:
        done = run(*command)
        assert done.code == 0, done.err
    rows = table(scores / "report" / "motifs.tsv")
    tal1, gata = (next(row for row in rows if row["motif"].startswith(name)) for name in ("TAL1", "GATA"))
    assert float(tal1["spearman"]) > 0.4  # a likelier match carries more
    assert float(tal1["mean_importance"]) > 10 * abs(float(gata["mean_importance"]))
    assert float(tal1["p_value"]) < 0.1 < float(gata["p_value"])  # of 20 sequences alone
    seqlets = table(scores / "report" / "seqlets.tsv")
    strongest = sorted(seqlets, key=lambda row: -float(row["importance"]))[:8]
    assert {row["nearest"] for row in strongest} == {"TAL1_known1"}
    assert min(float(row["correlation"]) for row in strongest) > 0.75


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))

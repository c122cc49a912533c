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
    groups = {row["group"]: row for row in table(scores / "report" / "groups.tsv")}
    tal1, gata = (groups[name] for name in ("TAL1_known1", "GATA_disc1"))
    assert [tal1["carries_activation_1"], gata["carries_activation_1"]] == ["1", "0"]
    assert float(tal1["share_activation_1"]) > 0.3  # of all contributions
    assert float(tal1["q_value_activation_1"]) < 0.01  # of 20 sequences alone
    hits = table(scores / "report" / "hits.tsv")
    assert sum(row["motif"] == "TAL1_known1" for row in hits) >= 0.9 * len(hits) > 10


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))

"""The reverse complement of genome and variants, with the other anchor: the same effects and hits, turned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import reverse_complement_text
from seqattr.io.fasta.records import read_fasta
from seqattr.io.hdf5.stored import open_contributions
from seqattr.jobs.report.boxes import Judged, judged_hits
from tests.cli.test_variants import GENOME, table
from tests.conftest import LENGTH

# Starts from 0, bases that go, bases that come.
CHANGES = [(50, 1, "C"), (80, 0, "GTTAC"), (110, 3, ""), (140, 2, "CA"), (170, 1, "GACG"), (199, 4, "T")]
WIDTH, TARGETS = 7, "ab"  # of motifs; of the model


def words_over_alleles() -> set[str]:
    """All words of both alleles that the variant has a part in."""
    words = set()
    for at, gone, come in CHANGES:
        for allele in (GENOME[at : at + gone], come):
            text = GENOME[at - WIDTH + 1 : at] + allele + GENOME[at + gone : at + gone + WIDTH - 1]
            words |= {text[first : first + WIDTH] for first in range(len(text) - WIDTH + 1)}
    return words


def meme(words: set[str]) -> str:
    """A motif of each word."""
    lines = ["MEME version 4\n\nALPHABET= ACGT\n"]
    for word in sorted(words):
        lines.append(f"MOTIF {word}\nletter-probability matrix: alength= 4 w= {WIDTH}")
        lines += [" ".join("0.91" if base == letter else "0.03" for base in "ACGT") for letter in word]
    return "\n".join(lines) + "\n"


def all_believed(*asked) -> Judged:
    """The hits as if all were sure, of which there are too few in these windows to judge them."""
    judged = judged_hits(*asked)
    sure = {name: replace(hits, q_value=np.zeros(len(hits))) for name, hits in judged.of_target.items()}
    carrying = {name: set(judged.group_of.values()) for name in sure}
    return judged._replace(of_target=sure, carrying=carrying)


@pytest.fixture
def call(ran, fixed, tmp_path: Path, monkeypatch):
    """Run with the variants of a strand of the genome, held on a side; the folder."""
    monkeypatch.setattr("seqattr.jobs.variants.contributions.MOST_DRAWN", 1)
    monkeypatch.setattr("seqattr.jobs.variants.contributions.judged_hits", all_believed)
    (tmp_path / "m.meme").write_text(meme(words_over_alleles()))

    def run(name: str, turned: bool, anchor: str) -> Path:
        rows = [(at, at + width, GENOME[at : at + width], alt) for at, width, alt in CHANGES]
        if turned:
            size, flip = len(GENOME), reverse_complement_text
            rows = [(size - end, size - start, flip(ref), flip(alt)) for start, end, ref, alt in rows]
        lines = [
            f"chr1\t{start}\t{end}\t{ref or '-'}\t{alt or '-'}\tv{number}\n"
            for number, (start, end, ref, alt) in enumerate(rows)
        ]
        genome = reverse_complement_text(GENOME) if turned else GENOME
        (tmp_path / f"{name}.fa").write_text(f">chr1\n{genome}\n")
        (tmp_path / f"{name}.bed").write_text("".join(lines))
        words = "--bed", tmp_path / f"{name}.bed", "--genome", tmp_path / f"{name}.fa", "--anchor", anchor
        more = "--both-strands", "--contributions", len(CHANGES), "--refs", "zeros"
        out = (
            "--motifs",
            tmp_path / "m.meme",
            "--out",
            tmp_path / name,
            *(f"--target={one}" for one in TARGETS),
        )
        ran("variants", "--model", fixed, *words, *more, *out)
        return tmp_path / name

    return run


@pytest.mark.parametrize(("anchor", "other"), [("left", "right"), ("right", "left")])
def test_the_other_strand_with_the_other_anchor_is_the_mirror_image(call, anchor, other):
    here, there = call("here", False, anchor), call("there", True, other)
    rows, mirrored = (table(folder / "variants.tsv") for folder in (here, there))
    for one, two in zip(rows, mirrored, strict=True):
        numbers = [[float(row[name]) for name in list(row)[8:]] for row in (one, two)]
        np.testing.assert_allclose(*numbers, rtol=1e-5, atol=1e-6)
    windows = [
        {record.name: record.text for record in read_fasta(folder / "alleles.fa")} for folder in (here, there)
    ]
    assert {name: reverse_complement_text(text) for name, text in windows[0].items()} == windows[1]
    for target in TARGETS:
        first, second = (contributions(folder / f"contributions/{target}.h5") for folder in (here, there))
        for name, values in first.items():
            np.testing.assert_allclose(values[::-1], second[name], rtol=1e-5, atol=1e-6)
    for row in table(here / "gained_lost.tsv"):
        text = windows[0][f"{row['name']}/{'ref' if row['change'] == 'lost' else 'alt'}"]
        word = text[int(row["window_start"]) : int(row["window_end"])]
        word = word if row["strand"] == "+" else reverse_complement_text(word)
        assert sum(one != two for one, two in zip(word, row["motif"], strict=True)) <= 1
    found = [sorted(map(hit, table(folder / "gained_lost.tsv"))) for folder in (here, there)]
    assert sorted(map(turned, found[0])) == found[1]
    assert found[0]


def contributions(path: Path) -> dict[str, np.ndarray]:
    """Of each allele by name."""
    with open_contributions(path) as file:
        return dict(zip(file.names, np.asarray(file.contributions(slice(None), slice(None))), strict=True))


def hit(row: dict[str, str]) -> tuple[str, str, str, int, int, str]:
    """Which hit comes or goes with which variant."""
    start, end = int(row["window_start"]), int(row["window_end"])
    return row["name"], row["target"], row["change"], start, end, row["strand"]


def turned(one: tuple[str, str, str, int, int, str]) -> tuple[str, str, str, int, int, str]:
    """The same on the other strand."""
    *what, start, end, strand = one
    return *what, LENGTH - end, LENGTH - start, "-" if strand == "+" else "+"

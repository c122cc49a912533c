"""seqattr variants: the table is that of a plain loop over both alleles; nothing is dropped in silence."""

import csv
import gzip
import json
import os
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.dna.alphabet import one_hot, reverse_complement_text
from seqattr.io.fasta.records import read_fasta
from seqattr.jobs.variants.run import Job
from tests.conftest import LENGTH

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n"
RANDOM = random.Random(3)
GENOME = "".join(RANDOM.choices("ACGT", k=300))
# Starts from 0, bases that go, bases that come.
CHANGES = [(50, 1, "N"), (80, 1, "GTT"), (110, 3, "A"), (140, 2, "CA"), (170, 1, "N"), (199, 4, "TTTAAAC")]


def variants_in(genome: str) -> list[tuple[int, str, str]]:
    """Start, reference and alternative allele; N stands for another base."""
    rows = []
    for start, width, alt in CHANGES:
        ref = genome[start : start + width]
        rows.append((start, ref, "ACGT"[("ACGT".index(ref) + 1) % 4] if alt == "N" else alt))
    return rows


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture
def files(tmp_path: Path):
    """Write a genome and a VCF of variants."""

    def write(genome: str = GENOME, rows=None, name: str = "v") -> tuple[str, ...]:
        rows = variants_in(genome) if rows is None else rows
        (tmp_path / f"{name}.fa").write_text(f">chr1\n{genome}\n")
        lines = [f"chr1\t{start + 1}\tv{i}\t{ref}\t{alt}\n" for i, (start, ref, alt) in enumerate(rows)]
        (tmp_path / f"{name}.vcf").write_text(HEAD + "".join(lines))
        return "--vcf", f"{tmp_path}/{name}.vcf", "--genome", f"{tmp_path}/{name}.fa"

    return write


def alleles_of(name: str) -> str:
    """In a figure's name."""
    return "_".join(variants_in(GENOME)[int(name[1:])][1:])


def output(model: seqattr.Model, text: str) -> Tensor:
    """The logits for one window."""
    return model.predict(torch.from_numpy(one_hot(text))[None])[0]


def loop(model: seqattr.Model, genome: str) -> list[tuple[Tensor, Tensor]]:
    """Both alleles' outputs, variant by variant: the left flank, the allele, and what follows."""
    found = []
    for start, ref, alt in variants_in(genome):
        first = start - LENGTH // 2
        changed = genome[first:start] + alt + genome[start + len(ref) :]
        found.append((output(model, genome[first : first + LENGTH]), output(model, changed[:LENGTH])))
    return found


def test_a_plain_loop_over_both_alleles_says_the_same(ran, fixed, files, tmp_path):
    said = ran("variants", "--model", fixed, *files(), "--out", tmp_path / "o", "--device", "cpu")
    assert said.splitlines()[0] == "compared 6 of 6 variants for a (logit), b (logit), c (logit)"
    rows, wanted = table(tmp_path / "o/variants.tsv"), loop(seqattr.load_model(fixed), GENOME)
    assert len(rows) == 6 * 3
    for number, row in enumerate(rows):
        start, ref, alt = variants_in(GENOME)[number // 3]
        place = [row[name] for name in ("chrom", "start", "end", "ref", "alt", "name", "target", "unit")]
        names = [f"v{number // 3}", "abc"[number % 3], "logit"]
        assert place == ["chr1", str(start), str(start + len(ref)), ref, alt, *names]
        before, after = (float(one[number % 3]) for one in wanted[number // 3])
        share = [1 / (1 + np.exp(-value)) for value in (before, after)]
        numbers = before, after, after - before, *share, np.log2(share[1] / share[0])
        found = [float(row[name]) for name in list(row)[8:]]
        np.testing.assert_allclose(found, numbers, rtol=1e-5, atol=1e-6)
    columns = "line chrom start end ref alt name kind reason"
    assert (tmp_path / "o/dropped.tsv").read_text() == columns.replace(" ", "\t") + "\n"
    for target, line in zip("abc", said.splitlines()[1:4], strict=True):
        mine = [row for row in rows if row["target"] == target]
        row = max(mine, key=lambda row: abs(float(row["difference"])))
        place = f"(chr1:{int(row['start']) + 1} {row['ref']} > {row['alt']})"
        wanted = f"{target}: largest effect {float(row['difference']):+.3g} logit, {row['name']} {place}"
        assert line == wanted
    facts = json.loads((tmp_path / "o/run.json").read_text())
    assert (facts["variants"], facts["dropped"], facts["length"]) == (6, {}, LENGTH)


def test_the_other_strand_says_the_same_with_the_other_anchor(ran, fixed, files, tmp_path):
    """Genome, variants and model turned round: what was held on the left is held on the right."""

    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.dense = nn.Conv1d(4, 6, 7), nn.Linear(6 * (LENGTH - 6), 3)

        def forward(self, x: Tensor) -> Tensor:
            x = x.flip(1, 2) if self.turn else x
            return self.dense(torch.relu(self.conv(x)).flatten(1))

    torch.manual_seed(1)
    net = Turned().eval()
    for net.turn in (False, True):
        model = seqattr.Model(net, torch.zeros(2, 4, LENGTH))
        seqattr.save_model(tmp_path / f"{net.turn}.pt", model)
    turned = reverse_complement_text(GENOME)
    mirrored = [
        (len(GENOME) - start - len(ref), reverse_complement_text(ref), reverse_complement_text(alt))
        for start, ref, alt in variants_in(GENOME)
    ]
    calls = [("False.pt", files(), "left"), ("True.pt", files(turned, mirrored, "m"), "right")]
    found = []
    for model, options, anchor in calls:
        words = (
            "variants",
            "--model",
            tmp_path / model,
            *options,
            "--anchor",
            anchor,
            "--out",
            tmp_path / anchor,
        )
        ran(*words)
        found.append([float(row["difference"]) for row in table(tmp_path / anchor / "variants.tsv")])
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_folds_and_both_strands_are_averaged(ran, fixed, free, files, tmp_path):
    ran("variants", "--model", fixed, *files(), "--out", tmp_path / "o", "--both-strands", "--target", "b")
    model = seqattr.load_model(fixed)
    for row, (start, ref, alt) in zip(table(tmp_path / "o/variants.tsv"), variants_in(GENOME), strict=True):
        first = start - LENGTH // 2
        changed = GENOME[first:start] + alt + GENOME[start + len(ref) :]
        windows = GENOME[first : first + LENGTH], changed[:LENGTH]
        both = [[output(model, text)[1], output(model, reverse_complement_text(text))[1]] for text in windows]
        before, after = (float(sum(pair)) / 2 for pair in both)
        found = [float(row[name]) for name in ("reference", "alternative", "difference")]
        np.testing.assert_allclose(found, [before, after, after - before], rtol=1e-5, atol=1e-6)
    twice = "--model", fixed, "--model", fixed
    ran("variants", *twice, *files(), "--out", tmp_path / "p", "--target", "b", "--both-strands")
    numbers = [
        [float(row["difference"]) for row in table(tmp_path / name / "variants.tsv")] for name in ("o", "p")
    ]
    np.testing.assert_allclose(*numbers, rtol=1e-5, atol=1e-7)


def test_what_does_not_fit_is_listed_with_reasons_and_counted(ran, fixed, tmp_path):
    genome = GENOME[:150] + "N" * 30 + GENOME[150:]
    (tmp_path / "g.fa").write_text(f">chr1\n{genome}\n>2\n{GENOME}\n")
    other = "ACGT"[("ACGT".index(genome[60]) + 1) % 4]
    third = "ACGT"[("ACGT".index(genome[60]) + 2) % 4]
    lines = [
        f"chr1\t61\tgood\t{genome[60]}\t{other},<DEL>,*",
        f"chr1\t61\tswapped\t{other}\t{genome[60]}",
        f"chr1\t61\twrong\t{other}\t{third}",
        "chr1\t331\tfar\tA\tC",
        f"chr1\t5\tedge\t{genome[4]}\t{genome[4]}A",
        "chrX\t5\tx\tA\tC",
        f"chr1\t141\tgap\t{genome[140]}\t{genome[140]}T",
        f"chr2\t101\trenamed\t{GENOME[100]}\t{GENOME[100]}T",
        f"chr1\t61\tlong\t{genome[60]}\t{'ACGT' * 6}",
    ]
    with gzip.open(tmp_path / "v.vcf.gz", "wt") as file:
        file.write(HEAD + "\n".join(lines) + "\n")
    words = "--vcf", tmp_path / "v.vcf.gz", "--genome", tmp_path / "g.fa", "--max-n", "0.1"
    said = ran("variants", "--model", fixed, *words, "--out", tmp_path / "o")
    assert [row["name"] for row in table(tmp_path / "o/variants.tsv")][::3] == ["good", "renamed"]
    assert [(row["name"], row["kind"], row["reason"]) for row in table(tmp_path / "o/dropped.tsv")] == [
        ("good", "symbolic allele", "has the symbolic allele <DEL>, whose bases are not in the file"),
        ("good", "allele *", "has the allele *, which an overlapping deletion takes away"),
        (
            "swapped",
            "reference mismatch",
            f"the genome has {genome[60]} where the reference allele is {other}; it has the alternative "
            "allele: are the two swapped?",
        ),
        ("wrong", "reference mismatch", f"the genome has {genome[60]} where the reference allele is {other}"),
        ("far", "beyond the end", "it lies beyond the end of chr1, which has 330 bases"),
        ("edge", "window leaves the chromosome", "its window chr1:-16-24 leaves chr1, which has 330 bases"),
        ("x", "unknown chromosome", "the genome has no 'chrX' (it begins with chr1, 2)"),
        ("gap", "too much N", "25% of its window is N"),
        ("long", "allele too long", "an allele has 24 bases; a window of 40 has 20 for one"),
    ]
    assert "the genome has other names for chromosomes of the variants: chr2 is 2" in said
    assert (
        "9 of 11 variants were left out (reference mismatch: 2, symbolic allele: 1, allele *: 1, beyond"
        in said
    )
    assert f"{tmp_path}/o/dropped.tsv lists them" in said


def test_windows_at_the_edge_are_filled_up_if_wanted(ran, fixed, tmp_path, files):
    rows = [(3, GENOME[3], GENOME[3] + "A"), (298, GENOME[298:300], "A")]
    ran("variants", "--model", fixed, *files(rows=rows), "--pad", "--out", tmp_path / "o", "--target", "a")
    model, padded = seqattr.load_model(fixed), "N" * 17 + GENOME + "N" * 30
    for row, (start, ref, alt) in zip(table(tmp_path / "o/variants.tsv"), rows, strict=True):
        first = start - 20 + 17
        changed = padded[first : first + 20] + alt + padded[first + 20 + len(ref) :]
        for name, window in (("reference", padded[first : first + 40]), ("alternative", changed[:40])):
            np.testing.assert_allclose(float(row[name]), output(model, window)[0], rtol=1e-5, atol=1e-6)


def test_a_table_of_variants_and_a_packed_genome_say_the_same(ran, fixed, files, tmp_path):
    ran("variants", "--model", fixed, *files(), "--out", tmp_path / "o")
    rows = [
        ("chr1", start, start + len(ref), ref, alt, f"v{i}")
        for i, (start, ref, alt) in enumerate(variants_in(GENOME))
    ]
    (tmp_path / "v.bed").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    with gzip.open(tmp_path / "g.fa.gz", "wt") as file:
        file.write(f">chr1\n{GENOME}\n")
    words = "--bed", tmp_path / "v.bed", "--genome", tmp_path / "g.fa.gz", "--batch-size", "1"
    ran("variants", "--model", fixed, *words, "--out", tmp_path / "p")
    first, second = (table(tmp_path / name / "variants.tsv") for name in "op")
    assert [list(row.values())[:8] for row in first] == [list(row.values())[:8] for row in second]
    numbers = [[[float(x) for x in list(row.values())[8:]] for row in rows] for rows in (first, second)]
    np.testing.assert_allclose(*numbers, rtol=1e-4, atol=1e-6)


def test_p_values_are_by_the_same_changes_in_shuffled_windows(ran, fixed, files, tmp_path):
    words = *files(), "--null", "50", "--target", "a", "--target", "c"
    ran("variants", "--model", fixed, *words, "--out", tmp_path / "o")
    ran("variants", "--model", fixed, *words, "--out", tmp_path / "p", "--batch-size", "1")
    rows = table(tmp_path / "o/variants.tsv")
    for target in "ac":
        mine = [row for row in rows if row["target"] == target]
        p_values = np.array([float(row["p_value"]) for row in mine])
        sizes = np.array([abs(float(row["difference"])) for row in mine])
        assert ((p_values >= 1 / 51) & (p_values <= 1)).all()
        assert (np.diff(p_values[sizes.argsort()]) <= 0).all()
        np.testing.assert_allclose(p_values * 51, np.round(p_values * 51), atol=1e-3)
        order = p_values.argsort()
        raw = p_values[order] * len(mine) / np.arange(1, len(mine) + 1)
        q_values = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1)
        np.testing.assert_allclose(
            np.array([float(row["q_value"]) for row in mine])[order], q_values, rtol=1e-4
        )
    again = table(tmp_path / "p/variants.tsv")
    assert [row["p_value"] for row in again] == [row["p_value"] for row in rows]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr1\t61\t.\tA\tC\t\nchr1\t62", "none of the 2 variants can be used: line 3 of"),
        ("", "holds no variants; CHROM, POS, ID, REF and ALT were expected"),
    ],
)
def test_nothing_is_written_where_no_variant_fits(refused, fixed, tmp_path, line, message):
    (tmp_path / "g.fa").write_text(">chr1\n" + "G" * 200 + "\n")
    (tmp_path / "v.vcf").write_text(HEAD + line + "\n")
    words = "--vcf", tmp_path / "v.vcf", "--genome", tmp_path / "g.fa", "--out", tmp_path / "o"
    assert message in refused("variants", "--model", fixed, *words)
    assert not (tmp_path / "o").exists() or not list((tmp_path / "o").iterdir())


def test_an_interrupted_run_leaves_nothing(run, fixed, files, tmp_path, monkeypatch):
    """Amid the table, of which rows are written."""
    keep, seen = Job._keep, []

    def stop(job: Job, *found: object) -> None:
        keep(job, *found)
        seen.extend(path.name for path in (tmp_path / "out").iterdir())
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Job, "_keep", stop)
    done = run("variants", "--model", fixed, *files(), "--out", tmp_path / "out")
    assert seen
    assert done.code == 130
    assert "interrupted; no file was left half-written" in done.err
    assert not (tmp_path / "out").exists()


def test_a_strict_run_stops_at_what_does_not_fit(refused, fixed, files, tmp_path):
    words = *files(rows=[*variants_in(GENOME), (299, GENOME[299], "AC")]), "--strict", "--out", tmp_path / "o"
    line = refused("variants", "--model", fixed, *words)
    assert "a variant cannot be used: line 9 of" in line
    assert "leaves chr1" in line


def test_both_alleles_of_the_largest_effects_are_explained_and_drawn(ran, fixed, files, tmp_path):
    motif = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 3\n"
    (tmp_path / "m.meme").write_text(motif + " 1 0 0 0\n 0 0 0 1\n 1 0 0 0\n")
    words = *files(), "--contributions", "3", "--refs", "zeros", "--motifs", tmp_path / "m.meme"
    said = ran("variants", "--model", fixed, *words, "--out", tmp_path / "o")
    assert "explained both alleles: alleles.fa, contributions, gained_lost.tsv, figures/variant_" in said
    effects: dict[str, float] = {}
    for row in table(tmp_path / "o/variants.tsv"):
        effects[row["name"]] = max(effects.get(row["name"], 0), abs(float(row["difference"])))
    largest = sorted(effects, key=effects.__getitem__, reverse=True)[:3]
    records = [(record.name, record.text) for record in read_fasta(tmp_path / "o/alleles.fa")]
    assert [name for name, _ in records] == [
        f"{name}/{allele}" for name in largest for allele in ("ref", "alt")
    ]
    start, ref, alt = variants_in(GENOME)[int(largest[0][1:])]
    first = start - LENGTH // 2
    changed = GENOME[first:start] + alt + GENOME[start + len(ref) :]
    assert [text for _, text in records[:2]] == [GENOME[first : first + LENGTH], changed[:LENGTH]]
    assert (tmp_path / "o/contributions/a.h5").exists()
    assert sorted(path.name for path in (tmp_path / "o/figures").glob("*.png")) == [
        "effects.png",
        *sorted(f"variant_{name}_{alleles_of(name)}.png" for name in largest),
    ]

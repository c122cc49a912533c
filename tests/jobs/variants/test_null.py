"""Chance is asked with variants from all over a file, whichever way it is read."""

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.variants import Variant
from seqattr.io.ownership import Output
from seqattr.jobs.sources import ModelFile
from seqattr.jobs.variants import run as job
from seqattr.jobs.variants.null import Null, Sample, shuffled_pairs
from seqattr.jobs.variants.settings import Settings, VariantFile
from seqattr.jobs.variants.windows import Cut

VARIANTS, NULL = 5_000, 200


def cuts(count: int) -> list[Cut]:
    """Of nothing but their places."""
    return [Cut(Variant("c", place, "A", "C"), "", 0) for place in range(count)]


def sampled(size: int, seed: int, at_once: int, count: int = 100) -> list[tuple[int, float]]:
    """The places of what is drawn of so many variants, with their effects."""
    sample, every, effects = Sample(size, seed), cuts(count), np.arange(2.0 * count).reshape(2, count)
    for first in range(0, count, at_once):
        some = slice(first, first + at_once)
        sample.add(every[some], effects[:, some])
    return [(one.cut.variant.start, float(one.effects[1])) for one in sample.drawn()]


def test_each_variant_is_as_likely_as_any_other_and_so_are_the_first_that_are_drawn():
    """Of 1,000 samples of 20 of 100 a variant is in 200 +- 13, and first of them in 10 +- 3.2; five sigma."""
    drawn = [sampled(20, seed, 100) for seed in range(1_000)]
    within, first = Counter(place for one in drawn for place, _ in one), Counter(one[0][0] for one in drawn)
    assert all(137 < within[place] < 263 for place in range(100))
    assert all(first[place] < 26 for place in range(100))
    assert sum(first[place] for place in range(20)) < 263


def test_a_sample_keeps_the_effects_and_does_not_hang_on_how_the_file_is_read():
    whole = sampled(20, 3, 100)
    assert len({place for place, _ in whole}) == 20
    assert all(effect == 100 + place for place, effect in whole)
    assert sampled(20, 3, 7) == whole
    assert sampled(10, 3, 7) == whole[:10]
    assert len(sampled(200, 3, 7)) == 100
    assert sampled(0, 3, 7) == []


def test_each_variant_has_as_many_shuffles_as_others_or_one_more(tmp_path):
    bases = "ACGTTGCATGACCGTA" * 4
    some = [Cut(Variant("c", 100, bases[24], alt), bases[:48], 24) for alt in ("C", "G", "")]
    file = VariantFile(tmp_path / "g.fa", vcf=tmp_path / "v.vcf")
    pairs = list(shuffled_pairs(some, 5, 40, file, 1))
    assert len(pairs) == 5
    assert [int((one != two).sum()) for one, two in pairs[:4]] == [1] * 4
    first = [one.tobytes() for one, _ in pairs]  # of the same surroundings the same are drawn
    assert first[0] == first[2] == first[4] != first[1] == first[3]
    fewer = list(shuffled_pairs(some[2:], 1, 40, file, 1))
    np.testing.assert_array_equal(fewer[0], pairs[4])


@pytest.fixture
def file(tmp_path: Path) -> VariantFile:
    """A substitution of every base of a stretch."""
    genome = "".join(random.Random(1).choices("ACGT", k=VARIANTS + 200))
    (tmp_path / "g.fa").write_text(f">chr1\n{genome}\n")
    other = dict(zip("ACGT", "CGTA", strict=True))
    places = range(100, 100 + VARIANTS)
    lines = [f"chr1\t{place + 1}\t.\t{genome[place]}\t{other[genome[place]]}\n" for place in places]
    (tmp_path / "v.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    return VariantFile(tmp_path / "g.fa", vcf=tmp_path / "v.vcf")


def test_chance_is_of_variants_all_over_the_file(models, file, tmp_path, monkeypatch):
    taken: list[list[int]] = []

    def watched(some: list[Cut], number: int, *rest):
        taken.append([cut.variant.start for cut in some[:number]])
        return shuffled(some, number, *rest)

    shuffled = job.shuffled_pairs
    monkeypatch.setattr(job, "shuffled_pairs", watched)
    tables = []
    for name, block, rows in (("a", 1024, 256), ("b", 700, 37)):
        monkeypatch.setattr("seqattr.jobs.variants.windows.BLOCK", block)
        monkeypatch.setattr(job, "_ROWS_AT_ONCE", rows)
        settings = Settings(targets=["a"], null=NULL)
        job.run([ModelFile(models / "fixed.pt")], file, Output(tmp_path / name), settings)
        tables.append([line.split("\t")[-2:] for line in (tmp_path / name / "variants.tsv").open()])
    assert taken[0] == taken[1]
    assert len(set(taken[0])) == NULL
    tenths = Counter((place - 100) * 10 // VARIANTS for place in taken[0])
    assert all(5 <= tenths[tenth] <= 40 for tenth in range(10))
    same = np.mean([one == other for one, other in zip(*tables, strict=True)])
    assert same > 0.99


def test_an_effect_that_chance_has_too_is_no_more_for_its_digits():
    """As a table has it, with nine digits, which lie above the float32 as often as below."""
    sizes = np.random.default_rng(0).normal(size=200).astype(np.float32)
    written = np.array([float(f"{size:.9g}") for size in sizes])
    assert (abs(written) > abs(sizes.astype(float))).any()
    for size, effect in zip(sizes.astype(float), written, strict=True):
        null = counted(np.full((1, 19), size), effect[None])
        assert null.values(["a"], effect[None])[0] == 1
        assert null.values(["a"], effect[None] * 1.0001)[0] == 1 / 20


def test_p_values_are_those_of_chance_where_variants_are_no_more():
    """Of effects drawn as the null's are p <= 0.05 in one of 20, no p is below 1 / (1 + N), and hardly a
    file has one that is sure.
    """
    rng = np.random.default_rng(4)
    p_values, sure = [], 0
    for _ in range(200):
        effects = rng.standard_t(2, 50)
        null = counted(rng.standard_t(2, (1, 999)), effects)
        p_values.append(null.values(["a"] * 50, effects)[0])
        sure += null.sure()["a"] > 0
    p = np.concatenate(p_values)
    assert p.min() >= 1 / 1000
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.01)
    assert (p <= 0.5).mean() == pytest.approx(0.5, abs=0.03)
    assert sure <= 20


def test_too_few_effects_by_chance_are_told_with_the_number_that_would_do():
    """Of 40 variants two do more than any of N by chance: q = 40 / (2 (1 + N)) is below 0.05 from 400 on."""
    effects = np.array([5.0, -6.0, *np.zeros(38)])
    for number in (19, 399, 400):
        null = Null(["a", "b"], np.ones((2, number)))
        null.count(["a"] * 40, effects)
        null.count(["b"] * 40, np.zeros(40))
        null.finish()
        assert null.sure() == {"a": 2 if number == 400 else 0, "b": 0}
        told = (
            f"a: some effects are beyond all {number} by chance, which are too few for q below 0.05: it "
            "takes 400 (`null`) if none of these is as large, and several times as many if some are"
        )
        assert null.too_few() == ("" if number == 400 else told)


def test_so_many_do_where_none_is_as_large_and_do_not_where_one_is():
    """What is told of 60 effects by chance, with as many as it says."""
    effects, sizes = np.array([5.0, -6.0, 4.0, *np.zeros(68)]), np.ones((1, 60))
    few = counted(sizes, effects)
    wanted = int(re.search(r"it takes ([\d,]+) \(`null`\) if none", few.too_few())[1].replace(",", ""))
    assert counted(np.ones((1, wanted)), effects).sure() == {"a": 3}
    assert counted(np.r_[np.ones(wanted - 1), 9.0][None], effects).sure() == {"a": 0}
    assert counted(np.ones((1, wanted - 1)), effects).sure() == {"a": 0}


def counted(sizes: np.ndarray, effects: np.ndarray) -> Null:
    """Effects by chance (1, M), and those of a file's variants on the one target."""
    null = Null(["a"], sizes)
    null.count(["a"] * len(effects), effects)
    null.finish()
    return null

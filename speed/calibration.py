"""python -m speed.calibration MODEL --motifs FILE [--only PART] [--runs N]: do p-values and intervals hold?

Of a model of `seqattr train` (TAL-GATA: those two motifs are bundled), on random bases:

intervals  how often the 95 % intervals of marginal effects and of two motifs' interaction hold the mean of
           all backgrounds, of which few are drawn
marginal   shuffled words for motifs: how many have small p- and q-values
variants   random substitutions in random bases
hits       weights permuted within each layer: how many groups and hits are sure, where nothing was learned
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import seqattr
from seqattr.analyses.arrangements import Overall, Spacing, decisive
from seqattr.analyses.insertions import consensus
from seqattr.analyses.marginalization import marginalize
from seqattr.analyses.spacing import Distances, spacing
from seqattr.dna.alphabet import decode, one_hot
from seqattr.dna.frequencies import measured_background
from seqattr.engine.capture.model import Model
from seqattr.evaluate.randomisation import layers_of, randomised
from seqattr.io.ownership import Output
from seqattr.jobs.sources import ModelFile
from seqattr.jobs.variants.run import run as compare
from seqattr.jobs.variants.settings import Settings, VariantFile
from seqattr.motifs.groups import group_motifs, judge
from seqattr.motifs.hits import HitFinder
from seqattr.motifs.pwm import BUNDLED, PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.ranks import SURE
from seqattr.support.resampling import intervals

BASES = np.array([0.27, 0.23, 0.23, 0.27])  # as the simulation has them
DRAWN = (5, 10, 20, 50, 100)
REPEATS = 200
EVERY = 1000  # backgrounds, whose mean is the truth
MOTIFS = 200  # of a collection, evenly spread
SEQUENCES = 300
VARIANTS, NULL, APART = 2000, 999, 250


def random_codes(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """(count, length)"""
    return rng.choice(4, (count, length), p=BASES).astype(np.uint8)


def spread(motifs: Sequence[PWM], number: int = MOTIFS) -> list[PWM]:
    """So many of a collection."""
    return list(motifs)[:: max(1, len(motifs) // number)][:number]


# --- intervals -------------------------------------------------------------------------------------


def of_intervals(path: Path, motifs: Sequence[PWM], runs: int) -> Iterator[str]:
    """Both kinds, by how many backgrounds are drawn."""
    model, rng = seqattr.load_model(path), np.random.default_rng(1)
    backgrounds = one_hot(random_codes(rng, EVERY, model.example_length))
    put = list({**{pwm.name: pwm for pwm in spread(motifs, 20)}, **BUNDLED}.values())
    effects = marginalize(model, put, backgrounds).effects[:, :, :, 0].reshape(-1, EVERY)
    distances = Distances(tuple(range(0, 71, 10)))
    pair = spacing(model, tuple(BUNDLED.values()), backgrounds, distances)  # type: ignore[arg-type]
    for number in DRAWN:
        draws = [rng.choice(EVERY, number, replace=False) for _ in range(REPEATS)]
        single = np.mean([covers(effects, draw) for draw in draws])
        every, chosen = np.mean([covered(pair, draw) for draw in draws], 0)
        yield (
            f"{number} backgrounds: marginal effects {single:.1%}, interactions {every:.1%}, "
            f"the one that decides {chosen:.1%}"
        )


def covers(values: np.ndarray, draw: np.ndarray) -> float:
    """In how many rows (M, EVERY) the interval of those drawn holds the mean of all."""
    low, high = intervals(values[:, draw])
    truth = values.mean(1)
    return float(((low <= truth) & (truth <= high)).mean())


def covered(pair: Spacing, draw: np.ndarray) -> tuple[float, float]:
    """The same of the pairs of strands of all targets, and of that of each target by which it is judged."""
    few = replace(
        pair,
        both=pair.both[..., draw],
        a=pair.a[..., draw],
        b=pair.b[..., draw],
        without=pair.without[:, draw],
    )
    rows = few.overall()
    by_target = [decisive([row for row in rows if row.target == name]) for name in few.targets]
    every, chosen = ([holds(pair, row) for row in some] for some in (rows, by_target))
    return float(np.mean(every)), float(np.mean(chosen))


def holds(pair: Spacing, row: Overall) -> bool:
    """Whether a row's interval holds the mean interaction over all backgrounds, of the row's distances."""
    near = np.array(pair.distances) <= row.reach
    strands = "+-".index(row.strand_a), "+-".index(row.strand_b)
    of_target = pair.interaction[pair.targets.index(row.target)]
    truth = of_target[:, strands[0], strands[1], near].mean()
    return bool(row.low <= truth <= row.high)


# --- where nothing is to be found ------------------------------------------------------------------


def of_marginal(path: Path, motifs: Sequence[PWM], runs: int) -> Iterator[str]:
    """Words of consensuses' letters in random order, beside the consensuses themselves."""
    model, rng = seqattr.load_model(path), np.random.default_rng(2)
    backgrounds = one_hot(random_codes(rng, 100, model.example_length))
    words = [consensus(motif) for motif in spread(motifs, 2 * MOTIFS)]
    sides = {"consensuses": words, "their letters shuffled": [rng.permutation(word) for word in words]}
    for name, some in sides.items():
        rows = marginalize(model, list(dict.fromkeys(map(decode, some))), backgrounds).table()
        p, q = (np.array([getattr(row, column) for row in rows]) for column in ("p_value", "q_value"))
        yield f"{name}: {shares(p)}; q < {SURE:g} in {(q < SURE).sum()} of {len(q)} rows"


def of_variants(path: Path, motifs: Sequence[PWM], runs: int) -> Iterator[str]:
    """Substitutions in a genome of random bases."""
    rng = np.random.default_rng(3)
    genome = random_codes(rng, 1, (VARIANTS + 4) * APART)[0]
    places = np.arange(2, VARIANTS + 2) * APART
    others = (genome[places] + rng.integers(1, 4, VARIANTS)) % 4
    lines = [
        f"chr1\t{place + 1}\t.\t{decode(genome[place : place + 1])}\t{decode(other[None])}\n"
        for place, other in zip(places.tolist(), others.astype(np.uint8), strict=True)
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "g.fa").write_text(f">chr1\n{decode(genome)}\n")
        (folder / "v.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
        file = VariantFile(folder / "g.fa", vcf=folder / "v.vcf")
        compare([ModelFile(path)], file, Output(folder / "out"), Settings(null=NULL))
        with open(folder / "out" / "variants.tsv") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
    p, q = (np.array([float(row[name]) for row in rows]) for name in ("p_value", "q_value"))
    yield f"{shares(p)}; the least is {p.min():.3g}; q < {SURE:g} in {(q < SURE).sum()} of {len(q)} rows"


def of_hits(path: Path, motifs: Sequence[PWM], runs: int) -> Iterator[str]:
    """A run for each seed and target."""
    model, some = seqattr.load_model(path), spread(motifs)
    p_values, sure, hits, lists = list[float](), 0, 0, list[int]()
    for seed in range(runs):
        codes = random_codes(np.random.default_rng(seed), SEQUENCES, model.example_length)
        for values in nothing_learned(model, codes, seed):
            finder = HitFinder.of(some, measured_background(codes), codes.shape[1], seed)
            block = finder.fit(slice(0, len(codes)), codes, values, finder.candidates(codes))
            found = finder.assemble([block])
            judged, groups = judge(found, group_motifs(some, [found]), "")
            p_values += [row.p_value for row in groups]
            lists.append(sum(row.sure for row in groups))
            sure, hits = sure + int(judged.sure.sum()), hits + len(judged)
        yield (
            f"{len(lists)} lists: {shares(np.array(p_values))}; {sum(lists)} of {len(p_values)} groups sure, "
            f"in {sum(map(bool, lists))} lists; {sure} of {hits} hits sure"
        )


def nothing_learned(model: Model, codes: np.ndarray, seed: int) -> np.ndarray:
    """Contributions (T, N, L) to a model whose weights are permuted within each layer."""
    sequences = one_hot(codes)
    other = randomised(model, layers_of(model), seed)
    found = seqattr.attribute(other, sequences, seqattr.references("shuffle:3", sequences, seed))
    return np.asarray(found.contributions)


def shares(p_values: np.ndarray) -> str:
    """How many are how small."""
    return ", ".join(f"p <= {limit:g} in {(p_values <= limit).mean():.2%}" for limit in (0.05, 0.01, 0.001))


PARTS: dict[str, Callable[[Path, Sequence[PWM], int], Iterator[str]]] = {
    "intervals": of_intervals,
    "marginal": of_marginal,
    "variants": of_variants,
    "hits": of_hits,
}


def main() -> None:
    """Print what each part has to say."""
    parser = argparse.ArgumentParser(
        prog="python -m speed.calibration",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--motifs", action="append", required=True)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--runs", type=int, default=10, help="models whose weights are permuted (10)")
    asked = parser.parse_args()
    motifs = list(read_motifs(asked.motifs).values())
    for name in [asked.only] if asked.only else PARTS:
        for line in PARTS[name](asked.model, motifs, asked.runs):
            print(f"{name}: {line}", flush=True)


if __name__ == "__main__":
    main()

"""A wrong call: a command line and what stands in its answer; and how the right ones begin."""

from typing import NamedTuple

SCORE = "score --model free.pt --fasta s.fa --out new"
GENOME = "score --model free.pt --fasta genome.fa --out new"
FOREIGN = "--trust-model --input-length 40"
STATE = f"convert state.pt --out new.pt {FOREIGN}"
WHOLE = "convert whole.pt --out new.pt --trust-model"
REPORT = "report done --motifs"
PLOT = "plot done --region r0"
MAXIMIZE = "maximize --model free.pt --number 2 --out new"
CHANGES = "counterfactual --model free.pt --fasta s.fa --out new.tsv"
INFLUENCE = "influence --checkpoints checkpoints --train simulation --out new.tsv"
SIMULATE = "simulate tal-gata --out new"
TRAIN = "train simulation --out new.pt"
BENCHMARK = "benchmark tal-gata --quick --out new"
COLLECT = "benchmark collect done --simulation simulation --out new"
MARGINAL = "marginalize --model free.pt --motifs good.meme --out new --backgrounds"
SPACING = "spacing --model free.pt --backgrounds s.fa --out new"
ALLELES = "variants --model free.pt --genome genome.fa --vcf variants.vcf --out new"
NO_SCORES = "should be what `seqattr score --out` wrote"
NO_DATA = (
    "a folder with sequences.fa and labels.tsv is wanted (name, then a number for each task), or one that "
    "`seqattr simulate tal-gata --out` wrote"
)
NO_SIMULATION = "a folder that `seqattr simulate tal-gata --out` wrote is wanted"


class Call(NamedTuple):
    """A command line, and what stands in its answer; 2 is wrong usage, in click's own form."""

    line: str
    words: tuple[str, ...]
    code: int = 1


def usage(line: str, *words: str) -> Call:
    return Call(line, words, 2)


def call(line: str, *words: str) -> Call:
    return Call(line, words)

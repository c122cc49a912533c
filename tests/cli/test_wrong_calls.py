"""Wrong calls of every command: one line that says what is wrong and what would be right; nothing touched."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seqattr.cli.main import COMMANDS, main
from tests.helpers.wrong_files import HUGE, write_all, write_damaged_scores

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


FILES = [
    call("score --model free.pt --fasta none.fa", "there is no FASTA file none.fa"),
    call("score --model free.pt --fasta simulation", "simulation is a folder, not a FASTA file"),
    call("score --model free.pt --fasta empty.fa", "empty.fa is empty; a FASTA file was expected"),
    call("score --model free.pt --fasta protein.fa", "no DNA letter; is this a protein FASTA?"),
    call("score --model free.pt --fasta reads.fq", "a FASTQ file", "`seqtk seq -A` turns it into FASTA"),
    call("score --model free.pt --fasta aligned.bam", "a BAM file", "`samtools fasta` turns it into FASTA"),
    call("score --model free.pt --fasta genome.2bit", "a 2bit file", "`twoBitToFa` turns it into FASTA"),
    call("score --model free.pt --fasta variants.vcf", "a VCF file", "give the genome as FASTA"),
    call("score --model free.pt --fasta genes.gtf", "a GFF or GTF file", "give the genome as FASTA"),
    call("score --model free.pt --fasta peaks.bed", "looks like BED: give it to --regions"),
    call("score --model free.pt --fasta peaks.narrowPeak", "looks like BED: give it to --regions"),
    call("score --model free.pt --fasta no_names.fa", "does not start with '>'; is this a FASTA file"),
    call("score --model free.pt --fasta cut.fa.gz", "cut.fa.gz is a broken or truncated gzip file"),
    call("score --model free.pt --fasta twice.fa", "more than one record of the name 'r0', 'r1', 'r2'"),
    call("score --model free.pt --fasta nul.fa", r"NUL in the header 'r\x001'"),
    usage("score --model free.pt --fasta ''", "'--fasta': the path is empty; name a file or folder"),
    call("sensitivity --model free.pt --fasta peaks.bed --regions genome.fa", "give it to --regions"),
    call("patterns --model free.pt --fasta reads.fq --out new.h5", "`seqtk seq -A` turns it into FASTA"),
    call("attention --model free.pt --fasta none.fa", "there is no FASTA file none.fa"),
    call("counterfactual --model free.pt --fasta protein.fa", "is this a protein FASTA?"),
    call("interactions none --matches-file m.tsv --model free.pt", "there is no folder none"),
]
LENGTHS = [
    call("score --model fixed.pt --fasta long.fa", "takes 40 bp: r0 (60 bp)", "--crop would cut long ones"),
    call("score --model free.pt --fasta long.fa", "--any-length would allow 7 bp or more", "--crop would"),
    call("score --model fixed.pt --fasta mixed.fa --strict", "2 of 3 records", "--pad would", "--crop would"),
    call("score --model fixed.pt --fasta genome.fa", "of a genome, --regions takes windows", "--tile"),
    call("patterns --model free.pt --fasta genome.fa --out new.h5", "of a genome, --regions takes windows"),
    call(
        "sensitivity --model free.pt --fasta mixed.fa --any-length",
        "must have one length",
        "--pad and --crop",
    ),
    call(
        "attention --model free.pt --fasta mixed.fa --any-length", "must have one length", "--pad and --crop"
    ),
    call(f"{INFLUENCE} --fasta s.fa --target GATA1", "takes 200 bp", "--pad would fill up short ones"),
    call(f"{MAXIMIZE} --length 3", "sequences of 3 bp do not fit the model, which takes 7 bp or more"),
    call("maximize --model fixed.pt --length 50 --out new", "which takes 40 bp"),
    call(f"{SCORE} --refs fasta:long.fa", "a reference for 2 of the 3 sequences, but not for r2"),
]
REGIONS = [
    call(f"{GENOME} --regions none.bed", "there is no BED file none.bed"),
    call(f"{GENOME} --regions simulation", "simulation is a folder, not a BED file"),
    call(f"{GENOME} --regions s.fa", "a FASTA file, not a BED file; give it to --fasta"),
    call(f"{GENOME} --regions bare_names.bed", "'1' of the one is 'chr1' of the other"),
    call(
        "score --model free.pt --fasta bare_names.fa --regions peaks.bed",
        "chromosome 'chr1'",
        "is '1' meant?",
    ),
    call(f"{GENOME} --regions off_the_end.bed", "lies partly outside chr1, which has 3000 bases"),
    call(f"{GENOME} --regions header_alone.bed", "holds no regions; a BED file was expected"),
    call(f"{GENOME} --regions words.bed", "holds 'first' where a whole number belongs"),
    call(f"{GENOME} --regions two_columns.bed", "BED needs at least 3 (chromosome, start, end)"),
    call(f"{GENOME} --regions table.csv", "has 1 column", "with tabs between them"),
    call(f"{GENOME} --regions backwards.bed", "140-100; BED needs 0 <= start < end"),
    call(f"{GENOME} --regions empty.bed", "empty.bed holds no regions"),
    call(f"{GENOME} --regions huge.bed", "999...999", "where a whole number belongs"),
    call(f"{GENOME} --regions variants.vcf", "a VCF file", "BED wants chromosome, start - 1 and end"),
    call(f"{GENOME} --regions variants_bare.vcf", "a VCF file", "BED wants chromosome, start - 1 and end"),
    call(f"{GENOME} --regions genes.gtf", "a GFF or GTF file", "BED wants chromosome, start - 1 and end"),
    call(f"{GENOME} --regions genes_bare.gtf", "is GFF or GTF; BED wants chromosome, start - 1 and end"),
    call(f"{GENOME} --regions genes_bare.gff", "is GFF or GTF; BED wants chromosome, start - 1 and end"),
    call(f"{GENOME} --regions aligned.bam", "a BAM file", "`bedtools bamtobed` turns it into BED"),
    call(f"{GENOME} --regions free.pt", "is no text at line 1; is this a BED file?"),
    usage(f"{SCORE} --threads 0", "'--threads': 0 is not in the range x>=1"),
    usage(f"{GENOME} --regions peaks.bed --tile 5", "--regions and --tile exclude each other"),
    usage(f"{GENOME} --ignore-strand", "--ignore-strand is for the strands of --regions"),
    call(f"{GENOME} --tile 0", "--tile must be at least 1 base, not 0"),
    usage(f"{GENOME} --tile x", "'--tile': 'x' is not a valid integer"),
    call("score --model free.pt --fasta only_n.fa --tile 5", "no window of 40 bp with a base in it"),
    call(f"{SCORE} --chrom-sizes none.sizes", "there is no chromosome-sizes file none.sizes"),
    call(f"{SCORE} --chrom-sizes genome.fa", "not a chromosome-sizes file; its index (.fai) holds them"),
    call(f"{SCORE} --chrom-sizes huge.sizes", "999...999", "where a whole number belongs"),
    call(
        "score --model free.pt --fasta coordinates.fa --chrom-sizes peaks.bed",
        "past the end of chr1, which has 100 bases; are these the right chromosome sizes?",
    ),
]
MODELS = [
    call("score --model none.pt --fasta s.fa", "there is no model file none.pt"),
    call("inspect done", "done is a folder, not a model file"),
    call("inspect checkpoints", "name one of what it holds: epoch_001.pt, epoch_002.pt"),
    call("inspect saved_model", "a TensorFlow model, which has to be written again in PyTorch"),
    call("inspect empty.pt", "the model file empty.pt is empty"),
    call(
        "inspect text.pt",
        "is not a PyTorch model file; it is a text; it should have been written by torch.save",
    ),
    call("score --model s.fa --fasta s.fa", "is not a PyTorch model file; it looks like a FASTA"),
    call("inspect small.onnx", "an ONNX model: torch.save the PyTorch model it was made of"),
    call("inspect weights.safetensors", "--arch MODULE:CLASS --trust-model"),
    call("inspect dict.pkl", "a pickle of a dict that torch.save did not write; torch.save the model"),
    call("inspect cut.pt", "the model file cut.pt is truncated or damaged"),
    call("inspect packed.pt.gz", "it is gzipped: unpack it first"),
    call("maximize --model keras.h5", "keras.h5 is a Keras model, and", "seqattr convert keras.h5 --out"),
    call("inspect keras.keras", "keras.keras is a Keras model, and", "seqattr convert keras.keras --out"),
    call("inspect archive.zip", "not one that PyTorch wrote; unpack it if a model is in it"),
    call("score --model done/target0.h5 --fasta s.fa", "contributions that seqattr wrote, not the model"),
    call("inspect optimizer.pt", "an optimizer's state; save the model's own, model.state_dict()"),
    call("inspect list.pt", "holds a list", "torch.save the model, or its state_dict()"),
    call("inspect whole.pt", "if you trust it, convert it once: seqattr convert whole.pt --out"),
    call("convert script.pt --out new.pt --trust-model", "length must be given (--input-length L)"),
    call(
        f"convert lost.pt --out new.pt {FOREIGN}",
        "--arch FILE.py:Small, or the folder of that module as PYTHONPATH",
    ),
    call(f"convert of_a_script.pt --out new.pt {FOREIGN}", "class Small of __main__", "--arch FILE.py:Small"),
    call(
        f"convert lightning.ckpt --out new.pt {FOREIGN}",
        "say which class it belongs to (--arch module:Class)",
    ),
    call("convert lightning.ckpt --out new.pt", "--input-length LENGTH --arch MODULE:CLASS --trust-model"),
    call(f"{STATE}", "a state dict: say which class it belongs to (--arch module:Class)"),
    call(f"{STATE} --arch Small", "must look like module:Class or file.py:Class, not 'Small'"),
    call(f"{STATE} --arch nowhere:Small", "No module named 'nowhere'; --arch FILE.py:Small takes it"),
    call(f"{STATE} --arch nowhere.py:Small", "there is no file nowhere.py"),
    call(f"{STATE} --arch networks.py:Smal", "no attribute 'Smal'; did you mean 'Small'?"),
    call(f"{STATE} --arch networks.py:Huge", "its networks are Small, Other, Wide"),
    call(f"{STATE} --arch networks.py:NoModule", "gave a NoModule, not a torch.nn.Module"),
    call(f"{STATE} --arch networks.py:Other", "does not fit", "--arch-args must be those of the training"),
    call(f"{STATE} --arch networks.py:Wide", """as --arch-args '{"channels": ..., "tasks": ...}\'"""),
    call(f"{STATE} --arch networks.py:Small --arch-args '[2]'", """a JSON object, as in '{"tasks": 3}\'"""),
    call(f"{STATE} --arch networks.py:Small --arch-args tasks=2", "--arch-args is not JSON"),
    call(f"{WHOLE}", "its input length must be given (--input-length L)"),
    call(f"{WHOLE} --input-length 0", "the input length must be at least 1, not 0"),
    call(f"{WHOLE} --input-length {HUGE[:20]}", "the input length must be at most"),
    call(f"{WHOLE} --input-length 41", "it runs on sequences of 40 bp"),
    call("convert pooled.pt --out new.pt --trust-model --input-length 4", "it runs on longer sequences"),
    usage(f"{WHOLE} --input-length forty", "'forty' is not a valid integer"),
    call(f"{WHOLE} --input-length 40 --input-layout NL4", "it runs in the layout N4L"),
    call(f"{WHOLE} --input-length 40 --input-layout NCL", "unknown input layout 'NCL'; there is: N4L, NL4"),
    call(f"{WHOLE} --input-length 40 --input ctl=zeros", "unknown input 'ctl'; there is: "),
    call(f"{WHOLE} --input-length 40 --input ctl", "--input must look like NAME=zeros"),
    call(f"{WHOLE} --input-length 40 --unknown 3", "--unknown is what stands at an unknown base"),
    usage(f"{WHOLE} --input-length 40 --unknown quarter", "'quarter' is not a valid float"),
    call(f"{WHOLE} --input-length 40 --channels ACGU", "an order of the letters ACGT, not 'ACGU'"),
    call(f"{WHOLE} --input-length 40 --target-names a", "has 2 targets, but 1 names were given"),
    call(f"{WHOLE} --input-length 40 --target-names a,a", "each target needs a name of its own"),
    call(
        f"{WHOLE} --input-length 40 --target-names a,b\\\x00", r"target name 'b\x00'", "give it another name"
    ),
    call(f"{WHOLE} --input-length 40 --target-names a,\ud800", "target name", "give it another name"),
    call(f"{SCORE} --input-length 40", "is a seqattr model and knows its own input and targets"),
]
OPTIONS = [
    call(f"{SCORE} --method DeepLIFT", "unknown method 'DeepLIFT'", "did you mean 'deeplift'?"),
    call(f"{SCORE} --method integrated-gradients", "did you mean 'integrated-gradients-50'?"),
    call("inspect free.pt --method Saliency", "did you mean 'saliency'?"),
    call(f"{SCORE} --method patternnet", "needs patterns: learn them with `seqattr patterns`"),
    call(f"{SCORE} --method patternnet --patterns none.h5", "there is no patterns file none.h5"),
    call(f"{SCORE} --method patternnet --patterns s.fa", "give what `seqattr patterns` wrote"),
    call(f"{SCORE} --patterns done/target0.h5", "`seqattr patterns` writes a file that does"),
    call(f"{SCORE} --refs Shuffle:10", "did you mean 'shuffle'?"),
    call(f"{SCORE} --refs shuffle:0", "a whole number from 1 on, as in shuffle:10"),
    call(f"{SCORE} --refs shuffle:-1", "a whole number from 1 on, as in shuffle:10"),
    call(f"{SCORE} --refs shuffle:1e9", "a whole number from 1 on, as in shuffle:10"),
    call(f"{SCORE} --refs shuffle:1000000000", "more than 100,000 references; shuffle:10 is usual"),
    call(f"{SCORE} --refs mono:{HUGE}", "more than 100,000 references; mono:10 is usual"),
    call(f"{SCORE} --refs freq:.3,.3", "four positive numbers (A,C,G,T) that sum to 1, not 0.3, 0.3"),
    call(f"{SCORE} --refs freq:nan,.3,.3,.4", "four positive numbers (A,C,G,T) that sum to 1"),
    call(f"{SCORE} --refs fasta:", "must name a file, as in fasta:references.fa"),
    call(f"{SCORE} --refs fasta:reads.fq", "`seqtk seq -A` turns it into FASTA"),
    call(f"{SCORE} --target 2", "unknown target '2'; there is: target0, target1"),
    call("score --model fixed.pt --fasta s.fa --target A", "there is: a, b, c; did you mean 'a'?"),
    call("evaluate agreement --model fixed.pt --fasta s.fa --methods deeplifft", "did you mean 'deeplift'?"),
    call("evaluate agreement --model fixed.pt --fasta s.fa --methods random", "'random' is a control"),
    call("evaluate all --model fixed.pt --fasta s.fa --target d", "unknown target 'd'; there is: a, b, c"),
    call("evaluate agreement --model fixed.pt --fasta s.fa --sequences 1", "--sequences must be at least 2"),
    call(
        "evaluate agreement --model fixed.pt --fasta s.fa --repeats 0", "--repeats must be at least 1, not 0"
    ),
    call("sensitivity --model fixed.pt --fasta s.fa --target d", "unknown target 'd'; there is: a, b, c"),
    call(f"{MAXIMIZE} --target TARGET1", "did you mean 'target1'?"),
    call(f"{CHANGES} --target nope", "there is: target0, target1"),
    call(f"{SCORE} --precision fp16", "unknown precision 'fp16'; there is: model, float32, float64"),
    call(f"{SCORE} --precision tf32 --device cpu", "--precision tf32 is a GPU's; on a CPU there is float32"),
    call(f"{SCORE} --device gpu", "unknown device 'gpu'; there is: auto, cpu, cuda"),
    call(f"{SCORE} --device cuda:99", "there is no device cuda:99: torch sees"),
    call(f"{SCORE} --batch-size 0", "the batch size must be at least 1, not 0"),
    call(f"{SCORE} --seed -1", "the seed must be a whole number from 0 on, not -1"),
    call(f"{SCORE} --seed {HUGE[:30]}", "the seed must be at most 9223372036854775807"),
    usage(f"{SCORE} --seed {HUGE}", "is not a valid integer"),
    usage(f"{SCORE} --h5-dtype float64", "'float64' is not one of 'float32', 'float16'"),
    usage(f"{SCORE} --frobnicate", "No such option '--frobnicate'"),
    usage("score --fasta s.fa", "Missing option '--model'"),
    usage("frobnicate", "No such command 'frobnicate'"),
    usage("methods deeplift", "unexpected extra argument (deeplift)"),
    call(f"{MAXIMIZE} --steps 0", "steps must be at least 1, not 0"),
    call(f"{MAXIMIZE} --number -1", "number must be at least 1, not -1"),
    call(f"{MAXIMIZE} --number {HUGE[:12]}", "number must be at most 1,000,000"),
    call(f"{MAXIMIZE} --length 99999999999", "not enough memory", "ask for fewer or shorter sequences"),
    call(f"{MAXIMIZE} --rate nan", "the learning rate must be a number above 0, not nan"),
    call(f"{MAXIMIZE} --weight -1", "must be 0 or more, not -1"),
    call(f"{MAXIMIZE} --seed {HUGE[:30]}", "the seed must be at most"),
    call(f"{MAXIMIZE} --background 1,1", "four positive numbers (A,C,G,T) that sum to 1"),
    call(f"{MAXIMIZE} --background none.fa", "there is no FASTA file none.fa"),
    call(f"{CHANGES} --reach nan", "must be a number, not nan"),
    call(f"{CHANGES} --most 0", "the number of substitutions must be at least 1, not 0"),
    call("attention --model free.pt --fasta s.fa", "the model has no attention"),
]
TRAINING = [
    call(f"{SIMULATE} --count 0", "there can be 1 to 10,000,000 sequences, not 0"),
    call(f"{SIMULATE} --count 99999999999", "there can be 1 to 10,000,000 sequences"),
    call(f"{SIMULATE} --settings Paper", "did you mean 'paper'?"),
    call(f"{SIMULATE} --shares 1,1", "four shares, whole numbers from 0 on and not all 0, not 1,1"),
    call(f"{SIMULATE} --shares a,b,c,d", "must look like 10,1,1,1"),
    call(f"{SIMULATE} --seed -1", "the seed must be a whole number from 0 on, not -1"),
    usage("simulate talgata --out new", "Did you mean 'tal-gata'?"),
    call("train s.fa --out new.pt", f"s.fa is a file; {NO_DATA}"),
    call("train none --out new.pt", f"there is no folder none; {NO_DATA}"),
    call("train done --out new.pt", f"there is no done/sequences.fa; {NO_DATA}"),
    call(f"{TRAIN} --arch TAL-GATA", "did you mean 'tal-gata'?"),
    call(f"{TRAIN} --arch chrombpnet", "does not give one number for each task"),
    call(f"{TRAIN} --arch beluga", "the architecture beluga needs sequences of at least 310 bp, not 200"),
    call(f"{TRAIN} --arch-args [3]", "--arch-args must be a JSON object"),
    call(
        f"{TRAIN} --arch-args '{{\"depth\": 3}}'", "tal-gata has no argument 'depth'; it has: filters, dense"
    ),
    call(f"{TRAIN} --arch-args '{{\"filters\": 0}}'", "filters of the architecture tal-gata must be like 50"),
    call(f"{TRAIN} --loss poison", "unknown loss 'poison'", "did you mean 'poisson'?"),
    call(f"{TRAIN} --epochs 0", "epochs must be at least 1, not 0"),
    call(f"{TRAIN} --seed {HUGE[:30]}", "the seed must be at most"),
    call(f"{TRAIN} --checkpoints new --every 99", "every 99 epochs cannot be, of 15 epochs"),
    usage(f"{TRAIN} --every 2", "--every is of no use without --checkpoints FOLDER"),
    usage("train simulation", "Missing option '--out'"),
    call("influence --checkpoints none --train simulation", "`seqattr train --checkpoints` writes them"),
    call("influence --checkpoints free.pt --train simulation", "`seqattr train --checkpoints` writes them"),
    call("influence --checkpoints nothing --train simulation", "holds no checkpoints (.pt); `seqattr train"),
    call("influence --checkpoints checkpoints --train s.fa", f"s.fa is a file; {NO_DATA}"),
    call(f"{INFLUENCE} --split training", "did you mean 'train'?"),
    call(f"{INFLUENCE} --name nope", "unknown test sequence 'nope'; there is: tal_gata_0, tal_gata_1"),
    call(f"{INFLUENCE} --number -1", "must be 0 or more, not -1"),
    call(f"{INFLUENCE} --target gata1", "did you mean 'GATA1'?"),
    call(f"{INFLUENCE} --fasta simulation/test.fa", "need the output they are about: --target both, GATA1"),
    call(f"{INFLUENCE} --scores new.tsv", "--scores needs its own name"),
    call(f"{BENCHMARK} --seeds a", "must look like 0,1,2, not 'a'"),
    call(f"{BENCHMARK} --seeds 0,0", "must be different whole numbers from 0 on"),
    call(f"{BENCHMARK} --seeds {HUGE[:30]}", "the seed must be at most"),
    call(f"{BENCHMARK} --method DeepLIFT", "did you mean 'deeplift'?"),
    usage("benchmark tal-gata", "Missing option '--out'"),
    call("benchmark digits --out new --seeds 0,0", "must be different whole numbers from 0 on"),
    call("benchmark digits --out new --seeds a", "must look like 0,1,2, not 'a'"),
    usage("benchmark digits", "Missing option '--out'"),
    call("benchmark collect none --simulation simulation --out new", NO_SCORES),
    call("benchmark collect done --simulation s.fa --out new", f"s.fa is a file; {NO_SIMULATION}"),
    call(COLLECT, "done has no target 'both'; a TAL-GATA model has both, GATA1, TAL1"),
    call(f"{COLLECT} --metrics none.json", "there is no none.json, which `seqattr train` writes"),
]
RESULTS = [
    call("report s.fa --motifs good.meme", NO_SCORES),
    call("report simulation --motifs good.meme", "simulation holds no scores (.h5)", NO_SCORES),
    call("report unfinished --motifs good.meme", "which a finished `seqattr score` writes; score again"),
    call("report other_json --motifs good.meme", "is it that of `seqattr score`?"),
    call("report no_json --motifs good.meme", "cannot be read as JSON; score again"),
    call("report lost --motifs good.meme", "has lost target1.h5", "score it again"),
    call("report cut --motifs good.meme", "is no whole HDF5 file", "score again"),
    usage("report done", "Missing option '--motifs'"),
    call(f"{REPORT} none.meme", "there is no motif file none.meme"),
    call(f"{REPORT} simulation", "simulation is a folder, not a motif file"),
    call(f"{REPORT} empty.meme", "is empty; a file of one of these formats was expected: MEME"),
    call(f"{REPORT} no_motif.meme", "holds no motif; a MEME file has lines 'MOTIF name'"),
    call(f"{REPORT} protein.meme", "only DNA motifs (ACGT) can be read"),
    call(f"{REPORT} wide.meme", "has 100000 columns; a motif has at most 300"),
    call(f"{REPORT} notes.txt", "a file of one of these formats was expected: MEME"),
    call(f"{REPORT} free.pt", "is no text at line 1; is this a motif file?"),
    call(f"{REPORT} bundeld", "there is no motif file bundeld; did you mean 'bundled'?"),
    call(f"{REPORT} jaspar", "did you mean 'jaspar:NAME'?"),
    call(f"{REPORT} good.meme --strand plus", "unknown strand 'plus'; there is: both, forward, reverse"),
    usage(f"{REPORT} good.meme --top 3", "No such option '--top'"),
    call(f"{REPORT} good.meme --p-value 2", "must be above 0 and at most 1, not 2"),
    call(f"{REPORT} good.meme --background 1,1", "four positive numbers (A,C,G,T) that sum to 1"),
    call(f"{REPORT} good.meme --background a,c,g,t", "must be four numbers, as 0.3,0.2,0.2,0.3"),
    call(f"{REPORT} good.meme --sequences -1", "must be 0 or more, not -1"),
    call(f"{REPORT} good.meme --seed -1", "the seed must be a whole number from 0 on, not -1"),
    call("modisco s.fa", NO_SCORES),
    call("modisco done --target TARGET0", "did you mean 'target0'?"),
    call("modisco done --window 0", "--window must be 1 or more, not 0"),
    call("modisco done --seqlets -1", "--seqlets must be 1 or more, not -1"),
    call("modisco done --motifs none.meme", "there is no motif file none.meme"),
    call("finemo s.fa --motifs good.meme", NO_SCORES),
    call("finemo done --motifs good.meme --target TARGET0", "did you mean 'target0'?"),
    call("finemo done --motifs none.meme", "there is no motif file none.meme"),
    usage("finemo done", "Missing option '--motifs'"),
    usage("plot done --out new.svg", "Missing option '--region'"),
    call(f"{PLOT} --out new.jpg", "unknown figure format 'jpg'; there is: .png, .svg, .pdf"),
    call("plot done --region r9 --out new.svg", "done holds no sequence 'r9'; there is: r0, r1, r2"),
    call("plot done --region r0:30-99 --out new.svg", "within the 40 bases of r0; give 0-based start < end"),
    call(f"{PLOT} --target TARGET0 --out new.svg", "did you mean 'target0'?"),
    call(f"{PLOT} --motifs bundeld --out new.svg", "did you mean 'bundled'?"),
    call("plot nothing --region r0 --out new.svg", NO_SCORES),
    call("plot done/target0.h5 --region r0 --out new.svg", NO_SCORES),
    call(
        f"{SCORE} --shard 1/2 --check",
        "a check is of a whole run",
        "with --check and without --shard",
    ),
    call("merge done --out new", "done holds no whole shard; it should be a folder that", "--shard"),
    call("merge nothing --out new", "nothing holds no whole shard"),
    call("export done", "several targets; say which with --target: target0, target1"),
    call("export done --target TARGET0", "did you mean 'target0'?"),
    call("export done --target target0 --format bigwig", "unknown format 'bigwig'; there is: modisco"),
    call("export done/run.json", NO_SCORES),
    call("export cut --target target0", "is no whole HDF5 file", "score again"),
]
INSERTIONS = [
    call(f"{MARGINAL} shuffled", "name a file of them, as --fasta"),
    call(f"{MARGINAL} genome", "windows of a genome are wanted: name its file, as --genome"),
    call(f"{MARGINAL} s.fa --genome genome.fa", "--genome is for backgrounds of the kind genome, not s.fa"),
    call(f"{MARGINAL} none.fa", "there is no FASTA file none.fa"),
    call(f"{MARGINAL} empty.fa", "empty.fa is empty; a FASTA file was expected"),
    call(f"{MARGINAL} only_n.fa", "holds nothing but N"),
    call(f"{MARGINAL} long.fa", "2 of 2 records do not fit the model", "--crop would cut long ones"),
    call(f"{MARGINAL} genome --genome s.fa --number 1", "at least 2 backgrounds make an interval, not 1"),
    call(f"{MARGINAL} s.fa --motif GATE", "unknown motif 'GATE'; there is: GATA; did you mean 'GATA'?"),
    call(f"{MARGINAL} s.fa --positions 1", "its middle can lie from 2 to 38"),
    call(f"{MARGINAL} s.fa --positions 60", "leaves backgrounds of 40 bp"),
    call(f"{MARGINAL} s.fa --positions middle", "--positions must look like 50,100,150, not 'middle'"),
    call(f"{MARGINAL} s.fa --positions 20,20", "positions are one or more numbers, each once"),
    call(f"{MARGINAL} s.fa --twins 1", "at least 2 shuffled twins are a control, not 1"),
    call(f"{MARGINAL} s.fa --target nothing", "unknown target 'nothing'"),
    call(f"{MARGINAL} s.fa --batch-size 0", "the batch size must be at least 1, not 0"),
    call(f"{MARGINAL} s.fa --seed -1", "the seed must be a whole number from 0 on"),
    call("marginalize --model free.pt --motifs notes.txt --backgrounds s.fa", "notes.txt is no motif file"),
    usage("marginalize --model free.pt --motifs good.meme", "Missing option '--backgrounds'"),
    call(f"{SPACING} GATA GATE --motifs good.meme", "unknown motif 'GATE'", "did you mean 'GATA'?"),
    call(f"{SPACING} GATA GATE", "'GATE' is no word of the letters A C G T; give a file of --motifs"),
    call(f"{SPACING} {'A' * 41} GATA", "is 41 bp long, the backgrounds 40"),
    call(f"{SPACING} {'A' * 20} {'C' * 20}", "has no room beside"),
    call(f"{SPACING} GATA CAGC --distances 30", "leave backgrounds of 40 bp; 14 is the largest"),
    call(f"{SPACING} GATA CAGC --distances 9-3", "--distances must look like 0-50 or 0,10,20, not '9-3'"),
    call(f"{SPACING} GATA CAGC --distances {HUGE}", "--distances must look like 0-50 or 0,10,20"),
    usage("spacing GATA --model free.pt --backgrounds s.fa", "Missing argument 'B'"),
]

PLACES = [
    call("score --model free.pt --fasta s.fa --out s.fa", "cannot write to s.fa: it is, or lies in, a file"),
    usage("score --model free.pt --fasta s.fa --out ''", "'--out': the path is empty; name a file or folder"),
    call("sensitivity --model free.pt --fasta s.fa --out s.fa", "it is, or lies in, a file"),
    call("score --model fixed.pt --fasta s.fa --out done", "the results of another run", "--force"),
    call("convert free.pt --out free.pt", "it is one of the inputs; write to another place (--out)"),
    call(f"convert whole.pt --out whole.pt {FOREIGN}", "it is one of the inputs"),
    call(f"convert whole.pt --out nothing {FOREIGN}", "cannot write nothing: Is a directory"),
    call("convert free.pt --out notes.txt", "was not written by seqattr", "--force"),
    call("patterns --model free.pt --fasta s.fa --out s.fa", "it is one of the inputs"),
    call("patterns --model free.pt --fasta s.fa --out nothing", "cannot write nothing: Is a directory"),
    call("counterfactual --model free.pt --fasta s.fa --out s.fa", "it is one of the inputs"),
    call("train simulation --out simulation/sequences.fa --force", "it is one of the inputs"),
    call("train simulation --out nothing", "cannot write nothing: Is a directory"),
    call(
        "influence --checkpoints checkpoints --train simulation --out simulation/labels.tsv",
        "it is one of the inputs; write to another place (--out)",
    ),
    call(
        "influence --checkpoints checkpoints --train simulation --force --out checkpoints/epoch_001.pt",
        "it is one of the inputs; write to another place (--out)",
    ),
    call(f"{REPORT} good.meme --out s.fa", "it is, or lies in, a file"),
    call(f"{PLOT} --out s.fa", "was not written by seqattr; give another --out"),
    call("export done --target target0 --out s.fa", "it is, or lies in, a file"),
    call("maximize --model free.pt --out s.fa", "it is, or lies in, a file"),
    call("simulate tal-gata --out s.fa", "it is, or lies in, a file"),
    call("benchmark digits --out s.fa", "it is, or lies in, a file"),
    call("benchmark tal-gata --quick --out s.fa", "it is, or lies in, a file"),
    call("workflow s.fa", "it is, or lies in, a file"),
    usage("workflow", "Missing argument 'DIR'"),
]
VARIANTS = [
    usage("variants --model free.pt --genome genome.fa", "name one file of variants: --vcf, or --bed"),
    usage("variants --model free.pt --genome genome.fa --vcf variants.vcf --bed a.bed", "name one file"),
    usage("variants --model free.pt --vcf variants.vcf", "Missing option '--genome'"),
    call("variants --model free.pt --genome genome.fa --vcf none.vcf", "there is no VCF file none.vcf"),
    call("variants --model free.pt --genome genome.fa --vcf s.fa", "a FASTA file", "give it to --genome"),
    call("variants --model free.pt --genome genome.fa --bed variants.vcf", "a VCF file", "give it to --vcf"),
    call("variants --model free.pt --genome genome.fa --bed peaks.bed", "peaks.bed holds no variants"),
    call("variants --model free.pt --genome none.fa --vcf variants.vcf", "there is no FASTA file none.fa"),
    call("variants --model free.pt --genome genome.fa --vcf variants.vcf --max-n 2", "--max-n is a share"),
    call("variants --model free.pt --genome genome.fa --vcf variants.vcf --null -1", "--null", "from 0 on"),
]
CALLS = [*FILES, *VARIANTS, *LENGTHS, *REGIONS, *MODELS, *OPTIONS, *TRAINING, *RESULTS, *INSERTIONS, *PLACES]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Path]:
    """A folder with all the files of the table, in which its calls are made."""
    folder = tmp_path_factory.mktemp("room")
    write_all(folder, models)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        right = "score --model free.pt --fasta s.fa --refs zeros --out done"
        indexed = "score --model free.pt --fasta {}.fa --regions {}.bed --refs zeros --out nothing"
        patch.setattr("sys.argv", ["seqattr"])
        for line in (right, indexed.format("genome", "peaks"), indexed.format("bare_names", "bare_names")):
            with pytest.raises(SystemExit) as left:
                main([*line.split(), "--force"])
            assert not left.value.code
        for path in Path("nothing").iterdir():
            path.unlink()
        write_damaged_scores(folder)
        yield folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder and below."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def before(room: Path) -> dict[str, bytes]:
    return contents(room)


@pytest.mark.parametrize("wrong", CALLS, ids=lambda wrong: ascii(wrong.line)[1:100])
def test_a_wrong_call(run, room, before, wrong, monkeypatch):
    words = shlex.split(wrong.line)
    monkeypatch.setattr("sys.argv", ["seqattr", *words])
    done = run(*words)
    assert done.code == wrong.code
    assert done.out == ""
    last = done.err.splitlines()[-1]
    for words in wrong.words:
        assert words in last
    if wrong.code == 1:
        assert done.err.startswith("seqattr: error: ")
        assert done.err.count("\n") == 1
    else:
        assert done.err.startswith("Usage: seqattr ")
        assert last.startswith("Error: ")
    assert len(done.err) < 2000
    assert "Traceback" not in done.err
    assert not last.startswith("seqattr: error: unexpected ")
    assert contents(room) == before


def test_the_table_has_every_command_and_a_hundred_calls():
    lines = [wrong.line for wrong in CALLS]
    assert {line.split()[0] for line in lines} >= set(COMMANDS)
    assert len(set(lines)) == len(lines) > 100

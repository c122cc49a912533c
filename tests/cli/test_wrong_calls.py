"""Wrong calls of every command: one line that says what is wrong and what would be right; nothing touched."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqattr.cli.main import COMMANDS, main
from seqattr.cli.removed import OTHER_WORDS, REMOVED
from tests.cli.test_help import ALL
from tests.helpers.calls import (
    ALLELES,
    BENCHMARK,
    CHANGES,
    COLLECT,
    FOREIGN,
    INFLUENCE,
    MARGINAL,
    MAXIMIZE,
    NO_DATA,
    NO_SCORES,
    NO_SIMULATION,
    PLOT,
    REPORT,
    SCORE,
    SIMULATE,
    SPACING,
    TRAIN,
    call,
    usage,
)
from tests.helpers.wrong_files import HUGE, write_all, write_damaged_scores
from tests.helpers.wrong_inputs import FILES, LENGTHS, MODELS, REGIONS, VARIANTS

OPTIONS = [
    call(f"{SCORE} --method DeepLIFT", "unknown method 'DeepLIFT'", "did you mean 'deeplift'?"),
    call(f"{SCORE} --method integrated-gradients", "did you mean 'integrated-gradients-50'?"),
    call("inspect free.pt --method Saliency", "did you mean 'saliency'?"),
    call(f"{SCORE} --method patternnet", "needs patterns: learn them with `seqattr patterns`"),
    call(
        f"{ALLELES} --contributions 1 --method patternnet",
        "needs patterns, which cannot be given here",
        "name another",
    ),
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
    call(f"{SCORE} --precision bfloat16x3 --device cpu", "--precision bfloat16x3 is a GPU's; on a CPU"),
    call(f"{SCORE} --precision bfloat16x", "did you mean 'bfloat16x3'?"),
    call(f"{SCORE} --device gpu", "unknown device 'gpu'; there is: auto, cpu, cuda"),
    call(f"{SCORE} --device cuda:99", "there is no device cuda:99: torch sees"),
    call(f"{SCORE} --batch-size 0", "the batch size must be at least 1, not 0"),
    call(f"{SCORE} --seed -1", "the seed must be a whole number from 0 on, not -1"),
    call(f"{SCORE} --seed {HUGE[:30]}", "the seed must be at most 9223372036854775807"),
    usage(f"{SCORE} --seed {HUGE}", "is not a valid integer"),
    usage(f"{SCORE} --h5-dtype float64", "'float64' is not one of 'float32', 'float16'"),
    usage(f"{SCORE} --frobnicate", "No such option '--frobnicate'"),
    *(
        usage(f"{command} done {option} 7", f"The option '{option}' is gone: {instead}.")
        for command, options in REMOVED.items()
        for option, instead in options.items()
    ),
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
    usage(f"{REPORT} good.meme --top 3", "The option '--top' is gone: a hit is told by what it explains"),
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
    call(
        f"{MARGINAL} shufled --fasta s.fa", "shuffled, genome or a FASTA file; there is no FASTA file shufled"
    ),
    call(f"{MARGINAL} empty.fa", "empty.fa is empty; a FASTA file was expected"),
    call(f"{MARGINAL} only_n.fa", "holds nothing but N"),
    call(f"{MARGINAL} long.fa", "2 of 2 records do not fit the model", "--crop would cut long ones"),
    call(f"{MARGINAL} genome.fa", "(it was made for these): chr1 (3000 bp), chr2 (900 bp); --crop would"),
    call(f"{MARGINAL} shuffled --fasta genome.fa", "of a genome, --regions takes windows around peaks"),
    call(f"{MARGINAL} peaks.bed", "peaks.bed does not start with '>'", "it looks like BED"),
    call(f"{MARGINAL} genome --genome s.fa --number 1", "at least 2 backgrounds make an interval, not 1"),
    call(f"{MARGINAL} s.fa --motif GATE", "unknown motif 'GATE'; there is: GATA; did you mean 'GATA'?"),
    call(f"{MARGINAL} s.fa --positions 1", "its middle can lie from 2 to 38"),
    call(f"{MARGINAL} s.fa --positions 60", "leaves backgrounds of 40 bp"),
    call(f"{MARGINAL} s.fa --positions middle", "--positions must look like 50,100,150, not 'middle'"),
    call(f"{MARGINAL} s.fa --positions 20,20", "positions are one or more numbers, each once, not 20, 20"),
    call(f"{MARGINAL} s.fa --twins 1", "at least 2 shuffled twins are a control, not 1"),
    call(f"{MARGINAL} s.fa --target nothing", "unknown target 'nothing'"),
    call(f"{MARGINAL} s.fa --batch-size 0", "the batch size must be at least 1, not 0"),
    call(f"{MARGINAL} s.fa --seed -1", "the seed must be a whole number from 0 on"),
    call("marginalize --model free.pt --motifs notes.txt --backgrounds s.fa", "notes.txt is no motif file"),
    usage("marginalize --model free.pt --motifs good.meme", "Missing option '--backgrounds'"),
    call(
        f"{SPACING} GATA GATE --motifs good.meme",
        "unknown motif (a word has the letters A C G T alone) 'GATE'; there is: GATA; did you mean 'GATA'?",
    ),
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


def options_in(message: str) -> set[str]:
    """The options that a message names, but for those of another command that it tells to type."""
    rest = re.sub(r"`seqattr [^`]*`( wrote with --shard)?|seqattr (convert|patterns) .*", "", message)
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest))


def options_of(line: str) -> set[str]:
    """Those that the command of a line has."""
    words = shlex.split(line)
    path = tuple(words[:2]) if tuple(words[:2]) in ALL else tuple(words[:1])
    return {name for parameter in ALL[path].params for name in parameter.opts}


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
    if wrong.code == 1:
        assert options_in(last) <= options_of(wrong.line)
    assert len(done.err) < 2000
    assert "Traceback" not in done.err
    assert not last.startswith("seqattr: error: unexpected ")
    assert contents(room) == before


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("score --genome g.fa", "--fasta"),
        ("score --peaks p.bed", "--regions"),
        ("score -o x", "--out"),
        ("score --references zeros", "--refs"),
        ("report --meme m.meme", "--motifs"),
    ],
)
def test_another_tools_option_is_told_ours(run, line, meant):
    done = run(*line.split())
    assert done.code == 2
    assert done.err.rstrip().endswith(f"Did you mean '{meant}'?")


def test_what_is_told_for_another_tools_option_is_one_of_ours():
    names = {name for command in ALL.values() for option in command.params for name in option.opts}
    assert set(OTHER_WORDS) <= names


def test_the_table_has_every_command_and_a_hundred_calls():
    lines = [wrong.line for wrong in CALLS]
    assert {line.split()[0] for line in lines} >= set(COMMANDS)
    assert len(set(lines)) == len(lines) > 100

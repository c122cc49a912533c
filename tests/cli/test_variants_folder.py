"""What seqattr variants leaves in a folder, and what it leaves alone there."""

import json
import os
import random
import signal
from pathlib import Path

import pytest

import seqattr.jobs.variants.contributions as contributions
from seqattr.analyses.variants import Comparer

GENOME = "".join(random.Random(5).choices("ACGT", k=120))
MOTIF = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 2\n"
MOTIF += " 1 0 0 0\n 0 0 0 1\n"
ZEROS = "--refs", "zeros"
TABLES = {
    "variants.html",
    "variants.tsv",
    "dropped.tsv",
    "run.json",
    "figures/effects.png",
    "figures/effects.svg",
}
SCORES = {"contributions/a.bw", "contributions/a.h5", "contributions/regions.bed"}
SCORES |= {"contributions/run.json", "contributions/timing.json"}


@pytest.fixture
def call(fixed, tmp_path: Path, monkeypatch) -> list[object]:
    """Three variants of a genome, for one target."""
    monkeypatch.chdir(tmp_path)
    lines = [f"chr1\t{at + 1}\tv{at}\t{GENOME[at]}\t{GENOME[at]}A\n" for at in (40, 50, 60)]
    Path("v.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    Path("g.fa").write_text(f">chr1\n{GENOME}\n")
    Path("m.meme").write_text(MOTIF)
    words = "variants", "--model", fixed, "--vcf", "v.vcf", "--genome", "g.fa"
    return [*words, "--target", "a", "--out", "o"]


def files() -> set[str]:
    return {path.relative_to("o").as_posix() for path in Path("o").rglob("*") if path.is_file()}


def read() -> dict[str, bytes]:
    return {name: Path("o", name).read_bytes() for name in files()}


def test_all_files_of_a_run_go_with_the_next_and_nobody_elses(ran, refused, call, monkeypatch):
    more = "--contributions", 1, *ZEROS, "--motifs", "m.meme"
    ran(*call, *more)
    (name,) = {name for name in files() if name.startswith("figures/variant_") and name.endswith("png")}
    figure = {name, name.replace("png", "svg")}
    assert files() == TABLES | SCORES | figure | {"alleles.fa", "gained_lost.tsv"}
    assert set(json.loads(Path("o/run.json").read_text())["files"]) == files()
    ran("report", "o/contributions", "--motifs", "m.meme")
    mine = {"figures/mine.png", "figures/variant_mine.png", "contributions/mine.bed", "mine.tsv"}
    for path in mine:
        Path("o", path).write_text("mine")
    monkeypatch.setattr("sys.argv", ["seqattr", *map(str, call), "--force"])
    line = refused(*call)
    assert line.startswith("cannot write o: it holds the results of another run")
    assert line.endswith("give another --out, or replace it with --force")
    ran(*call, "--force")
    assert files() == TABLES | mine
    ran(*call)  # the same run again
    assert {Path("o", name).read_text() for name in mine} == {"mine"}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "variants.tsv",
            "variants.html",
            "alleles.fa",
            "gained_lost.tsv",
            "run.json",
            "figures/effects.svg",
        ),
        *("figures/variant_v1_A_C.png", "contributions/regions.bed", "contributions/a.h5"),
        "contributions/run.json",
    ],
)
def test_what_somebody_else_wrote_is_replaced_by_force_alone(ran, refused, call, name):
    path = Path("o", name)
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    call += "--contributions", 1, *ZEROS, "--motifs", "m.meme"
    line = refused(*call)
    assert line.startswith("cannot write")
    assert line.endswith("give another --out, or replace it with --force")
    assert read() == {name: b"mine"}
    ran(*call, "--force")
    assert files() > TABLES | SCORES
    assert path.read_bytes() != b"mine" or "v1" in name


@pytest.mark.parametrize("name", ["variants.tsv", "figures", "contributions", "contributions/a.h5"])
def test_a_file_or_folder_in_the_way_is_found_before_the_work(refused, call, monkeypatch, name):
    path = Path("o", name)
    path.parent.mkdir(parents=True)
    path.mkdir() if "." in name else path.write_text("mine")
    monkeypatch.setattr(Comparer, "effects", lambda *_: pytest.fail("a window was computed"))
    assert "cannot write" in refused(*call, "--contributions", 1, *ZEROS, "--force")
    assert {one.name for one in Path("o").rglob("*")} == set(Path(name).parts)


@pytest.mark.parametrize("name", ["v.vcf", "g.fa"])
def test_an_input_is_never_replaced(refused, call, name):
    Path("o").mkdir()
    os.link(name, "o/alleles.fa")
    assert "it is one of the inputs" in refused(*call, "--contributions", 1, *ZEROS, "--force")
    assert [path.name for path in Path("o").iterdir()] == ["alleles.fa"]


@pytest.mark.parametrize("at", ["open_scores", "write_table", "score"])
def test_an_interrupted_run_leaves_what_was_there(ran, run, call, monkeypatch, at):
    """Also while both alleles are scored, which alone would go on where it stopped."""
    ran(*call, "--contributions", 1, *ZEROS)
    before = read()

    def stop(*_: object) -> None:
        stopped = KeyboardInterrupt()
        stopped.add_note("the same command continues where it stopped")
        raise stopped

    monkeypatch.setattr(contributions, at, stop)
    done = run(*call, "--contributions", 2, *ZEROS, "--motifs", "m.meme", "--force")
    assert done.code == 130
    assert read() == before
    assert at != "score" or "interrupted; no file was left half-written" in done.err
    call[call.index("o")] = "new/folder"
    assert run(*call, "--contributions", 2, *ZEROS, "--motifs", "m.meme").code == 130
    assert not Path("new/folder").exists()


def test_of_two_runs_in_one_folder_the_second_is_told_at_once(ran, refused, call, monkeypatch):
    """Also one of the same command: whichever ended last would have replaced the other's results."""
    lines, effects = list[str](), Comparer.effects

    def meanwhile(*arguments):
        if not lines:
            lines.append(refused(*call, "--both-strands"))
        return effects(*arguments)

    monkeypatch.setattr(Comparer, "effects", meanwhile)
    ran(*call)
    assert lines == ["another run is at work in o; wait for its end, or give another --out"]
    assert files() == TABLES
    assert not json.loads(Path("o/run.json").read_text())["settings"]["both_strands"]


def test_a_signal_amid_the_renaming_waits_for_its_end(run, call, monkeypatch):
    replace = os.replace

    def stop(source: object, target: object) -> None:
        if str(target).endswith("o/dropped.tsv"):
            os.kill(os.getpid(), signal.SIGINT)
        replace(source, target)

    monkeypatch.setattr(os, "replace", stop)
    assert run(*call).code == 130
    assert files() == TABLES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--method nosuch --contributions 1", "unknown method 'nosuch'"),
        ("--refs nosuch --contributions 1", "unknown reference 'nosuch'"),
        ("--refs fasta:none.fa --contributions 1", "there is no FASTA file none.fa"),
        (
            "--refs fasta:g.fa --contributions 1",
            "the reference chr1 in g.fa has 120 bases, the sequences have 40",
        ),
        ("--method patternnet --contributions 1", "needs patterns"),
        ("--motifs none.meme --contributions 1", "there is no motif file none.meme"),
        ("--batch-size 0", "the batch size must be at least 1, not 0"),
        ("--null -1", "--null is a whole number from 0 on, not -1"),
        ("--contributions -1", "--contributions is a whole number from 0 on, not -1"),
        ("--target none", "unknown target 'none'"),
        ("--seed -1", "the seed must be a whole number"),
        ("--device cuda:9", "there is no device cuda:9"),
        ("--genome none.fa", "there is no FASTA file none.fa"),
        ("--vcf g.fa", "is a FASTA file, not a VCF file"),
        ("--vcf m.meme", "no VCF file"),
    ],
)
def test_what_can_be_refused_is_before_a_window_is_compared(refused, call, monkeypatch, options, message):
    monkeypatch.setattr(Comparer, "effects", lambda *_: pytest.fail("a window was compared"))
    assert message in refused(*call, *options.split())
    assert not Path("o").exists()


@pytest.mark.parametrize(
    ("options", "idle"),
    [
        ("--seed 7", True),
        ("--seed 7 --contributions 1 --refs zeros", True),
        ("--seed 7 --contributions 1 --method saliency", True),
        ("--seed 7 --contributions 1 --refs zeros --motifs m.meme", False),
        ("--seed 7 --contributions 1 --refs mono:2", False),
        ("--seed 7 --null 5", False),
        ("", False),
    ],
)
def test_a_seed_by_which_nothing_is_drawn_is_told(ran, call, options, idle):
    assert ("nothing was drawn: --seed 7 played no part" in ran(*call, *options.split())) == idle

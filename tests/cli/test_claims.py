"""No command that writes replaces what seqattr did not write, unless forced: one mechanism for all."""

import json
import shutil
from pathlib import Path

import pytest

from seqattr.cli.evaluate import CHECKS
from tests.cli.test_help import ALL
from tests.helpers.fake_tools import install_finemo, install_modisco
from tests.helpers.scored import write_scores

# What is called; a file of its results that is somebody else's; how it goes on with --force, "" to the end.
CALLS = {
    "attention": ("--model m.pt --fasta s.fa", "new/attention.h5", "the model has no attention"),
    "convert": ("m.pt", "new", ""),
    "counterfactual": ("--model m.pt --fasta s.fa", "new", ""),
    **{
        f"evaluate {check}": ("--model none.pt --fasta s.fa", "new/agreement.tsv", "there is no model file")
        for check in CHECKS
    },
    "export": ("scores --target carries", "new/ohe.npz", ""),
    "finemo": ("scores --motifs none.meme", "new/hits.bed", "there is no motif file none.meme"),
    "influence": ("--checkpoints none --train none", "new", "there is no folder none; checkpoints are"),
    "interactions": (
        "scores --matches-file none.tsv --model m.pt",
        "new/interactions.tsv",
        "are not those of this model",
    ),
    "marginalize": (
        "--model m.pt --motifs bundled --backgrounds s.fa",
        "new/backgrounds.fa",
        "",
    ),
    "merge": ("shard", "new/regions.bed", ""),
    "maximize": ("--model m.pt --steps 1 --number 1 --polish 0", "new/sequences.fa", ""),
    "modisco": (
        "scores --motifs none.meme",
        "new/carries.patterns.tsv",
        "there is no motif file none.meme",
    ),
    "patterns": ("--model m.pt --fasta s.fa", "new", ""),
    "plot": ("scores --region seq0", "new.svg", ""),
    "report": ("scores --motifs none.meme", "new/hits.bed", "there is no motif file none.meme"),
    "score": ("--model m.pt --fasta s.fa --refs zeros", "new/regions.bed", ""),
    "sensitivity": ("--model m.pt --fasta s.fa", "new/sensitivity.tsv", ""),
    "simulate tal-gata": ("--count 20", "new/labels.tsv", ""),
    "spacing": ("GATA CAGC --model m.pt --backgrounds s.fa", "new/backgrounds.fa", ""),
    "train": ("simulation --epochs 1", "new.pt", ""),
    "variants": (
        "--model m.pt --vcf none.vcf --genome s.fa",
        "new/variants.tsv",
        "there is no VCF file none.vcf",
    ),
    "benchmark collect": ("scores --simulation none", "new/nets.tsv", "there is no folder none"),
    "benchmark digits": ("--seeds 0", "new/digits.tsv", None),
    "benchmark tal-gata": ("--quick", "new/data/sequences.fa", None),
}


@pytest.fixture
def folder(ran, free, fasta, tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copy(free, "m.pt")
    fasta(2)
    write_scores(tmp_path / "scores", count=4)
    return tmp_path


@pytest.mark.parametrize("command", CALLS)
def test_what_somebody_else_wrote_is_replaced_by_force_alone(command, ran, refused, folder):
    if command == "train":
        ran("simulate", "tal-gata", "--out", "simulation", "--count", 60)
    if command == "merge":
        words = ("--model", "m.pt", "--fasta", "s.fa", "--refs", "zeros", "--shard", "1/2")
        ran("score", *words, "--out", "shard")
    options, theirs, further = CALLS[command]
    out, path = theirs.split("/")[0], folder / theirs
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    call = (*command.split(), *options.split(), "--out", out)
    line = refused(*call)
    assert line.startswith(f"cannot write {'to ' if '/' in theirs else ''}")
    assert "what is there was not written by seqattr" in line
    assert line.endswith("give another --out, or replace it with --force")
    assert path.read_text() == "mine"
    if further:
        assert further in refused(*call, "--force")
    elif further is not None:
        ran(*call, "--force")
        assert path.read_bytes() != b"mine"
        ran(*call)  # which is now seqattr's own


MATCHES = "motif\tlog_odds\trow\trow_start\trow_end\nA\t9\t0\t3\t9\nB\t8\t0\t20\t25\n"
# Results that run.json tells the command of; a table and a figure among them, as somebody else may have some;
# and what makes it another command, --seed 3 unless it is said.
RESULTS = {
    "attention": ("--model attending.pt --fasta s.fa", "rollout.tsv", "attention.png", "--no-hdf5"),
    "evaluate agreement": (
        "--model m.pt --fasta s.fa --methods gradient,saliency --sequences 2 --refs zeros",
        "judgements.tsv",
        "figures/agreement.png",
    ),
    "finemo": ("scores --motifs bundled --target quiet", "hits.tsv", "figures/agreement.png"),
    "interactions": (
        "done --matches-file matches.tsv --model m.pt",
        "instances.tsv",
        "figures/interactions_a.png",
    ),
    "marginalize": (CALLS["marginalize"][0], "marginal.tsv", "figures/ranking_a.png"),
    "maximize": (CALLS["maximize"][0], "path.tsv", "logos.png"),
    "modisco": ("scores", "quiet.patterns.tsv", "carries.patterns.tsv", "--runs 3"),
    "report": ("scores --motifs bundled", "motifs.tsv", "figures/overview_1.png"),
    "score": (CALLS["score"][0], "regions.bed", "target0.bw"),
    "sensitivity": (
        CALLS["sensitivity"][0],
        "sensitivity.tsv",
        "sensitivity.png",
        "--any-length",
    ),
    "spacing": (CALLS["spacing"][0], "spacing.tsv", "figures/spacing_a.png"),
    "variants": ("--model m.pt --vcf v.vcf --genome s.fa --pad", "variants.tsv", "figures/effects.png"),
}


def prepare(command, ran, folder, attending, monkeypatch) -> None:
    """What a command of RESULTS reads."""
    shutil.copy(attending, "attending.pt")
    install_finemo(monkeypatch, folder / "bin")
    install_modisco(monkeypatch, folder / "bin")
    first = Path("s.fa").read_text().split()[1]
    line = f"r0\t21\t.\t{first[20]}\t{first[20]}A\n"
    Path("v.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + line)
    if command == "interactions":
        ran(*["score", "--model", "m.pt", "--fasta", "s.fa", "--refs", "shuffle:2", "--out", "done"])
        Path("matches.tsv").write_text(MATCHES)


@pytest.mark.parametrize("command", RESULTS)
def test_results_of_another_run_and_somebody_s_tables_and_figures_stand(
    command, ran, refused, folder, attending, monkeypatch
):
    """Also where a table of somebody's own looks like one of ours."""
    options, table, figure, *other = RESULTS[command]
    another = "".join(other or ["--seed 3"]).split()
    prepare(command, ran, folder, attending, monkeypatch)
    call = (*command.split(), *options.split(), "--out", "new")
    for name in (table, figure):
        path = folder / "new" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("motif\tmine\na\t1\n")
        line = refused(*call)
        assert line.startswith(f"cannot write to new: what is there was not written by seqattr ({name})")
        path.unlink()
    ran(*call)
    before = (folder / "new" / table).read_bytes()
    ran(*call)  # the same again
    monkeypatch.setattr("sys.argv", ["seqattr", *call, *another])
    line = refused(*call, *another)
    told = ", with another seed (0, now 3)" if command.startswith("evaluate") else " ("
    assert line.startswith(f"cannot write new: it holds the results of another run{told}")
    assert line.endswith("give another --out, or replace it with --force")
    assert (folder / "new" / table).read_bytes() == before
    ran(*call, *another, "--force")
    facts = json.loads((folder / "new/run.json").read_text())
    assert facts["settings"]["command"].endswith(" ".join(["--out", "new", *another]))
    assert facts["seqattr"]


@pytest.mark.parametrize("name", ["check.json", "timing.json", "failed.tsv", "models/m/target0.h5"])
def test_scores_claim_what_they_may_write_beside_the_targets(name, refused, folder):
    path = folder / "new" / name
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    shutil.copy("m.pt", "n.pt")
    folds = ("--model", "m.pt", "--model", "n.pt", "--each-model")
    line = refused("score", *folds, "--fasta", "s.fa", "--refs", "zeros", "--out", "new")
    assert f"what is there was not written by seqattr ({path.name})" in line
    assert path.read_text() == "{}"


def test_a_model_takes_the_place_of_no_table(ran, refused, folder):
    """Which might be one of ours, but is none that `convert` wrote."""
    Path("mine.tsv").write_text("name\tvalue\na\t1\n")
    line = refused("convert", "m.pt", "--out", "mine.tsv")
    assert "mine.tsv: what is there was not written by seqattr" in line
    ran("convert", "m.pt", "--out", "again.pt")
    ran("convert", "m.pt", "--out", "again.pt")


def test_every_command_that_writes_is_called():
    writing = {
        " ".join(path) for path, command in ALL.items() if any("--out" in p.opts for p in command.params)
    }
    assert writing == set(CALLS), "what a command writes is somebody else's in a call of CALLS in this file"
    for path, command in ALL.items():
        options = {name for parameter in command.params for name in parameter.opts}
        assert bool({"--out", "out"} & options) == ("--force" in options), path
